"""Scripts that start a server."""

import re
from collections.abc import Iterator

from scanner.contracts import Fact
from scanner.detect import runtime
from scanner.detect.rules.charts import SERVING_ROLES
from scanner.detect.rules.file import File, fact

RUN = re.compile(r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?run\b(.*)")


def facts(file: File) -> Iterator[Fact]:
    """Servers that a script starts."""
    seen: set[str] = set()
    for command, line in file.reading.commands:
        server = _started(command)
        row = runtime.server(server) if server else None
        if row is not None and row.role in SERVING_ROLES and row.ai and row.id not in seen:
            seen.add(row.id)
            yield fact("deployment", "script.run", line, sure=False, name=row.id, attributes={"resource": f"script/{row.id}"})


def _started(command: str) -> str | None:
    run = RUN.search(command)
    if run:
        return next((server for word in run[1].split() if "/" in word and (server := runtime.server_of(word.strip("\"'")))), None)
    return (
        runtime.server_of_command([command]) if re.search(r"\bserve\b|entrypoints|launch_server|llama-server|launcher", command) else None
    )
