"""Checks about what anyone can reach, and about agents."""

from collections.abc import Iterator

from scanner.judge.case import Case, Verdict
from scanner.judge.governing import governing
from scanner.model import Asset, Context, Kind, Link, Observed, Place, Record, Relation, State


def endpoints(case: Case) -> Iterator[Verdict]:
    """AI endpoints that the internet reaches, or that ask for no key."""
    for asset in case.graph.of_kind[Kind.ENDPOINT]:
        if asset.key not in case.derived.ai or not _answers(asset):
            continue
        chain = _chain(case, asset.key)
        record = _record(case, asset.key, chain)
        if asset.attributes.get("exposure") == "public":
            yield Verdict("public-endpoint", asset.key, record=record, because="its exposure is public", chain=chain)
        if asset.attributes.get("authenticated") is False:
            yield Verdict("unauthenticated-endpoint", asset.key, record=record, because="it answered without a key", chain=chain)


def _answers(asset: Asset) -> bool:
    told = asset.attributes
    return not asset.stale and told.get("running") is not False and not told.get("referenced_only")


def _chain(case: Case, key: str) -> tuple[Link, ...]:
    route = next(case.graph.into(key, Relation.ROUTES), None) or next(case.graph.out_of(key, Relation.ROUTES), None)
    return (route,) if route else case.derived.ai.get(key, ())


def _record(case: Case, key: str, chain: tuple[Link, ...]) -> Record | None:
    hosts = (key, *(link.target for link in chain))
    pairs = (governing(case, place) for host in hosts for place in case.on.get(host, ()))
    return next((pair[1] for pair in pairs if pair), None)


def agents(case: Case) -> Iterator[Verdict]:
    """Agents that were granted tools before a record covers them."""
    if not case.registries_read:
        return
    for asset in case.graph.of_kind[Kind.AGENT]:
        if asset.stale or asset.attributes.get("referenced_only"):
            continue
        tools = asset.attributes.get("tools")
        if isinstance(tools, tuple) and tools:
            yield from _agent(case, asset, tools)


def _agent(case: Case, asset: Asset, tools: tuple[str, ...]) -> Iterator[Verdict]:
    if asset.attributes.get("context", Context.PRODUCTION) != Context.PRODUCTION:
        case.counted[f"agents in {asset.attributes['context']} code"] += 1
        return
    chain = tuple(case.graph.into(asset.key, Relation.USES, Relation.CONTAINS))[:1]
    pair = governing(case, Place(asset.key, asset.key, Observed.CODED))
    allowed = pair[1].approved_scope.tools if pair else ()
    if pair is None or pair[1].state is State.PROPOSED:
        record = pair[1] if pair else None
        yield Verdict("ungoverned-agent", asset.key, record=record, because=f"{len(tools)} tools", chain=chain, detail=_listed(tools))
    elif allowed and set(tools) - set(allowed):
        detail = f"tools {_listed(tuple(sorted(set(tools) - set(allowed))))} are not allowed"
        yield Verdict("scope-drift", asset.key, record=pair[1], because=pair[0].because, chain=chain, detail=detail)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
