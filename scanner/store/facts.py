"""The cache of facts by content: the same bytes are never parsed twice, whoever holds them."""

from collections.abc import Iterable
from threading import Lock

from sqlalchemy import Connection, Engine, bindparam, select, update

from scanner.store.database import transaction
from scanner.store.tables import FACTS
from scanner.store.upsert import upsert

MOST_TOUCHED = 500_000
"""Uses remembered for pruning in one run; what is beyond is pruned earlier and learned again."""


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
        wanted = select(FACTS.c.facts).where(FACTS.c.content == content, FACTS.c.variant == variant)
        with transaction(self._engine) as connection:
            facts: bytes | None = connection.execute(wanted).scalar()
        if facts is not None:
            self._touch(content, variant)
        return facts

    def flush(self, connection: Connection, now: str) -> None:
        """Notes what was used, so that pruning takes what was not."""
        with self._touching:
            touched, self._touched = self._touched, set()
        if touched:
            statement = update(FACTS).where(FACTS.c.content == bindparam("c"), FACTS.c.variant == bindparam("v")).values(used=now)
            connection.execute(statement, [{"c": content, "v": variant} for content, variant in touched])

    def _touch(self, content: bytes, variant: str) -> None:
        with self._touching:
            if len(self._touched) < MOST_TOUCHED:
                self._touched.add((content, variant))
