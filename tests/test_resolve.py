"""Sightings become one asset only by what names that very thing; links find what they mean."""

import itertools

import pytest

from scanner.model import Asset, Inventory, Kind, Relation, Sighting
from scanner.resolve import resolve
from tests.made import ARTIFACT, DIGEST, REPO, WORKLOAD, link, seen, sheet, workload


def linked(inventory: Inventory) -> list[tuple[str, str, str]]:
    return [(each.source, each.relation, each.target) for each in inventory.links]


def only(inventory: Inventory, key: str) -> Asset:
    return inventory.assets[key]


def test_sightings_of_one_key_are_one_asset() -> None:
    settings = sheet(seen(REPO, "uid:github:R_1", visibility="private"), scope="github/acme/payments#settings")
    content = sheet(seen(REPO, head="1f3c"), scope="github/acme/payments#content")
    asset = only(resolve([settings, content]), REPO)
    assert asset.attributes == {"visibility": "private", "head": "1f3c"}
    assert asset.scopes == ("github/acme/payments#content", "github/acme/payments#settings")


@pytest.mark.parametrize("identifier", ["uid:github:R_1", "arn:aws:iam::1:role/x", "kfp:k1:ab12"])
def test_what_names_the_very_thing_merges(identifier: str) -> None:
    inventory = resolve([sheet(seen("identity:b", identifier), seen("identity:a", identifier))])
    assert only(inventory, "identity:a").aliases == ("identity:b",)
    assert list(inventory.assets) == ["identity:a"]


@pytest.mark.parametrize(
    "identifier", [DIGEST, "name:fraud", "hf:org/name", "api:openai/gpt-4o", "s3://ml/fraud", "hf:org/name@" + "a" * 40]
)
def test_what_names_bytes_or_less_merges_nothing(identifier: str) -> None:
    assert len(resolve([sheet(seen("artifact:s3://a/x", identifier), seen("artifact:s3://b/x", identifier))]).assets) == 2


def test_things_of_two_kinds_are_never_one() -> None:
    role = "arn:aws:iam::1:role/x"
    assert len(resolve([sheet(seen("identity:x", role), seen("credential:x", role))]).assets) == 2


def test_an_identifier_that_everything_shares_welds_nothing() -> None:
    crowd = [seen(f"identity:{number}", "uid:generic:0") for number in range(40)]
    assert len(resolve([sheet(*crowd)]).assets) == 40


def test_merging_is_transitive_and_the_order_of_sheets_does_not_matter() -> None:
    told = [
        sheet(seen("repo:acme/c", "uid:github:2"), link("repo:acme/c", Relation.BUILDS, "image:x"), scope="3"),
        sheet(seen("repo:acme/b", "uid:github:1", "uid:github:2"), scope="2"),
        sheet(seen("repo:acme/a", "uid:github:1"), link("repo:acme/a", Relation.USES, "sdk:x"), scope="1"),
    ]
    inventories = [resolve(order) for order in itertools.permutations(told)]
    assert all(each == inventories[0] for each in inventories)
    assert only(inventories[0], "repo:acme/a").aliases == ("repo:acme/b", "repo:acme/c")
    assert linked(inventories[0]) == [("repo:acme/a", "uses", "sdk:x"), ("repo:acme/a", "builds", "image:x")]


def test_what_is_fresh_stands_before_what_is_remembered() -> None:
    old = sheet(workload(WORKLOAD, running=True, owner="team-a"), stale=True, scope="old")
    new = sheet(workload(WORKLOAD, running=False), scope="new")
    asset = only(resolve([old, new]), WORKLOAD)
    assert (asset.attributes["running"], asset.attributes["owner"], asset.stale) == (False, "team-a", False)
    assert only(resolve([old]), WORKLOAD).stale


def test_a_renamed_repository_goes_by_its_new_name() -> None:
    old = sheet(seen("repo:acme/aaa", "uid:github:1"), stale=True, scope="old")
    new = sheet(seen("repo:acme/zzz", "uid:github:1"), scope="new")
    assert only(resolve([old, new]), "repo:acme/zzz").aliases == ("repo:acme/aaa",)


