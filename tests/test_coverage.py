"""The coverage tree and its questions: a place is whole only where every part of it was read and all of it was named."""

from hypothesis import given
from hypothesis import strategies as st

from scanner.coverage import Can, Looked, Told, build, unknown_platforms, unread, whole
from scanner.coverage.places import platforms
from scanner.model import Coverage, Gap, Reason, Scope, Sight

EVERY = tuple(kind for platform in platforms() for kind in platform.covered_by)


def coverage(*told: Told, gaps: tuple[Gap, ...] = ()) -> Coverage:
    return build(told, gaps, EVERY, ())


def unit(scope: str, sight: Sight = Sight.READ, **rest: object) -> Told:
    return Told("s", scope, sight, **rest)  # type: ignore[arg-type]  # keywords of Told


def gap(scope: str, reason: Reason = Reason.DENIED) -> Gap:
    return Gap("s", scope, reason, "why", "what to do")


def at(seen: Coverage, path: str) -> Scope:
    return next(scope for scope in seen.scopes if scope.path == path)


PAYMENTS = (unit("github/acme/payments#content"), unit("github/acme/payments#settings"))


def test_every_ancestor_has_read_and_total() -> None:
    seen = coverage(*PAYMENTS, unit("github/acme/hidden#content", Sight.DENIED))
    assert [(scope.path, scope.sight, scope.read, scope.total) for scope in seen.scopes] == [
        ("github", Sight.PARTLY, 2, 3),
        ("github/acme", Sight.PARTLY, 2, 3),
        ("github/acme/hidden#content", Sight.DENIED, 0, 1),
        ("github/acme/payments#content", Sight.READ, 1, 1),
        ("github/acme/payments#settings", Sight.READ, 1, 1),
    ]


def test_a_failed_listing_has_no_total_and_counts_as_one_above() -> None:
    seen = coverage(unit("kubernetes/prod-eu/llm"), gaps=(gap("kubernetes/prod-us"),))
    assert (at(seen, "kubernetes/prod-us").total, at(seen, "kubernetes/prod-us").sight) == (None, Sight.DENIED)
    assert (at(seen, "kubernetes").read, at(seen, "kubernetes").total) == (1, 2)
    assert at(seen, "kubernetes").sight is Sight.PARTLY


def test_a_gap_inside_a_unit_makes_it_partly_read() -> None:
    seen = coverage(*PAYMENTS, gaps=(gap("github/acme/payments#content/src/x.yaml", Reason.UNPARSED),))
    assert at(seen, "github/acme/payments#content").sight is Sight.PARTLY
    assert whole(seen, ["github/acme/payments#content"]) == (False, ["github/acme/payments#content"])
    assert whole(seen, ["github/acme/payments#settings"]) == (True, [])


def test_a_repository_is_whole_when_both_of_its_units_are() -> None:
    assert whole(coverage(*PAYMENTS), ["github/acme/payments"]) == (True, [])
    half = coverage(PAYMENTS[1], unit("github/acme/payments#content", Sight.DENIED))
    assert whole(half, ["github/acme/payments"]) == (False, ["github/acme/payments#content"])
    assert whole(half, ["github/acme"]) == (False, ["github/acme/payments#content"])


def test_settings_that_were_denied_hide_credentials_and_no_model() -> None:
    half = coverage(PAYMENTS[0], unit("github/acme/payments#settings", Sight.DENIED))
    assert whole(half, ["github/acme/payments"]) == (True, [])
    assert whole(half, ["github/acme/payments#settings"]) == (False, ["github/acme/payments#settings"])
    assert (unread(half, "run"), unread(half, "hold")) == ([], ["github/acme/payments#settings"])


def test_a_name_that_begins_alike_is_another_place() -> None:
    seen = coverage(*PAYMENTS, unit("github/acme/payments-old#content", Sight.DENIED))
    assert whole(seen, ["github/acme/payments"]) == (True, [])


