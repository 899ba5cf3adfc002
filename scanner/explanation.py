"""`gnomon explain`, `link` and `forget`: the proof of a finding, and what a person decided about it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from scanner import doctor, plugins, tools
from scanner.config import Config
from scanner.errors import UsageError
from scanner.governance.waivers import evidence_hash
from scanner.judge.near import Names, may_look_alike
from scanner.model import Asset, Finding, Kind, Link, NearMiss
from scanner.reading import read
from scanner.request import LOOK
from scanner.session import store_of
from scanner.store import Store
from scanner.terminal import inert

LOOKS = (LOOK / "report.json", Path("gnomon-report/report.json"))
"""Where a look, which keeps no store, leaves its document."""


def explain(config: Config | None, wanted: str, report: Path | None = None) -> str:
    """The finding's chain, evidence, severity, near misses and remedy, as text for a terminal.

    Of the JSON `report` where it is given; where there is no config, or the last run has no such finding, of what a look left here.
    """
    if report is not None or config is None:
        return _shown(_one(_reported(report or _look()), wanted))
    looked = [each for each in _reported(LOOKS[0]) if each.id.lower() == wanted.lower()] if LOOKS[0].exists() else []
    with store_of(config) as store:
        if looked and not any(each.id == looked[0].id for each in store.previous_findings()):
            return _shown(looked[0])
        finding = found(store, wanted)
        identifiers = store.identifiers(finding.subject or finding.asset)
    if may_look_alike(finding) and not finding.near_misses:
        finding = msgspec.structs.replace(finding, near_misses=_near(config, finding, identifiers))
    return _shown(finding)


def _look() -> Path:
    here = [path for path in LOOKS if path.exists()]
    if not here:
        raise UsageError(f"there is neither gnomon.toml nor {LOOKS[1]} here; give -c FILE or --report FILE")
    return max(here, key=lambda path: path.stat().st_mtime)


class _Document(msgspec.Struct, frozen=True):
    findings: tuple[Finding, ...]


def _reported(path: Path) -> tuple[Finding, ...]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Document).findings
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: no JSON report of Gnomon can be read there ({type(error).__name__})") from error


def _shown(finding: Finding) -> str:
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


def unlink(config: Config, wanted: str, record: str) -> str:
    """Takes back that an identifier, or all of a finding's model, is `record`'s; the next run judges without it."""
    with store_of(config) as store:
        linked = store.linked().get(record, ())
        own = [wanted] if wanted in linked else _identified(store, wanted)
        gone = [identifier for identifier in linked if identifier in own]
        if not gone:
            known = f"it is linked with {', '.join(linked)}" if linked else "it is linked with nothing"
            raise UsageError(f"{record!r} is not linked with {wanted!r}; {known}")
        for identifier in gone:
            store.ledger.unlink(record, identifier)
    return f"{record} no longer stands for {', '.join(gone)}. The next scan judges by it."


def _identified(store: Store, wanted: str) -> tuple[str, ...]:
    """The identifiers of a finding's model; none where there is no such finding any more, as after a link."""
    fitting = [each for each in store.previous_findings() if each.id.lower() == wanted.lower()]
    return store.identifiers(fitting[0].subject or fitting[0].asset) if fitting else ()


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
    if not config.registry:
        raise UsageError("the config has no [[registry]], so there is no record to link to")
    if record not in ids:
        raise UsageError(f"no registry of the config has a record {record!r}{_meant(record, ids)}")


def _meant(given: str, known: tuple[str, ...]) -> str:
    hint = plugins.nearest(given, known)
    return f"; did you mean {hint!r}?" if hint else ""


def found(store: Store, wanted: str) -> Finding:
    """The one open finding whose id begins so. Raises UsageError where there is none, or more than one."""
    return _one(store.previous_findings(), wanted)


def _one(findings: Iterable[Finding], wanted: str) -> Finding:
    fitting = [finding for finding in findings if finding.id.lower().startswith(wanted.lower())]
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
    else:
        yield from _part("to waive it, in the config's file of waivers (docs/waivers.md)", _waiver(finding))


def _waiver(finding: Finding) -> list[str]:
    last = f"expires = {finding.due}" if finding.due else "expires = 2099-12-31"
    false = f'kind = "false-positive", evidence = "{evidence_hash(finding)}"'
    return [
        "[[waiver]]", f'finding = "{finding.id}"', 'approver = "who decides"', 'reason = "why it may stand"', last,
        f"# where it is no {finding.check} at all, in place of the last day: {false}",
    ]  # fmt: skip


def _part(title: str, lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    if lines:
        yield f"\n{title}"
        yield from (f"  {line}" for line in lines)


def _step(link: Link) -> str:
    where = link.evidence[0].where if link.evidence else ""
    return f"{link.source} --{link.relation}--> {link.target}" + (f"   [{where}]" if where else "")