@pytest.mark.parametrize(
    ("name", "values", "stands"),
    [
        ("context", ("docs", "production", "test"), "production"),
        ("exposure", ("internal", "public"), "public"),
        ("authenticated", (True, False), False),
        ("last_used", ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"), "2026-03-01T00:00:00Z"),
        ("created", ("2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z"),
        ("archived", (True, False), False),
        ("running", (False, True), True),
    ],
)
def test_where_sightings_disagree_the_one_that_matters_more_stands(name: str, values: tuple[object, ...], stands: object) -> None:
    told = [sheet(seen(REPO, **{name: value}), scope=str(number)) for number, value in enumerate(values)]
    assert only(resolve(told), REPO).attributes[name] == stands


def test_a_link_is_kept_once_with_all_its_evidence() -> None:
    first, second = link(REPO, Relation.USES, "sdk:a"), link("repo:acme/old", Relation.USES, "sdk:a")
    told = sheet(seen(REPO, "uid:1:1"), seen("repo:acme/old", "uid:1:1"), seen("sdk:a"), first, second)
    (only_link,) = resolve([told]).links
    assert [each.where for each in only_link.evidence] == ["test:repo:acme/old", f"test:{REPO}"]


@pytest.mark.parametrize(
    ("target", "finds"),
    [
        (ARTIFACT, ARTIFACT),
        ("s3://ml-prod/fraud/model.safetensors", ARTIFACT),
        ("s3://ml-prod/fraud/", ARTIFACT),
        ("s3://ml-prod/fraud", ARTIFACT),
        ("artifact:s3://ml-prod/fraud", ARTIFACT),
        (DIGEST, ARTIFACT),
        ("arn:aws:iam::1:role/x", "identity:arn:aws:iam::1:role/x"),
        ("https://llm.acme.example/v1/chat", "endpoint:https://llm.acme.example"),
        ("endpoint:https://llm.acme.example/v1", "endpoint:https://llm.acme.example"),
    ],
)
def test_a_link_may_name_a_key_an_identifier_an_address_or_a_prefix(target: str, finds: str) -> None:
    things = (seen(ARTIFACT, DIGEST), seen("identity:arn:aws:iam::1:role/x"), seen("endpoint:https://llm.acme.example"))
    inventory = resolve([sheet(workload(), *things, link(WORKLOAD, Relation.LOADS, target))])
    assert linked(inventory) == [(WORKLOAD, "loads", finds)]
    assert len(inventory.assets) == 4


def test_a_prefix_ends_at_a_slash() -> None:
    inventory = resolve(
        [sheet(workload(), seen("artifact:s3://ml-prod/fraud-2/m.onnx"), link(WORKLOAD, Relation.LOADS, "s3://ml-prod/fraud"))]
    )
    assert linked(inventory) == [(WORKLOAD, "loads", "artifact:s3://ml-prod/fraud")]


def test_a_file_of_a_group_is_the_group() -> None:
    group = "artifact:s3://ml/llm-ft"
    inventory = resolve([sheet(workload(), seen(group), link(WORKLOAD, Relation.LOADS, "s3://ml/llm-ft/model-00001-of-00003.safetensors"))])
    assert linked(inventory) == [(WORKLOAD, "loads", group)]


def test_a_prefix_of_thousands_stands_as_one_asset_that_contains_them() -> None:
    many = [seen(f"artifact:s3://ml/a/{number}.onnx") for number in range(300)]
    inventory = resolve([sheet(workload(), *many, link(WORKLOAD, Relation.LOADS, "s3://ml/a"))])
    assert only(inventory, "artifact:s3://ml/a").attributes == {"referenced_only": True, "places": 300}
    assert len(inventory.links) == 301


@pytest.mark.parametrize(
    ("relation", "target", "key", "kind"),
    [
        (Relation.RUNS, "image:ghcr.io/acme/x", "image:ghcr.io/acme/x", Kind.IMAGE),
        (Relation.ASSUMES, "arn:aws:iam::9:role/x", "identity:arn:aws:iam::9:role/x", Kind.IDENTITY),
        (Relation.LOADS, "s3://elsewhere/m.onnx", "artifact:s3://elsewhere/m.onnx", Kind.ARTIFACT),
        (Relation.CALLS, "https://api.example/v1", "endpoint:https://api.example/v1", Kind.ENDPOINT),
        (Relation.READS, "credential:prod/ns/secret/x", "credential:prod/ns/secret/x", Kind.CREDENTIAL),
    ],
)
def test_what_nobody_sighted_is_only_referred_to(relation: Relation, target: str, key: str, kind: Kind) -> None:
    asset = only(resolve([sheet(workload(), link(WORKLOAD, relation, target))]), key)
    assert (asset.kind, asset.attributes) == (kind, {"referenced_only": True})


def test_an_unseen_repository_is_a_repository() -> None:
    inventory = resolve([sheet(seen("image:x"), link("repo:acme/gone", Relation.BUILDS, "image:x"))])
    assert only(inventory, "repo:acme/gone").kind is Kind.REPOSITORY


def test_a_link_that_only_stale_sheets_told_of_is_marked() -> None:
    old = sheet(
        workload(),
        seen(ARTIFACT),
        link(WORKLOAD, Relation.LOADS, ARTIFACT),
        link(WORKLOAD, Relation.RUNS, "image:x"),
        stale=True,
        scope="a",
    )
    new = sheet(workload(), link(WORKLOAD, Relation.RUNS, "image:x"), scope="b")
    inventory = resolve([old, new])
    assert [inventory.links[number].target for number in inventory.stale_links] == [ARTIFACT]


def test_nothing_makes_nothing() -> None:
    inventory = resolve([])
    assert (inventory.assets, inventory.links, inventory.stale_links) == ({}, (), frozenset())


def test_a_name_with_newlines_and_a_key_without_a_kind_do_no_harm() -> None:
    odd = Sighting("workload:a\nb/\u202ec", Kind.WORKLOAD)
    assert list(resolve([sheet(odd, link("workload:a\nb/\u202ec", Relation.CALLS, "?"))]).assets) == ["endpoint:?", "workload:a\nb/\u202ec"]
