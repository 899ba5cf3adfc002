"""An organisation on GitHub, whole: real git, GitHub's own schemas, and every way in which a platform says no."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors import github as connector
from connectors.github import GitHub as Connector
from connectors.github import Settings, replies
from scanner.contracts import Network, Seen, Tools
from scanner.crawl import Ceiling
from scanner.errors import AccessDenied, ConfigError, NotServed, OverLimit, ReadError, Throttled, UnexpectedReply, Unreachable
from scanner.model import Gap, Learned, Reason, Unit
from tests.desk import PlainDetector, Remembering, desk, gaps, links, listed, sightings
from tests.estate.github import (
    App,
    DeployKey,
    Environment,
    GitHub,
    Organisation,
    Release,
    ReleaseAsset,
    Repository,
    Secret,
    github,
)

pytestmark = pytest.mark.slow
FIXTURE = Path(__file__).parent / "fixtures" / "github" / "payments"
PAYMENTS = {str(file.relative_to(FIXTURE)): file.read_bytes() for file in sorted(FIXTURE.rglob("*")) if file.is_file()}
CODE = b"import openai\n"
WORKFLOW = b"on: push\nenv: {KEY: ${{ secrets.%s }}}\n"
ACME = Organisation(
    "acme",
    (
        Repository(
            "payments",
            PAYMENTS,
            environments=(Environment("prod", ("OPENAI_API_KEY",), {"OPENAI_API_KEY_PLAIN": "hunter2"}),),
            secrets=("OPENAI_API_KEY", Secret("STALE", created="2024-01-01T00:00:00Z")),
            variables={"MODEL": "gpt-4o", "ANTHROPIC_API_KEY": "hunter2"},
            deploy_keys=(DeployKey(7, "deploy", read_only=False, last_used="2026-11-01T00:00:00Z"),),
            releases=(Release("v1.0", (ReleaseAsset("rank.gguf", 4_000_000, "cd" * 32), ReleaseAsset("notes.txt", 10))),),
            languages=("Python",),
            branches={"release": {".github/workflows/old.yml": WORKFLOW % b"STALE_OPENAI"}},
        ),
        Repository("archive", {"a.py": CODE}, archived=True, visibility="public", variables={"OPENAI_KEY": "x"}),
        Repository("empty"),
        Repository("fork", {**PAYMENTS, "own.py": b"# ours\n"}, fork_of="acme/payments"),
        Repository("changed-fork", {**PAYMENTS, "own.py": CODE}, fork_of="acme/payments"),
        Repository("bot", {".github/dependabot.yml": b"registries: {npm: {token: '${{secrets.NPM_OPENAI}}'}}"}, dependabot=("NPM_OPENAI",)),
    ),
    members=("Ann", "bob"),
    teams={"ml": ("Ann",)},
    secrets=("OPENAI_API_KEY", Secret("FEW", visibility="selected", selected=("payments",))),
    dependabot=("NPM",),
    variables={"REGION": "eu"},
)
SERVED = Callable[..., tuple[Connector, GitHub]]


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    with github([ACME], tmp_path_factory.mktemp("acme")) as running:
        yield running


@pytest.fixture(autouse=True)
def healed(acme: GitHub) -> Iterator[None]:
    yield
    acme.heal()
    acme.state.remaining = 5000


def connected(server: GitHub, scratch: Path, tools: Tools | None = None, **settings: Any) -> Connector:
    given = {"organisation": "acme", "token": "TOKEN", "api_url": server.api_url, "host": "github.com", **settings}
    return connector.connect(Settings.model_validate(given), tools or desk(scratch / "scratch"))


def whole(connected: Connector) -> list[object]:
    units, found = listed(connected)
    return [*found, *(one for unit in units.values() for one in connected.observe(unit))]


def unit(connected: Connector, key: str) -> Unit:
    return listed(connected)[0][f"github/acme/{key}"]


def observed(connected: Connector, key: str) -> list[object]:
    return list(connected.observe(unit(connected, key)))


# The listing


def test_every_repository_has_two_units_and_the_organisation_two(acme: GitHub, tmp_path: Path) -> None:
    units, found = listed(connected(acme, tmp_path))
    names = {repository.name for repository in ACME.repositories}
    expected = {f"github/acme/{name}#{part}" for name in names for part in ("content", "settings")}
    assert set(units) == expected | {"github/acme#members", "github/acme#secrets"}
    assert found == []
    assert str(units["github/acme/payments#content"].revision).startswith(str(acme.state.head("acme", "payments")))


def test_the_listing_costs_one_request_a_hundred_repositories(tmp_path: Path) -> None:
    many = Organisation("acme", tuple(Repository(f"r{number:03}") for number in range(205)))
    with github([many], tmp_path / "git") as server:
        made = connected(server, tmp_path)
        units, found = listed(made)
        assert len(units) == 2 * 205 + 2 and found == []
        assert [request.kind for request in server.requests] == ["graphql"] * 3 + ["rest"]


def test_a_user_is_read_like_an_organisation(tmp_path: Path) -> None:
    with github([Organisation("ann", (Repository("toy", {"a.py": CODE}),), user=True)], tmp_path / "git", login="ann") as server:
        made = connected(server, tmp_path, organisation="ann")
        units, found = listed(made)
        assert set(units) == {"github/ann/toy#content", "github/ann/toy#settings"} and found == []
        assert "sdk:ann/toy:openai" in sightings(whole(made))


def test_private_repositories_of_a_user_are_in_sight_of_the_users_own_token_alone(tmp_path: Path) -> None:
    ann = Organisation("ann", (Repository("toy", {"a.py": CODE}),), user=True)
    with github([ann], tmp_path / "git", login="auditor") as server:
        _, found = listed(connected(server, tmp_path, organisation="ann"))
        assert [(gap.scope, gap.reason) for gap in found] == [("github/ann", Reason.PARTIAL)]
    with github([ann], tmp_path / "more", login="ann") as server:
        hidden = b'{"login": "ann", "owned_private_repos": 40}'
        server.fail("GET", "/user$", status=200, body=hidden)
        _, found = listed(connected(server, tmp_path, organisation="ann"))
        assert [gap.detail for gap in found] == ["the token sees 1 of 40 private repositories"]


def test_on_enterprise_the_host_is_part_of_the_name(acme: GitHub, tmp_path: Path) -> None:
    seen = sightings(observed(connected(acme, tmp_path, host="ghe.acme.org"), "archive#content"))
    assert set(seen) == {"repo:ghe.acme.org/acme/archive", "sdk:ghe.acme.org/acme/archive:openai"}


def test_excluded_repositories_are_named_in_a_gap(acme: GitHub, tmp_path: Path) -> None:
    units, found = listed(connected(acme, tmp_path, exclude=["*fork*"]))
    assert not any("fork" in key for key in units)
    assert {(gap.scope, gap.reason) for gap in found} == {(f"github/acme/{name}", Reason.SKIPPED) for name in ("fork", "changed-fork")}


def test_an_unknown_organisation_is_denied_in_the_operators_words(acme: GitHub, tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="nobody"):
        listed(connected(acme, tmp_path, organisation="nobody"))


def test_a_token_that_may_not_administer_lists_everything_all_the_same(tmp_path: Path) -> None:
    with github([ACME], tmp_path / "git", denied=["administration", "environments"]) as server:
        made = connected(server, tmp_path)
        units, found = listed(made)
        assert len(units) == 2 * len(ACME.repositories) + 2 and found == []
        told = list(made.observe(units["github/acme/payments#settings"]))
        (gap,) = gaps(told)
        assert (gap.reason, gap.scope) == (Reason.DENIED, "github/acme/payments#settings")
        assert "deploy keys" in gap.detail and "environment" in gap.detail
        assert "credential:github/acme/payments/actions/STALE" in sightings(told)


def test_data_beside_errors_is_used_and_said(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    good = listed(made)[0]
    reply = acme_page(made)
    reply["errors"] = [{"type": "FORBIDDEN", "message": "hunter2"}]
    reply["data"]["repositoryOwner"]["repositories"]["nodes"][0] = None
    acme.fail("POST", "/api/graphql", status=200, body=msgspec.json.encode(reply), contains="repositoryOwner")
    units, found = listed(made)
    assert len(units) == len(good) - 2
    assert {gap.reason for gap in found} == {Reason.PARTIAL} and {gap.scope for gap in found} == {"github/acme"}
    assert "hunter2" not in str(found)


def acme_page(made: Connector) -> Any:
    from connectors.github import listing

    query = listing.QUERY % listing.PLAIN + listing.MODELS
    data, _ = made.client.graphql(query, {"login": "acme", "after": None, "first": 100}, made.account.header())
    return {"data": msgspec.json.decode(msgspec.json.encode(data))}


def test_a_listing_that_stops_short_is_a_gap(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    reply = acme_page(made)
    del reply["data"]["repositoryOwner"]["repositories"]["nodes"][3:]
    acme.fail("POST", "/api/graphql", status=200, body=msgspec.json.encode(reply), contains="repositoryOwner")
    _, found = listed(made)
    assert any(f"3 of {len(ACME.repositories)}" in gap.detail and gap.reason is Reason.PARTIAL for gap in found)


def test_pages_that_github_cannot_make_in_time_become_smaller(acme: GitHub, tmp_path: Path) -> None:
    acme.fail("POST", "/api/graphql", status=502, times=1)
    units, found = listed(connected(acme, tmp_path))
    assert len(units) == 2 * len(ACME.repositories) + 2 and found == []


def test_private_repositories_that_the_token_does_not_see_are_a_gap(acme: GitHub, tmp_path: Path) -> None:
    hidden = b'{"login": "acme", "total_private_repos": 40}'
    acme.fail("GET", "/orgs/acme$", status=200, body=hidden)
    _, found = listed(connected(acme, tmp_path))
    assert [(gap.scope, gap.reason) for gap in found] == [("github/acme", Reason.PARTIAL)] and "of 40" in found[0].detail


def test_a_token_of_a_stranger_does_not_know_what_it_misses(tmp_path: Path) -> None:
    with github([ACME], tmp_path / "git", member=False) as server:
        made = connected(server, tmp_path)
        _, found = listed(made)
        assert [gap.reason for gap in found] == [Reason.PARTIAL]
        assert [gap.reason for gap in gaps(observed(made, "payments#content"))] == []
        assert [gap.reason for gap in gaps(made.observe(Unit("github/acme#members", "github/acme#members")))] == [Reason.PARTIAL]


def test_a_renamed_repository_keeps_its_identity(tmp_path: Path) -> None:
    before = Organisation("acme", (Repository("old-name", {"a.py": CODE}, node="R_1"),))
    with github([before], tmp_path / "git") as server:
        made = connected(server, tmp_path)
        first = sightings(observed(made, "old-name#content"))["repo:acme/old-name"]
        server.replace(Organisation("acme", (Repository("new-name", {"a.py": CODE}, node="R_1"),)))
        second = sightings(observed(made, "new-name#content"))["repo:acme/new-name"]
        assert first.identifiers == second.identifiers != ()


# Content


def test_a_repositorys_content_is_told_with_its_proof(acme: GitHub, tmp_path: Path) -> None:
    told = observed(connected(acme, tmp_path), "payments#content")
    seen = sightings(told)
    head = str(acme.state.head("acme", "payments"))
    assert seen["repo:acme/payments"].attributes["owners"] == ("@acme/ml",)
    assert seen["repo:acme/payments"].attributes["languages"] == ("Python",)
    model = seen["model:acme/payments:openai/gpt-4o"]
    assert model.evidence[0].where == f"github:acme/payments@{head[:12]}:src/score.py:2"
    assert (model.attributes["organisation"], model.attributes["owner"]) == ("acme", "@Ann")
    assert seen["artifact:acme/payments:models/rank.safetensors"].identifiers == (f"sha256:{'ab' * 32}",)
    assert ("repo:acme/payments", "owned", "person:github/acme/team/ml") in links(told)
    assert gaps(told) == []


def test_a_release_asset_that_is_a_model_is_an_artifact(acme: GitHub, tmp_path: Path) -> None:
    seen = sightings(observed(connected(acme, tmp_path), "payments#content"))
    assert [key for key in seen if "/v1.0/" in key] == ["artifact:acme/payments:releases/v1.0/rank.gguf"]
    asset = seen["artifact:acme/payments:releases/v1.0/rank.gguf"]
    assert (asset.identifiers, asset.attributes["bytes"], asset.attributes["format"]) == ((f"sha256:{'cd' * 32}",), 4_000_000, "gguf")


def test_all_releases_are_read_where_the_listing_holds_only_the_newest(tmp_path: Path) -> None:
    old = Release("v0", (ReleaseAsset("old.gguf", 5),))
    many = (*(Release(f"v{number}", (ReleaseAsset("notes.txt", 1),)) for number in range(1, 9)), old)
    with github([Organisation("acme", (Repository("pay", {"a.py": CODE}, releases=many),))], tmp_path / "git") as server:
        assert "artifact:acme/pay:releases/v0/old.gguf" in sightings(observed(connected(server, tmp_path), "pay#content"))


def test_whoever_reads_a_secret_by_name_may_read_it_from_each_holder(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    told = links(observed(made, "payments#content"))
    read = {target for _, relation, target in told if relation == "reads"}
    assert {
        "credential:github/acme/payments/actions/OPENAI_API_KEY",
        "credential:github/acme/actions/OPENAI_API_KEY",
        "credential:github/acme/payments/environment/prod/OPENAI_API_KEY",
    } <= read
    assert "credential:github/acme/payments/actions/STALE_OPENAI" in read, "a workflow of another branch reads it"
    bot = {target for _, relation, target in links(observed(made, "bot#content")) if relation == "reads"}
    assert bot >= {"credential:github/acme/bot/dependabot/NPM_OPENAI", "credential:github/acme/dependabot/NPM_OPENAI"}


def test_more_branches_than_are_read_are_a_gap(tmp_path: Path) -> None:
    branches = {f"b{number}": {".github/workflows/x.yml": WORKFLOW % f"N{number}".encode()} for number in range(5)}
    with github([Organisation("acme", (Repository("pay", {"a.py": CODE}, branches=branches),))], tmp_path / "git") as server:
        (gap,) = gaps(observed(connected(server, tmp_path, branches=2), "pay#content"))
        assert (gap.reason, gap.scope) == (Reason.LIMIT, "github/acme/pay#content/.github/workflows") and "3 more branches" in gap.detail
        assert gaps(observed(connected(server, tmp_path), "pay#content")) == []


@pytest.mark.parametrize(
    "handed",
    [
        b"jobs: {a: {uses: acme/x/.github/workflows/y.yml@main, secrets: inherit}}",
        b"env: {A: '${{ toJSON(secrets) }}'}",
        b"a: ${{ secrets[matrix.key] }}",
    ],
)
def test_a_workflow_that_hands_on_all_secrets_reads_each_of_them(tmp_path: Path, handed: bytes) -> None:
    files = {".github/workflows/x.yml": b"on: push\n" + handed}
    pay = Repository("pay", files, secrets=("ONE",), environments=(Environment("prod", ("ENV",)),))
    with github([Organisation("acme", (pay,), secrets=("ORG",))], tmp_path / "git") as server:
        facts = Remembering()
        made = connected(server, tmp_path, desk(tmp_path / "scratch", facts=facts))
        assert sightings(observed(made, "pay#settings"))["credential:github/acme/pay/actions/ONE"].attributes["usable_from"] != ("*",)
        told = observed(made, "pay#content")
        facts.learn(told)
        read = {target for _, relation, target in links(told) if relation == "reads"}
        assert read == {f"credential:github/acme/{name}" for name in ("pay/actions/ONE", "actions/ORG", "pay/environment/prod/ENV")}
        after = sightings(observed(made, "pay#settings"))
        assert after["credential:github/acme/pay/actions/ONE"].attributes["usable_from"] == ("*",), "a later secret is read as well"


def test_a_fork_counts_for_what_its_origin_has_not(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    same, own = sightings(observed(made, "fork#content")), sightings(observed(made, "changed-fork#content"))
    assert same["sdk:acme/fork:openai"].attributes["fork_inherited"] is True
    assert same["repo:acme/fork"].attributes["fork_of"] == "repo:acme/payments"
    assert "fork_inherited" not in own["sdk:acme/changed-fork:openai"].attributes
    assert own["model:acme/changed-fork:openai/gpt-4o"].attributes["fork_inherited"] is True


def test_a_forks_origin_that_cannot_be_read_excuses_nothing(tmp_path: Path) -> None:
    with github([Organisation("acme", (Repository("fork", {"a.py": CODE}, fork_of="other/gone"),))], tmp_path / "git") as server:
        seen = sightings(observed(connected(server, tmp_path), "fork#content"))
        assert "fork_inherited" not in seen["sdk:acme/fork:openai"].attributes


def test_what_is_archived_says_so(acme: GitHub, tmp_path: Path) -> None:
    seen = sightings(observed(connected(acme, tmp_path), "archive#content"))
    assert seen["sdk:acme/archive:openai"].attributes["context"] == "archived"
    assert seen["repo:acme/archive"].attributes["archived"] is True
    assert seen["repo:acme/archive"].attributes["visibility"] == "public"


def test_an_empty_repository_is_a_repository(acme: GitHub, tmp_path: Path) -> None:
    before = sum(request.kind == "git" for request in acme.requests)
    told = observed(connected(acme, tmp_path), "empty#content")
    assert list(sightings(told)) == ["repo:acme/empty"] and gaps(told) == []
    assert sum(request.kind == "git" for request in acme.requests) == before


def test_bytes_that_were_read_before_are_not_fetched_again(acme: GitHub, tmp_path: Path) -> None:
    facts = Remembering()
    first = observed(connected(acme, tmp_path, desk(tmp_path / "scratch", facts=facts)), "payments#content")
    facts.learn(first)
    tools = desk(tmp_path / "scratch", facts=facts)
    second = observed(connected(acme, tmp_path, tools), "fork#content")
    assert isinstance(tools.detector, PlainDetector) and tools.detector.read == ["own.py"]
    assert "sdk:acme/fork:openai" in sightings(second)


def test_a_branch_rewritten_since_the_listing_is_read_as_it_is_now(tmp_path: Path) -> None:
    with github([Organisation("acme", (Repository("pay", {"a.py": b"1"}),))], tmp_path / "git") as server:
        made = connected(server, tmp_path)
        stale = unit(made, "pay#content")
        stale = msgspec.structs.replace(stale, hints={**stale.hints, "head": "1" * 40})
        server.replace(Organisation("acme", (Repository("pay", {"a.py": CODE}),)))
        assert "sdk:acme/pay:openai" in sightings(made.observe(stale))


def test_the_scratch_directory_is_empty_afterwards(acme: GitHub, tmp_path: Path) -> None:
    whole(connected(acme, tmp_path))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_push_changes_the_revision_and_nothing_else_does(tmp_path: Path) -> None:
    first = Repository("pay", {"a.py": CODE})
    with github([Organisation("acme", (first,))], tmp_path / "git") as server:
        made = connected(server, tmp_path)
        before = unit(made, "pay#content").revision
        server.replace(Organisation("acme", (msgspec.structs.replace(first, secrets=("X",), visibility="public"),)))
        assert unit(made, "pay#content").revision == before
        server.replace(Organisation("acme", (msgspec.structs.replace(first, files={"a.py": b"2"}),)))
        assert unit(made, "pay#content").revision != before
        server.replace(Organisation("acme", (msgspec.structs.replace(first, archived=True),)))
        assert unit(made, "pay#content").revision != before


# Settings, members


def test_names_of_secrets_are_credentials_and_no_value_is_kept(acme: GitHub, tmp_path: Path) -> None:
    facts = Remembering()
    told = observed(connected(acme, tmp_path, desk(tmp_path / "scratch", facts=facts)), "payments#settings")
    facts.learn(told)
    seen = sightings(told)
    assert set(seen) == {
        "repo:acme/payments",
        "credential:github/acme/payments/actions/OPENAI_API_KEY",
        "credential:github/acme/payments/actions/STALE",
        "credential:github/acme/payments/actions/variable/ANTHROPIC_API_KEY",
        "credential:github/acme/payments/environment/prod/OPENAI_API_KEY",
        "credential:github/acme/payments/environment/prod/variable/OPENAI_API_KEY_PLAIN",
        "credential:github/acme/payments/deploy-key/7",
    }
    secret = seen["credential:github/acme/payments/actions/STALE"].attributes
    assert (secret["type"], secret["created"], secret["usable_from"]) == (
        "actions-secret",
        "2024-01-01T00:00:00Z",
        ("github/acme/payments#content",),
    )
    key = seen["credential:github/acme/payments/deploy-key/7"].attributes
    assert (key["write"], key["last_used"], key["last_used_known"], key["usable_from"]) == (True, "2026-11-01T00:00:00Z", True, ("*",))
    assert "hunter2" not in str(told) and b"hunter2" not in b"".join(facts.values())


def test_an_organisations_secrets_are_usable_where_it_says(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    seen = sightings(made.observe(Unit("github/acme#secrets", "github/acme#secrets")))
    usable = {key.removeprefix("credential:github/acme/"): one.attributes["usable_from"] for key, one in seen.items()}
    assert usable == {
        "actions/OPENAI_API_KEY": ("github/acme",),
        "actions/FEW": ("github/acme/payments#content",),
        "dependabot/NPM": ("github/acme",),
    }


def test_an_unchanged_run_costs_nothing_of_the_limit_but_the_listing(acme: GitHub, tmp_path: Path) -> None:
    facts = Remembering()
    first = whole(connected(acme, tmp_path, desk(tmp_path / "scratch", facts=facts)))
    facts.learn(first)
    limiter = Ceiling()
    before = acme.counted
    made = connected(acme, tmp_path, desk(tmp_path / "scratch", facts=facts, limiter=limiter))
    units, _ = listed(made)
    again = [one for key, each in units.items() if not key.endswith("#content") for one in made.observe(each)]
    assert acme.counted - before == limiter.requests == 4, "one page, the organisation, members and teams"
    assert not [one for one in again if isinstance(one, Learned)]
    assert {key for key in sightings(first) if key.startswith("credential:github")} >= {
        key for key in sightings(again) if key.startswith("credential:github")
    }
    assert sightings(again)["credential:github/acme/payments/actions/STALE"]


def test_a_secret_that_changed_is_seen_although_the_rest_did_not(tmp_path: Path) -> None:
    facts = Remembering()
    first = Repository("pay", {"a.py": CODE}, secrets=("ONE",), environments=(Environment("prod", ("ENV",)),))
    with github([Organisation("acme", (first,))], tmp_path / "git") as server:
        made = connected(server, tmp_path, desk(tmp_path / "scratch", facts=facts))
        facts.learn(observed(made, "pay#settings"))
        server.replace(Organisation("acme", (msgspec.structs.replace(first, secrets=("TWO",)),)))
        told = observed(made, "pay#settings")
        facts.learn(told)
        names = {key.rpartition("/")[2] for key in sightings(told) if key.startswith("credential")}
        assert names == {"TWO", "ENV"}
        server.replace(Organisation("acme", (first,)))
        assert {key.rpartition("/")[2] for key in sightings(observed(made, "pay#settings")) if key.startswith("credential")} == {
            "ONE",
            "ENV",
        }


def test_more_secrets_than_a_page_holds(tmp_path: Path) -> None:
    names = tuple(f"S{number}" for number in range(130))
    with github([Organisation("acme", (Repository("pay", secrets=names),))], tmp_path / "git") as server:
        seen = sightings(observed(connected(server, tmp_path), "pay#settings"))
        assert len([key for key in seen if "/actions/" in key]) == 130


def test_nothing_is_asked_of_a_repository_that_cannot_matter(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    before = len(acme.requests)
    observed(made, "archive#settings")
    asked = [request.path.partition("?")[0].rpartition("/acme/")[2] for request in acme.requests[before:] if request.kind == "rest"]
    assert [path for path in asked if path.startswith("archive")] == ["archive/actions/secrets"]


def test_settings_can_be_left_out_and_that_is_said(acme: GitHub, tmp_path: Path) -> None:
    units, found = listed(connected(acme, tmp_path, settings=False))
    assert not any(key.endswith(("#settings", "#secrets")) for key in units)
    assert {gap.reason for gap in found} == {Reason.SKIPPED} and len(found) == len(ACME.repositories) + 1


def test_a_token_that_may_read_no_secrets_is_denied_with_the_permission_to_add(tmp_path: Path) -> None:
    with github([ACME], tmp_path / "git", denied=["secrets", "organization_secrets"]) as server:
        made = connected(server, tmp_path)
        with pytest.raises(AccessDenied) as raised:
            observed(made, "empty#settings")
        assert "secrets: read" in raised.value.remedy
        (gap,) = gaps(observed(made, "payments#settings"))
        assert gap.reason is Reason.DENIED and "Actions secrets" in gap.detail


def test_members_and_teams_are_people_by_account(acme: GitHub, tmp_path: Path) -> None:
    seen = sightings(connected(acme, tmp_path).observe(Unit("github/acme#members", "github/acme#members")))
    assert set(seen) == {"person:github/ann", "person:github/bob", "person:github/acme/team/ml"}


# Limits and failures


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401, "body": b'{"message": "Bad credentials"}'}, AccessDenied),
        ({"status": 403, "body": b'{"message": "no"}', "headers": {"X-Accepted-GitHub-Permissions": "secrets=read"}}, AccessDenied),
        ({"status": 404, "body": b'{"message": "Not Found"}'}, AccessDenied),
        ({"status": 410, "body": b'{"message": "Gone"}'}, NotServed),
        ({"status": 422, "body": b"{}"}, UnexpectedReply),
        ({"status": 429, "body": b"{}"}, Throttled),
        ({"status": 500, "body": b"oh"}, Unreachable),
        ({"status": 200, "body": b"<html>sign in</html>"}, UnexpectedReply),
        ({"status": 200, "body": b""}, UnexpectedReply),
        ({"status": 200, "body": b'{"total_count": 1}'}, UnexpectedReply),
        ({"status": 200, "body": b'{"secrets": [1, 2]}'}, UnexpectedReply),
        ({"status": 200, "body": b'{"secrets": ["' + b"x" * 200 + b'"]}', "half": True}, ReadError),
        ({"status": 200, "body": b"[" * 100_000}, UnexpectedReply),
        ({"hang": True}, Unreachable),
        ({"status": 302, "headers": {"Location": "http://127.0.0.2:9/steal"}}, UnexpectedReply),
    ],
)
def test_what_the_api_answers_is_told_apart(acme: GitHub, tmp_path: Path, fault: dict[str, Any], expected: type[ReadError]) -> None:
    made = connected(acme, tmp_path, desk(tmp_path / "scratch", network=Network(timeout=0.5, retries=0, max_wait=1)))
    each = unit(made, "empty#settings")
    acme.fail("GET", "/repos/acme/empty/actions/secrets", **fault)
    with pytest.raises(expected) as raised:
        list(made.observe(each))
    assert acme.token not in str(raised.value) and str(raised.value) != "oh"


@pytest.mark.parametrize("status", [500, 502])
def test_what_may_pass_is_tried_again(acme: GitHub, tmp_path: Path, status: int) -> None:
    made = connected(acme, tmp_path, desk(tmp_path / "scratch", network=Network(timeout=2, retries=1, max_wait=1)))
    each = unit(made, "empty#settings")
    acme.fail("GET", "/repos/acme/empty/actions/secrets", status=status, times=1)
    assert sightings(made.observe(each))


def test_one_bad_repository_ends_no_other(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    units, _ = listed(made)
    acme.fail("GET", "/acme/archive.git/info/refs", status=500)
    with pytest.raises(Unreachable):
        list(made.observe(units["github/acme/archive#content"]))
    assert "sdk:acme/payments:openai" in sightings(made.observe(units["github/acme/payments#content"]))


def test_a_rate_limit_is_waited_out(acme: GitHub, tmp_path: Path) -> None:
    notes: list[str] = []
    tools = desk(tmp_path / "scratch", network=Network(timeout=2, retries=0, max_wait=5), note=notes.append)
    made = connected(acme, tmp_path, tools)
    each = unit(made, "empty#settings")
    secondary = b'{"message": "You have exceeded a secondary rate limit"}'
    acme.fail("GET", "/repos/acme/empty/actions/secrets", status=403, body=secondary, headers={"Retry-After": "1"}, times=1)
    assert sightings(made.observe(each))
    assert made.client.waited == 1 and "rate limit" in notes[0]


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait"),
    [
        (403, {"retry-after": "30"}, b"", 30),
        (429, {}, b"", 60),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1100"}, b"", 101),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}', 60),
        (200, {}, b'{"errors": [{"type":"RATE_LIMITED"}]}', 60),
        (403, {"x-ratelimit-remaining": "4999"}, b'{"message": "Resource not accessible"}', None),
        (200, {"x-ratelimit-remaining": "0"}, b"{}", None),
        (404, {}, b"", None),
    ],
)
def test_limits_are_told_from_refusals(status: int, headers: dict[str, str], body: bytes, wait: float | None) -> None:
    assert replies.limited(status, headers, body, now=1000) == wait


def test_a_limit_beyond_our_patience_is_throttled_at_once(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    each = unit(made, "empty#settings")
    acme.fail("GET", "actions/secrets", status=403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"})
    with pytest.raises(Throttled):
        list(made.observe(each))


def test_a_ceiling_of_requests_ends_the_run_with_a_reason(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path, desk(tmp_path / "scratch", limiter=Ceiling(max_requests=3)))
    units, _ = listed(made)
    with pytest.raises(OverLimit, match="3 requests"):
        list(made.observe(units["github/acme/payments#settings"]))


def test_units_are_read_side_by_side(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path)
    units, _ = listed(made)
    with ThreadPoolExecutor(8) as pool:
        told = [one for each in pool.map(lambda each: list(made.observe(each)), units.values()) for one in each]
    assert {key for key in sightings(told) if key.startswith("repo:acme/")} == {f"repo:acme/{each.name}" for each in ACME.repositories}
    assert threading.active_count() < 50


# Who we are


def test_the_principal_changes_with_what_we_may_see(tmp_path: Path) -> None:
    said = []
    for scopes in ("repo", "repo, read:org", None):
        with github([ACME], tmp_path / f"git{len(said)}", scopes=scopes) as server:
            said.append(connected(server, tmp_path).principal())
            assert server.token not in said[-1]
    assert said == ["github auditor [repo]", "github auditor [read:org,repo]", "github auditor [fine-grained]"]


def test_an_app_signs_in_and_says_what_it_may(tmp_path: Path) -> None:
    with github([ACME], tmp_path / "git", app=App()) as server:
        made = connected(server, tmp_path, app_tools(server, tmp_path), app_id=4711, app_key="KEY")
        assert made.principal() == "github app gnomon#99 all contents=read,metadata=read,secrets=read"
        assert listed(made)[1] == []
        assert "sdk:acme/payments:openai" in sightings(observed(made, "payments#content"))
        assert sum("access_tokens" in request.path for request in server.requests) == 1
        (gap,) = gaps(made.observe(Unit("github/acme#members", "github/acme#members")))
        assert "let the App read Members" in gap.remedy


def test_an_app_on_selected_repositories_is_partial_sight(tmp_path: Path) -> None:
    with github([ACME], tmp_path / "git", app=App(selected=("payments",))) as server:
        units, (gap,) = listed(connected(server, tmp_path, app_tools(server, tmp_path), app_id=4711, app_key="KEY"))
        assert (gap.scope, gap.reason) == ("github/acme", Reason.PARTIAL) and "selected" in gap.detail
        assert {key for key in units if "/acme/" in key} == {"github/acme/payments#content", "github/acme/payments#settings"}


def test_a_key_that_is_none_is_a_wrong_configuration(tmp_path: Path) -> None:
    with github([ACME], tmp_path / "git", app=App()) as server:
        tools = desk(tmp_path / "scratch", secret={"KEY": "not a key"}.__getitem__)
        with pytest.raises(ConfigError, match="KEY"):
            connected(server, tmp_path, tools, app_id=4711, app_key="KEY").principal()


def app_tools(server: GitHub, scratch: Path) -> Tools:
    return desk(scratch / "scratch", secret={"KEY": server.app_key}.__getitem__)


def test_a_revoked_token_is_denied_and_never_shown(acme: GitHub, tmp_path: Path) -> None:
    made = connected(acme, tmp_path, desk(tmp_path / "scratch", secret={"TOKEN": "revoked-token"}.__getitem__))
    for attempt in (made.principal, lambda: list(made.units(Seen()))):
        with pytest.raises(AccessDenied) as raised:
            attempt()
        assert "revoked-token" not in f"{raised.value}{raised.value.remedy}"


def test_doctor_says_what_is_missing(acme: GitHub, tmp_path: Path) -> None:
    assert all(check.ok for check in connected(acme, tmp_path).check())
    with github([ACME], tmp_path / "git", denied=["secrets"]) as server:
        checks = {check.what: check for check in connected(server, tmp_path).check()}
        refused = checks["read the names of secrets of acme/payments"]
        assert not refused.ok and "secrets: read" in refused.remedy
        assert checks["read the content of acme/payments"].ok


def test_the_proxy_of_the_config_is_used_and_the_environments_is_not(acme: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert connected(acme, tmp_path).principal()
    tools = desk(tmp_path / "scratch", network=Network(timeout=1, retries=0, proxy="http://127.0.0.1:9"))
    with pytest.raises(Unreachable):
        connected(acme, tmp_path, tools).principal()


def test_the_authorities_of_the_config_reach_the_api_and_git(tmp_path: Path) -> None:
    bundle = tmp_path / "authority.pem"
    with github([ACME], tmp_path / "git", authority=bundle) as server:
        trusting = desk(tmp_path / "scratch", network=Network(timeout=2, retries=0, ca_bundle=bundle))
        made = connected(server, tmp_path, trusting)
        assert "sdk:acme/archive:openai" in sightings(observed(made, "archive#content"))
        with pytest.raises(Unreachable) as raised:
            connected(server, tmp_path).principal()
        assert "ca_bundle" in raised.value.remedy
        with pytest.raises(ConfigError, match="ca_bundle"):
            connected(server, tmp_path, desk(tmp_path / "scratch", network=Network(ca_bundle=tmp_path / "none.pem")))
        stranger = connected(server, tmp_path)
        with pytest.raises(Unreachable):
            list(stranger.observe(unit(made, "archive#content")))


def test_an_address_with_a_token_in_it_is_refused() -> None:
    with pytest.raises(ValueError, match="without a user or token"):
        Settings(organisation="acme", api_url="https://token@github.example.org/api/v3")


def test_gaps_are_of_this_source(acme: GitHub, tmp_path: Path) -> None:
    _, found = listed(connected(acme, tmp_path, name="github-acme", exclude=["fork"]))
    assert [gap for gap in found if isinstance(gap, Gap) and gap.source != "github-acme"] == []
