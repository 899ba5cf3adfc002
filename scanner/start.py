"""`gnomon init`: a first configuration from what this machine has, without asking a network anything."""

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import ryaml

from scanner.errors import UsageError

REMOTE = re.compile(r"(?:git@|ssh://git@|https?://(?:[^/@]*@)?)([\w.-]+)[:/]([\w.-]+)/[\w.-]+?(?:\.git)?/?$")
HEAD = """# Gnomon's configuration. Every key with its default and its meaning: config.example.toml
# Secrets never stand here: a key such as `token` names the variable, or file:/path, that holds one.
# Next: `gnomon doctor -c {name}` says what each source may read; `gnomon scan -c {name}` runs.

[organisation]
name = ""
timezone = "UTC"
not_used = []  # platforms you know are not used, such as "azure"; until you say so, one without a source counts as unread
"""
REGISTRY = """
[[registry]]
type = "files"
path = "registry"  # a directory of TOML, YAML, JSON or CSV records (docs/registry.md)
"""


def write(output: Path, environment: Mapping[str, str] = os.environ, here: Path | None = None) -> str:
    """Writes the first configuration and says what went into it. An existing file is never overwritten."""
    if output.exists():
        raise UsageError(f"{output} is there already; move it away, or give --output another name")
    sources = list(found(environment, here or Path.cwd()))
    output.write_text(HEAD.format(name=output.name) + "".join(text for _, text in sources) + REGISTRY, "utf-8")
    listed = "\n".join(f"  {what}" for what, _ in sources) or "  nothing: add a [[source]] by hand"
    return f"{output} written. Found on this machine:\n{listed}\nNext: gnomon doctor -c {output}"


def found(environment: Mapping[str, str], here: Path) -> Iterator[tuple[str, str]]:
    """Each source that this machine points to: what it is, and its part of the configuration."""
    home = Path(environment.get("HOME", str(Path.home())))
    yield from _github(environment, here)
    yield from _aws(environment, home)
    yield from _kubernetes(environment, home)


def _github(environment: Mapping[str, str], here: Path) -> Iterator[tuple[str, str]]:
    token = next((name for name in ("GITHUB_TOKEN", "GH_TOKEN") if environment.get(name)), None)
    owners = sorted({owner for host, owner in _remotes(here) if host == "github.com"})
    for owner in owners or ([""] if token else []):
        comment = "" if owner else "  # write the organisation here"
        said = f"GitHub {owner or '(organisation unknown)'}, token from {token or 'GITHUB_TOKEN, which is not set yet'}"
        name = _quoted("-".join(filter(None, ["github", owner])))
        lines = [f"name = {name}", f"organisation = {_quoted(owner)}{comment}", f"token = {_quoted(token or 'GITHUB_TOKEN')}"]
        yield said, '\n[[source]]\ntype = "github"\n' + "\n".join(lines) + "\n"


def _remotes(here: Path) -> Iterator[tuple[str, str]]:
    for directory in (here, *here.parents):
        config = directory / ".git" / "config"
        if config.is_file():
            urls = re.findall(r"^\s*url\s*=\s*(\S+)\s*$", config.read_text("utf-8", "replace"), re.MULTILINE)
            yield from (match.groups() for url in urls if (match := REMOTE.match(url)))  # type: ignore[misc]  # two groups
            return


def _aws(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    for profile in _profiles(environment, home):
        chosen = f"profile = {_quoted(profile)}\n" if profile else ""
        for kind in ("s3", "sagemaker", "iam"):
            name = f"{kind}-{profile}" if profile else kind
            said = f"AWS {kind}, {f'profile {profile}' if profile else 'keys from the environment'}"
            yield said, f'\n[[source]]\ntype = "{kind}"\nname = {_quoted(name)}\n{chosen}'


def _profiles(environment: Mapping[str, str], home: Path) -> list[str]:
    files = [
        Path(environment.get("AWS_CONFIG_FILE", home / ".aws/config")),
        Path(environment.get("AWS_SHARED_CREDENTIALS_FILE", home / ".aws/credentials")),
    ]
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read([str(file) for file in files], "utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(f"the AWS configuration of this machine cannot be read: {type(error).__name__}") from error
    named = {
        section.removeprefix("profile ").strip() for section in parser.sections() if not section.startswith(("sso-session", "services"))
    }
    return sorted(named) or ([""] if environment.get("AWS_ACCESS_KEY_ID") else [])


def _kubernetes(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    contexts = sorted({name for file in _kubeconfigs(environment, home) for name in _contexts(file)})
    if contexts:
        named = ", ".join(f"{{ context = {_quoted(name)} }}" for name in contexts)
        yield (
            f"Kubernetes contexts {', '.join(contexts)}",
            f'\n[[source]]\ntype = "kubernetes"\nname = "kubernetes"\ncontexts = [{named}]\n',
        )


def _kubeconfigs(environment: Mapping[str, str], home: Path) -> list[Path]:
    given = environment.get("KUBECONFIG")
    files = [Path(part) for part in given.split(os.pathsep) if part] if given else [home / ".kube" / "config"]
    return [file for file in files if file.is_file()]


def _contexts(file: Path) -> list[str]:
    try:
        loaded = ryaml.loads(file.read_text("utf-8"))
    except (ryaml.InvalidYamlError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not YAML") from error
    listed = loaded.get("contexts") if isinstance(loaded, dict) else None
    return [str(entry["name"]) for entry in listed or () if isinstance(entry, dict) and entry.get("name")]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in escaped) + '"'
