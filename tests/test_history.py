"""What changed since the runs before: nothing is resolved that was not looked for, and our own eyes are not the world."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from scanner.coverage import Told, build
from scanner.coverage.places import platforms
from scanner.history import Compared, View, compare, roots
from scanner.model import Asset, Finding, Gap, Kind, Link, Reason, Relation, Severity, Sight, Status

EVERY = tuple(kind for platform in platforms() for kind in platform.covered_by)
SPACES = ("llm", "ml", "web")
MONDAY, TUESDAY, WEDNESDAY = "2026-11-16T02:00:00Z", "2026-11-17T02:00:00Z", "2026-11-18T02:00:00Z"


def asset(space: str, name: str = "a", *, attributes: dict[str, str | tuple[str, ...]] | None = None) -> Asset:
    key = f"workload:prod/{space}/deployment/{name}"
    return Asset(key, Kind.WORKLOAD, (), attributes or {}, (), (f"kubernetes/prod/{space}",))


def view(*assets: Asset, gaps: tuple[Gap, ...] = (), **sights: Sight) -> View:
    told = [Told("k", f"kubernetes/prod/{space}", sights.get(space, Sight.READ)) for space in SPACES]
    return View(build(told, gaps, EVERY, ()), {each.key: each for each in assets})


def finding(thing: Asset | str, check: str = "retired-but-running", **rest: object) -> Finding:
    key = thing if isinstance(thing, str) else thing.key
    made = Finding(f"{check}-{key}", check, key, Severity.HIGH, "t", (), "r", record="m1", first_seen=MONDAY, last_seen=MONDAY)
    return msgspec.structs.replace(made, **rest)


def said(compared: Compared) -> list[tuple[str, Status]]:
    return [(each.asset, each.status) for each in (*compared.findings, *compared.closed)]


def second(previous: list[Finding], current: list[Finding], before: View, after: View, **how: object) -> Compared:
    return compare(previous, current, before=before, after=after, when=TUESDAY, names=how.pop("names", {}), **how)  # type: ignore[arg-type]  # the options of compare


A, B = asset("llm"), asset("ml")


def test_the_first_run_finds_what_is_new() -> None:
    first = compare([], [finding(A, first_seen=None)], before=None, after=view(A), when=MONDAY, names={})
    assert said(first) == [(A.key, Status.NEW)]
    assert (first.findings[0].first_seen, first.findings[0].last_seen) == (MONDAY, MONDAY)


def test_what_is_there_still_is_ongoing_and_keeps_its_first_day() -> None:
    again = second([finding(A)], [finding(A, first_seen=None)], view(A), view(A))
    assert said(again) == [(A.key, Status.ONGOING)]
    assert (again.findings[0].first_seen, again.findings[0].last_seen) == (MONDAY, TUESDAY)


def test_what_full_sight_no_longer_shows_is_resolved() -> None:
    gone = second([finding(A)], [], view(A), view())
    assert said(gone) == [(A.key, Status.RESOLVED)]
    assert gone.closed[0].last_seen == MONDAY


def test_what_is_there_but_no_longer_wrong_is_resolved() -> None:
    assert said(second([finding(A)], [], view(A), view(A))) == [(A.key, Status.RESOLVED)]


def test_a_blocked_place_resolves_nothing() -> None:
    stale = msgspec.structs.replace(A, stale=True)
    lost = second([finding(A), finding(B)], [finding(B)], view(A, B), view(stale, B, llm=Sight.STALE))
    assert said(lost) == [(A.key, Status.LOST), (B.key, Status.ONGOING)]
    assert said(second([finding(A)], [], view(A), view(llm=Sight.DENIED))) == [(A.key, Status.LOST)]


def test_what_was_lost_from_sight_stays_lost_until_it_is_looked_for() -> None:
    lost = finding(A, status=Status.LOST)
    stale = msgspec.structs.replace(A, stale=True)
    blind = view(stale, llm=Sight.STALE)
    assert said(second([lost], [], blind, blind)) == [(A.key, Status.LOST)]
    assert said(second([lost], [], blind, view())) == [(A.key, Status.RESOLVED)]
    assert said(second([lost], [finding(A)], blind, view(A))) == [(A.key, Status.ONGOING)]


def test_what_was_lost_and_forgotten_is_not_resolved_while_a_place_that_could_hold_it_fails() -> None:
    """`gnomon forget` on Tuesday, and a cluster that answers nobody until Thursday: nothing says any more where it lay."""
    lost = finding(A, status=Status.LOST)
    blind = view(gaps=(Gap("k", "kubernetes/prod", Reason.DENIED, "403", ""),), llm=Sight.DENIED)
    assert said(second([lost], [], blind, blind)) == [(A.key, Status.LOST)]
    left_out = view(gaps=(Gap("k", "kubernetes/dr", Reason.SKIPPED, "not read", ""),))
    assert said(second([lost], [], left_out, left_out)) == [(A.key, Status.RESOLVED)]
    about_a_record = finding("record:m1", status=Status.LOST)
    assert said(second([about_a_record], [], blind, blind)) == [("record:m1", Status.RESOLVED)]
    seen_again = finding("kubernetes/dr", "blind-spot", record=None, status=Status.LOST)
    assert said(second([seen_again], [], blind, blind)) == [("kubernetes/dr", Status.RESOLVED)]


def test_what_comes_back_is_reopened_with_its_first_day() -> None:
    back = second([finding(A, status=Status.RESOLVED)], [finding(A)], view(), view(A), already_closed=[finding(A).id])
    assert said(back) == [(A.key, Status.REOPENED)]
    assert back.findings[0].first_seen == MONDAY


def test_what_is_closed_is_not_closed_again() -> None:
    assert said(second([finding(A, status=Status.RESOLVED)], [], view(), view(), already_closed=[finding(A).id])) == []


def test_a_registry_that_was_not_read_whole_resolves_nothing() -> None:
    assert said(second([finding(A)], [], view(A), view(A), registries_whole=False)) == [(A.key, Status.LOST)]


def test_a_new_catalogue_neither_finds_nor_resolves() -> None:
    changed = second([finding(A)], [finding(B)], view(A, B), view(A, B), sight_changed=True)
    assert said(changed) == [(B.key, Status.SIGHT_CHANGED), (A.key, Status.SIGHT_CHANGED)]
    assert [each.asset for each in changed.closed] == [A.key]


def test_a_workload_that_comes_or_goes_does_so_whatever_the_catalogue_knows() -> None:
    assert said(second([finding(A)], [finding(B)], view(A), view(B), sight_changed=True)) == [(B.key, Status.NEW), (A.key, Status.RESOLVED)]


def test_a_model_may_appear_because_the_catalogue_learned_it() -> None:
    model = Asset("model:acme/x:openai/gpt-6", Kind.MODEL, (), {}, (), ("kubernetes/prod/llm",))
    assert said(second([], [finding(model)], view(), view(model), sight_changed=True)) == [(model.key, Status.SIGHT_CHANGED)]
    assert said(second([], [finding(model)], view(), view(model))) == [(model.key, Status.NEW)]


def test_what_shows_because_a_place_can_be_read_again_is_not_new() -> None:
    assert said(second([], [finding(A)], view(llm=Sight.DENIED), view(A))) == [(A.key, Status.SIGHT_CHANGED)]


def test_what_one_broken_file_does_not_hide_is_new_and_is_resolved() -> None:
    broken = Gap("k", "kubernetes/prod/llm/chart.yaml", Reason.UNPARSED)
    old, new = view(A, gaps=(broken,)), view(B, gaps=(broken,))
    assert said(second([finding(A)], [], old, new)) == [(A.key, Status.RESOLVED)]
    assert said(second([], [finding(A)], old, view(A))) == [(A.key, Status.NEW)]
    assert said(second([finding(A)], [], view(A), view(B, gaps=(broken,)))) == [(A.key, Status.LOST)]


def test_what_shows_beside_a_part_that_never_could_be_read_is_new() -> None:
    denied = Gap("k", "kubernetes/prod/llm/secrets", Reason.DENIED)
    assert said(second([], [finding(A)], view(gaps=(denied,)), view(A, gaps=(denied,)))) == [(A.key, Status.NEW)]
    assert said(second([], [finding(A)], view(gaps=(denied,)), view(A))) == [(A.key, Status.SIGHT_CHANGED)]


def test_a_partial_run_resolves_nothing_outside_itself() -> None:
    after = view(msgspec.structs.replace(A, stale=True), B, llm=Sight.STALE, web=Sight.STALE)
    part = second([finding(A), finding(B), finding("record:m9", "ghost-record")], [], view(A, B), after, partial=True)
    assert said(part) == [(B.key, Status.RESOLVED)]
    assert sorted(each.asset for each in part.carried) == ["record:m9", A.key]


def test_a_credential_is_no_orphan_for_what_could_use_it_unseen() -> None:
    key = asset("ml", attributes={"usable_from": ("kubernetes/prod/llm",)})
    assert said(second([finding(key)], [], view(key), view(key, llm=Sight.STALE))) == [(key.key, Status.LOST)]
    anywhere = asset("ml", attributes={"usable_from": "*"})
    assert said(second([finding(anywhere)], [], view(anywhere), view(anywhere))) == [(anywhere.key, Status.RESOLVED)]


def test_a_ghost_that_can_no_longer_be_proved_is_lost_not_resolved() -> None:
    ghost, unsure = finding("record:m1", "ghost-record"), finding("record:m1", "unverified")
    assert (ghost.asset, Status.LOST) in said(second([ghost], [unsure], view(), view(web=Sight.DENIED)))
    assert said(second([ghost], [], view(), view(A))) == [(ghost.asset, Status.RESOLVED)]


def test_a_rename_keeps_the_id_and_the_history() -> None:
    old, new = asset("llm", "old"), asset("llm", "new")
    names = {old.key: old.key, new.key: old.key}
    kept = second([finding(old)], [finding(new)], view(old), view(new), names=names)
    assert [(each.id, each.asset, each.status) for each in kept.findings] == [(finding(old).id, new.key, Status.ONGOING)]
    assert kept.closed == ()


def test_the_chain_counts_as_well_as_the_thing() -> None:
    chained = finding(A, chain=(Link(A.key, Relation.CALLS, B.key),))
    stale = msgspec.structs.replace(B, stale=True)
    assert said(second([chained], [], view(A, B), view(A, stale, ml=Sight.STALE))) == [(A.key, Status.LOST)]


def _repo(name: str) -> Asset:
    return Asset(f"repo:acme/{name}", Kind.REPOSITORY, ("uid:github:R_1",), {}, ())


def _model(name: str) -> Asset:
    return Asset(f"model:acme/{name}:openai/gpt-4o", Kind.MODEL, ("api:openai/gpt-4o",), {}, ())


def test_a_renamed_repository_is_the_same_repository_with_the_same_models() -> None:
    first = roots({}, [_repo("old"), _model("old")])
    later = roots(first, [_repo("new"), _model("new")])
    assert later["repo:acme/new"] == "repo:acme/old"
    assert later["model:acme/new:openai/gpt-4o"] == "model:acme/old:openai/gpt-4o"
    assert roots(later, [_repo("new"), _model("new")]) == later


def test_what_merges_keeps_the_name_it_was_seen_under_first() -> None:
    merged = Asset("workload:b", Kind.WORKLOAD, (), {}, (), aliases=("workload:c",))
    assert roots({}, [merged], {"workload:c"}) == {"workload:b": "workload:c", "workload:c": "workload:c"}
    assert roots({}, [merged]) == {"workload:b": "workload:b", "workload:c": "workload:b"}


def test_weak_identifiers_never_make_two_things_one() -> None:
    found = roots({}, [_model("a"), _model("b")])
    assert found == {"model:acme/a:openai/gpt-4o": "model:acme/a:openai/gpt-4o", "model:acme/b:openai/gpt-4o": "model:acme/b:openai/gpt-4o"}


SIGHTS = st.fixed_dictionaries({space: st.sampled_from([Sight.READ, Sight.STALE, Sight.DENIED]) for space in SPACES})
ASSETS = st.lists(st.tuples(st.sampled_from(SPACES), st.sampled_from("abc")), unique=True).map(
    lambda pairs: [asset(*pair) for pair in pairs]
)


def _seen(assets: list[Asset], sights: dict[str, Sight]) -> list[Asset]:
    return [each for each in assets if sights[each.scopes[0].rpartition("/")[2]] is Sight.READ]


@given(ASSETS, ASSETS, SIGHTS, st.booleans(), st.booleans(), st.booleans())
def test_every_finding_ends_somewhere_and_only_where_it_may(
    first: list[Asset], later: list[Asset], sights: dict[str, Sight], changed: bool, whole: bool, partial: bool
) -> None:
    previous, current = [finding(each) for each in first], [finding(each) for each in _seen(later, sights)]
    result = second(
        previous,
        current,
        view(*first),
        view(*_seen(later, sights), **sights),
        sight_changed=changed,
        registries_whole=whole,
        partial=partial,
    )
    ended = [each.id for each in (*result.findings, *result.closed, *result.carried)]
    assert sorted(ended) == sorted({each.id for each in (*previous, *current)})
    resolved = [each for each in result.closed if each.status is Status.RESOLVED]
    assert all(whole and sights[each.asset.split("/")[1]] is Sight.READ for each in resolved)
    assert not partial or all(each.status is not Status.LOST for each in result.findings)
    assert all((each.first_seen or "") <= (each.last_seen or "") for each in result.findings)


@given(ASSETS, SIGHTS, st.booleans())
def test_the_same_run_twice_changes_nothing(assets: list[Asset], sights: dict[str, Sight], changed: bool) -> None:
    seen = view(*_seen(assets, sights), **sights)
    current = [finding(each) for each in _seen(assets, sights)]
    once = compare([], current, before=None, after=seen, when=MONDAY, names={})
    twice = second(list(once.findings), current, seen, seen, sight_changed=changed)
    assert {each.status for each in twice.findings} <= {Status.ONGOING}
    assert twice.closed == ()


def test_an_orphan_that_could_be_used_anywhere_is_not_resolved_by_a_blind_run() -> None:
    key = Asset("credential:aws/1/access-key/A", Kind.CREDENTIAL, (), {"usable_from": ("*",)}, (), ("kubernetes/prod/web",))
    orphan = finding(key, "orphaned-credential")
    before, blind = view(key), view(key, llm=Sight.DENIED)
    options = {"before": before, "when": TUESDAY, "names": {}}
    assert [each.status for each in compare([orphan], [], after=blind, **options).findings] == [Status.LOST]
    assert [each.status for each in compare([orphan], [], after=before, **options).closed] == [Status.RESOLVED]


def test_a_waiver_that_covered_nothing_is_not_resolved_by_a_blind_run() -> None:
    unused = finding("waiver:unregistered-coded on model:acme/gone:*", "waiver-unused")
    options = {"before": view(), "when": TUESDAY, "names": {}}
    assert [each.status for each in compare([unused], [], after=view(web=Sight.DENIED), **options).findings] == [Status.LOST]
    assert [each.status for each in compare([unused], [], after=view(), **options).closed] == [Status.RESOLVED]
