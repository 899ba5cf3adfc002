"""A registry in a database: one query that reads, and which of its columns is which field of a record.

PostgreSQL and SQLite are opened so that nothing can be written; elsewhere the transaction is rolled back. docs/registry.md has the query
for MLflow's own tables.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from connectors.registries._cells import FIELDS, put
from connectors.registries._database import address_of, rows
from connectors.registries._entries import Entries
from scanner.contracts import PluginSettings, Registry, SecretName, Tools
from scanner.model import Gap, Reason, Record, State

ASKS = ("select", "with", "values", "table", "(")


class Settings(PluginSettings):
    """Where the database is, what to ask it, and what the answer means."""

    name: str = Field(default="sql", description="how reports call this registry")
    url: str = Field(
        description="sqlite:////path, postgresql://user@host/database, or any other that SQLAlchemy has a driver for; no password in it",
        examples=["postgresql://gnomon@registry.acme.example/models"],
    )
    password: SecretName = Field(default="", description="variable, or file:/path, that holds the database's password")
    query: str = Field(description="one SELECT, a row for each version of a model", examples=["SELECT name, version, state FROM models"])
    columns: Mapping[str, str] = Field(
        default={}, description="field = column, where they differ; approved_scope.clusters and the like are fields too"
    )
    states: Mapping[str, State] = Field(default={}, description="other words for a state, such as { Live = 'deployed' }")
    separators: str = Field(default=";|\n", min_length=1, description="signs between the items of a list in one column")
    timeout: float = Field(default=60, gt=0, description="seconds until the query is given up")
    max_records: int = Field(default=200_000, ge=1, description="more rows are not read, and named in a gap")

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        address_of(value)
        return value

    @model_validator(mode="after")
    def _reads(self) -> Self:
        if not self.query.lstrip().lower().startswith(ASKS):
            raise ValueError("query: write one that only reads, SELECT ... or WITH ... SELECT")
        unknown = next((field for field in self.columns if field not in FIELDS and field != "state"), None)
        if unknown:
            raise ValueError(f"columns: a record has no field {unknown!r}")
        return self


def connect(settings: Settings, tools: Tools) -> Registry:
    """The registry behind one query."""
    return Sql(settings, tools)


class Sql:
    """Reads the rows of the query as they come."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._settings, self._tools = settings, tools
        self._fields = {column: field for field, column in settings.columns.items()}

    def records(self) -> Iterator[Record | Gap]:
        """A record of each row. Raises a ReadError where the database does not answer the query to its end."""
        at = self._settings
        entries = Entries(at.name, at.states, "mend the row, or the query and `columns` in the config", foreign=True)
        password = self._tools.secret(at.password) if at.password else None
        for number, row in enumerate(rows(at.url, password, at.query, at.timeout, tuple(at.columns.values())), 1):
            if number > at.max_records:
                yield entries.gap("", f"more than max_records ({at.max_records})", Reason.LIMIT)
                return
            yield from entries.of(self._raw(row), f"{at.name}, row {number}", f"row {number}")

    def _raw(self, row: Mapping[str, Any]) -> dict[str, Any]:
        raw: dict[str, Any] = {}
        for column, value in row.items():
            if value not in (None, ""):
                put(raw, self._fields.get(column, column), value, self._settings.separators)
        return raw
