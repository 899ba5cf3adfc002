"""The cache of facts by content: the same bytes are never parsed twice, whoever holds them."""

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from threading import Lock

from sqlalchemy import Connection, Engine, bindparam, select, tuple_, update

from scanner.store.database import transaction
from scanner.store.tables import FACTS
from scanner.store.upsert import upsert

MOST_TOUCHED = 500_000
"""Uses remembered for pruning in one run; what is beyond is pruned earlier and learned again."""
AT_ONCE = 500
KNOWN = select(FACTS).where(tuple_(FACTS.c.content, FACTS.c.variant).in_(bindparam("pairs", expanding=True)))


def remember(connection: Connection, learned: Iterable[tuple[bytes, str, bytes]], now: str) -> None:
    """Keeps facts, within the transaction that keeps the unit they came from."""
    rows = [{"content": content, "variant": variant, "facts": facts, "used": now} for content, variant, facts in learned]
    upsert(connection, FACTS, rows)


class FactsCache:
    """What a connector may ask (scanner.contracts.Facts). Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._touching = Lock()
        self._touched: set[tuple[bytes, str]] = set()

    def get(self, content: bytes, variant: str) -> bytes | None:
        """The facts of this content, or None."""
        return self.many([(content, variant)]).get((content, variant))

    def many(self, wanted: Collection[tuple[bytes, str]]) -> Mapping[tuple[bytes, str], bytes]:
        """The facts of each content and variant that are known."""
        pairs = list(wanted)
        found: dict[tuple[bytes, str], bytes] = {}
        with transaction(self._engine) as connection:
            for start in range(0, len(pairs), AT_ONCE):
                rows = connection.execute(KNOWN, {"pairs": pairs[start : start + AT_ONCE]})
                found.update(((row.content, row.variant), row.facts) for row in rows)
        self._touch(found)
        return found

    def flush(self, connection: Connection, now: str) -> None:
        """Notes what was used, so that pruning takes what was not."""
        with self._touching:
            touched, self._touched = self._touched, set()
        if touched:
            statement = update(FACTS).where(FACTS.c.content == bindparam("c"), FACTS.c.variant == bindparam("v")).values(used=now)
            connection.execute(statement, [{"c": content, "v": variant} for content, variant in touched])

    def _touch(self, found: Iterable[tuple[bytes, str]]) -> None:
        with self._touching:
            self._touched.update(islice(found, MOST_TOUCHED - len(self._touched)))
