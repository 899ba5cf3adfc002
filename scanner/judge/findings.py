"""A verdict to a finding: its id, words, severity with reasons, due date, owner, evidence and controls."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain

from scanner.identifiers import row
from scanner.judge.case import Case, Verdict
from scanner.judge.said import day, model_name, place_name, record_name
from scanner.judge.tables import controls, severities, verdicts
from scanner.model import Asset, Evidence, Finding, Kind, Observed, Relation, Severity

SHOWN = 12
NOT_MODELS = (Kind.CREDENTIAL, Kind.IDENTITY)
"""What a finding is about itself, whichever record it serves."""
EVIDENCE_AT_MOST = 20


def finding(case: Case, verdict: Verdict) -> Finding:
    """The finding that a verdict is."""
    words = verdicts().checks[verdict.check]
    coded = verdict.facts.get("observed") == Observed.CODED
    severity, reasons = _severity(case, verdict)
    identity = finding_id(case, verdict)
    return Finding(
        id=identity,
        check=verdict.check,
        asset=verdict.asset,
        severity=severity,
        title=_title(case, verdict, (coded and words.coded) or words.title),
        evidence=_evidence(case, verdict),
        remedy=((coded and words.coded_remedy) or words.remedy) + _registering(case, verdict),
        subject=verdict.subject if verdict.subject != verdict.asset else None,
        record=verdict.record.id if verdict.record else None,
        owner=_owner(case, verdict),
        because=verdict.because,
        severity_because=reasons,
        controls=controls().get(verdict.check, ()),
        chain=verdict.chain,
        due=_due(case, identity, severity),
        first_seen=case.past.first_seen.get(identity),
    )


def finding_id(case: Case, verdict: Verdict) -> str:
    """Stable over renames, merges and rollouts; nothing in it changes with reason, severity, line or pod."""
    parts = (
        verdict.check,
        verdict.record.id if verdict.record else "",
        case.first_key(verdict.anchor or verdict.asset),
        case.first_key(verdict.subject) if verdict.subject else "",
    )
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:SHOWN]
    return "".join(word[0] for word in verdict.check.split("-")).upper() + "-" + digest


def _registering(case: Case, verdict: Verdict) -> str:
    """How a record recognises what is unregistered: by the surest identifier of the model itself, or its key."""
    subject = case.assets.get(verdict.subject or verdict.asset)
    if subject is None or not verdict.check.startswith("unregistered"):
        return ""
    own = sorted(
        (not row(each).strong, not row(each).pinned, at, each) for at, each in enumerate(subject.identifiers) if not row(each).merges
    )
    return f" A record covers it by identifiers = [{json.dumps(own[0][-1] if own else subject.key)}]."


def _title(case: Case, verdict: Verdict, template: str) -> str:
    asset = case.assets.get(verdict.asset)
    subject = case.assets.get(verdict.subject or verdict.asset)
    itself = subject is not None and (verdict.record is None or subject.kind in NOT_MODELS)
    model = model_name(subject) if itself and subject else record_name(verdict.record) if verdict.record else verdict.asset
    place = place_name(asset) if asset else ""
    said = template.format(model=model, place=place, date=day(verdict.date), detail=verdict.detail)
    return said[:1].upper() + said[1:] if said.startswith("the ") else said


def _severity(case: Case, verdict: Verdict) -> tuple[Severity, tuple[str, ...]]:
    table, words = severities(), verdicts().checks[verdict.check]
    facts = {name: verdict.facts.get(name) or _fact(case, verdict, name) for name in words.because_of}
    counted = [reason for reason in table.reason if facts.get(reason.fact) in reason.values]
    step = table.ladder.index(words.severity) + sum(reason.by for reason in counted)
    level = table.ladder[max(0, min(step, len(table.ladder) - 1))]
    return level, (f"{verdict.check} is {words.severity}", *(f"{reason.says} ({reason.by:+d})" for reason in counted))


def _fact(case: Case, verdict: Verdict, name: str) -> str | None:
    if name == "risk":
        return (verdict.record.risk_class or "").lower() if verdict.record else None
    asset = case.assets.get(verdict.asset)
    fronts = list(_fronts(case, asset)) if asset else []
    if name == "environment":
        return _environment(case, fronts)
    return next((value for value in (_exposed(front, name) for front in fronts) if value), None)


def _fronts(case: Case, asset: Asset) -> Iterator[Asset]:
    """The asset and the endpoints that lead to it."""
    yield asset
    for link in case.graph.into(asset.key, Relation.ROUTES):
        yield case.assets[link.source]


def _environment(case: Case, fronts: list[Asset]) -> str | None:
    named = next((str(front.attributes["environment"]) for front in fronts if front.attributes.get("environment")), None)
    return None if named is None else "production" if named.lower() in case.policy.production else "other"


def _exposed(asset: Asset, name: str) -> str | None:
    told = asset.attributes
    if name == "exposure":
        return "public" if told.get("exposure") == "public" or told.get("public") is True else None
    if name == "access":
        return "unauthenticated" if told.get("authenticated") is False else None
    return "yes" if told.get("writes") is True or told.get("write") is True else None


def _evidence(case: Case, verdict: Verdict) -> tuple[Evidence, ...]:
    assets = (case.assets[key] for key in (verdict.subject, verdict.asset) if key and key in case.assets)
    record = (Evidence(verdict.record.where, f"registry:{verdict.record.registry}"),) if verdict.record else ()
    told: Iterable[Evidence] = chain(record, *(link.evidence for link in verdict.chain), *(asset.evidence for asset in assets))
    return tuple(dict.fromkeys(told))[:EVIDENCE_AT_MOST]


def _owner(case: Case, verdict: Verdict) -> str | None:
    if verdict.record and verdict.record.owner:
        return verdict.record.owner
    keys = dict.fromkeys((verdict.asset, verdict.subject, *(end for link in verdict.chain for end in (link.source, link.target))))
    return next((owner for key in keys if key and key in case.assets for owner in _owners(case, case.assets[key])), None)


def _owners(case: Case, asset: Asset) -> Iterator[str]:
    for name in ("owner", "owners"):
        value = asset.attributes.get(name)
        yield from (value if isinstance(value, tuple) else (value,) if isinstance(value, str) and value else ())
    yield from (link.target for link in case.graph.out_of(asset.key, Relation.OWNED))
    if asset.kind is Kind.MODEL:
        yield from (owner for link in case.graph.into(asset.key, Relation.USES) for owner in _owners(case, case.assets[link.source]))


def _due(case: Case, identity: str, severity: Severity) -> str | None:
    from datetime import date

    days = getattr(case.policy.due, severity, None)
    since = case.past.first_seen.get(identity)
    start = date.fromisoformat(since[:10]) if since else case.today
    return None if days is None else (start + timedelta(days=days)).isoformat()
