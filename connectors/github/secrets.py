"""The names of what a repository or an organisation hands to its workflows.

No value of a secret can be asked for, and none of a variable is kept.
"""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec

from connectors.github.conditional import Reader, Row
from connectors.github.keys import Names
from connectors.github.readers import all_are_read
from scanner.detect.runtime import credential_name
from scanner.errors import AccessDenied, NotServed, ReadError
from scanner.model import Evidence, Gap, Kind, Link, Observation, Relation, Sighting, Unit, Value

RULE = "github-settings"
Told = Observation | Gap


class Part(msgspec.Struct, frozen=True):
    """One list of names: what it is called, where it is read, and how its rows are told."""

    what: str
    path: str
    field: str
    tell: Callable[[Row], Iterator[Observation]]


class Settings:
    """Reads one unit, part by part; a part that is refused is named in one gap."""

    def __init__(self, reader: Reader, names: Names, source: str, unit: Unit) -> None:
        self.reader, self.names, self.source, self.unit = reader, names, source, unit
        self.refused: list[tuple[str, ReadError]] = []
        self.read = 0

    def told(self, parts: Iterator[Part]) -> Iterator[Told]:
        """Everything that may be read. Raises where nothing may."""
        for part in parts:
            try:
                rows = list(self.reader.rows(part.path, part.field))
            except (AccessDenied, NotServed) as error:
                self.refused.append((part.what, error))
                continue
            self.read += 1
            for row in rows:
                yield from part.tell(row)
        if self.refused:
            yield self._gap()

    def _gap(self) -> Gap:
        what, first = self.refused[0]
        if not self.read:
            raise first
        listed = ", ".join(dict.fromkeys(what for what, _ in self.refused))
        return Gap(self.source, self.unit.scope, first.reason, f"not read: {listed}", first.remedy or f"let the token read {what}")

    def secret(self, key: str, kind: str, usable_from: tuple[str, ...], place: dict[str, Value]) -> Callable[[Row], Iterator[Observation]]:
        """How a row of a list of secrets is told; `key` begins the asset's key."""

        def tell(row: Row) -> Iterator[Observation]:
            name = str(row["name"])
            attributes: dict[str, Value] = {
                **place,
                "type": kind,
                "name": name,
                "provider": credential_name(name),
                "created": row.get("created_at"),
                "rotated": row.get("updated_at"),
                "usable_from": usable_from,
            }
            yield self.sighting(f"{key}/{name}", attributes)

        return tell

    def sighting(self, key: str, attributes: dict[str, Value]) -> Sighting:
        """A credential, without the attributes that are not known."""
        known = {name: value for name, value in attributes.items() if value is not None}
        where = f"{self.names.host}:{self.unit.scope.removeprefix('github/')}:{key.rpartition('/')[2]}"
        return Sighting(key, Kind.CREDENTIAL, (), known, (Evidence(where, RULE),))


def of_repository(settings: Settings, unit: Unit, *, every_dependabot: bool) -> Iterator[Part]:
    """The lists of one repository; those that cannot matter there are not asked for (docs/github.md)."""
    hints, names = unit.hints, settings.names
    name = str(hints["name"])
    path = f"/repos/{quote(name)}"
    place: dict[str, Value] = {**names.location, "repository": names.repository(name)}
    consumers = ("*",) if all_are_read(settings.reader.facts, unit) else (unit.scope.replace("#settings", "#content"),)
    key = f"credential:github/{name}"
    works = bool(hints.get("workflows")) and not hints.get("archived")
    yield Part(
        "Actions secrets", f"{path}/actions/secrets", "secrets", settings.secret(f"{key}/actions", "actions-secret", consumers, place)
    )
    if works:
        yield Part("Actions variables", f"{path}/actions/variables", "variables", _variable(settings, f"{key}/actions", consumers, place))
    if every_dependabot or (hints.get("dependabot") and not hints.get("archived")):
        tell = settings.secret(f"{key}/dependabot", "dependabot-secret", consumers, place)
        yield Part("Dependabot secrets", f"{path}/dependabot/secrets", "secrets", tell)
    for environment in _environments(settings, unit, path):
        yield from _of_environment(settings, environment, path, key, consumers, place, works=works)
    if hints.get("deploy_keys", 1):
        yield Part("deploy keys", f"{path}/keys", "", _deploy_key(settings, f"{key}/deploy-key", place))


