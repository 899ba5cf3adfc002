"""An organisation or a user on GitHub: content through git, names of secrets and members through the API.

Four kinds of units: `<repository>#content`, whose revision is the commit of HEAD; `<repository>#settings`, read with conditional
requests; `#members` and `#secrets` of an organisation. Docs: docs/github.md.
"""

from collections.abc import Callable, Iterator
from functools import partial

from connectors.github import members, secrets
from connectors.github.account import Account
from connectors.github.client import Client
from connectors.github.conditional import Reader
from connectors.github.content import Content, repository
from connectors.github.keys import names
from connectors.github.listing import Listing
from connectors.github.settings import Settings
from scanner.contracts import Check, Seen, Tools
from scanner.errors import GnomonError, ReadError
from scanner.model import Gap, Learned, Observation, Unit

__all__ = ["GitHub", "Settings", "connect"]
MADE_HERE = "github-1"


def connect(settings: Settings, tools: Tools) -> "GitHub":
    """The connector. Nothing is asked of GitHub yet; raises ConfigError where the secret that the settings name is not there."""
    tools.secret(settings.token if settings.app_id is None else settings.app_key)
    return GitHub(settings, tools)


class GitHub:
    """One organisation or user."""

    after: tuple[str, ...] = ()

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.settings, self.tools = settings, tools
        self.source = settings.name or "github"
        self.version = f"{MADE_HERE}/{tools.detector.version}"
        self.client = Client(settings.api_url, tools)
        self.account = Account(settings, tools, self.client)
        self.names = names(settings)
        self.content = Content(settings, tools, self.account, self.names, self.source)

    def principal(self) -> str:
        """Login and scopes, or the App's slug and permissions."""
        return self.account.principal()

    def units(self, seen: Seen) -> Iterator[Unit | Gap]:  # noqa: ARG002 - the contract's signature
        """Two units a repository, two of the organisation."""
        return Listing(self.settings, self.client, self.account, self.source).units()

    def observe(self, unit: Unit) -> Iterator[Observation | Gap | Learned]:
        """One unit, by what stands after the # in its key."""
        kind = unit.key.rpartition("#")[2]
        if kind == "content":
            yield from self.content.told(unit)
        elif kind == "members":
            yield from members.told(self.client, self.account, self.names, self.source, unit)
        else:
            yield from self._settings(unit, of_repository=kind == "settings")

    def _settings(self, unit: Unit, *, of_repository: bool) -> Iterator[Observation | Gap | Learned]:
        reader = Reader(self.client, self.account, self.tools.facts)
        reading = secrets.Settings(reader, self.names, self.source, unit)
        if of_repository:
            yield repository(self.names, unit)
            parts = secrets.of_repository(reading, unit, every_dependabot=self.settings.every_dependabot)
        else:
            parts = secrets.of_organisation(reading, self.names.organisation)
        yield from reading.told(parts)
        yield from reader.learned

    def check(self) -> Iterator[Check]:
        """Who we are, what the listing shows, and whether secrets' names may be read."""
        yield _tried("sign in to GitHub", self.principal)
        first: list[Unit] = []
        yield _tried(f"list the repositories of {self.settings.organisation}", lambda: self._counted(first))
        for unit in first:
            yield _tried(f"read the content of {unit.hints['name']}", partial(self.content.reachable, unit))
            if self.settings.settings:
                yield _tried(f"read the names of secrets of {unit.hints['name']}", partial(self._named, unit))

    def _counted(self, first: list[Unit]) -> str:
        listing = Listing(self.settings, self.client, self.account, self.source)
        page = next(listing.pages())
        if page.nodes:
            first.append(next(unit for unit in listing.repository(page.nodes[0], {}) if isinstance(unit, Unit)))
        return f"{page.total} in sight" + ("" if self.account.sees_all is not False else ", selected ones only")

    def _named(self, unit: Unit) -> str:
        gaps = [one for one in self._settings(unit, of_repository=True) if isinstance(one, Gap)]
        if gaps:
            raise ReadError(gaps[0].detail, remedy=gaps[0].remedy)
        return ""


def _tried(what: str, action: Callable[[], str]) -> Check:
    try:
        return Check(what, ok=True, detail=action())
    except ReadError as error:
        return Check(what, ok=False, detail=str(error), remedy=error.remedy)
    except GnomonError as error:
        return Check(what, ok=False, detail=str(error))
