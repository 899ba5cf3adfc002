"""Which server answers and what it serves, over recorded replies of real servers, a live one, and hand-made ones; and what goes wrong."""

import gzip
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from connectors import inference
from connectors.inference.fingerprints import fingerprints
from connectors.inference.seen import allowed
from scanner.contracts import Network, Seen
from scanner.errors import OverLimit, UnexpectedReply, Unreachable
from scanner.model import Gap, Kind, Link, Reason, Relation, Sighting, Unit
from tests.desk import desk
from tests.estate.inference import Server, answering, hand_made, llamacpp, replay
from tests.estate.inference.replayed import RECORDINGS, Answer, Handler

pytest.importorskip("httpx")


class Probed:
    """One endpoint as the connector tells of it."""

    def __init__(self, url: str, scratch: Path, network: Network | None = None, **settings: Any) -> None:
        endpoint = {"url": url, **settings.pop("endpoint", {})}
        changes = {"network": network} if network else {}
        connector = inference.connect(inference.Settings(endpoints=(endpoint,), **settings), desk(scratch / "scratch", **changes))
        (self.unit,) = (one for one in connector.units(Seen()) if isinstance(one, Unit))
        self.told = list(connector.observe(self.unit))
        self.endpoint = next(one for one in self.told if isinstance(one, Sighting) and one.kind is Kind.ENDPOINT)
        self.models = [one for one in self.told if isinstance(one, Sighting) and one.kind is Kind.MODEL]
        self.gaps = [one for one in self.told if isinstance(one, Gap)]
        self.links = {(one.source, one.relation, one.target) for one in self.told if isinstance(one, Link)}

    @property
    def summary(self) -> tuple[Any, list[str], Any]:
        told = self.endpoint.attributes
        return told.get("server"), [str(model.attributes["model_id"]) for model in self.models], told.get("authenticated")


RECORDED = {
    "vllm": ("vllm", ["acme/tiny-shadow-llama"], False),
    "llama.cpp": ("llama.cpp", ["tiny-shadow-llama"], False),
    "triton": ("triton", ["fraud_detector"], False),
    "mlserver": ("mlserver", ["fraud-sk"], False),
    "torchserve-management": ("torchserve", ["churn"], False),
    "torchserve": ("torchserve", [], None),
    "litellm": ("litellm", [], True),
    "ray-serve": ("ray-serve", ["fraud"], False),
    "ray-dashboard": ("ray-dashboard", [], True),
    "mlflow-serve": ("mlflow", [], None),
    "mlflow-tracking": (None, [], None),
    "transformers-serve": ("openai-compatible", [], False),
}


@pytest.mark.parametrize("recording", RECORDED)
def test_a_recorded_server_is_told_with_what_it_serves(recording: str, tmp_path: Path) -> None:
    with replay(recording) as server:
        assert Probed(server.url, tmp_path).summary == RECORDED[recording]


