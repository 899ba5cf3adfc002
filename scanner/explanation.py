"""`gnomon explain`, `link` and `forget`: the proof of a finding, and what a person decided about it."""

from collections.abc import Iterator

import msgspec

from scanner import doctor, plugins, tools
from scanner.config import Config
from scanner.errors import UsageError
from scanner.governance.waivers import evidence_hash
from scanner.judge.near import Names, may_look_alike
from scanner.model import Asset, Finding, Kind, Link, NearMiss
from scanner.reading import read
from scanner.session import store_of
from scanner.store import Store
from scanner.terminal import inert


def explain(config: Config, wanted: str) -> str:
    """The finding's chain, evidence, severity, near misses and remedy, as text for a terminal."""
    with store_of(config) as store:
        finding = found(store, wanted)
        identifiers = store.identifiers(finding.subject or finding.asset)
    if may_look_alike(finding) and not finding.near_misses:
        finding = msgspec.structs.replace(finding, near_misses=_near(config, finding, identifiers))
    return inert("\n".join(_lines(finding)))


def _near(config: Config, finding: Finding, identifiers: tuple[str, ...]) -> tuple[NearMiss, ...]:
    """The records of now that look alike: a run computes them for the worst findings only."""
    with doctor.desk(config) as desk:
        names = Names(read(config.registry, desk, lambda _: None).records)
    subject = Asset(finding.subject or finding.asset, Kind.MODEL, identifiers, {}, ())
    return names.like(subject, config.policy.near_miss, config.policy.near_misses)


def link(config: Config, wanted: str, record: str, by: str, why: str) -> str:
    """Stores that the finding's model is `record`'s; from the next run on its identifiers match that record."""
    if not by.strip() or not why.strip():
        raise UsageError("--by and --why must say something: the approval stands beside every match it makes")
    with store_of(config) as store:
        finding = found(store, wanted)
        _registered(config, record)
        subject = finding.subject or finding.asset
        identifiers = store.identifiers(subject)
        if not identifiers:
            raise UsageError(f"{subject} has no identifier that a record could list")
        for identifier in identifiers:
            store.link(record, identifier, who=by, when=tools.now(), why=why)
    return f"{record} now also stands for {', '.join(identifiers)} ({by}: {why}). The next scan judges by it."


def forget(config: Config, source: str) -> str:
    """Gives up what a source saw. Where the config has it no more, its findings are closed; else the next run judges anew."""
    with store_of(config) as store:
        known = tuple(store.units.sources())
        if source not in known:
            raise UsageError(f"no source named {source!r} was ever read{_meant(source, known)}")
        count = store.forget(source, for_good=source not in {each.name for each in config.source})
    return f"{count} places that {source} saw are forgotten. What is still there, the next scan finds anew."


def _registered(config: Config, record: str) -> None:
    """Raises UsageError where the config's registries have no such record."""
    with doctor.desk(config) as desk:
        ids = tuple(each.id for each in read(config.registry, desk, lambda _: None).records)
    if config.registry and record not in ids:
        raise UsageError(f"no registry of the config has a record {record!r}{_meant(record, ids)}")


def _meant(given: str, known: tuple[str, ...]) -> str:
    hint = plugins.nearest(given, known)
    return f"; did you mean {hint!r}?" if hint else ""


def found(store: Store, wanted: str) -> Finding:
    """The one open finding whose id begins so. Raises UsageError where there is none, or more than one."""
    fitting = [finding for finding in store.previous_findings() if finding.id.lower().startswith(wanted.lower())]
    if not fitting:
        raise UsageError(f"no finding of the last run has an id that begins with {wanted!r}")
    if len(fitting) > 1 and not any(finding.id.lower() == wanted.lower() for finding in fitting):
        raise UsageError(f"{wanted!r} begins {len(fitting)} ids: {', '.join(sorted(finding.id for finding in fitting)[:6])}")
    return next((finding for finding in fitting if finding.id.lower() == wanted.lower()), fitting[0])


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.id}  {finding.check}  {finding.severity}  ({finding.status}, first seen {finding.first_seen})"
    yield finding.title
    yield f"asset    {finding.asset}" + (f"\nsubject  {finding.subject}" if finding.subject else "")
    yield f"record   {finding.record or 'none'}\nowner    {finding.owner or 'nobody named'}\ndue      {finding.due or 'no date'}"
    yield from _part("because", [finding.because] if finding.because else [])
    yield from _part("chain", [_step(each) for each in finding.chain])
    yield from _part("evidence", [f"{each.where}  ({each.rule}, {each.confidence})" for each in finding.evidence])
    yield f"  evidence hash {evidence_hash(finding)}"
    yield from _part("why this severity", finding.severity_because)
    yield from _part("near misses, not acted on", [f"{each.score:.0f}%  {each.record}  {each.name}" for each in finding.near_misses])
    yield from _part("supports", finding.controls)
    yield from _part("what to do", [finding.remedy])
    if finding.waived_by:
        yield from _part("waived", [finding.waived_by])


def _part(title: str, lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    if lines:
        yield f"\n{title}"
        yield from (f"  {line}" for line in lines)


def _step(link: Link) -> str:
    where = link.evidence[0].where if link.evidence else ""
    return f"{link.source} --{link.relation}--> {link.target}" + (f"   [{where}]" if where else "")
