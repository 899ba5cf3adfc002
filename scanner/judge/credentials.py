"""Checks about the keys and identities of AI. A false "orphaned" makes someone switch off what lives: rule 10 of docs/verdicts.md."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from scanner.judge.case import Case, Verdict
from scanner.judge.consumers import Consumers
from scanner.judge.findings import finding_id
from scanner.judge.said import day
from scanner.judge.scopes import could_consume
from scanner.model import Asset, Kind, Link, Record, Relation, State

NOT_KEYS = frozenset({"reference", "leak"})
"""A name that code reads holds nothing by itself; a key in a file is judged as leaked."""
AGES = frozenset({"access-key", "service-specific", "secret", "actions-secret", "dependabot-secret", "deploy-key", "parameter"})
OVER = frozenset({State.RETIRED, State.SUSPENDED, State.REJECTED})


class _Key(msgspec.Struct, frozen=True):
    """A credential with what is known of its use."""

    asset: Asset
    consumers: tuple[str, ...]
    """What is live, or might be, and is handed it."""
    gone: tuple[str, ...]
    """What was handed it and cannot run any more."""
    records: tuple[Record, ...]
    """The records whose identities list it."""
    vanished: tuple[Link, ...]
    """What was handed it in the last run and is there no more."""

    def told(self, name: str) -> object:
        """An attribute."""
        return self.asset.attributes.get(name)


def credentials(case: Case) -> Iterator[Verdict]:
    """The verdicts on every credential of AI."""
    consumers = Consumers(case)
    for asset in case.graph.of_kind[Kind.CREDENTIAL]:
        if asset.stale:
            continue
        if asset.attributes.get("type") == "leak":
            yield Verdict("leaked-credential", asset.key, because="a key stands in a file", chain=consumers.holders(asset.key))
        elif consumers.is_of_ai(asset):
            known = consumers.of(asset, unused=_long_unused(case, asset))
            key = _Key(asset, *known, consumers.records(asset), consumers.vanished(asset))
            yield from _of_one(case, consumers, key)
        else:
            case.counted["credentials that have nothing to do with AI"] += 1


def _of_one(case: Case, consumers: Consumers, key: _Key) -> Iterator[Verdict]:
    if key.told("status") == "inactive" or key.told("type") in NOT_KEYS or key.told("referenced_only"):
        return
    orphan = _orphan(case, consumers, key)
    if orphan:
        yield orphan  # and not also as old: to be removed is more than to be rotated
        return
    if not key.consumers:
        yield from _unknown(case, key)
    yield from _shared(consumers, key)
    yield from _old(case, key)


def _orphan(case: Case, consumers: Consumers, key: _Key) -> Verdict | None:
    """The first reason that holds, each with all its conditions."""
    for reason in (_owner_left, _model_over, _consumers_gone, _nobody):
        said = reason(case, consumers, key)
        if said:
            over = next((record for record in key.records if record.state in OVER), None)
            chain = consumers.holders(key.asset.key) or key.vanished[:3]
            return Verdict("orphaned-credential", key.asset.key, record=over, because=said, detail=said, chain=chain)
    return None


def _owner_left(_: Case, consumers: Consumers, key: _Key) -> str | None:
    people = consumers.owners(key.asset.key)
    gone = [person for person in people if person.attributes.get("departed") is True]
    return f"its owner {gone[0].key.partition(':')[2]} left" if gone and len(gone) == len(people) else None


def _model_over(case: Case, consumers: Consumers, key: _Key) -> str | None:
    """Every record that lists it is over, nothing else is handed it, and no use of it is younger than the end."""
    if not key.records or any(record.state not in OVER for record in key.records) or _serves_others(consumers, key):
        return None
    if _young(case, key) or _used_lately(case, key) or could_consume(case):
        return None
    record = key.records[0]
    return f"its model {record.name} {record.version or ''}".rstrip() + f" is {record.state}"


def _serves_others(consumers: Consumers, key: _Key) -> bool:
    """A live consumer that runs anything but what is over."""
    return any(not consumers.runs_only(consumer, OVER) for consumer in key.consumers)


def _consumers_gone(case: Case, _: Consumers, key: _Key) -> str | None:
    if not (key.gone or key.vanished) or key.consumers or _young(case, key) or not _nobody_else(case, key):
        return None
    if key.gone:
        return f"all that used it is gone ({_names(key.gone)})"
    if could_consume(case):
        return None
    noticed = case.past.first_seen.get(finding_id(case, Verdict("orphaned-credential", key.asset.key)), case.now)
    return f"all that used it is gone ({_names([link.source for link in key.vanished])}), noticed{day(noticed)}"


def _names(keys: Sequence[str]) -> str:
    return ", ".join(key.partition(":")[2] for key in keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")


def _nobody(case: Case, _: Consumers, key: _Key) -> str | None:
    if key.consumers or key.gone or _young(case, key) or not _nobody_else(case, key):
        return None
    if _inside(key):
        return "nothing uses it, in all the places where it can be used"
    used = key.told("last_used")
    return f"nothing seen uses it, and by its provider's record it was {'last used' + day(used) if isinstance(used, str) else 'never used'}"


def _inside(key: _Key) -> bool:
    where = key.told("usable_from")
    return isinstance(where, tuple) and bool(where) and "*" not in where


def _nobody_else(case: Case, key: _Key) -> bool:
    """Usable solely where all was read; or unused by its provider's own record, and every place we were to read was read."""
    where = key.told("usable_from")
    if _inside(key) and isinstance(where, tuple):
        return not case.blind and case.looked.whole(where)[0] and not _used_lately(case, key)
    return _long_unused(case, key.asset) and not could_consume(case)


