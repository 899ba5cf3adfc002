"""What one run was asked for: the config, narrowed by the command line."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from scanner import plugins
from scanner.config import Config, Plugin, StoreSettings, validated
from scanner.errors import ConfigError, UsageError
from scanner.governance.waivers import Waiver, read_waivers
from scanner.judge.tables import verdicts

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
LOOK = Path("gnomon-look")
"""Where an ad hoc look beside a config leaves its reports: the estate's own are not its to write."""
FILES = ("html", "csv", "json")


class Asked(msgspec.Struct, frozen=True):
    """The options of `gnomon scan`, as typed."""

    org: str | None = None
    path: Path | None = None
    registry: Path | None = None
    sources: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    output: Path | None = None
    stdout: bool = False


def asked(org: str | None, path: Path | None, registry: Path | None, sources: tuple[str, ...], formats: str, output: str) -> Asked:
    """The options as values; raises UsageError where two of them cannot go together."""
    kinds = tuple(filter(None, (kind.strip() for kind in formats.split(","))))
    if output == "-" and len(kinds) != 1:
        raise UsageError("--output - writes one format: add --format html, csv or json")
    directory = Path(output) if output and output != "-" else None
    return Asked(org, path, registry, sources, kinds, directory, output == "-")


class Request(msgspec.Struct, frozen=True):
    """`partial`: this run reads only part of the estate and resolves nothing outside it. `kept`: history outlives the run."""

    config: Config
    partial: bool
    self_declared: bool
    kept: bool
    stdout: bool
    waivers: tuple[Waiver, ...] = ()


def narrowed(config: Config | None, asked: Asked, environment: Mapping[str, str] = os.environ, *, look: bool = False) -> Request:
    """The request: `config` is None where there is no config file. Raises UsageError where nothing is left to read.

    `look`: an ad hoc look that only lies beside a config. It is judged as the config says, and leaves the estate's history,
    reports and mail alone.
    """
    base = _looked(config) if config and look else config or Config()
    if asked.org is not None and asked.path is not None:
        raise UsageError("give --org or --path, not both")
    sources = _sources(base, asked, environment)
    if not sources:
        raise UsageError("nothing to read: the config has no [[source]]; give --path DIR or --org ORG, or run `gnomon init`")
    registry, self_declared = _registries(base, asked)
    changed = base.model_copy(
        update={"source": sources, "registry": registry, "report": _reports(base, asked), "output": _output(base, asked)}
    )
    partial = len(sources) < len(base.source) or asked.org is not None or asked.path is not None
    waivers = _waivers(base.waivers) if base.waivers else ()
    return Request(changed, partial, self_declared, kept=config is not None and not look, stdout=asked.stdout, waivers=waivers)


def _waivers(path: Path) -> tuple[Waiver, ...]:
    waivers, known = read_waivers(path), tuple(verdicts().checks)
    for waiver in waivers:
        if waiver.check and waiver.check not in known:
            hint = plugins.nearest(waiver.check, known)
            raise ConfigError(
                f"{path}: there is no check {waiver.check!r}" + (f"; did you mean {hint!r}?" if hint else " (docs/verdicts.md)")
            )
    return waivers


def _looked(config: Config) -> Config:
    reports = tuple(report for report in config.report if report.type in FILES)
    return config.model_copy(update={"store": StoreSettings(), "output": LOOK, "report": reports})


def _sources(config: Config, asked: Asked, environment: Mapping[str, str]) -> tuple[Plugin, ...]:
    if asked.path is not None:
        return (_folder(asked.path),)
    if asked.org is not None:
        return tuple(_organisation(config, asked.org, environment))
    known = tuple(source.name for source in config.source)
    for name in asked.sources:
        if name not in known:
            hint = plugins.nearest(name, known)
            raise UsageError(f"no source is named {name!r}" + (f"; did you mean {hint!r}?" if hint else f"; known: {', '.join(known)}"))
    return tuple(source for source in config.source if not asked.sources or source.name in asked.sources)


def _folder(path: Path) -> Plugin:
    if not path.is_dir():
        raise UsageError(f"{path} is not a directory")
    return made("connectors", "folder", {"name": "folder", "path": str(path.absolute())})


def _organisation(config: Config, org: str, environment: Mapping[str, str]) -> list[Plugin]:
    configured = [source for source in config.source if source.type == "github" and _reads(source, org)]
    if configured:
        return configured
    token = next((name for name in TOKENS if environment.get(name)), None)
    if token is None:
        raise UsageError(f"--org {org}: no github source of the config reads it, and neither {' nor '.join(TOKENS)} is set")
    return [made("connectors", "github", {"name": f"github-{org}", "organisation": org, "token": token})]


def _reads(source: Plugin, org: str) -> bool:
    return str(getattr(source.settings, "organisation", "")).lower() == org.lower()


def made(group: str, kind: str, values: Mapping[str, object]) -> Plugin:
    """A plugin that the command line asked for rather than the config."""
    settings = validated(plugins.load(group, kind).Settings, dict(values), Path("command line"), kind)
    return Plugin(type=kind, name=str(values.get("name", kind)), settings=settings)


def _registries(config: Config, asked: Asked) -> tuple[tuple[Plugin, ...], bool]:
    if asked.registry is not None:
        if not asked.registry.exists():
            raise UsageError(f"--registry {asked.registry}: no such file or directory")
        return (made("registries", "files", {"path": str(asked.registry.absolute())}),), False
    if config.registry:
        return config.registry, False
    own = asked.path / "registry" if asked.path else None
    if own is not None and own.is_dir():
        return (made("registries", "files", {"path": str(own.absolute())}),), True
    return (), False


def _reports(config: Config, asked: Asked) -> tuple[Plugin, ...]:
    if asked.formats:
        given = {report.type: report for report in config.report}
        return tuple(given.get(kind) or made("reports", kind, {}) for kind in asked.formats)
    return config.report or tuple(made("reports", kind, {}) for kind in ("html", "csv", "json"))


def _output(config: Config, asked: Asked) -> Path:
    return asked.output.absolute() if asked.output else config.output.absolute()
