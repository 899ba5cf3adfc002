"""The empty repository that git runs in, and the only configuration it ever knows."""

import os
from collections.abc import Mapping
from pathlib import Path

ALWAYS = {
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "credential.helper": "",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "maintenance.auto": "false",
    "protocol.version": "2",
    "safe.bareRepository": "all",
    "safe.directory": "*",
    "submodule.recurse": "false",
}


def empty(directory: Path, *, extra: str = "", extension: str = "") -> None:
    """Makes `directory` an empty bare repository, as `git init --bare` would without templates."""
    (directory / "objects").mkdir()
    (directory / "refs").mkdir()
    (directory / "HEAD").write_text("ref: refs/heads/main\n")
    extensions = f"[extensions]\n{extension}" if extension else ""
    (directory / "config").write_text(f"[core]\n\trepositoryformatversion = 1\n\tbare = true\n{extensions}{extra}")


def environment(directory: Path, settings: Mapping[str, str], *, protocols: str) -> dict[str, str]:
    """Everything git may know: nothing of ours but PATH, no configuration but this one."""
    pairs = list((ALWAYS | dict(settings)).items())
    numbered = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in enumerate(pairs)}
    numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(pairs)}
    return numbered | {
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(pairs)),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DIR": str(directory),
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": str(directory),
        "LC_ALL": "C",
        "PATH": os.environ.get("PATH", os.defpath),
    }


def quoted(text: str) -> str:
    """A value as git's configuration files hold it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