def _long_unused(case: Case, asset: Asset) -> bool:
    """No data is not unused; what was never used counts from its creation."""
    told = asset.attributes
    if told.get("last_used_known") is not True:
        return False
    since = case.days_since(told.get("last_used") or told.get("created"))
    return since is not None and since >= case.policy.unused_days


def _young(case: Case, key: _Key) -> bool:
    """Inside the grace period. Without a date of creation only an old use proves its age."""
    ages = [case.days_since(key.told(name)) for name in ("created", "last_used")]
    known = [age for age in ages if age is not None]
    return not known or max(known) < case.policy.grace_days


def _used_lately(case: Case, key: _Key) -> bool:
    since = case.days_since(key.told("last_used"))
    return since is not None and since < case.policy.lately_days


def _unknown(case: Case, key: _Key) -> Iterator[Verdict]:
    used = key.told("last_used")
    if _used_lately(case, key) and isinstance(used, str):
        because = f"last used{day(used)} ({key.told('last_used_source') or 'by its provider'})"
        yield Verdict("unknown-consumer", key.asset.key, because=because, date=used)


def _shared(consumers: Consumers, key: _Key) -> Iterator[Verdict]:
    """One key for consumers that run different models."""
    models: Mapping[str, frozenset[str]] = consumers.models(key.consumers)
    if len(set(models.values())) > 1:
        names = sorted(consumer.partition(":")[2] for consumer in models)
        detail = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        because = f"handed to {len(models)} consumers that run different models"
        yield Verdict("shared-credential", key.asset.key, because=because, detail=detail)


def _old(case: Case, key: _Key) -> Iterator[Verdict]:
    changed = key.told("rotated") or key.told("created")
    age = case.days_since(changed)
    if key.told("type") in AGES and age is not None and age >= case.policy.long_lived_days and isinstance(changed, str):
        yield Verdict("long-lived-credential", key.asset.key, because=f"{age} days old", date=changed)


def identities(case: Case) -> Iterator[Verdict]:
    """Identities of AI that may do far more than their model needs."""
    consumers = Consumers(case)
    for asset in case.graph.of_kind[Kind.IDENTITY]:
        if asset.attributes.get("over_privileged") is True and not asset.stale:
            users = [link for link in case.graph.into(asset.key, Relation.ASSUMES) if consumers.is_ai(link.source)]
            if users or asset.key in case.derived.ai:
                yield Verdict("over-privileged-identity", asset.key, because="its policy allows far more", chain=tuple(users[:1]))