def test_a_stale_unit_is_not_read() -> None:
    assert whole(coverage(unit("kubernetes/prod-eu/llm", Sight.STALE)), ["kubernetes/prod-eu/llm"])[0] is False


def test_a_place_that_a_complete_listing_does_not_name_is_not_there() -> None:
    assert whole(coverage(unit("kubernetes/prod-eu/llm")), ["kubernetes/prod-eu/gone"]) == (True, [])


def test_a_place_that_an_incomplete_listing_does_not_name_may_be_there() -> None:
    seen = coverage(unit("kubernetes/prod-eu/llm"), gaps=(gap("kubernetes/prod-eu", Reason.SHRUNK),))
    assert whole(seen, ["kubernetes/prod-eu/gone"]) == (False, ["kubernetes/prod-eu"])
    assert whole(seen, ["kubernetes/prod-eu"]) == (False, ["kubernetes/prod-eu"])
    assert whole(seen, ["kubernetes/prod-eu/llm"]) == (True, [])


def test_no_listing_names_every_cluster_region_or_account() -> None:
    seen = coverage(unit("kubernetes/prod-eu/llm"), unit("aws/1/eu-west-1/sagemaker"), unit("aws/1/iam"))
    for path in ("kubernetes", "kubernetes/prod-us", "kubernetes/prod-us/llm", "aws/1", "aws/1/us-east-1/sagemaker", "aws/2/iam", "x"):
        assert whole(seen, [path]) == (False, [path])


def test_a_place_inside_a_read_unit_is_read() -> None:
    seen = coverage(unit("aws/1/eu-west-1/sagemaker"))
    assert whole(seen, ["aws/1/eu-west-1/sagemaker/endpoint/x"]) == (True, [])


def test_a_proved_gone_unit_counts_for_nothing_but_was_looked_at() -> None:
    seen = coverage(*PAYMENTS, unit("folder/x", gone=True))
    assert (at(seen, "folder/x").read, at(seen, "folder/x").total) == (0, 0)
    assert whole(seen, ["folder/x"]) == (True, [])


def test_skipped_by_config_counts_as_not_read() -> None:
    seen = coverage(*PAYMENTS, gaps=(gap("github/acme/legacy", Reason.SKIPPED),))
    assert (at(seen, "github/acme/legacy").sight, at(seen, "github/acme/legacy").total) == (Sight.SKIPPED, 1)
    assert whole(seen, ["github/acme"]) == (False, ["github/acme/legacy"])


def test_a_missing_api_group_hides_nothing() -> None:
    seen = coverage(unit("kubernetes/prod-eu/llm"), gaps=(gap("kubernetes/prod-eu/llm", Reason.NOT_SERVED),))
    assert whole(seen, ["kubernetes/prod-eu/llm"]) == (True, [])
    assert [kept.reason for kept in seen.gaps] == [Reason.NOT_SERVED]


def test_platforms_without_a_source_are_named_until_the_operator_says_otherwise() -> None:
    seen = build([], [], ["github", "folder"], ["aws", "laptops"])
    blind = {scope.path for scope in seen.scopes if scope.sight is Sight.NO_SOURCE}
    assert {"kubernetes", "azure", "saas"} <= blind
    assert not blind & {"github", "laptops", "aws-s3", "aws-iam", "aws-compute"}
    assert {kept.scope for kept in seen.gaps} == blind
    assert whole(seen, ["*"]) == (False, sorted(blind))


def test_anywhere_is_whole_only_without_any_blind_spot() -> None:
    assert whole(coverage(*PAYMENTS), ["*"]) == (True, [])
    assert whole(coverage(*PAYMENTS, gaps=(gap("aws/1/s3/b"),)), ["*"]) == (False, ["aws/1/s3/b"])


def test_unread_asks_what_could_be_there() -> None:
    seen = coverage(unit("aws/1/iam", Sight.DENIED), unit("aws/1/s3/b", Sight.STALE), unit("own/thing", Sight.DENIED))
    assert unread(seen, can="hold") == ["aws/1/iam", "own/thing"]
    assert unread(seen, can="store") == ["aws/1/s3/b", "own/thing"]
    assert unread(seen, can="run") == ["own/thing"]


