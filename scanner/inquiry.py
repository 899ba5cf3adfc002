"""`gnomon sql`, `show` and `db prune`: the store asked and kept small. docs/ask.md"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from scanner import plugins, tools
from scanner.config import Config
from scanner.errors import UsageError
from scanner.model import Asset, Finding, Link
from scanner.session import store_address, store_of
from scanner.store import Store
from scanner.store.views import Answer, ask
from scanner.terminal import inert

WIDEST, EACH = 60, 12
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def sql(config: Config, question: str, form: str) -> str:
    """The rows of one SELECT over the documented views, as a table, csv or json."""
    answer = ask(*store_address(config), question)
    return {"table": _table, "csv": _csv, "json": _json}[form](answer)


def _table(answer: Answer) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in answer.columns:
        table.add_column(Text(inert(name)), overflow="fold", max_width=WIDEST)
    for row in answer.rows:
        table.add_row(*(Text(inert(_word(value)).replace("\n", "\\n")) for value in row))
    text = io.StringIO()
    width = 2 + (WIDEST + 2) * len(answer.columns)
    Console(file=text, width=width, color_system=None).print(table)
    return (
        "\n".join(line.rstrip() for line in text.getvalue().splitlines())
        + f"\n{len(answer.rows):,} row{'' if len(answer.rows) == 1 else 's'}"
    )


def _csv(answer: Answer) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_cell(_word(value)) for value in row] for row in answer.rows)
    return text.getvalue().rstrip("\n")


def _cell(value: str) -> str:
    """Nothing that a spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value


def _json(answer: Answer) -> str:
    rows = [dict(zip(answer.columns, (_value(value) for value in row), strict=True)) for row in answer.rows]
    return json.dumps(rows, indent=1, default=str)


def _word(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _value(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def show(config: Config, wanted: str) -> str:
    """An asset with what it needs, what needs it, and the findings on it."""
    with store_of(config) as store:
        assets = {asset.key: asset for asset in store.ledger.assets()}
        asset = _the(assets, wanted)
        keys = {asset.key, *asset.aliases}
        links = [link for link in store.ledger.links() if link.source in keys or link.target in keys]
        findings = _about(store, keys)
    return inert("\n".join(_lines(asset, links, findings, keys)))


def _the(assets: dict[str, Asset], wanted: str) -> Asset:
    """The asset of this key or alias, or the only one whose key ends so, or has it in it. Raises UsageError for none and for several."""
    exact = [asset for asset in assets.values() if wanted in (asset.key, *asset.aliases)]
    fitting = [asset for key, asset in assets.items() if wanted.lower() in key.lower()]
    ending = [asset for asset in fitting if asset.key.lower().endswith(wanted.lower())]
    if only := next((found[0] for found in (exact, ending, fitting) if len(found) == 1), None):
        return only
    if not fitting:
        hint = plugins.nearest(wanted, tuple(assets))
        raise UsageError(f"no asset of the last run is {wanted!r}" + (f"; did you mean {hint!r}?" if hint else ""))
    more = f" and {len(fitting) - EACH} more" if len(fitting) > EACH else ""
    raise UsageError(f"{wanted!r} is in {len(fitting)} keys: {', '.join(each.key for each in fitting[:EACH])}{more}")


def _about(store: Store, keys: set[str]) -> list[Finding]:
    closed = store.ledger.closed()
    return [each for each in store.previous_findings() if each.id not in closed and {each.asset, each.subject} & keys]


def _lines(asset: Asset, links: list[Link], findings: list[Finding], keys: set[str]) -> Iterator[str]:
    yield f"{asset.key}  ({asset.kind}{', known from an earlier run' if asset.stale else ''})"
    yield from (f"  {name:<14} {_said(value)}" for name, value in sorted(asset.attributes.items()))
    yield from _part("also known as", asset.aliases)
    yield from _part("identifiers", asset.identifiers)
    yield from _part("seen in", asset.scopes)
    yield from _part("seen at", [f"{each.where}  ({each.rule}, {each.confidence})" for each in asset.evidence])
    yield from _ends("needs", [(link.relation, link.target) for link in links if link.source in keys])
    yield from _ends("is needed by", [(link.relation, link.source) for link in links if link.target in keys])
    yield from _part("findings", [f"{each.id}  {each.severity}  {each.check}  {each.title}" for each in findings])


def _ends(title: str, ends: list[tuple[str, str]]) -> Iterator[str]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for relation, key in sorted(set(ends)):
        grouped[relation].append(key)
    yield from _part(title, [f"{relation:<9} {key}" for relation, many in grouped.items() for key in _some(many)])


def _some(many: list[str]) -> list[str]:
    return [*many[:EACH], *([f"and {len(many) - EACH} more"] if len(many) > EACH else [])]


def _part(title: str, lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    if lines:
        yield f"\n{title}"
        yield from (f"  {line}" for line in _some(list(lines)))


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else _word(value)


def prune(config: Config) -> str:
    """Forgets what [store] keep_runs and keep_days do not keep, and gives the room back."""
    before = datetime.fromisoformat(tools.now()) - timedelta(days=config.store.keep_days)
    with store_of(config) as store:
        had = len(store.previous_findings())
        store.prune(config.store.keep_runs, before.strftime("%Y-%m-%dT%H:%M:%SZ"))
        store.compact()
        gone = had - len(store.previous_findings())
    kept = f"{config.store.keep_runs} runs, {config.store.keep_days} days"
    return f"Kept: {kept}. {gone} resolved findings are forgotten; nothing that is open is."
