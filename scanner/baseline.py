"""`gnomon baseline`: dates the backlog of the first night, on a person's word."""

from scanner import tools
from scanner.config import Config
from scanner.errors import UsageError
from scanner.history.backlog import in_force
from scanner.model import Baseline
from scanner.session import store_of
from scanner.store import Store


def shown(config: Config) -> str:
    """What dates the backlog now."""
    with store_of(config) as store:
        kept = in_force(store.ledger.baseline(), config.policy.baseline)
        count = _count(store, kept) if kept else 0
    if kept is None:
        return "No baseline: everything counts as a change. `gnomon baseline --by NAME --why REASON` makes what is open now the backlog."
    why = f": {kept.why}" if kept.why else ""
    return f"Findings first seen up to {kept.until} are the backlog ({kept.by}, {kept.when}{why}): {count} open."


def dated(config: Config, by: str, why: str, *, again: bool) -> str:
    """Makes all that the last full run found, and earlier ones, the backlog. Raises UsageError where that is not to be had."""
    if not by.strip() or not why.strip():
        raise UsageError("--by and --why must say something: they stand in every report beside the backlog")
    if config.policy.baseline is not None:
        raise UsageError(
            f"the config says [policy] baseline = {config.policy.baseline}; take that out first, so that one of the two decides"
        )
    with store_of(config) as store:
        until = store.ledger.last_full_run()
        if until is None:
            raise UsageError("no full run yet: there is nothing to date; run `gnomon scan` first")
        earlier = store.ledger.baseline()
        if earlier and not again:
            raise UsageError(
                f"{earlier.by} dated the backlog on {earlier.when}; a later date would bury what came since. --again does it anyway"
            )
        made = Baseline(until, by.strip(), tools.now(), why.strip())
        store.ledger.set_baseline(made)
        count = _count(store, made)
    said = f"{count} open findings, first seen up to {until}, are the backlog."
    return f"{said} They leave what changed, not the report; what is retired and runs stays loud."


def withdrawn(config: Config) -> str:
    """Takes the baseline back."""
    with store_of(config) as store:
        if store.ledger.baseline() is None:
            raise UsageError("there is no baseline to withdraw")
        store.ledger.set_baseline(None)
    return "The baseline is withdrawn: from the next run on every open finding counts again."


def _count(store: Store, baseline: Baseline) -> int:
    closed = store.ledger.closed()
    old = (each for each in store.previous_findings() if each.id not in closed and each.first_seen)
    return sum((each.first_seen or "") <= baseline.until for each in old)
