"""The page as a file: one, whole, without a way out, whatever the names in it are."""

import base64
import gzip
import json
import re
import stat
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from reports import _page, html
from reports._facts import Facts
from reports._times import clock
from scanner.contracts import Destination
from scanner.model import Baseline, Coverage, Gap, Reason, Report, Status
from tests.report_sample import HOSTILE, SAMPLE, hostile, sample

_NOT_PROOF = (
    "None found, but 3 clusters, 1 bucket, 1 repository and 2 more were not read whole "
    "and 2 platforms have no source, so this is not proof."
)


class Page(HTMLParser):
    """What a browser would make of the page: elements, attributes, and the text inside each `script` and `style`."""

    def __init__(self, report: Report, **settings: object) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self.text = ""
        self.raw = html.page(report, html.Settings(**settings)).decode()
        self.feed(self.raw)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.inside.append((self.cdata_elem, data))
        else:
            self.text += data

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def packs(self) -> list:
        blocks = re.findall(r'<script type="text/plain"[^>]*>([^<]*)</script>', self.raw)
        return [json.loads(gzip.decompress(base64.b64decode(block))) for block in blocks]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(SAMPLE)


@pytest.fixture(scope="module")
def hostile_page() -> Page:
    return Page(hostile())


def test_the_policy_allows_this_script_and_this_style_only(page: Page) -> None:
    policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    code = [text for tag, text in page.inside if not re.fullmatch(r"[A-Za-z0-9+/=\s]*", text)]
    assert len(code) == 3
    for text in code:
        assert base64.b64encode(sha256(text.encode()).digest()).decode() in policy


def test_nothing_in_the_page_leads_out_of_it(page: Page) -> None:
    places = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset", "data", "xlink:href")
    ]
    assert [value for value in places if not (value or "").startswith(("#", "data:image/svg+xml,"))] == []
    assert re.findall(r"url\(|@import|fetch\(|XMLHttp", page.raw) == []


@pytest.mark.parametrize("inline", [1, 5000])
def test_hostile_names_stay_text(hostile_page: Page, inline: int) -> None:
    page = Page(hostile(), inline_rows=inline)
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in Page(SAMPLE).elements}, "no element that the template does not have"
    assert [attributes for _, attributes in page.elements if any(name.startswith("on") or name == "style" for name in attributes)] == []
    kept = "".join(line for pack in page.packs[1:] for _, line in pack)
    for text in (page.raw, kept):
        assert "<script>alert" not in text and "<img src=x" not in text and "49" not in re.findall(r"\{\{.*?\}\}", text)


def test_marks_of_direction_and_controls_are_spelled_out(hostile_page: Page) -> None:
    assert re.findall("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", hostile_page.raw) == []
    assert "safe⟨U+202E⟩gnp.exe" in hostile_page.text and "line⟨U+000A⟩break" in hostile_page.text
    assert any(tag == "bdi" for tag, _ in hostile_page.elements)


def test_a_name_without_end_is_clipped(hostile_page: Page) -> None:
    assert HOSTILE[6] not in hostile_page.raw and "(10,000 characters)" in hostile_page.raw


