"""One minute of reading: the worst case as a sentence, what to do first, and the three lists. Pure, and shared by page and mail."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from reports import _coverage
from reports._facts import Facts, connected, place_of
from reports._text import listed, plain
from reports._times import clock
from reports._words import KINDS, SEVERITIES, counted, kind_of, name_of
from scanner.coverage.tally import tally
from scanner.model import Asset, Finding, Kind, Relation, Report, State

RETIRED = ("retired-but-running", "suspended-but-running", "rejected-but-running")
UNREGISTERED = ("unregistered-running", "unregistered-stored", "unregistered-coded")
ORPHANED = ("orphaned-credential",)


class Lists(NamedTuple):
    """The three lists that Gnomon exists for; what is waived is in them, and says so."""

    retired: tuple[Finding, ...]
    unregistered: tuple[Finding, ...]
    orphaned: tuple[Finding, ...]


def worst_case(report: Report, timezone: str = "") -> str:
    """The worst that is known, as one sentence in plain words."""
    facts = Facts(report, clock(report.run, timezone))
    if not report.judged:
        return f"Found {_found(report)}; nothing was judged, because no governance registry was read."
    if not (open_ := ranked(report)):
        seen = tally(report.coverage)
        least = "" if seen.known else "at least "
        return f"Nothing to decide on was found in the {seen.read:,} of {least}{seen.total:,} places that were read."
    return _sentence(open_, facts)


def worst_of(report: Report, findings: Sequence[Finding]) -> str:
    """The worst of some findings, which come worst first, as one sentence in plain words."""
    return _sentence(findings, Facts(report, clock(report.run)))


def _sentence(open_: Sequence[Finding], facts: Facts) -> str:
    worst = open_[0]
    group = [worst, *(one for one in open_[1:] if (one.check, one.record) == (worst.check, worst.record) and one.record)]
    return _SENTENCES.get(worst.check, _as_titled)(group, facts)


def thing(finding: Finding, facts: Facts) -> str:
    """What a finding is about, in as few words as it is known by."""
    model = facts.assets.get(finding.subject or finding.asset)
    return str((model and model.attributes.get("model_id")) or name_of(finding.subject or finding.asset))


def _found(report: Report) -> str:
    kinds = (Kind.MODEL, Kind.ARTIFACT, Kind.ENDPOINT, Kind.AGENT)
    numbers = ((sum(asset.kind is kind for asset in report.assets), KINDS[kind]) for kind in kinds)
    return listed([counted(number, words) for number, words in numbers if number], 4) or "no models"


def coverage_sentence(report: Report) -> str:
    """What was read of what there is, and what was not, with its reason."""
    return _coverage.coverage_sentence(report.coverage)


def lists(report: Report) -> Lists:
    """Retired but running (suspended and rejected too), unregistered, orphaned; each worst first, what is waived last."""
    return Lists(*(tuple(one for one in _sorted(report) if one.check in checks) for checks in (RETIRED, UNREGISTERED, ORPHANED)))


def rest(report: Report) -> tuple[Finding, ...]:
    """Every finding that is in none of the three lists, worst first."""
    return tuple(one for one in _sorted(report) if one.check not in {*RETIRED, *UNREGISTERED, *ORPHANED})


def ranked(report: Report) -> tuple[Finding, ...]:
    """What is not waived, in the order to take it up."""
    return tuple(one for one in _sorted(report) if one.waived_by is None)


def overdue(report: Report, timezone: str = "") -> tuple[Finding, ...]:
    """What is not waived and past its date on the day of the run."""
    here = clock(report.run, timezone)
    return tuple(one for one in ranked(report) if (here.days_until(one.due) or 0) < 0)


def _sorted(report: Report) -> list[Finding]:
    """Waived last; by severity; of the same severity what is overdue leads, then the three lists' own checks."""
    order = {check: at for at, check in enumerate((*RETIRED, "leaked-credential", *UNREGISTERED[:1], *ORPHANED))}
    here = clock(report.run)

    def rank(one: Finding) -> tuple[object, ...]:
        late = (here.days_until(one.due) or 0) < 0
        what = (not late, order.get(one.check, len(order)), one.due or "9", one.title, one.id)
        return one.waived_by is not None, SEVERITIES.index(one.severity), *what

    return sorted(report.findings, key=rank)


