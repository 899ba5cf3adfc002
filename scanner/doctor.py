"""`gnomon doctor`: tries each source and registry cheaply, and says what is missing in the operator's words."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from scanner import plugins, tools
from scanner.config import Config, Plugin
from scanner.contracts import Check, Tools
from scanner.detect.pool import LocalDetector
from scanner.errors import GnomonError, ReadError
from scanner.scratch import scratch


class _NoFacts:
    def get(self, content: bytes, variant: str) -> bytes | None:  # noqa: ARG002 - the contract's signature
        """Nothing is remembered in an examination."""
        return None

    def many(self, wanted: Collection[tuple[bytes, str]]) -> Mapping[tuple[bytes, str], bytes]:  # noqa: ARG002 - the contract's signature
        """Nothing is remembered in an examination."""
        return {}


class _NoCeiling:
    def spend(self, requests: int = 0, bytes: int = 0) -> None:
        """An examination asks a handful of requests."""


@contextmanager
def desk(config: Config) -> Iterator[Tools]:
    """Tools for a few reads, which nothing is remembered of."""
    with scratch() as directory:
        yield tools.assembled(config, LocalDetector(), _NoFacts(), _NoCeiling(), directory, lambda _: None)


def examine(config: Config, say: Callable[[str], None]) -> bool:
    """Prints a line for each thing that was tried; whether all went well."""
    with desk(config) as at:
        well = [_source(source, at, say) for source in config.source]
        well += [_registry(registry, at, say) for registry in config.registry]
    if not config.source:
        say("- no [[source]] in the config: nothing would be read")
    if not config.registry:
        say("- no [[registry]] in the config: an inventory without verdicts")
    return all(well) and bool(config.source)


def _source(source: Plugin, at: Tools, say: Callable[[str], None]) -> bool:
    say(f"{source.name} ({source.type})")
    return _told(lambda: plugins.load("connectors", source.type).connect(source.settings, at).check(), say)


def _registry(registry: Plugin, at: Tools, say: Callable[[str], None]) -> bool:
    say(f"{registry.name} (registry {registry.type})")
    return _told(lambda: [_first(plugins.load("registries", registry.type).connect(registry.settings, at).records())], say)


def _first(entries: Iterable[object]) -> Check:
    count = sum(1 for _ in entries)
    return Check(f"{count} records", ok=count > 0, remedy="" if count else "the registry is empty: check its path and our permission")


def _told(checks: Callable[[], Iterable[Check]], say: Callable[[str], None]) -> bool:
    well = True
    try:
        for check in checks():
            well &= check.ok
            say(f"  {'ok ' if check.ok else 'NO '} {check.what}{': ' + check.detail if check.detail else ''}")
            if check.remedy and not check.ok:
                say(f"      -> {check.remedy}")
    except GnomonError as error:
        remedy = error.remedy if isinstance(error, ReadError) else ""
        say(f"  NO  {error}" + (f"\n      -> {remedy}" if remedy else ""))
        return False
    return well
