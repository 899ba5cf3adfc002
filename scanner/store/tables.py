"""The tables as they are now. How an older store becomes this one stands in migrations.py; a test holds the two together."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("started", Text, nullable=False),
    Column("finished", Text),
    Column("status", Text, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("facts", Text),
)
SOURCES = Table(
    "sources",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("run", Text, nullable=False),
)
UNITS = Table(
    "units",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", Text),
    Column("settings_hash", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("detector", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("listed_run", Text, nullable=False),
    Column("listed_eyes", Text, nullable=False),
    Column("earlier_eyes", Text),
    Column("missed_run", Text),
    Column("read_run", Text),
    Column("held", Integer, nullable=False),
    Column("gaps", LargeBinary, nullable=False),
)
CHUNKS = Table(
    "chunks",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("stale", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
FACTS = Table(
    "facts",
    METADATA,
    Column("content", LargeBinary, primary_key=True),
    Column("variant", Text, primary_key=True),
    Column("facts", LargeBinary, nullable=False),
    Column("used", Text, nullable=False),
)
REGISTRIES = Table(
    "registries",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("records", Integer, nullable=False),
)
FINDINGS = Table(
    "findings",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("check", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("record", Text),
    Column("severity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("first_seen", Text),
    Column("last_seen", Text),
    Column("run", Text, nullable=False),
    Column("body", Text, nullable=False),
)
NAMES = Table("names", METADATA, Column("name", Text, primary_key=True), Column("root", Text, nullable=False))
CLEAN = Table("clean_scans", METADATA, Column("record", Text, primary_key=True), Column("scans", Integer, nullable=False))
APPROVALS = Table(
    "approvals",
    METADATA,
    Column("record", Text, primary_key=True),
    Column("identifier", Text, primary_key=True),
    Column("who", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("why", Text, nullable=False),
)
ASSETS = Table(
    "assets",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("body", Text, nullable=False),
)
LINKS = Table(
    "links",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("relation", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("evidence", Text, nullable=False),
)
POINTS = Table(
    "points",
    METADATA,
    Column("run", Text, primary_key=True),
    Column("finished", Text, nullable=False),
    Column("body", Text, nullable=False),
)
LATEST = Table("latest", METADATA, Column("name", Text, primary_key=True), Column("body", LargeBinary, nullable=False))
VERSION = Table("schema_version", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))
