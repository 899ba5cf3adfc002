"""Being AI is derived, with its chain; so is which model runs where."""

import pytest

from scanner.derive import derive
from scanner.graph import Graph
from scanner.model import Derived, Observation, Observed, Relation
from scanner.resolve import resolve
from tests.made import ARTIFACT, MODEL, REPO, WORKLOAD, link, seen, sheet, workload

IMAGE, ENDPOINT, ROLE = "image:ghcr.io/acme/payments", "endpoint:https://llm.acme.example", "identity:arn:aws:iam::1:role/llm"
SDK = "sdk:acme/payments:openai"
USES_SDK = (seen(REPO), seen(SDK), link(REPO, Relation.USES, SDK))


def derived(*told: Observation) -> Derived:
    return derive(Graph(resolve([sheet(*told)])))


def chain(of: Derived, key: str) -> list[str]:
    return [f"{each.source} {each.relation} {each.target}" for each in of.ai[key]]


def places(of: Derived, observed: Observed = Observed.RUNNING) -> list[tuple[str, str]]:
    return sorted((each.subject, each.host) for each in of.places if each.observed is observed)


def test_a_known_server_is_ai_by_itself() -> None:
    told = derived(workload(WORKLOAD, server="vllm"))
    assert chain(told, WORKLOAD) == []
    assert places(told) == [(WORKLOAD, WORKLOAD)]


def test_it_serves_or_loads_a_model() -> None:
    told = derived(workload(), seen(ARTIFACT), link(WORKLOAD, Relation.LOADS, ARTIFACT))
    assert chain(told, WORKLOAD) == [f"{WORKLOAD} loads {ARTIFACT}"]
    assert places(told) == [(ARTIFACT, WORKLOAD)]


