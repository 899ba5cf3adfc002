"""From any older store to this one, forwards only, one numbered function a step, all in one transaction.

A step is written once and never edited: it says what the tables were then, which tables.py (what they are now) cannot.
"""

from collections.abc import Callable

from sqlalchemy import Connection, inspect, text

from scanner.errors import StoreError

FIRST = """
CREATE TABLE runs (id TEXT PRIMARY KEY, started TEXT NOT NULL, finished TEXT, status TEXT NOT NULL, config_hash TEXT NOT NULL,
    partial BOOLEAN NOT NULL, facts TEXT);
CREATE TABLE sources (name TEXT PRIMARY KEY, type TEXT NOT NULL, principal TEXT NOT NULL, run TEXT NOT NULL);
CREATE TABLE units (source TEXT NOT NULL, "key" TEXT NOT NULL, scope TEXT NOT NULL, state TEXT NOT NULL, revision TEXT,
    settings_hash TEXT NOT NULL, connector TEXT NOT NULL, detector TEXT NOT NULL, principal TEXT NOT NULL,
    listed_run TEXT NOT NULL, listed_eyes TEXT NOT NULL, missed_run TEXT, read_run TEXT, held INTEGER NOT NULL, gaps {blob} NOT NULL,
    PRIMARY KEY (source, "key"));
CREATE TABLE chunks (source TEXT NOT NULL, "key" TEXT NOT NULL, number INTEGER NOT NULL, stale BOOLEAN NOT NULL, body {blob} NOT NULL,
    PRIMARY KEY (source, "key", number), FOREIGN KEY (source, "key") REFERENCES units (source, "key") ON DELETE CASCADE);
CREATE TABLE facts (content {blob} NOT NULL, variant TEXT NOT NULL, facts {blob} NOT NULL, used TEXT NOT NULL,
    PRIMARY KEY (content, variant));
CREATE TABLE registries (run TEXT NOT NULL, name TEXT NOT NULL, records INTEGER NOT NULL, PRIMARY KEY (run, name));
CREATE TABLE findings (id TEXT PRIMARY KEY, "check" TEXT NOT NULL, asset TEXT NOT NULL, record TEXT, severity TEXT NOT NULL,
    status TEXT NOT NULL, open BOOLEAN NOT NULL, first_seen TEXT, last_seen TEXT, run TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE names (name TEXT PRIMARY KEY, root TEXT NOT NULL);
CREATE TABLE clean_scans (record TEXT PRIMARY KEY, scans INTEGER NOT NULL);
CREATE TABLE approvals (record TEXT NOT NULL, identifier TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, why TEXT NOT NULL,
    PRIMARY KEY (record, identifier));
CREATE TABLE assets ("key" TEXT PRIMARY KEY, kind TEXT NOT NULL, stale BOOLEAN NOT NULL, body TEXT NOT NULL);
CREATE TABLE links (number INTEGER PRIMARY KEY, source TEXT NOT NULL, relation TEXT NOT NULL, target TEXT NOT NULL, evidence TEXT NOT NULL);
CREATE TABLE points (run TEXT PRIMARY KEY, finished TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE latest (name TEXT PRIMARY KEY, body {blob} NOT NULL)
"""


def _first(connection: Connection) -> None:
    blob = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    for statement in FIRST.format(blob=blob).split(";"):
        connection.execute(text(statement))


def _earlier_eyes(connection: Connection) -> None:
    """A source whose principal changes for one night and back proves as much as before."""
    connection.execute(text("ALTER TABLE units ADD COLUMN earlier_eyes TEXT"))


STEPS: tuple[Callable[[Connection], None], ...] = (_first, _earlier_eyes)


def migrate(connection: Connection, steps: tuple[Callable[[Connection], None], ...] = STEPS) -> None:
    """Brings the store up to date within the transaction of `connection`. Raises StoreError on a newer store, changing nothing."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('gnomon migration'))"))
    have = version(connection)
    if have > len(steps):
        raise StoreError(
            f"the store has version {have} and this Gnomon knows version {len(steps)}: install the Gnomon that wrote it, or a later one"
        )
    for step in steps[have:]:
        step(connection)
    if have < len(steps):
        connection.execute(text("DELETE FROM schema_version"))
        connection.execute(text("INSERT INTO schema_version (version) VALUES (:version)"), {"version": len(steps)})


def version(connection: Connection) -> int:
    """The store's version; 0 for one that has no tables yet."""
    if not inspect(connection).has_table("schema_version"):
        connection.execute(text("CREATE TABLE schema_version (version INTEGER PRIMARY KEY)"))
        return 0
    return int(connection.execute(text("SELECT max(version) FROM schema_version")).scalar() or 0)
