"""The page in a browser: it searches, sorts, opens and fits, by mouse and by keyboard, in light and dark, and asks nobody for anything."""

import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest

from reports import _summary, html
from scanner.contracts import Destination
from scanner.model import Report
from tests.browser import MISSING, PROGRAM, Browser, browser
from tests.report_sample import SAMPLE, hostile, sample

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROGRAM is None, reason=MISSING)]
BAD = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening")
TAB, ENTER, SPACE = ("Tab", 9), ("Enter", 13, "\r"), (" ", 32, " ")
SHOWN = "[...document.querySelectorAll('tbody.finding')].map((row) => row.id)"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return _written(SAMPLE, tmp_path_factory.mktemp("report"))


@pytest.fixture(autouse=True)
def nothing_goes_wrong_and_nothing_leaves(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does: no error in the console, and no request but the page itself."""
    yield
    events = request.getfixturevalue("chromium").events
    assert [event["params"] for event in events if event["method"] in BAD] == []
    asked = [event["params"]["request"]["url"].partition("#")[0] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert {one for one in asked if not one.startswith("data:image/svg")} <= {asked[0]}


def _written(report: Report, to: Path, **settings: object) -> str:
    [path] = html.Html(html.Settings(**settings)).write(report, Destination(to))
    return path.as_uri()


def _type(chromium: Browser, text: str) -> None:
    chromium.run("document.getElementById('q').focus()")
    chromium.run("document.getElementById('q').select()")
    chromium.write(text)
    chromium.settle()


def test_search_finds_what_only_the_proof_names(chromium: Browser, url: str) -> None:
    chromium.open(url)
    _type(chromium, "workload.running")
    assert chromium.run(SHOWN) == ["f-G-003a91"]
    assert chromium.run("document.getElementById('shown').textContent") == "1 found: 1 in Retired but running"
    assert chromium.run("document.getElementById('shown').getAttribute('aria-live')") == "polite"
    _type(chromium, "no such thing at all")
    assert chromium.run("document.getElementById('shown').textContent") == "Nothing found"
    chromium.run("document.getElementById('clear').click()")
    chromium.settle()
    assert len(chromium.run(SHOWN)) == len(SAMPLE.findings)


def test_filters_narrow_together_with_search(chromium: Browser, url: str) -> None:
    chromium.open(url)
    for name, value in (("owner", "@acme/claims"), ("severity", "high")):
        chosen = f"document.getElementById('by-{name}')"
        chromium.run(f"{chosen}.value = '{value}'; {chosen}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    chromium.settle()
    assert chromium.run(SHOWN) == ["f-G-002003", "f-G-005003"]
    _type(chromium, "agent")
    assert chromium.run(SHOWN) == ["f-G-005003"]


def test_a_heading_sorts_by_keyboard_and_says_so(chromium: Browser, url: str) -> None:
    chromium.open(url)
    due = "document.querySelectorAll('#unregistered thead th')[3]"
    rows = "[...document.querySelectorAll('#unregistered tbody.finding .due')].map((cell) => cell.textContent)"
    chromium.run(f"{due}.querySelector('button').focus()")
    chromium.press(*ENTER)
    chromium.settle()
    first = chromium.run(rows)
    assert (chromium.run(f"{due}.getAttribute('aria-sort')"), first[0]) == ("ascending", "overdue by 2 days")
    chromium.press(*SPACE)
    chromium.settle()
    assert (chromium.run(f"{due}.getAttribute('aria-sort')"), chromium.run(rows)[-1]) == ("descending", "overdue by 2 days")
    assert chromium.run("document.querySelectorAll('#unregistered [aria-sort=ascending]').length") == 0


def test_a_proof_opens_and_closes_by_keyboard(chromium: Browser, url: str) -> None:
    chromium.open(url)
    seen = "[document.querySelector('#retired .proof').checkVisibility(), document.activeElement.getAttribute('aria-expanded')]"
    chromium.run("document.querySelector('#retired .open').focus()")
    assert chromium.run(seen) == [False, "false"]
    chromium.press(*ENTER)
    assert chromium.run(seen) == [True, "true"]
    chromium.press(*SPACE)
    assert chromium.run(seen) == [False, "false"]


def test_the_focus_goes_through_the_page_in_reading_order_and_is_seen(chromium: Browser, url: str) -> None:
    chromium.open(url)
    places, outlines = [], set()
    for _ in range(40):
        chromium.press(*TAB)
        top, name, outline = chromium.run(
            "(() => { const one = document.activeElement, top = one.getBoundingClientRect().top + scrollY;"
            "return [top, one.className || one.id || one.textContent.trim(), getComputedStyle(one).outlineStyle]; })()"
        )
        places.append((top, name))
        outlines.add(outline)
    assert places[0][1] == "skip"
    order = [name for _, name in places]
    first = [order.index(name) for name in ("q", "by-severity", "clear", "unfold", "Severity", "open")]
    assert first == sorted(first)
    assert outlines == {"solid"}
    assert [a for a, b in pairwise(places[1:]) if b[0] < a[0] - 80] == [], "the focus never jumps up the page"


_CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (value) => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  const behind = (one) => {
    const colour = rgb(getComputedStyle(one).backgroundColor);
    return colour[3] === 255 || !one.parentElement ? colour : behind(one.parentElement);
  };
  const out = {};
  for (const one of document.querySelectorAll('body *')) {
    const texts = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!texts || !one.checkVisibility() || one.closest('.out, .symbols, script')) continue;
    const svg = one instanceof SVGElement, style = getComputedStyle(one);
    const pair = [light(rgb(svg ? style.fill : style.color)), light(behind(svg ? one.closest('svg') : one))].sort((x, y) => y - x);
    const name = one.tagName + '.' + (one.className.baseVal ?? one.className);
    out[name] = Math.min(out[name] ?? 99, (pair[0] + .05) / (pair[1] + .05));
  }
  return out;
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_has_the_contrast_it_needs(chromium: Browser, url: str, dark: bool) -> None:
    chromium.open(url, dark=dark)
    chromium.run("document.getElementById('unfold').click(); document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    chromium.settle()
    ratios = chromium.run(_CONTRAST)
    assert {f"SPAN.chip {severity}" for severity in ("critical", "high", "medium", "low", "info")} <= ratios.keys()
    assert {name: round(ratio, 2) for name, ratio in ratios.items() if ratio < 4.5} == {}


_SMALL = """[...document.querySelectorAll('button, select, input, summary, nav a')].filter((one) => one.checkVisibility())
  .map((one) => [one.textContent.trim().slice(0, 30), one.getBoundingClientRect()])
  .filter(([_, box]) => box.height < 24 || box.width < 24).map(([name]) => name)"""


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280])
@pytest.mark.parametrize("names", ["sample", "hostile"])
def test_nothing_is_wider_than_the_screen_or_too_small_to_touch(
    chromium: Browser, url: str, tmp_path: Path, width: int, names: str
) -> None:
    chromium.open(url if names == "sample" else _written(hostile(), tmp_path), width, 844)
    chromium.run("document.getElementById('unfold').click()")
    chromium.settle()
    assert chromium.run("document.documentElement.scrollWidth") <= width
    assert chromium.run(_SMALL) == []


@pytest.mark.parametrize("inline", [1, 5000])
def test_hostile_names_run_nothing_even_unpacked(chromium: Browser, tmp_path: Path, inline: int) -> None:
    chromium.open(_written(hostile(), tmp_path, inline_rows=inline))
    chromium.run("document.getElementById('unfold').click()")
    _type(chromium, "onerror")
    assert chromium.run("document.querySelectorAll('img, a[href^=javascript], [onerror], [onmouseover]').length") == 0
    assert chromium.run("document.querySelector('tbody.finding .open').textContent").startswith("</script><img src=x")


def test_the_policy_stops_a_script_that_gets_in(chromium: Browser, url: str) -> None:
    chromium.open(url)
    chromium.run(
        'document.body.insertAdjacentHTML(\'beforeend\', \'<img src="data:," onerror="window.ran = 1"><b style="color: red">x</b>\')'
    )
    chromium.settle()
    assert chromium.run("window.ran ?? 0") == 0
    refused = [
        event
        for event in chromium.events
        if event["method"] == "Log.entryAdded" and "Content Security Policy" in event["params"]["entry"]["text"]
    ]
    assert len(refused) >= 2
    chromium.events.clear()
    chromium.events.append({"method": "Network.requestWillBeSent", "params": {"request": {"url": url}}})


def test_five_thousand_findings_open_at_once_and_all_can_be_reached(chromium: Browser, tmp_path: Path) -> None:
    report = sample(5000)
    url = _written(report, tmp_path)
    begun = time.monotonic()
    chromium.open(url)
    assert time.monotonic() - begun < 10, "a generous bound: it takes about a second"
    assert 100 < len(chromium.run(SHOWN)) <= 400
    _type(chromium, "(4999)")
    assert chromium.run(SHOWN) == ["f-M-001387"]
    chromium.run("document.getElementById('clear').click()")
    chromium.settle()
    more = "document.querySelector('#retired .more button')"
    while not chromium.run(f"{more}.hidden"):
        chromium.run(f"{more}.click()")
        chromium.settle()
    assert chromium.run("document.querySelectorAll('#retired tbody.finding').length") == len(_summary.lists(report).retired) > 1000


def test_a_link_to_a_packed_finding_opens_it(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(_written(sample(900), tmp_path) + "#f-M-000381")
    chromium.settle()
    assert chromium.run("document.activeElement.closest('tbody').id") == "f-M-000381"
    assert chromium.run("document.activeElement.getAttribute('aria-expanded')") == "true"


def test_without_javascript_the_page_reads_with_its_proof(chromium: Browser, url: str) -> None:
    chromium.open(url, script=False)
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)
    assert chromium.run("document.querySelector('#retired .proof').checkVisibility()") is True
    assert chromium.run("document.getElementById('tools').checkVisibility()") is False
    assert chromium.run("document.querySelector('noscript') !== null") is True


def test_it_prints_without_its_controls(chromium: Browser, url: str) -> None:
    chromium.open(url)
    chromium.call("Emulation.setEmulatedMedia", media="print")
    assert chromium.run("['tools', 'worst', 'coverage'].map((id) => document.getElementById(id).checkVisibility())") == [False, True, True]
    assert chromium.call("Page.printToPDF", preferCSSPageSize=True)["data"].startswith("JVBERi")


def test_a_screen_reader_hears_the_landmarks_and_names(chromium: Browser, url: str) -> None:
    chromium.open(url)
    nodes = chromium.call("Accessibility.getFullAXTree")["nodes"]
    roles = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored") and "role" in node]
    assert {"banner", "main", "navigation", "search", "contentinfo"} <= {role for role, _ in roles}
    assert [
        role for role, name in roles if role in ("button", "link", "combobox", "searchbox", "table", "image", "region") and not name
    ] == []
    assert ("table", "Orphaned credentials 2") in roles
    assert any(role == "rowheader" and "retired and still scores" in name for role, name in roles)


def test_served_over_http_it_asks_for_nothing_more(chromium: Browser, tmp_path: Path) -> None:
    _written(SAMPLE, tmp_path)
    asked: list[str] = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            asked.append(self.path)

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        chromium.open(f"http://127.0.0.1:{server.server_port}/report.html")
        chromium.run("document.getElementById('unfold').click()")
        chromium.settle()
        server.shutdown()
    assert asked == ["/report.html"]
