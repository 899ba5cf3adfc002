"""Who looks at which place of a source: only the same eyes can say that something there is gone."""

from collections.abc import Mapping

import msgspec

from scanner.coverage import above, key
from scanner.crawl.reading import sound
from scanner.store import Versions


class Eyes:
    """The versions that reading a place has now, with the principal that answers for it."""

    def __init__(self, versions: Versions, principal: str | Mapping[str, str]) -> None:
        self._versions = versions
        self._everywhere = sound(principal) if isinstance(principal, str) else ""
        told = {} if isinstance(principal, str) else principal
        self._places = {key(scope): sound(who) for scope, who in told.items()}

    @property
    def principal(self) -> str:
        """All of them, for people to read."""
        return self._everywhere or " ".join(who for _, who in sorted(self._places.items()))

    def versions(self, scope: str) -> Versions:
        """What must agree for a unit at this scope; nobody is the principal of a place that did not answer."""
        who = next((self._places[up] for up in above(scope) if up in self._places), "") if self._places else self._everywhere
        return msgspec.structs.replace(self._versions, principal=who)

    def of(self, scope: str) -> str:
        """Who looks at a scope, as the store remembers it."""
        return self.versions(scope).eyes