DOCUMENTED = {
    "ollama": ("ollama", ["llama3.2:3b"], False),
    "tgi": ("tgi", ["bigscience/bloom-560m"], False),
    "tei": ("tei", ["BAAI/bge-small-en-v1.5"], False),
    "kserve": ("kserve", ["sklearn-iris"], False),
    "openvino": ("openvino", ["resnet"], False),
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_server_that_answers_as_its_documents_say_is_told(name: str, tmp_path: Path) -> None:
    with hand_made(name) as server:
        assert Probed(server.url, tmp_path).summary == DOCUMENTED[name]


@pytest.mark.slow
def test_a_live_llama_cpp_is_told_with_the_file_it_serves(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="llama.cpp's server comes with the demo extra")
    with llamacpp(tmp_path / "llama", "fraud-helper") as server:
        probed = Probed(server.url, tmp_path)
        assert probed.summary == ("llama.cpp", ["fraud-helper"], False)
        assert str(probed.models[0].attributes["root"]).endswith("tiny-llama.gguf")
        assert probed.gaps == []


def test_keys_and_identifiers_follow_the_vocabulary(tmp_path: Path) -> None:
    with hand_made("tgi") as server:
        probed = Probed(
            server.url, tmp_path, endpoint={"exposure": "public", "writes": True, "environment": "production", "owner": "search"}
        )
        key = f"endpoint:{server.url}"
        assert (probed.unit.scope, probed.endpoint.asset) == (f"endpoints/{server.url.removeprefix('http://')}", key)
        told = {
            name: probed.endpoint.attributes[name] for name in ("exposure", "writes", "environment", "owner", "running", "probe", "version")
        }
        assert told == {
            "exposure": "public", "writes": True, "environment": "production", "owner": "search", "running": True, "probe": "answered",
            "version": "3.3.4",
        }  # fmt: skip
        model = f"model:{key}:huggingface/bigscience/bloom-560m"
        assert probed.links == {(key, Relation.SERVES, model)}
        revision = "e985a63cdc139290c5f700ff1929f0b5942cced2"
        assert probed.models[0].identifiers == (
            "hf:bigscience/bloom-560m", f"hf:bigscience/bloom-560m@{revision}", "name:bigscience/bloom-560m",
        )  # fmt: skip


def test_an_alias_shows_what_it_really_is(tmp_path: Path) -> None:
    served = [{"id": "gpt-4", "object": "model", "owned_by": "vllm", "root": "Qwen/Qwen2.5-7B-Instruct", "parent": None}]
    with replay("vllm", changes={"/v1/models": {"object": "list", "data": served}}) as server:
        model = Probed(server.url, tmp_path).models[0]
        assert (model.attributes["served_id"], model.attributes["root"]) == ("gpt-4", "Qwen/Qwen2.5-7B-Instruct")
        assert model.identifiers == ("hf:Qwen/Qwen2.5-7B-Instruct", "name:gpt-4")


def test_an_adapter_is_a_model_of_its_own_that_derives_from_its_base(tmp_path: Path) -> None:
    base = {"id": "Qwen/Qwen2.5-7B", "owned_by": "vllm", "root": "Qwen/Qwen2.5-7B", "parent": None}
    adapter = {"id": "sql", "owned_by": "vllm", "root": "acme/sql-lora", "parent": "Qwen/Qwen2.5-7B"}
    with replay("vllm", changes={"/v1/models": {"object": "list", "data": [base, adapter]}}) as server:
        probed = Probed(server.url, tmp_path)
        key = f"model:endpoint:{server.url}:huggingface"
        assert (f"{key}/acme/sql-lora", Relation.DERIVES, f"{key}/Qwen/Qwen2.5-7B") in probed.links
        assert "served_id" not in probed.models[0].attributes


def test_ollamas_digest_is_the_manifests(tmp_path: Path) -> None:
    with hand_made("ollama") as server:
        model = Probed(server.url, tmp_path).models[0]
        digest = "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72"
        assert model.identifiers[:2] == (f"oci:registry.ollama.ai/library/llama3.2@sha256:{digest}", "ollama:llama3.2:3b")


def test_a_model_that_triton_could_not_load_is_not_served(tmp_path: Path) -> None:
    with replay("triton") as server:
        assert Probed(server.url, tmp_path).endpoint.attributes["unavailable"] == ("broken",)


def test_a_server_that_asks_for_a_key_is_there_and_says_so(tmp_path: Path) -> None:
    with replay("litellm") as server:
        probed = Probed(server.url, tmp_path)
        assert probed.endpoint.attributes["probe"] == "denied"
        assert [(gap.reason, gap.remedy) for gap in probed.gaps] == [(Reason.DENIED, "name its key in token_env")]


def test_with_its_key_it_says_what_it_serves_and_that_it_asked(tmp_path: Path) -> None:
    with replay("litellm") as server:
        probed = Probed(server.url, tmp_path, endpoint={"token_env": "TOKEN"})
        assert probed.endpoint.attributes["authenticated"] is True
        assert probed.gaps == []
        assert "api:openai/gpt-4o" in probed.models[0].identifiers
        assert "estate-token" not in repr(probed.told)


@pytest.mark.parametrize("recording", RECORDED)
def test_only_reading_requests_are_sent(recording: str, tmp_path: Path) -> None:
    with replay(recording) as server:
        Probed(server.url, tmp_path)
        posted = {request for request in server.requests if not request.startswith("GET ")}
        assert posted <= {"POST /v2/repository/index"}
        assert len(server.requests) == len(set(server.requests)) <= 20


def test_a_server_that_is_still_loading_is_there(tmp_path: Path) -> None:
    loading = Answer(503, [("Server", "llama.cpp")], b'{"error": {"message": "Loading model", "code": 503}}')
    with answering(lambda _: loading) as server:
        probed = Probed(server.url, tmp_path)
        assert (probed.endpoint.attributes["server"], probed.endpoint.attributes["probe"]) == ("llama.cpp", "error")
        assert [gap.reason for gap in probed.gaps] == [Reason.UNREACHABLE]


@pytest.mark.parametrize("status", [401, 403])
def test_something_closed_that_nobody_knows_is_there(tmp_path: Path, status: int) -> None:
    with answering(lambda _: Answer(status, [], b"")) as server:
        probed = Probed(server.url, tmp_path)
        assert (probed.endpoint.attributes["probe"], probed.endpoint.attributes["authenticated"]) == ("denied", True)
        assert [gap.reason for gap in probed.gaps] == [Reason.DENIED]


def _endless(request: Handler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    try:
        while not request.server.over.is_set():
            request.wfile.write(b"data: x\n\n" * 5000)
    except OSError:
        return


def _half(request: Handler) -> None:
    request.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"object": "list", "data": [')


def _noise(request: Handler) -> None:
    request.wfile.write(b"\x00\x01SSH-2.0-nope\r\n")


def _silent(request: Handler) -> None:
    request.server.over.wait(10)


@pytest.mark.parametrize(
    ("misbehave", "error"),
    [(_endless, OverLimit), (_half, UnexpectedReply), (_noise, UnexpectedReply), (_silent, Unreachable)],
    ids=["endless", "half", "not http", "silent"],
)
def test_an_endpoint_that_misbehaves_everywhere_cannot_be_read(
    tmp_path: Path, misbehave: Callable[[Handler], None], error: type[Exception]
) -> None:
    with answering(misbehave) as server, pytest.raises(error):  # type: ignore[arg-type]  # each writes to the wire itself
        Probed(server.url, tmp_path, Network(timeout=0.3, retries=0), max_bytes=100_000, probe_seconds=3)


def test_an_endpoint_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with answering(lambda _: None) as server:
        url = server.url
    with pytest.raises(Unreachable, match="no answer"):
        Probed(url, tmp_path)


def test_a_model_list_that_breaks_off_is_a_gap_and_the_server_is_still_told(tmp_path: Path) -> None:
    def answer(request: Handler) -> Answer | None:
        if request.path == "/v2/repository/index":
            return _half(request)  # type: ignore[func-returns-value]  # it wrote to the wire itself
        return Answer(200, [], b'{"name": "triton", "version": "2"}') if request.path == "/v2" else Answer(404, [], b"")

    with answering(answer) as server:
        probed = Probed(server.url, tmp_path)
        assert probed.endpoint.attributes["server"] == "triton"
        assert [gap.reason for gap in probed.gaps] == [Reason.UNEXPECTED]


@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", b"[" * 200_000, b'{"object": "list", "data": 7}', b"\xff\xfe\x00"])
def test_garbage_is_a_gap(tmp_path: Path, body: bytes) -> None:
    with answering(lambda _: Answer(200, [("Content-Type", "application/json")], body)) as server:
        probed = Probed(server.url, tmp_path)
        assert probed.models == [] and [gap.reason for gap in probed.gaps] == [Reason.UNEXPECTED]


def test_a_packed_bomb_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    with answering(lambda _: Answer(200, [("Content-Encoding", "gzip")], bomb)) as server, pytest.raises(OverLimit, match="packed"):
        Probed(server.url, tmp_path)


def test_packed_replies_are_read(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps({"object": "list", "data": [{"id": "x", "owned_by": "vllm", "root": "a/b"}]}).encode())
    with answering(lambda _: Answer(200, [("Content-Encoding", "gzip")], packed)) as server:
        assert Probed(server.url, tmp_path).summary[1] == ["a/b"]


def test_no_redirect_leads_off_the_host(tmp_path: Path) -> None:
    with replay("vllm") as elsewhere, answering(lambda request: Answer(307, [("Location", elsewhere.url + request.path)], b"")) as server:
        probed = Probed(server.url, tmp_path)
        assert elsewhere.requests == [] and probed.models == []


def test_a_redirect_on_the_host_is_followed(tmp_path: Path) -> None:
    reply = json.dumps({"object": "list", "data": [{"id": "x", "owned_by": "vllm", "root": "a/b"}]}).encode()

    def answer(request: Handler) -> Answer:
        return Answer(200, [], reply) if request.path.startswith("/new") else Answer(308, [("Location", f"/new{request.path}")], b"")

    with answering(answer) as server:
        assert Probed(server.url, tmp_path).summary[1] == ["a/b"]


def test_hostile_names_are_carried_as_they_are(tmp_path: Path) -> None:
    name = '=cmd|"/c calc"!A1<script>\u202e\n'
    with replay("vllm", changes={"/v1/models": {"object": "list", "data": [{"id": name, "owned_by": "vllm"}]}}) as server:
        assert Probed(server.url, tmp_path).models[0].attributes["model_id"] == name


def _seen(url: str, **attributes: Any) -> Seen:
    key = "endpoint:prod-eu/llm/service/gateway"
    work = Sighting(
        "workload:prod-eu/llm/deployment/gateway",
        Kind.WORKLOAD,
        (),
        {k: v for k, v in attributes.items() if k in ("replicas", "scaled_by")},
    )
    own = {name: value for name, value in attributes.items() if name not in ("replicas", "scaled_by")}
    endpoint = Sighting(key, Kind.ENDPOINT, (), {"url": url, **own})
    return Seen((endpoint, work), (Link(key, Relation.ROUTES, work.asset),))


@pytest.mark.parametrize(
    ("settings", "attributes", "probed"),
    [
        ({"probe_seen": False, "allow": ("127.0.0.1",)}, {}, []),
        ({"probe_seen": True}, {}, ["skipped"]),
        ({"probe_seen": True, "allow": ("10.0.0.0/8",)}, {}, ["skipped"]),
        ({"probe_seen": True, "allow": ("127.0.0.0/8",)}, {}, ["probed"]),
        ({"probe_seen": True, "allow": ("127.*",)}, {}, ["probed"]),
        ({"probe_seen": True, "allow": ("127.*",)}, {"replicas": 0}, ["skipped"]),
        ({"probe_seen": True, "allow": ("127.*",)}, {"scaled_by": "knativeservice"}, ["skipped"]),
        ({"probe_seen": True, "allow": ("127.*",)}, {"running": False}, []),
        ({"probe_seen": True, "allow": ("127.*",)}, {"provider": "openai"}, []),
    ],
)
def test_what_others_saw_is_probed_only_where_it_is_allowed_and_awake(
    tmp_path: Path, settings: dict[str, Any], attributes: dict[str, Any], probed: list[str]
) -> None:
    connector = inference.connect(inference.Settings(**settings), desk(tmp_path / "scratch"))
    told = list(connector.units(_seen("http://127.0.0.1:8000", **attributes)))
    assert ["probed" if isinstance(one, Unit) else "skipped" for one in told] == probed
    assert bool(connector.after) is settings["probe_seen"]


def test_what_others_saw_keeps_its_key(tmp_path: Path) -> None:
    with replay("vllm") as server:
        connector = inference.connect(inference.Settings(probe_seen=True, allow=("127.0.0.1",)), desk(tmp_path / "scratch"))
        (unit,) = connector.units(_seen(server.url))
        assert isinstance(unit, Unit)
        endpoint = next(one for one in connector.observe(unit) if isinstance(one, Sighting))
        assert endpoint.asset == "endpoint:prod-eu/llm/service/gateway"


def test_the_metadata_address_of_clouds_is_never_allowed() -> None:
    assert not allowed("169.254.169.254", ("*", "0.0.0.0/0"))
    assert not allowed("no-such-host.invalid", ("*.invalid",))


@pytest.mark.parametrize("url", ["ftp://x", "10.0.0.7:8000", "http://user:pw@host", "http://host/?key=1", "http://"])
def test_an_address_that_cannot_be_probed_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        inference.Settings(endpoints=(url,))


def test_the_doctor_says_what_answers(tmp_path: Path) -> None:
    with replay("vllm") as one, replay("litellm") as other:
        connector = inference.connect(inference.Settings(endpoints=(one.url, other.url, "http://127.0.0.1:9")), desk(tmp_path / "scratch"))
        checks = list(connector.check())
        assert [check.ok for check in checks] == [True, False, False]
        assert checks[0].detail == "vllm, 1 models" and "token_env" in checks[1].remedy


def test_every_expression_of_the_table_compiles_and_every_row_has_its_source() -> None:
    for row in fingerprints():
        assert row.source.startswith("https://") and row.tests
        for test in row.tests:
            assert all(re.compile(rule) for rule in (test.header, test.body, test.value))


def test_a_row_says_recorded_only_where_a_real_server_was_recorded() -> None:
    text = resources.files("connectors.inference").joinpath("fingerprints.toml").read_text("utf-8")
    rows = {name: how for how, name in re.findall(r'\[\[server\]\]  # ([^\n]+)\nid = "([^"]+)"', text)}
    assert rows.keys() == {row.id for row in fingerprints()}, "every row says how it is known"
    told = {summary[0] for summary in RECORDED.values()} - {"openai-compatible", None}
    told |= rows.keys() & {path.stem for path in RECORDINGS.glob("*.json")}
    assert {name for name, how in rows.items() if how.startswith("recorded")} == told


def test_hand_made_servers_are_no_recordings() -> None:
    server: Callable[[str], AbstractContextManager[Server]] = hand_made
    with server("kserve") as made:
        assert made.url.startswith("http://127.0.0.1:")
