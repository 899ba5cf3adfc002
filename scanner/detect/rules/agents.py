"""Agents and MCP: client configurations, servers, and the agents that frameworks define."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from scanner.contracts import Fact
from scanner.detect import runtime
from scanner.detect.catalogue import rows
from scanner.detect.rules import resources
from scanner.detect.rules.file import File, fact


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How code of one framework defines an agent or a server."""

    id: str
    type: str
    families: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    text: str = ""
    files: str = ""
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()


@cache
def frameworks() -> tuple[Framework, ...]:
    """Every row of catalogue/agents.toml."""
    return rows("agents", "framework", Framework)


DESCRIBES = frozenset(
    {
        "instruction",
        "instructions",
        "sub_agents",
        "subagents",
        "tools",
        "toolsets",
        "model",
        "system_prompt",
        "systemPrompt",
        "goal",
        "backstory",
        "prompt",
    }
)


def facts(file: File) -> Iterator[Fact]:
    """Each agent, MCP server and MCP client of the file."""
    if file.kind == "prose":
        return
    yield from _clients(file)
    yield from _defined(file)
    yield from _containers(file)
    yield from _resources(file)
    yield from _described(file)


def _clients(file: File) -> Iterator[Fact]:
    """`mcpServers` of client configurations, `mcp: servers:`, VS Code's `servers`."""
    for document in file.reading.documents:
        for servers in _server_tables(file, document.value, 0):
            for name, server in servers.items():
                line = file.line_of(f'"{name}"') or file.line_of(f"{name}:") or file.line_of(name)
                yield fact("agent", "mcp.client", line, name=name, attributes={"type": "mcp-client", **_tools(server)})


TABLES = ("mcpServers", "mcp_servers", "mcp-servers", "context_servers", "mcpservers")
STARTS = {"command", "url", "serverUrl", "httpUrl", "transport", "args", "uri", "endpoint"}


def _server_tables(file: File, value: Any, depth: int) -> Iterator[dict[str, dict[str, Any]]]:
    for key, inner in value.items() if isinstance(value, dict) and depth < 9 else ():
        named = key in TABLES or key == "mcp" or (key == "servers" and "mcp" in file.path.lower())
        servers = (
            _servers(inner.get("servers") if key == "mcp" and isinstance(inner, dict) and "servers" in inner else inner) if named else {}
        )
        if servers:
            yield servers
        else:
            yield from _server_tables(file, inner, depth + 1)


def _servers(table: Any) -> dict[str, dict[str, Any]]:
    """A table of servers by name, also where it is written as a list; empty where it is something else."""
    if isinstance(table, list):
        table = {str(server.get("name", "server")): server for server in table if isinstance(server, dict)}
    servers = {str(name): server for name, server in table.items() if isinstance(server, dict)} if isinstance(table, dict) else {}
    return servers if any(STARTS & set(server) for server in servers.values()) else {}


def _tools(server: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """What is started, by package name; never arguments, which may hold secrets."""
    arguments = server.get("args")
    words = [word for word in arguments if isinstance(word, str)] if isinstance(arguments, list) else []
    packages = [
        word
        for word in words
        if re.fullmatch(r"@?[\w.-]+(/[\w.-]+)?(@[\w.]+)?", word) and not word.startswith("-") and ("mcp" in word or "server" in word)
    ]
    return {"tools": tuple(packages[:5])} if packages else {}


def _defined(file: File) -> Iterator[Fact]:
    if file.kind not in ("python", "notebook", "grammar", "slashed"):
        return
    for row in frameworks():
        if not row.calls and not row.text:
            continue
        if row.families and not (set(row.families) & file.families):
            continue
        line = _line_of_call(file, row)
        if line:
            yield fact("agent", f"agent.{row.id}", line, name=row.id, attributes={"type": row.type})


def _line_of_call(file: File, row: Framework) -> int:
    calls = set(row.calls)
    for call in file.reading.calls:
        if call.name.rsplit(".", 1)[-1] in calls or call.name in calls:
            return call.line
    found = re.search(row.text, file.text, re.MULTILINE) if row.text and (file.kind in ("grammar", "slashed") or not row.calls) else None
    return file.text.count("\n", 0, found.start()) + 1 if found else 0


def _containers(file: File) -> Iterator[Fact]:
    """MCP gateways and servers that run as containers."""
    seen: set[str] = set()
    for literal in file.reading.literals:
        if literal.key != "image" or "/" not in literal.text or literal.callee == "key":
            continue
        server = runtime.server_of(re.sub(r"\$\{[^}:]*:-?([^}]*)\}", r"\1", literal.text))
        row = runtime.server(server) if server else None
        name = literal.text.split("@")[0].rsplit(":", 1)[0]
        if row is not None and row.role == "agent" and name not in seen:
            seen.add(name)
            yield fact("agent", "mcp.container", literal.line, name=name, attributes={"type": "mcp-server"})


def _resources(file: File) -> Iterator[Fact]:
    for value, line in file.manifests:
        custom = resources.custom(str(value["apiVersion"]), str(value["kind"]))
        if custom is not None and custom.agent and custom.wakes:
            metadata = value.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            yield fact("agent", f"manifest.{value['kind']}", line, name=str(name or value["kind"]), attributes={"type": "agent"})
    for found in (
        re.finditer(
            r"^\s*resource\s+\"((?:aws|awscc)_bedrock(?:agent|agentcore)?_(?:agent|agent_runtime|gateway))\"\s+\"([\w-]+)\"",
            file.text,
            re.MULTILINE,
        )
        if file.ending == "tf"
        else ()
    ):
        yield fact("agent", "terraform.agent", file.text.count("\n", 0, found.start(1)) + 1, name=found[2], attributes={"type": "agent"})


def _described(file: File) -> Iterator[Fact]:
    """Agents described in files of their own: agents.yaml of CrewAI and others."""
    if file.kind not in ("yaml", "json", "toml"):
        return
    for row in frameworks():
        if row.files and re.search(row.files, file.path):
            names = [name for document in file.reading.documents for name in _described_names(document.value)]
            for name in names[:100]:
                yield fact("agent", f"agent.{row.id}", file.line_of(name), name=name, attributes={"type": row.type})
            return


def _described_names(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    if isinstance(value.get("name"), str) and DESCRIBES & set(value):
        yield str(value["name"])
    agents = value.get("agents")
    if isinstance(agents, list):
        yield from (str(agent.get("name", "agent")) for agent in agents if isinstance(agent, dict))
    elif isinstance(agents, dict):
        yield from (
            str(name)
            for name, agent in agents.items()
            if isinstance(agent, dict) and {"instruction", "instructions", "model", "description", "role", "prompt"} & set(agent)
        )
    yield from (str(name) for name, agent in value.items() if isinstance(agent, dict) and {"role", "goal"} <= set(agent))