def _environments(settings: Settings, unit: Unit, path: str) -> tuple[str, ...]:
    known = unit.hints.get("environments")
    if isinstance(known, tuple):
        return known
    try:
        return tuple(str(row["name"]) for row in settings.reader.rows(f"{path}/environments", "environments"))
    except (AccessDenied, NotServed) as error:
        settings.refused.append(("environments", error))
        return ()


def _of_environment(
    settings: Settings, environment: str, path: str, key: str, consumers: tuple[str, ...], place: dict[str, Value], *, works: bool
) -> Iterator[Part]:
    below = f"{path}/environments/{quote(environment, safe='')}"
    place = {**place, "environment": environment}
    tell = settings.secret(f"{key}/environment/{environment}", "actions-secret", consumers, place)

    def through(row: Row) -> Iterator[Observation]:
        """Where the content's reading could not know the environments, whoever reads the name may read this secret."""
        yield from tell(row)
        if "environments" not in settings.unit.hints:
            yield Link(f"{key}/actions/{row['name']}", Relation.READS, f"{key}/environment/{environment}/{row['name']}")

    yield Part(f"secrets of environment {environment}", f"{below}/secrets", "secrets", through)
    if works:
        tell_variable = _variable(settings, f"{key}/environment/{environment}", consumers, place)
        yield Part(f"variables of environment {environment}", f"{below}/variables", "variables", tell_variable)


def of_organisation(settings: Settings, organisation: str) -> Iterator[Part]:
    """The lists of an organisation."""
    path, key = f"/orgs/{quote(organisation, safe='')}", f"credential:github/{organisation}"
    yield Part(
        "Actions secrets", f"{path}/actions/secrets", "secrets", _shared(settings, path, "actions", f"{key}/actions", "actions-secret")
    )
    place = settings.names.location
    yield Part(
        "Actions variables", f"{path}/actions/variables", "variables", _variable(settings, f"{key}/actions", (settings.names.scope,), place)
    )
    tell = _shared(settings, path, "dependabot", f"{key}/dependabot", "dependabot-secret")
    yield Part("Dependabot secrets", f"{path}/dependabot/secrets", "secrets", tell)


def _shared(settings: Settings, path: str, family: str, key: str, kind: str) -> Callable[[Row], Iterator[Observation]]:
    def tell(row: Row) -> Iterator[Observation]:
        consumers: tuple[str, ...] = (settings.names.scope,)
        if row.get("visibility") == "selected":
            below = f"{path}/{family}/secrets/{quote(str(row['name']), safe='')}/repositories"
            chosen = settings.reader.rows(below, "repositories")
            consumers = tuple(f"{settings.names.scope}/{one['name']}#content" for one in chosen)
        yield from settings.secret(key, kind, consumers, settings.names.location)(row)

    return tell


def _variable(settings: Settings, key: str, consumers: tuple[str, ...], place: dict[str, Value]) -> Callable[[Row], Iterator[Observation]]:
    """A variable is no secret; one whose name is that of a credential holds one in plain text, which is worth knowing."""

    def tell(row: Row) -> Iterator[Observation]:
        name = str(row["name"])
        if credential_name(name) is not None:
            yield from settings.secret(f"{key}/variable", "actions-variable", consumers, place)(row)

    return tell


def _deploy_key(settings: Settings, key: str, place: dict[str, Value]) -> Callable[[Row], Iterator[Observation]]:
    def tell(row: Row) -> Iterator[Observation]:
        attributes: dict[str, Value] = {
            **place,
            "type": "deploy-key",
            "name": str(row.get("title", "")),
            "created": row.get("created_at"),
            "last_used": row.get("last_used"),
            "last_used_known": True if "last_used" in row else None,
            "last_used_source": "github" if "last_used" in row else None,
            "status": "inactive" if row.get("enabled") is False else "active",
            "write": row.get("read_only") is False,
            "usable_from": ("*",),
        }
        yield settings.sighting(f"{key}/{row['id']}", attributes)

    return tell
