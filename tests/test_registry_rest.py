"""Any registry with an API: a worked Collibra-like catalogue, every way of paging and logging in, and every way to fail."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.registries.rest import Settings
from scanner.config import Plugin
from scanner.contracts import Network
from scanner.model import ApprovedScope, Gap, Reason, Record, State
from scanner.reading import Registries, read
from tests.catalogue import ASSETS, ATTRIBUTES, Catalogue, asset, catalogue, said
from tests.desk import desk
from tests.estate.inference.replayed import Answer, Server
from tests.faults import FAULTS, after, again, status

WORDS = {"Candidate": "proposed", "Under Review": "proposed", "Accepted": "approved", "Archived": "retired"}
FIELDS = {"id": "id", "name": "displayName", "state": "status.name", "identifiers": "identifiers", "record_updated": "/lastModifiedOn"}
OFFSET = {"how": "offset", "parameter": "offset", "size_parameter": "limit", "size": 3}
LISTING = {"path": "/rest/2.0/assets?typeId=model", "items": "results", "total": "total", "paging": OFFSET, "token": "TOKEN"}
COLLIBRA = {
    **LISTING,
    "fields": {
        **FIELDS,
        "version": "detail.results[?type.name=='Version'].value | [0]",
        "owner": "detail.results[?type.name=='Owner'].value | [0]",
        "business_purpose": "detail.results[?type.name=='Business Purpose'].value | [0]",
        "risk_class": "detail.results[?type.name=='Risk'].value | [0]",
        "approved_scope.clusters": "detail.results[?type.name=='Clusters'].value | [0]",
    },
    "detail": "/rest/2.0/attributes?assetId={id}",
}


def settings(server: Server, **changes: Any) -> Settings:
    return Settings(url=server.url, name="catalogue", **{**LISTING, "fields": FIELDS, "states": WORDS, **changes})


def told(server: Server, scratch: Path, *, network: dict[str, Any] | None = None, before: int | None = None, **changes: Any) -> Registries:
    """As a scan reads it."""
    tools = desk(scratch, network=Network(**{"timeout": 0.5, "retries": 0, "max_wait": 1, **(network or {})}))
    made = settings(server, **changes)
    return read([Plugin(type="rest", name="catalogue", settings=made)], tools, lambda _: before)


def ids(found: Registries) -> list[str]:
    """The ids, as the catalogue itself says them."""
    assert all(record.id.startswith("catalogue/") for record in found.records)
    return [record.id.removeprefix("catalogue/") for record in found.records]


def test_a_collibra_like_catalogue(tmp_path: Path) -> None:
    with catalogue(Catalogue()) as server:
        found = told(server, tmp_path, **COLLIBRA)
    proposed, approved, retired = State.PROPOSED, State.APPROVED, State.RETIRED
    assert [one.name for one in found.records] == [f"model-{number}" for number in (1, 2, 3, 4, 5)]
    assert [one.state for one in found.records] == [proposed, proposed, approved, retired, approved]
    third = found.records[2]
    assert (ids(found)[2], third.version, third.owner, third.risk_class) == ("a3", "1.4", "fraud-team", "high")
    assert third.identifiers == ("hf:acme/model-3", "s3://ml-prod/model-3")
    assert third.approved_scope == ApprovedScope(clusters=("prod-eu", "prod-us"))
    assert (third.record_updated, third.registry, third.where) == ("2026-09-21T14:13:20Z", "catalogue", f"{server.url}#a3")
    assert (found.gaps, found.whole) == ((), True)


@pytest.mark.parametrize(
    "listing",
    [
        {"path": "pages", "items": "/content", "total": "", "paging": {"how": "page", "parameter": "page"}},
        {"path": "cursors", "items": "items", "total": "", "paging": {"how": "cursor", "parameter": "cursor", "next": "meta.cursor"}},
        {"path": "linked", "items": "", "total": "", "paging": {"how": "next"}},
        {"path": "following", "items": "items", "total": "", "paging": {"how": "next", "next": "/next"}},
        {"path": "assets", "items": "results", "total": "/total", "paging": OFFSET},
        {"path": "all", "items": "", "total": "", "paging": {}},
    ],
    ids=["page", "cursor", "link header", "link", "offset", "none"],
)
def test_every_way_of_paging_reads_everything_once(tmp_path: Path, listing: dict[str, Any]) -> None:
    with catalogue(Catalogue()) as server:
        found = told(server, tmp_path, **listing)
        assert ids(found) == [one["id"] for one in ASSETS]
        assert (found.gaps, len(server.requests)) == ((), len(set(server.requests)))


@pytest.mark.parametrize(
    ("login", "header", "asked"),
    [
        ("Bearer estate-token", "Authorization", {"token": "TOKEN"}),
        ("Basic am9objplc3RhdGUtdG9rZW4=", "Authorization", {"token": "", "username": "john", "password": "TOKEN"}),
        ("estate-token", "X-Api-Key", {"token": "TOKEN", "header": "X-Api-Key"}),
    ],
    ids=["bearer", "basic", "header"],
)
def test_every_way_of_logging_in(tmp_path: Path, login: str, header: str, asked: dict[str, str]) -> None:
    serving = Catalogue(login=login)
    serving.header = header
    with catalogue(serving) as server:
        assert len(told(server, tmp_path, **asked).records) == len(ASSETS)
        (gap,) = told(server, tmp_path, token="", username="", password="").gaps[:1]
    assert gap.reason is Reason.DENIED


@pytest.mark.parametrize("name", FAULTS)
def test_a_listing_that_breaks_off_keeps_what_came_and_is_not_whole(tmp_path: Path, name: str) -> None:
    with catalogue(Catalogue(), after(1, FAULTS[name].act)) as server:
        found = told(server, tmp_path, max_bytes=100_000)
    assert ids(found) == ["a1", "a2"]
    assert [(gap.source, gap.scope, gap.reason) for gap in found.gaps] == [("catalogue", "registry/catalogue", FAULTS[name].reason)]
    assert not found.whole and found.gaps[0].detail
    assert "sk-secret" not in repr(found) and "estate-token" not in repr(found)


@pytest.mark.parametrize(
    "listing",
    [
        {"path": "pages", "items": "content", "total": "", "paging": {"how": "page", "parameter": "page"}},
        {"path": "cursors", "items": "items", "total": "", "paging": {"how": "cursor", "parameter": "cursor", "next": "meta.cursor"}},
        {"path": "linked", "items": "", "total": "", "paging": {"how": "next"}},
        {"path": "assets", "items": "results", "total": "", "paging": OFFSET},
    ],
    ids=["page", "cursor", "link", "offset"],
)
def test_a_page_or_a_token_that_comes_twice_ends_the_reading(tmp_path: Path, listing: dict[str, Any]) -> None:
    with catalogue(Catalogue(), after(1, again)) as server:
        found = told(server, tmp_path, **listing)
        assert len(server.requests) <= 3
    assert ids(found)[:2] == ["a1", "a2"]
    assert "came twice" in found.gaps[-1].detail


@pytest.mark.parametrize("wait", [("Retry-After", "0"), ("X-Nothing", "")], ids=["with Retry-After", "without"])
def test_a_limit_that_passes_is_waited_for(tmp_path: Path, wait: tuple[str, str]) -> None:
    def once(request: Any, truly: Any) -> Answer | None:
        return status(429, wait)(request, truly) if len(request.server.requests) == 2 else truly(request)

    with catalogue(Catalogue(), once) as server:
        found = told(server, tmp_path)
    assert (len(found.records), found.gaps) == (len(ASSETS), ())


def test_what_passes_is_tried_again(tmp_path: Path) -> None:
    def once(request: Any, truly: Any) -> Answer | None:
        return status(502)(request, truly) if len(request.server.requests) == 2 else truly(request)

    with catalogue(Catalogue(), once) as server:
        assert told(server, tmp_path, network={"retries": 1}).whole


def test_nobody_there_is_a_gap(tmp_path: Path) -> None:
    with catalogue(Catalogue()) as server:
        gone = server
    found = told(gone, tmp_path)
    assert (found.records, found.gaps[0].reason) == ((), Reason.UNREACHABLE)


def test_an_empty_registry_and_one_a_fifth_shorter_are_not_whole(tmp_path: Path) -> None:
    with catalogue(Catalogue(assets=())) as server:
        assert [gap.reason for gap in told(server, tmp_path).gaps] == [Reason.PARTIAL]
    with catalogue(Catalogue()) as server:
        assert [gap.reason for gap in told(server, tmp_path, before=7).gaps] == [Reason.SHRUNK]
        assert told(server, tmp_path, before=6).whole


def test_fewer_items_than_the_registry_says_there_are_is_a_gap(tmp_path: Path) -> None:
    with catalogue(lambda _: said({"total": 9, "results": [asset(1)]})) as server:
        (gap,) = told(server, tmp_path, paging={}).gaps
    assert (gap.reason, gap.detail) == (Reason.PARTIAL, "1 items came of the 9 that the registry says there are")


@pytest.mark.parametrize("reply", [{"results": [asset(1)], "nextPageToken": "t"}, {"results": [asset(1)], "next": "/assets?page=2"}])
def test_more_pages_than_the_config_knows_of_are_named(tmp_path: Path, reply: dict[str, Any]) -> None:
    with catalogue(lambda _: said(reply)) as server:
        found = told(server, tmp_path, paging={}, total="")
    assert (ids(found), found.gaps[0].detail) == (["a1"], "the reply says that there are more pages")


def test_a_link_header_that_nobody_asked_for_is_named_too(tmp_path: Path) -> None:
    with catalogue(Catalogue()) as server:
        found = told(server, tmp_path, path="linked", items="", total="", paging={})
    assert (len(found.records), found.whole) == (2, False)


def test_the_token_goes_to_no_other_host(tmp_path: Path) -> None:
    with catalogue(Catalogue()) as other:
        reply = {"items": [asset(1)], "next": other.url.replace("127.0.0.1", "localhost") + "/following"}
        with catalogue(lambda _: said(reply)) as server:
            found = told(server, tmp_path, path="x", items="items", total="", paging={"how": "next", "next": "next"})
        assert other.requests == []
    assert "another host" in found.gaps[0].detail


HIDING = {"no name", "neither id nor name", "no table", "identifiers that are numbers"}
"""What hides a record, or what it matches by; any other fault leaves what is unregistered to be believed."""


@pytest.mark.parametrize("link", ["http://[bad", "http://h:99999/", "mailto:x@example.org", "http://u:p@127.0.0.1/", "x" * 100_000])
def test_a_next_link_that_is_no_address_is_a_gap(tmp_path: Path, link: str) -> None:
    with catalogue(lambda _: said({"items": [asset(1)], "next": link})) as server:
        found = told(server, tmp_path, path="x", items="items", total="", paging={"how": "next", "next": "next"})
    assert (ids(found), [gap.reason for gap in found.gaps]) == (["a1"], [Reason.UNEXPECTED])


def test_a_limit_that_asks_for_no_wait_ends(tmp_path: Path) -> None:
    with catalogue(Catalogue(), after(0, status(429, ("Retry-After", "0")))) as server:
        assert told(server, tmp_path).gaps[0].reason is Reason.THROTTLED
        assert len(server.requests) == 2


def test_a_token_that_no_header_can_carry_is_a_gap(tmp_path: Path) -> None:
    with catalogue(Catalogue()) as server:
        tools = desk(tmp_path, secret=lambda _: "schlüssel")
        found = read([Plugin(type="rest", name="catalogue", settings=settings(server))], tools, lambda _: None)
    assert "cannot be sent in a header" in found.gaps[0].detail and "schl" not in repr(found.gaps)


BROKEN: dict[str, tuple[Any, Callable[[list[Record], list[Gap]], object]]] = {
    "no name": ({"id": "x", "status": {"name": "Accepted"}}, lambda records, gaps: records[-1].broken == ("no name",)),
    "no state": ({"id": "x", "displayName": "x"}, lambda records, gaps: records[-1].broken == ("no state",)),
    "an unknown state": (asset(9, "Retyred"), lambda records, gaps: records[-1].state is State.APPROVED and "retyred" in gaps[0].detail),
    "neither id nor name": ({"status": {"name": "Accepted"}}, lambda records, gaps: gaps[0].detail == "it has neither an id nor a name"),
    "an id twice": (asset(1), lambda records, gaps: "the id a1 is already that of" in gaps[0].detail),
    "no table": ("model", lambda records, gaps: gaps[0].reason is Reason.UNPARSED),
    "a state that is a table": ({**asset(9), "status": {"name": {"x": 1}}}, lambda records, gaps: records[-1].broken == ("no state",)),
    "identifiers that are numbers": ({**asset(9), "identifiers": [5]}, lambda records, gaps: records[-1].broken != ()),
    "a date beyond time": ({**asset(9), "lastModifiedOn": 1e300}, lambda records, gaps: "record updated is not a date" in gaps[0].detail),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_item_is_named_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    item, holds = BROKEN[name]
    with catalogue(Catalogue(assets=(asset(1), item))) as server:
        found = told(server, tmp_path)
    assert (ids(found)[0], len(found.gaps), found.whole) == ("a1", 1, name not in HIDING)
    assert holds(list(found.records), list(found.gaps))


def test_details_that_are_gone_are_named_and_the_record_stays(tmp_path: Path) -> None:
    def gone(request: Any, truly: Any) -> Answer | None:
        return status(404)(request, truly) if "attributes?assetId=a3" in request.path else truly(request)

    with catalogue(Catalogue(), gone) as server:
        found = told(server, tmp_path, **COLLIBRA)
    assert (len(found.records), [gap.scope for gap in found.gaps]) == (5, ["registry/catalogue/a3"])
    assert found.records[2].owner is None and ATTRIBUTES["a3"]["Owner"]


def test_a_longer_listing_than_max_records_is_cut_and_named(tmp_path: Path) -> None:
    with catalogue(Catalogue()) as server:
        found = told(server, tmp_path, max_records=3)
    assert (len(found.records), found.gaps[0].reason) == (3, Reason.LIMIT)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "catalogue.acme.example"}, "https://host"),
        ({"url": "https://catalogue.acme.example:99999"}, "Port out of range"),
        ({"header": "X Key"}, "should match pattern"),
        ({"url": "https://u:p@catalogue.acme.example"}, "take the user and the password out"),
        ({"fields": {"id": "id"}}, "the places of `name`"),
        ({"fields": {**FIELDS, "ownr": "x"}}, "no field 'ownr'"),
        ({"fields": {**FIELDS, "owner": "a b ["}}, "neither a JSON pointer nor a JMESPath expression"),
        ({"detail": "/x"}, "detail needs {id}"),
        ({"paging": {"how": "page"}}, "needs `parameter`"),
        ({"paging": {"how": "cursor", "parameter": "c"}}, "needs `next`"),
        ({"username": "x", "token": ""}, "go together"),
        ({"username": "x", "password": "P"}, "not both"),
    ],
)
def test_a_wrong_setting_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", "[(]").replace("{", "[{]").replace("}", "[}]")):
        Settings(**{"url": "https://catalogue.acme.example", **LISTING, "fields": FIELDS, **changes})
