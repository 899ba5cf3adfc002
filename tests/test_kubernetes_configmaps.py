"""ConfigMaps: a model that only a mounted file or a variable of one names is seen, and no value of one is kept."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scanner.coverage import Looked, Told, build
from scanner.crawl.kept import remainder
from scanner.detect.pool import LocalDetector
from scanner.model import Confidence, Evidence, Kind, Reason, Sight, Sighting
from scanner.store import decode
from tests.estate.kubernetes import objects as k8s
from tests.kubernetes_desk import Reader, reading

LLM = k8s.namespace("llm")
GATEWAY = "workload:prod-eu/llm/deployment/gateway"
LITELLM = """model_list:
  - model_name: fast
    litellm_params:
      model: openai/gpt-4o
      api_key: {key}
"""
KEY = f"sk-proj-{'Zt8QeXw2LmN4pR7sVbY1'}T3BlbkFJ{'vR5nMpL8sHcXwQ2ZtBgY'}"


def config(name: str, **data: str) -> Any:
    return k8s.thing("v1", "ConfigMap", name, "llm", data={key.replace("__", "."): text for key, text in data.items()})


def mounted(name: str, **volume: Any) -> Any:
    box = k8s.container("acme/gateway:1", volumeMounts=[{"name": "config", "mountPath": "/etc/gateway"}])
    return k8s.deployment("gateway", "llm", box, volumes=[{"name": "config", **(volume or {"configMap": {"name": name}})}])


def real(reader: Reader) -> Reader:
    """The reader with the detector of a run, in this process."""
    reader.connector.tools = msgspec.structs.replace(reader.connector.tools, detector=LocalDetector(fingerprint_key=b"k" * 32))
    return reader


def models(reader: Reader) -> set[str]:
    return {target for _, _, target in reader.links(relation="serves")}


@pytest.mark.parametrize(
    "volume", [{"configMap": {"name": "models"}}, {"projected": {"sources": [{"configMap": {"name": "models"}}]}}], ids=["map", "projected"]
)
def test_a_model_that_only_a_mounted_file_names_is_served(tmp_path: Path, volume: Any) -> None:
    with reading([LLM, config("models", config__yml="model: gpt-4o"), mounted("models", **volume)], tmp_path) as reader:
        model = f"model:{GATEWAY}:openai/gpt-4o"
        assert models(reader) == {model}
        found = reader.things()[model]
        assert found.identifiers == ("api:openai/gpt-4o",)
        assert found.evidence[0].where == "kubernetes:prod-eu/llm/configmap/models:data[config.yml]:2"
        assert found.evidence[0].confidence is Confidence.INFERRED


def test_litellms_list_is_read_and_a_key_in_it_is_known_by_its_fingerprint(tmp_path: Path) -> None:
    with reading([LLM, config("litellm", config__yaml=LITELLM.format(key=KEY)), mounted("litellm")], tmp_path) as reader:
        told = real(reader).told()
        assert f"model:{GATEWAY}:openai/gpt-4o" in models(reader)
        leaks = [one for one in reader.things().values() if one.kind is Kind.CREDENTIAL and one.attributes["type"] == "leak"]
        assert [leak.attributes["provider"] for leak in leaks] == ["openai"] and leaks[0].attributes["fingerprint"]
        assert leaks[0].asset.startswith("credential:prod-eu/llm/configmap/litellm:leak/")
        assert (GATEWAY, "reads", leaks[0].asset) in reader.links()
        assert "sk-proj" not in repr(told) and "Zt8QeXw2" not in repr(told)


def test_a_variable_of_a_configmap_counts_as_if_it_stood_there(tmp_path: Path) -> None:
    reference = {"name": "MODEL", "valueFrom": {"configMapKeyRef": {"name": "models", "key": "model"}}}
    box = k8s.container("vllm/vllm-openai:v1", args=["--model", "$(MODEL)"]) | {"env": [reference]}
    bot = k8s.container("acme/bot:1", envFrom=[{"configMapRef": {"name": "settings"}}])
    there = [
        LLM, config("models", model="acme/tiny"), config("settings", OPENAI_MODEL="gpt-4o-mini", OPENAI_BASE_URL="https://api.openai.com/v1"),
        k8s.deployment("gateway", "llm", box), k8s.deployment("bot", "llm", bot),
    ]  # fmt: skip
    with reading(there, tmp_path) as reader:
        bots = "workload:prod-eu/llm/deployment/bot"
        assert models(reader) == {f"model:{GATEWAY}:huggingface/acme/tiny", f"model:{bots}:openai/gpt-4o-mini"}
        assert (bots, "calls", "endpoint:https://api.openai.com/v1") in reader.links()
        assert reader.things()[bots].attributes["config_maps"] == ("settings",)


def test_what_a_container_says_itself_wins_over_its_configmap(tmp_path: Path) -> None:
    box = k8s.container("acme/bot:1", env={"OPENAI_MODEL": "gpt-4o"}, envFrom=[{"configMapRef": {"name": "settings"}}])
    with reading([LLM, config("settings", OPENAI_MODEL="gpt-3.5-turbo"), k8s.deployment("gateway", "llm", box)], tmp_path) as reader:
        assert models(reader) == {f"model:{GATEWAY}:openai/gpt-4o"}


def test_configmaps_that_nothing_is_handed_are_not_asked_for(tmp_path: Path) -> None:
    there = [LLM, config("models", config__yml="gpt-4o"), k8s.deployment("gateway", "llm", k8s.container("acme/gateway:1"))]
    with reading(there, tmp_path, denied=[("gnomon", "llm", "configmaps")]) as reader:
        assert (models(reader), reader.gaps()) == (set(), [])
        assert not any("configmaps" in request for request in reader.cluster.requests)


def test_a_denied_list_of_configmaps_hides_only_what_they_name(tmp_path: Path) -> None:
    there = [LLM, config("models", config__yml="gpt-4o"), mounted("models")]
    with reading(there, tmp_path, denied=[("gnomon", "llm", "configmaps")]) as reader:
        (gap,) = reader.gaps()
        assert (gap.scope, gap.reason) == ("kubernetes/prod-eu/llm/configmap", Reason.DENIED)
        assert gap.remedy == 'add to its ClusterRole: apiGroups [""], resources ["configmaps"], verbs ["list"]'
        assert GATEWAY in reader.things()
    looked = Looked(build([Told("k", "kubernetes/prod-eu/llm", Sight.READ)], [gap], ["kubernetes"], ()))
    assert looked.whole(["kubernetes/prod-eu/llm"])[0] is False, "a model could be named there"
    assert "kubernetes/prod-eu/llm" in looked.unread("run") and "kubernetes/prod-eu/llm" not in looked.unread("store")
    gone = Sighting("workload:gone", Kind.WORKLOAD, evidence=(Evidence("kubernetes:prod-eu/llm/deployment/gone", "k"),))
    hidden = Sighting("model:hidden", Kind.MODEL, evidence=(Evidence("kubernetes:prod-eu/llm/configmap/models:data[x]", "k"),))
    kept = [each for chunk in remainder([gone, hidden], [], [gap], "kubernetes/prod-eu/llm") for each in decode(chunk)]
    assert kept == [hidden], "a deployment that is not listed any more is gone all the same"


@pytest.mark.parametrize("data", [None, {"config.yml": None}, {"config.yml": 3}, [], "x"])
def test_a_configmap_of_another_shape_is_empty(tmp_path: Path, data: Any) -> None:
    with reading([LLM, config("models", config__yml="gpt-4o"), mounted("models")], tmp_path) as reader:
        page = {"kind": "ConfigMapList", "metadata": {}, "items": [{"metadata": {"name": "models"}, "data": data}]}
        reader.cluster.fail("llm/configmaps", body=json.dumps(page).encode())
        assert (models(reader), reader.gaps()) == (set(), [])


def test_a_text_over_the_limit_is_a_gap_at_its_key(tmp_path: Path) -> None:
    with reading([LLM, config("models", a__yml="x" * (1 << 20) + "gpt-4o", b__yml="gpt-4o"), mounted("models")], tmp_path) as reader:
        (gap,) = reader.gaps()
        assert (gap.scope, gap.reason) == ("kubernetes/prod-eu/llm/configmap/models:data[a.yml]", Reason.LIMIT)
        assert models(reader) == {f"model:{GATEWAY}:openai/gpt-4o"}


def runtime(kind: str, name: str, namespace: str | None, model: str, image: str = "vllm/vllm-openai:v1") -> Any:
    box = {"name": "kserve-container", "image": image, "args": [f"--model={model}", "--served-model-name={{.Name}}"]}
    spec = {"supportedModelFormats": [{"name": "x"}], "containers": [box]}
    return k8s.thing("serving.kserve.io/v1alpha1", kind, name, namespace, spec=spec)


def named(uri: str = "") -> Any:
    model = {"modelFormat": {"name": "x"}, "runtime": "fast", **({"storageUri": uri} if uri else {})}
    return k8s.thing("serving.kserve.io/v1beta1", "InferenceService", "chat", "llm", spec={"predictor": {"model": model}})


def test_a_cluster_wide_runtime_says_which_server_and_model_an_inferenceservice_is(tmp_path: Path) -> None:
    with reading([LLM, runtime("ClusterServingRuntime", "fast", None, "acme/tiny"), named()], tmp_path) as reader:
        key = "endpoint:prod-eu/llm/inferenceservice/chat"
        assert reader.things()[key].attributes["server"] == "vllm"
        assert models(reader) == {f"model:{key}:huggingface/acme/tiny"}


def test_a_runtime_of_the_namespace_comes_first_and_an_own_model_before_both(tmp_path: Path) -> None:
    both = [runtime("ClusterServingRuntime", "fast", None, "acme/tiny"), runtime("ServingRuntime", "fast", "llm", "acme/near")]
    key = "endpoint:prod-eu/llm/inferenceservice/chat"
    with reading([LLM, *both, named()], tmp_path) as reader:
        assert models(reader) == {f"model:{key}:huggingface/acme/near"}
    with reading([LLM, *both, named("s3://ml-prod/chat/1")], tmp_path) as reader:
        assert (models(reader), reader.links(relation="loads")) == (set(), {(key, "loads", "s3://ml-prod/chat/1")})


def test_runtimes_that_may_not_be_listed_are_a_gap_of_the_cluster(tmp_path: Path) -> None:
    there = [LLM, runtime("ClusterServingRuntime", "fast", None, "acme/tiny"), named()]
    with reading(there, tmp_path, denied=[("gnomon", "", "clusterservingruntimes")]) as reader:
        assert ("kubernetes/prod-eu/clusterservingruntimes", Reason.DENIED) in {(gap.scope, gap.reason) for gap in reader.listing_gaps()}
        assert "endpoint:prod-eu/llm/inferenceservice/chat" in reader.things()