def test_the_repository_that_builds_its_image_uses_an_sdk() -> None:
    told = derived(workload(), *USES_SDK, link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
    assert chain(told, WORKLOAD) == [f"{WORKLOAD} runs {IMAGE}", f"{REPO} builds {IMAGE}", f"{REPO} uses {SDK}"]
    assert chain(told, IMAGE) == [f"{REPO} builds {IMAGE}", f"{REPO} uses {SDK}"]
    assert places(told) == [(WORKLOAD, WORKLOAD)]


def test_the_repository_whose_manifest_deploys_it_uses_an_sdk() -> None:
    manifest = "deployment:acme/payments:k8s/llm.yaml#Deployment/gateway"
    links = (link(REPO, Relation.CONTAINS, manifest), link(manifest, Relation.DEPLOYS, WORKLOAD))
    told = derived(workload(), *USES_SDK, seen(manifest), *links)
    assert chain(told, WORKLOAD) == [f"{manifest} deploys {WORKLOAD}", f"{REPO} contains {manifest}", f"{REPO} uses {SDK}"]


def test_who_builds_the_image_counts_before_who_deploys_it() -> None:
    """A repository of manifests that also uses an SDK in a script makes a hundred ordinary workloads none the more AI."""
    gitops = "repo:acme/gitops"
    ops = (
        seen(gitops),
        seen("sdk:acme/gitops:openai"),
        link(gitops, Relation.USES, "sdk:acme/gitops:openai"),
        link(gitops, Relation.DEPLOYS, WORKLOAD),
    )
    built = (seen(REPO), link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
    assert WORKLOAD not in derived(workload(), *ops, *built).ai
    assert WORKLOAD in derived(workload(), *ops).ai


def test_it_calls_an_ai_endpoint() -> None:
    told = derived(workload(), seen(ENDPOINT, server="vllm"), link(WORKLOAD, Relation.CALLS, ENDPOINT))
    assert chain(told, WORKLOAD) == [f"{WORKLOAD} calls {ENDPOINT}"]


def test_it_calls_an_endpoint_that_leads_to_an_ai_workload() -> None:
    other = "workload:prod-eu/llm/deployment/vllm"
    told = derived(
        workload(),
        workload(other, server="vllm"),
        seen(ENDPOINT),
        link(WORKLOAD, Relation.CALLS, ENDPOINT),
        link(ENDPOINT, Relation.ROUTES, other),
    )
    assert chain(told, WORKLOAD) == [f"{WORKLOAD} calls {ENDPOINT}", f"{ENDPOINT} routes {other}"]


KEY, PROVIDER = "credential:prod-eu/llm/secret/openai", "endpoint:https://api.openai.com/v1"
TELLS_A_PROVIDER = [(KEY, Relation.READS, "openai"), (PROVIDER, Relation.CALLS, "openai")]


@pytest.mark.parametrize(("target", "relation", "provider"), TELLS_A_PROVIDER)
def test_it_is_handed_a_providers_key_or_calls_its_address(target: str, relation: Relation, provider: str) -> None:
    told = derived(workload(), seen(target, provider=provider), link(WORKLOAD, relation, target))
    assert chain(told, WORKLOAD) == [f"{WORKLOAD} {relation} {target}"]
    assert places(told) == [(WORKLOAD, WORKLOAD)]


@pytest.mark.parametrize(("target", "relation", "provider"), TELLS_A_PROVIDER)
def test_where_its_repositorys_model_tells_more_the_workload_is_not_told_again(target: str, relation: Relation, provider: str) -> None:
    code = (seen(REPO), seen(MODEL, "api:openai/gpt-x"), link(REPO, Relation.USES, MODEL))
    built = (link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
    told = derived(workload(), seen(target, provider=provider), link(WORKLOAD, relation, target), *code, *built)
    assert places(told) == [(MODEL, WORKLOAD)]


@pytest.mark.parametrize("provider", ["pinecone", "langfuse", "github", "litellm", None])
def test_a_key_of_what_sells_no_models_makes_nothing_ai(provider: str | None) -> None:
    """Neither a store's, nor a tool's, nor the one of a gateway that the organisation runs itself."""
    assert derived(workload(), seen(KEY, provider=provider), link(WORKLOAD, Relation.READS, KEY)).ai == {}


def test_a_workload_stopped_by_hand_runs_nothing_whatever_keys_it_holds() -> None:
    told = derived(workload(WORKLOAD, running=False), seen(KEY, provider="openai"), link(WORKLOAD, Relation.READS, KEY))
    assert (list(told.ai), told.places) == ([WORKLOAD], ())


def test_who_merely_calls_our_own_model_is_a_consumer_and_no_place() -> None:
    front = "workload:prod-eu/web/deployment/frontend"
    serves = (workload(WORKLOAD, server="vllm"), seen(ENDPOINT), link(ENDPOINT, Relation.ROUTES, WORKLOAD))
    calls = (workload(front), link(front, Relation.CALLS, ENDPOINT))
    told = derived(*serves, *calls)
    assert chain(told, front) == [f"{front} calls {ENDPOINT}", f"{ENDPOINT} routes {WORKLOAD}"]
    assert places(told) == [(WORKLOAD, WORKLOAD)]
    own = (seen(ARTIFACT), link(front, Relation.LOADS, ARTIFACT))
    assert places(derived(*serves, *calls, *own)) == sorted([(WORKLOAD, WORKLOAD), (ARTIFACT, front)])


def test_who_comes_from_a_repository_that_calls_our_own_model_is_a_consumer_too() -> None:
    code = (seen(REPO), seen(ENDPOINT, server="vllm"), link(REPO, Relation.CALLS, ENDPOINT))
    told = derived(workload(), *code, link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
    assert WORKLOAD in told.ai
    assert places(told) == [(ENDPOINT, ENDPOINT)]


def test_a_consumer_whose_identity_may_invoke_a_model_or_that_holds_a_providers_key_is_more_than_that() -> None:
    calls = (workload(), seen(ENDPOINT, server="vllm"), link(WORKLOAD, Relation.CALLS, ENDPOINT))
    permitted = (seen(ROLE), link(WORKLOAD, Relation.ASSUMES, ROLE), link(ROLE, Relation.INVOKES, "endpoint:arn:x"))
    handed = (seen(KEY, provider="openai"), link(WORKLOAD, Relation.READS, KEY))
    assert places(derived(*calls)) == [(ENDPOINT, ENDPOINT)]
    for more in (permitted, handed):
        assert (WORKLOAD, WORKLOAD) in places(derived(*calls, *more))


def test_its_identity_may_invoke_a_model() -> None:
    account = "identity:prod-eu/llm/serviceaccount/gateway"
    links = (
        link(WORKLOAD, Relation.ASSUMES, account),
        link(account, Relation.ASSUMES, ROLE),
        link(ROLE, Relation.INVOKES, "endpoint:arn:x"),
    )
    told = derived(workload(), seen(account), seen(ROLE), *links)
    assert chain(told, WORKLOAD) == [f"{WORKLOAD} assumes {account}", f"{account} assumes {ROLE}", f"{ROLE} invokes endpoint:arn:x"]


def test_an_identity_that_may_do_anything_says_nothing() -> None:
    links = (link(WORKLOAD, Relation.ASSUMES, ROLE), link(ROLE, Relation.INVOKES, "endpoint:arn:x"))
    assert WORKLOAD not in derived(workload(), seen(ROLE, over_privileged=True), *links).ai


@pytest.mark.parametrize("context", ["test", "docs", "example", "vendored"])
def test_code_that_is_not_in_the_image_makes_nothing_ai(context: str) -> None:
    quiet = (seen(REPO), seen(SDK, context=context), link(REPO, Relation.USES, SDK))
    told = derived(workload(), *quiet, link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
    assert not {WORKLOAD, IMAGE, REPO} & told.ai.keys()


def test_an_ordinary_workload_is_not_ai() -> None:
    told = derived(workload(), seen(REPO), link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
    assert (dict(told.ai), told.places) == ({}, ())


def test_the_chain_is_one_hop_deep() -> None:
    """What calls something that calls something AI is not AI."""
    second = "endpoint:https://second"
    links = (link(WORKLOAD, Relation.CALLS, second), link("workload:x/y/deployment/z", Relation.CALLS, ENDPOINT))
    told = derived(workload(), seen(second), workload("workload:x/y/deployment/z"), seen(ENDPOINT, server="vllm"), *links)
    assert WORKLOAD not in told.ai


def test_a_model_that_the_host_shows_is_not_told_twice_by_its_code() -> None:
    served = f"model:{WORKLOAD}:huggingface/org/m"
    code = (
        seen(REPO),
        seen("model:acme/payments:huggingface/org/m", "hf:org/m"),
        link(REPO, Relation.USES, "model:acme/payments:huggingface/org/m"),
    )
    links = (link(WORKLOAD, Relation.SERVES, served), link(WORKLOAD, Relation.RUNS, IMAGE), link(REPO, Relation.BUILDS, IMAGE))
    assert places(derived(workload(), seen(served, "hf:org/m"), *code, *links)) == [(served, WORKLOAD)]


def test_an_endpoint_that_leads_to_a_workload_we_see_is_judged_there() -> None:
    told = derived(workload(WORKLOAD, server="vllm"), seen(ENDPOINT, server="vllm"), link(ENDPOINT, Relation.ROUTES, WORKLOAD))
    assert places(told) == [(WORKLOAD, WORKLOAD)]


def test_a_mounted_prefix_runs_each_model_in_it() -> None:
    many = [seen(f"artifact:s3://ml/a/{number:03}.onnx") for number in range(300)]
    told = derived(workload(), *many, link(WORKLOAD, Relation.LOADS, "s3://ml/a"))
    assert len(places(told)) == 300


def test_weights_that_no_one_sighted_are_no_copy() -> None:
    told = derived(workload(), link(WORKLOAD, Relation.LOADS, "s3://elsewhere/m.onnx"))
    assert places(told, Observed.STORED) == []
    assert places(told) == [("artifact:s3://elsewhere/m.onnx", WORKLOAD)]


def test_a_manifest_at_rest_codes_its_model() -> None:
    manifest = "deployment:acme/payments:k8s/llm.yaml#Deployment/llm"
    told = derived(seen(REPO), seen(manifest), seen(MODEL), link(REPO, Relation.CONTAINS, manifest), link(manifest, Relation.SERVES, MODEL))
    assert places(told, Observed.CODED) == [(MODEL, REPO)]