def test_unread_knows_what_a_platform_without_a_source_could_hold() -> None:
    seen = build([], [], [kind for kind in EVERY if kind not in ("s3", "inference")], ())
    assert (unread(seen, "run"), unread(seen, "store"), unread(seen, "hold")) == (["endpoints"], ["aws-s3"], [])


def test_a_namespace_that_is_called_like_a_blind_spot_is_a_namespace() -> None:
    seen = coverage(unit("kubernetes/prod/unreferenced-secrets", Sight.DENIED), unit("aws/1/s3/b/settings", Sight.DENIED))
    assert unread(seen, "run") == ["kubernetes/prod/unreferenced-secrets"]
    assert unread(seen, "store") == ["aws/1/s3/b/settings", "kubernetes/prod/unreferenced-secrets"]


def test_a_bucket_whose_settings_were_denied_hides_no_model() -> None:
    seen = coverage(unit("aws/1/s3/b"), gaps=(gap("aws/1/s3/b#settings"),))
    assert at(seen, "aws/1/s3/b").sight is Sight.PARTLY
    assert (unread(seen, "store"), whole(seen, ["aws/1/s3"])) == ([], (True, []))
    torn = coverage(unit("aws/1/s3/b"), gaps=(gap("aws/1/s3/b#settings"), gap("aws/1/s3/b/x.bin", Reason.UNPARSED)))
    assert unread(torn, "store") == ["aws/1/s3/b"]


def test_an_unknown_platform_is_named() -> None:
    assert unknown_platforms(["github", "aws", "azur"]) == ["azur"]


SEGMENT = st.sampled_from(["a", "b", "a-b"])
PATHS = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
TOLD = st.lists(st.builds(Told, st.just("s"), PATHS, st.sampled_from([Sight.READ, Sight.DENIED, Sight.STALE])), max_size=12)
GAPS = st.lists(st.builds(gap, PATHS, st.sampled_from(list(Reason))), max_size=4)


@given(TOLD, GAPS)
def test_more_gaps_never_make_a_place_whole(told: list[Told], gaps: list[Gap]) -> None:
    without, with_them = Looked(coverage(*told)), Looked(coverage(*told, gaps=tuple(gaps)))
    for scope in coverage(*told).scopes:
        assert without.whole([scope.path])[0] or not with_them.whole([scope.path])[0]


@given(TOLD, GAPS)
def test_a_scope_is_read_only_if_everything_below_it_is(told: list[Told], gaps: list[Gap]) -> None:
    seen = coverage(*told, gaps=tuple(gaps))
    for scope in seen.scopes:
        below = [other for other in seen.scopes if other.path.startswith(scope.path + "/")]
        if scope.sight is Sight.READ:
            assert all(other.sight is Sight.READ for other in below)
        assert scope.total is None or scope.read <= scope.total


@given(TOLD)
def test_every_unread_unit_is_named_by_some_question(told: list[Told]) -> None:
    blind = set().union(*(unread(coverage(*told), can) for can in Can))
    for each in told:
        if each.sight is not Sight.READ:
            assert any(place == each.scope or place.startswith(each.scope + "/") for place in blind)


def test_secrets_that_nothing_refers_to_hide_nothing_that_runs() -> None:
    blind = Gap("k", "kubernetes/prod#unreferenced-secrets", Reason.SKIPPED)
    looked = Looked(build([Told("k", "kubernetes/prod/llm", Sight.READ)], [blind], ["kubernetes"], ()))
    assert looked.whole(["kubernetes/prod"]) == (True, [])
    assert looked.whole(["kubernetes/prod#unreferenced-secrets"])[0] is False
    assert "kubernetes/prod#unreferenced-secrets" in looked.unread("hold")
    assert "kubernetes/prod#unreferenced-secrets" not in looked.unread("run")