@pytest.mark.parametrize("report", [SAMPLE, hostile(), sample(findings=()), sample(judged=False), sample(trend=(), resolved=(), assets=())])
def test_headings_go_down_one_level_at_a_time(report: Report) -> None:
    levels = [int(tag[1]) for tag, _ in Page(report).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []


def test_every_table_has_a_caption_and_every_heading_cell_its_scope(page: Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) > 10
    assert [cell for cell in page.all("th") if not cell.get("scope")] == []


def test_every_control_has_a_label_and_every_reference_its_target(page: Page) -> None:
    named = {one["for"] for one in page.all("label")}
    assert {one["id"] for one in page.all("input", "select")} == named
    ids = [one["id"] for _, one in page.elements if one.get("id")]
    assert len(ids) == len(set(ids))
    wanted = {
        one[key].removeprefix("#") for _, one in page.elements for key in ("href", "aria-controls", "aria-labelledby") if one.get(key)
    }  # type: ignore[union-attr] # checked by get
    assert {one for one in wanted if not one.startswith("data:")} - set(ids) == set()


def test_every_picture_says_what_it_shows(page: Page) -> None:
    pictures = page.all("svg")
    assert [one for one in pictures if not (one.get("aria-hidden") == "true" or (one.get("role") == "img" and one.get("aria-label")))] == []


def test_severity_is_said_in_words_and_drawn_as_a_shape(page: Page) -> None:
    chips = re.findall(r'class="chip (\w+)"><svg[^>]*><use href="#s-(\w+)"/></svg>(\w+)<', page.raw)
    assert len(chips) > len(SAMPLE.findings)
    assert {(colour, shape, word.lower()) for colour, shape, word in chips} == {
        (one,) * 3 for one in ("critical", "high", "medium", "low", "info")
    }


@pytest.mark.parametrize("inline", [1, 7, 5000])
def test_every_finding_is_in_the_page_once_open_or_packed(inline: int) -> None:
    report = sample(120)
    page = Page(report, inline_rows=inline)
    opened = [one["id"] for one in page.all("tbody") if "finding" in (one.get("class") or "")]
    index, *packs = page.packs
    packed = [anchor for pack in packs for anchor, _ in pack if anchor.startswith("f-")]
    assert sorted(opened + packed) == sorted(f"f-{one.id}" for one in report.findings)
    assert sorted(entry["i"] for entry in index if entry["l"] != "inventory") == sorted(opened + packed)
    assert {entry["p"] for entry in index if entry["i"] in opened} == {-1}


def test_search_looks_through_places_rules_and_chains() -> None:
    index = {entry["i"]: entry["t"] for entry in Page(SAMPLE).packs[0]}
    for word in ("ingress.backend", "svc-fraud", "risk class high", "stop the deployment", "fraud-ml", "owasp", "mr-0031"):
        assert any(word in text for text in index.values()), word


def test_an_empty_list_says_what_that_is_worth() -> None:
    page = Page(sample(findings=()))
    assert page.text.count(_NOT_PROOF) == 4


def test_without_a_registry_there_is_an_inventory_and_no_verdict() -> None:
    page = Page(sample(judged=False))
    assert "An inventory, not a verdict." in page.text and "Retired but running" not in page.text and "Do first" not in page.text
    assert "huggingface/mistralai/Mistral-7B-Instruct-v0.3" in page.text


@pytest.mark.parametrize(("field", "words"), [("partial", "A partial run."), ("self_declared", "Self-declared registry.")])
def test_a_run_that_proves_less_says_so(page: Page, field: str, words: str) -> None:
    assert words in Page(sample(run=replace(SAMPLE.run, **{field: True}))).text
    assert words not in page.text


def test_a_registry_that_was_not_read_leads_the_page() -> None:
    gaps = (*SAMPLE.coverage.gaps, Gap("governance", "registry/governance", Reason.UNREACHABLE, "timed out", "start it"))
    page = Page(sample(coverage=Coverage(SAMPLE.coverage.scopes, gaps), registries_whole=False))
    assert "so nothing new is called unregistered" in page.text
    assert page.text.index("The registry was not read whole. 1 registry, no answer: governance.") < page.text.index("fraud-scorer 1.4 was")


def test_a_record_with_a_fault_of_its_own_does_not_put_the_registry_in_doubt() -> None:
    gaps = (*SAMPLE.coverage.gaps, Gap("governance", "registry/governance/a.toml:1", Reason.PARTIAL, "no field 'ownr'", "mend it"))
    page = Page(sample(coverage=Coverage(SAMPLE.coverage.scopes, gaps)))
    assert "The registry was not read whole" not in page.text


def test_a_look_at_one_folder_has_one_banner_and_no_word_of_platforms_on_top() -> None:
    look = sample(run=replace(SAMPLE.run, partial=True), judged=False)
    page = Page(look)
    assert [attributes.get("class") for attributes in page.all("p")].count("banner") - page.raw.count('<noscript><p class="banner">') == 1
    assert "no source is configured" not in page.text[: page.text.index("Search everything")]


def test_controls_are_supported_never_complied_with(page: Page) -> None:
    assert "Supports the controls" in page.text and "compl" not in page.text.lower().replace("complete", "")


def test_what_is_waived_is_shown_with_its_waiver(page: Page) -> None:
    assert "Waived by risk-board" in page.text and "fails no run" in page.text


def test_the_same_report_gives_the_same_bytes() -> None:
    assert html.page(sample(50), html.Settings()) == html.page(sample(50), html.Settings())


def test_the_zone_of_the_settings_wins() -> None:
    assert "20 Nov 2026, 22:41 UTC-05:00" in Page(SAMPLE, timezone="America/New_York").text


def test_one_file_for_its_owner_only(tmp_path: Path) -> None:
    [path] = html.Html(html.Settings()).write(SAMPLE, Destination(tmp_path / "new"))
    assert (path.name, stat.S_IMODE(path.stat().st_mode)) == ("report.html", 0o600)


@pytest.mark.parametrize("name", ["../report.html", ".hidden", "a/b.html", ""])
def test_a_file_name_cannot_leave_its_directory(name: str) -> None:
    with pytest.raises(ValueError, match="file"):
        html.Settings(file=name)


def test_what_only_our_sight_changed_has_a_part_of_its_own_and_is_not_resolved() -> None:
    came = replace(SAMPLE.findings[0], status=Status.SIGHT_CHANGED)
    went = replace(SAMPLE.resolved[0], status=Status.SIGHT_CHANGED, title="A key that the rules of today do not know")
    page = html.page(sample(findings=(came,), resolved=(went, SAMPLE.resolved[1])), html.Settings()).decode()
    sight, gone = (_part(page, name) for name in ("sight", "resolved"))
    assert went.title in sight and went.title not in gone
    assert f'href="#f-{came.id}"' in sight and "no longer seen" in sight
    assert 'Resolved since last time <span class="number">1</span>' in gone


def test_the_baseline_stands_in_the_run_and_its_findings_are_not_news() -> None:
    backlog = tuple(replace(one, backlog=True) for one in SAMPLE.findings)
    report = sample(findings=backlog, baseline=Baseline("2026-11-03T04:00:00Z", "m-gov", "2026-11-04T09:00:00Z", "first night"))
    assert "dated by <bdi>m-gov</bdi>: <bdi>first night</bdi>" in _part(html.page(report, html.Settings()).decode(), "run")
    news = [[one.news for one in _page.listings(Facts(each, clock(each.run)))] for each in (SAMPLE, report)]
    assert news == [[2, 3, 1, 3], [1, 0, 0, 0]]  # what is back is news, whatever the baseline


def _part(page: str, name: str) -> str:
    return page.partition(f'<section class="aside" id="{name}"')[2].partition("</section>")[0]
