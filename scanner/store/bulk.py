"""Many rows at once, by each database's own fast way in: a million rows in seconds."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table


def fill(connection: Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Inserts rows, each with the values of all columns of the table in their order, within the connection's transaction."""
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in table.columns)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join("?" for _ in table.columns)
    driver.executemany(f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({places})", rows).close()  # noqa: S608 - our own names
