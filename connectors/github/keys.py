"""How docs/vocabulary.md names what GitHub holds."""

from urllib.parse import urlsplit

import msgspec

from connectors.github.settings import Settings
from scanner.model import Value


class Names(msgspec.Struct, frozen=True):
    """The names of one organisation. `host` begins evidence: `github`, or an Enterprise server's name."""

    organisation: str
    host: str
    prefix: str

    @property
    def scope(self) -> str:
        """The organisation's place in the coverage tree."""
        return f"github/{self.organisation}"

    @property
    def location(self) -> dict[str, Value]:
        """The attributes that everything of this organisation has."""
        return {"platform": "github", "organisation": self.organisation}

    def owner(self, name: str) -> str:
        """`acme/payments`, behind its host where that is not github.com."""
        return f"{self.prefix}{name}"

    def repository(self, name: str) -> str:
        """The key of a repository."""
        return f"repo:{self.owner(name)}"


def names(settings: Settings) -> Names:
    """The names that these settings give."""
    host = (settings.host or urlsplit(settings.api_url).netloc).lower().replace("api.github.com", "github.com")
    ours = host == "github.com"
    return Names(settings.organisation, "github" if ours else host, "" if ours else f"{host}/")
