"""What a run stands on while it lasts: the store, the detector, a private directory, each plugin's tools. Opened and closed here."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import cast

import msgspec
import orjson

from scanner import __version__, plugins, tools
from scanner.config import Config, Plugin
from scanner.contracts import Connector, Detector, PluginSettings, SourceSettings, Tools
from scanner.crawl import Ceiling, Source
from scanner.detect.pool import detector as started
from scanner.request import Request
from scanner.scratch import scratch
from scanner.store import Store, open_store
from scanner.terminal import Watch

SEEING_NOTHING_ELSE = {"name", "concurrency", "max_seconds", "max_requests", "max_bytes"}
"""Settings that decide how a source is read, not what is seen."""


class Session(msgspec.Struct, frozen=True):
    """The open parts of one run."""

    request: Request
    store: Store
    detector: Detector
    scratch: Path
    watch: Watch

    def sources(self) -> list[Source]:
        """Every source of the request, ready to connect."""
        return [self._source(plugin) for plugin in self.request.config.source]

    def tools(self, limiter: Ceiling | None = None) -> Tools:
        """The tools of one plugin."""
        return tools.assembled(self.request.config, self.detector, self.store.facts, limiter or Ceiling(), self.scratch, self.watch.note)

    def _source(self, plugin: Plugin) -> Source:
        settings = cast("SourceSettings", plugin.settings)
        limiter = Ceiling(getattr(settings, "max_requests", None), getattr(settings, "max_bytes", None))
        return Source(plugin.name, plugin.type, settings, _seeing(plugin), self._connect(plugin, limiter), limiter)

    def _connect(self, plugin: Plugin, limiter: Ceiling) -> Callable[[], Connector]:
        desk = self.tools(limiter)
        made: list[Connector] = []

        def connect() -> Connector:
            if not made:
                made.append(plugins.load("connectors", plugin.type).connect(plugin.settings, desk))
            return made[0]

        return connect


@contextmanager
def opened(request: Request, watch: Watch) -> Iterator[Session]:
    """Everything a run needs, closed again whatever happens."""
    config = request.config
    with scratch() as directory, store_of(config, None if request.kept else directory) as store:
        key = tools.fingerprint_key(config, _key_file(config) if request.kept else None)
        with started(config.detect, key) as detector:
            yield Session(request, store, detector, directory, watch)


@contextmanager
def store_of(config: Config, scratch: Path | None = None) -> Iterator[Store]:
    """The store that the config names, or one that is gone with `scratch`."""
    url, password = store_address(config)
    with open_store(_sqlite(scratch / "gnomon.db") if scratch else url, password) as store:
        yield store


def store_address(config: Config) -> tuple[str, str | None]:
    """The URL of the store that the config names, and its password."""
    return config.store.url or _sqlite(config.directory / "gnomon.db"), _password(config)


def _sqlite(path: Path) -> str:
    return f"sqlite:///{path.absolute()}"


def _password(config: Config) -> str | None:
    return tools.secret(config.store.password) if config.store.password else None


def _key_file(config: Config) -> Path:
    return config.directory / "gnomon.key"


def config_hash(config: Config) -> str:
    """Changes whenever the configuration does; where it lies does not count."""
    parts = {name: _plain(getattr(config, name)) for name in ("organisation", "network", "engine", "detect", "policy")}
    parts["policy"].pop("baseline", None)  # it decides what is told as a change, not what is seen or judged
    lists = {
        key: [[plugin.type, plugin.name, _plain(plugin.settings)] for plugin in getattr(config, key)] for key in ("source", "registry")
    }
    return _hash({**parts, **lists})


def hashes(session: Session) -> dict[str, str]:
    """What decides what a run can see and say: the configuration, the catalogue, the rules. A change of them is no change of the world."""
    tables = sorted(files("scanner").joinpath("data").iterdir(), key=lambda table: table.name)
    rules = hashlib.sha256(b"".join(table.read_bytes() for table in tables if table.name.endswith(".toml"))).hexdigest()[:16]
    return {"config": config_hash(session.request.config), "catalogue": session.detector.version, "rules": f"{__version__}-{rules}"}


def _seeing(plugin: Plugin) -> str:
    settings = {name: value for name, value in _plain(plugin.settings).items() if name not in SEEING_NOTHING_ELSE}
    return _hash({"type": plugin.type, "settings": settings})


def _plain(settings: PluginSettings) -> dict[str, object]:
    return settings.model_dump(mode="json")


def _hash(value: Mapping[str, object]) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
