"""What the runner hands to plugins: secrets by name, the clock, the detector, the cache of facts, a private directory."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from scanner.config import Config
from scanner.contracts import Detector, Facts, Limiter, Tools
from scanner.errors import ConfigError

KEY_BYTES = 32


def now() -> str:
    """The time, ISO 8601 in UTC to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def secret(reference: str, environment: Mapping[str, str] = os.environ) -> str:
    """What `reference`, a variable's name or `file:/path`, holds. Raises ConfigError where it holds nothing."""
    if reference.startswith("file:"):
        return _from_file(Path(reference.removeprefix("file:")))
    value = environment.get(reference, "").strip()
    if not value:
        raise ConfigError(f"the variable {reference} is not set, or empty; the config names it as the place of a secret")
    return value


def present(config: Config) -> None:
    """Raises ConfigError where a secret that the config names is not there: told before anything is read."""
    plugins = (*config.source, *config.registry, *config.report)
    for settings in (config.store, config.detect, *(plugin.settings for plugin in plugins)):
        for reference in settings.secrets():
            secret(reference)


def _from_file(path: Path) -> str:
    try:
        value = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the secret that the config names cannot be read ({type(error).__name__})") from error
    if not value:
        raise ConfigError(f"{path}: the file of a secret is empty")
    return value


def fingerprint_key(config: Config, beside: Path | None) -> bytes:
    """The key under which secrets become fingerprints. It lives outside the store: named in the config, or made once beside it."""
    if config.detect.fingerprint_key:
        return secret(config.detect.fingerprint_key).encode()
    if beside is None:
        return secrets.token_bytes(KEY_BYTES)
    if not beside.exists():
        _keep(secrets.token_bytes(KEY_BYTES), beside)
    return beside.read_bytes()


def _keep(key: bytes, path: Path) -> None:
    """Whole or not at all, and never over a key that another run has just made."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()


def assembled(config: Config, detector: Detector, facts: Facts, limiter: Limiter, directory: Path, note: Callable[[str], None]) -> Tools:
    """The tools of one source."""
    return Tools(
        network=config.network, detector=detector, facts=facts, limiter=limiter, secret=secret, now=now, scratch=directory, note=note,
        ours=tuple(_ours(config)),
    )  # fmt: skip


def _ours(config: Config) -> Iterator[Path]:
    """Where this run's registries, waivers and reports lie."""
    yield config.output
    yield from (config.waivers,) if config.waivers else ()
    paths = (getattr(registry.settings, "path", None) for registry in config.registry)
    yield from (path for path in paths if isinstance(path, Path))