def _retired(group: list[Finding], facts: Facts) -> str:
    worst = group[0]
    record = facts.records.get(worst.record or "")
    name = plain(" ".join(filter(None, (record.name, record.version))), 80) if record else plain(name_of(worst.subject or worst.asset), 80)
    state = State(worst.check.partition("-")[0])
    when = next((step.when for step in reversed(record.transitions) if step.to is state), None) if record else None
    ended = f"was {state} on {facts.clock.day(when)}" if when else f"is {state}"
    return f"{name} {ended} and still {_lives(group, facts)}{_key_used(group, facts)}."


def _lives(group: list[Finding], facts: Facts) -> str:
    endpoints = sorted({key for one in group for key in _keys(one, facts) if kind_of(key) is Kind.ENDPOINT})
    places = listed(sorted({_site(facts, key) for key in endpoints or [one.asset for one in group]}), 2)
    if endpoints:
        return f"answers on {counted(len(endpoints), KINDS[Kind.ENDPOINT])} in {places}"
    return f"runs in {places}" if len(group) == 1 else f"runs {len(group):,} times, in {places}"


def _key_used(group: list[Finding], facts: Facts) -> str:
    used = [
        (str(asset.attributes["last_used"]), asset)
        for key in sorted({key for one in group for key in _keys(one, facts)})
        if (asset := facts.assets.get(key)) and asset.kind is Kind.CREDENTIAL and asset.attributes.get("last_used")
    ]
    if not used:
        return ""
    when, asset = max(used, key=lambda one: one[0])
    return f"; its {_sort_of(asset)} was used {facts.clock.ago(when)}"


def _unregistered(group: list[Finding], facts: Facts) -> str:
    worst = group[0]
    name = plain(thing(worst, facts), 80)
    verb = {"running": "runs", "stored": "lies", "coded": "is called from code"}[worst.check.partition("-")[2]]
    exposed = any(asset.attributes.get("exposure") == "public" for key in _keys(worst, facts) if (asset := facts.assets.get(key)))
    parts = [f"{name} {verb} in {_site(facts, worst.asset)}", *(["anyone on the internet can reach it"] if exposed else [])]
    return f"{', '.join(parts)}, and the registry does not know it{_ownerless(worst)}."


def _orphaned(group: list[Finding], facts: Facts) -> str:
    worst = group[0]
    asset = facts.assets.get(worst.asset)
    what = f"The {_sort_of(asset) if asset else 'credential'} {plain(name_of(worst.asset), 60)} still works"
    used = asset.attributes.get("last_used") if asset else None
    last = f"; it was last used {facts.clock.ago(str(used))}" if used else ""
    because = f", though {plain(worst.because, 200)}" if worst.because else ""
    return f"{what}{because}{last}{_ownerless(worst)}."


def _as_titled(group: list[Finding], facts: Facts) -> str:
    title, site = plain(group[0].title, 200).rstrip("."), _site(facts, group[0].asset)
    said = site.lower().removeprefix("record ") in title.lower() or group[0].asset.startswith("record:")
    return f"{title}." if said else f"{title} ({site})."


_SENTENCES: Mapping[str, Callable[[list[Finding], Facts], str]] = {
    **dict.fromkeys(RETIRED, _retired),
    **dict.fromkeys(UNREGISTERED, _unregistered),
    **dict.fromkeys(ORPHANED, _orphaned),
}


def _site(facts: Facts, key: str) -> str:
    asset = facts.assets.get(key)
    site = asset and (asset.attributes.get("cluster") or asset.attributes.get("environment"))
    return plain(str(site), 60) if site else place_of(facts, key)


def _sort_of(asset: Asset) -> str:
    return plain(str(asset.attributes.get("type") or "credential").replace("-", " "), 40)


def _ownerless(finding: Finding) -> str:
    return "" if finding.owner else "; nobody is named as its owner"


def _keys(finding: Finding, facts: Facts) -> list[str]:
    used = (link for link in connected(facts, finding) if link.relation is not Relation.OWNED)
    return sorted({finding.asset, *chain.from_iterable((link.source, link.target) for link in used)})
