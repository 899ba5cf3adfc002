"""What the emulator knows while it runs: who asks, what is there, which replies were ordered to fail, what was asked."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from tests.estate.github import repositories
from tests.estate.github.specs import Organisation, Repository


class Request(msgspec.Struct, frozen=True):
    """`kind` is rest, graphql or git; `wants` are the object ids that a fetch asked for."""

    method: str
    path: str
    status: int
    kind: str
    wants: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether GitHub counts it against the limit: an authorised 304 and git do not count."""
        return self.kind != "git" and self.status != 304


class Fault(msgspec.Struct):
    method: str
    path: re.Pattern[str]
    status: int = 500
    headers: Mapping[str, str] = {}
    body: bytes = b""
    times: int | None = None
    hang: bool = False
    half: bool = False
    contains: str = ""


class Viewer(msgspec.Struct, frozen=True):
    """Who asks. `denied` are names of permissions that it lacks."""

    login: str
    denied: tuple[str, ...]
    selected: tuple[str, ...] | None
    forbidden: Callable[[], Exception]
    app: bool = False
    member: bool = True

    def sees(self, repository: str) -> bool:
        return self.selected is None or repository in self.selected

    def permitted(self, permission: str) -> bool:
        if permission in self.denied:
            raise self.forbidden()
        return True


class State:
    """Everything that changes, under one lock."""

    def __init__(self, organisations: Sequence[Organisation], directory: Path) -> None:
        self.directory = directory
        self.organisations = list(organisations)
        self.requests: list[Request] = []
        self.invalid: list[str] = []
        self.faults: list[Fault] = []
        self.remaining = 5000
        self.reset = 4102444800
        self.lock = threading.Lock()
        self.closing = threading.Event()
        for organisation in organisations:
            for repository in organisation.repositories:
                repositories.make(repository, self.path(organisation.login, repository.name))

    def path(self, owner: str, name: str) -> Path:
        return self.directory / owner / f"{name}.git"

    def organisation(self, login: str) -> Organisation | None:
        return next((entry for entry in self.organisations if entry.login.lower() == login.lower()), None)

    def repository(self, owner: str, name: str) -> Repository | None:
        found = self.organisation(owner)
        return next((entry for entry in found.repositories if entry.name == name), None) if found else None

    def head(self, owner: str, name: str) -> str | None:
        spec = self.repository(owner, name)
        return repositories.head(spec, self.path(owner, name)) if spec else None

    def replace(self, organisation: Organisation) -> None:
        """The organisation as it is from now on: repositories whose content changed are pushed to."""
        before = self.organisation(organisation.login)
        known = {entry.name: entry for entry in before.repositories} if before else {}
        for repository in organisation.repositories:
            if known.get(repository.name) != repository:
                repositories.make(repository, self.path(organisation.login, repository.name))
        self.organisations = [organisation if entry.login == organisation.login else entry for entry in self.organisations]

    def fault(self, method: str, path: str, body: bytes) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and fault.path.search(path) and fault.contains.encode() in body and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None
