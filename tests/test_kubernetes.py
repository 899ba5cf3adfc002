"""What a cluster holds, in the names of docs/vocabulary.md: keys, attributes and links of every kind that is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.kubernetes.kinds import rows
from scanner.model import Reason
from tests.estate.kubernetes import objects as k8s
from tests.estate.kubernetes.storage import plural
from tests.kubernetes_desk import Reader, reading

FIXTURES = Path(__file__).parent / "fixtures" / "kubernetes"
LLM = k8s.namespace("llm", team="ml-platform", env="production")
VLLM = k8s.container("vllm/vllm-openai:v0.8.4", args=["--model", "meta-llama/Llama-3.1-8B", "--revision", "v1"])
GATEWAY = "workload:prod-eu/llm/deployment/gateway"
ROLE = "arn:aws:iam::111122223333:role/scorer"


def test_a_deployment_with_its_pods_is_one_workload(tmp_path: Path) -> None:
    limits = {"limits": {"nvidia.com/gpu": "2"}}
    made = k8s.deployment("gateway", "llm", {**VLLM, "resources": limits}, replicas=3, annotations={"owner": "llm-team"})
    with reading([LLM, *k8s.rolled_out(made)], tmp_path) as reader:
        things = reader.things()
        assert [key for key in things if key.startswith("workload:")] == [GATEWAY]
        found = things[GATEWAY]
        assert found.identifiers == (f"uid:kubernetes:{k8s.uid('Deployment', 'llm', 'gateway')}",)
        told = {
            name: found.attributes[name] for name in ("type", "server", "running", "replicas", "gpu", "owner", "environment", "version")
        }
        assert told == {
            "type": "deployment", "server": "vllm", "running": True, "replicas": 3, "gpu": 2, "owner": "llm-team",
            "environment": "production", "version": "v0.8.4",
        }  # fmt: skip
        assert found.attributes["image_digests"] == (f"sha256:{k8s.digest('vllm/vllm-openai:v0.8.4')}",)


def test_its_image_and_its_model_are_things_of_their_own(tmp_path: Path) -> None:
    with reading([LLM, *k8s.rolled_out(k8s.deployment("gateway", "llm", VLLM))], tmp_path) as reader:
        things, links = reader.things(), reader.links()
        assert things["image:docker.io/vllm/vllm-openai"].attributes == {}, "an image is in no one cluster"
        image, model = "image:docker.io/vllm/vllm-openai", f"model:{GATEWAY}:huggingface/meta-llama/Llama-3.1-8B"
        assert {(GATEWAY, "runs", image), (GATEWAY, "serves", model)} <= links
        digest = k8s.digest("vllm/vllm-openai:v0.8.4")
        assert things[image].identifiers == (
            "image:docker.io/vllm/vllm-openai:v0.8.4", f"oci:docker.io/vllm/vllm-openai@sha256:{digest}",
        )  # fmt: skip
        assert things[model].identifiers == ("hf:meta-llama/Llama-3.1-8B", "hf:meta-llama/Llama-3.1-8B@v1")
        assert things[model].evidence[0].where.startswith("kubernetes:prod-eu/llm/deployment/gateway:spec.template.spec.containers[0]")


def test_variables_in_arguments_are_written_out(tmp_path: Path) -> None:
    container = k8s.container("vllm/vllm-openai:v1", args=["--model=$(MODEL_NAME)"], env={"MODEL_NAME": "acme/tiny"})
    with reading([LLM, k8s.deployment("gateway", "llm", container)], tmp_path) as reader:
        assert _models(reader) == {f"model:{GATEWAY}:huggingface/acme/tiny"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([], False),
        ([k8s.autoscaler("a", "llm", "gateway", least=1)], False),
        ([k8s.autoscaler("a", "llm", "gateway", least=0)], True),
        ([k8s.scaledobject("a", "llm", "gateway")], True),
        ([k8s.scaledobject("a", "llm", "gateway", **{"autoscaling.keda.sh/paused-replicas": "0"})], False),
        ([k8s.scaledobject("a", "llm", "gateway", **{"autoscaling.keda.sh/paused": "true"})], False),
    ],
    ids=["by hand", "hpa leaves zero alone", "hpa from zero", "keda", "keda held at zero", "keda frozen"],
)
def test_zero_replicas_run_only_where_an_autoscaler_starts_the_first(tmp_path: Path, more: list[Any], expected: bool) -> None:
    with reading([LLM, k8s.deployment("gateway", "llm", VLLM, replicas=0), *more], tmp_path) as reader:
        assert reader.things()[GATEWAY].attributes["running"] is expected


def test_zero_replicas_are_unknown_where_autoscalers_could_not_be_seen(tmp_path: Path) -> None:
    denied = [("gnomon", "llm", "horizontalpodautoscalers")]
    with reading([LLM, k8s.deployment("gateway", "llm", VLLM, replicas=0)], tmp_path, denied=denied) as reader:
        assert "running" not in reader.things()[GATEWAY].attributes


def test_jobs_run_until_done_and_cronjobs_until_suspended(tmp_path: Path) -> None:
    box = k8s.container("acme/train:1")
    nightly = k8s.cronjob("nightly", "llm", box)
    there = [
        LLM, nightly, k8s.cronjob("off", "llm", box, suspend=True), k8s.job("now", "llm", box),
        k8s.job("done", "llm", box, done="Complete"),
        k8s.job("broken", "llm", box, done="Failed"), k8s.job("held", "llm", box, suspend=True),
        k8s.job("nightly-29384720", "llm", box, owner=nightly),
        k8s.bare_pod("alone", "llm", box), k8s.bare_pod("over", "llm", box, phase="Succeeded"),
    ]  # fmt: skip
    with reading(there, tmp_path) as reader:
        running = {
            key.partition("llm/")[2]: one.attributes["running"] for key, one in reader.things().items() if key.startswith("workload:")
        }
        assert running == {
            "cronjob/nightly": True, "cronjob/off": False, "job/now": True, "job/done": False, "job/broken": False, "job/held": False,
            "pod/alone": True, "pod/over": False,
        }  # fmt: skip
        assert reader.things()["workload:prod-eu/llm/cronjob/nightly"].attributes["schedule"] == "0 3 * * *"


def test_pods_of_a_kind_that_nobody_knows_belong_to_it(tmp_path: Path) -> None:
    owner = k8s.thing("acme.io/v1", "Fleet", "bots", "llm")
    there = [LLM, *(k8s.bare_pod(f"bots-{number}", "llm", VLLM, owner=owner) for number in range(3))]
    with reading(there, tmp_path) as reader:
        workloads = [key for key in reader.things() if key.startswith("workload:")]
        assert workloads == ["workload:prod-eu/llm/fleet/bots"]
        assert reader.things()[workloads[0]].attributes["server"] == "vllm"


def test_weights_are_loaded_from_where_variables_and_commands_say(tmp_path: Path) -> None:
    fetch = k8s.container("amazon/aws-cli:2", name="fetch", args=["s3", "cp", "s3://ml-prod/llama/8b/", "/models", "--recursive"])
    serve = k8s.container("vllm/vllm-openai:v1", args=["--model", "/models/8b"])
    scorer = k8s.container("acme/scorer:1", env={"MODEL_URI": "s3://ml-prod/fraud/1.3/model.safetensors", "BACKUP": "s3://acme-backups/db"})
    there = [LLM, k8s.deployment("gateway", "llm", serve, initContainers=[fetch]), k8s.deployment("scorer", "llm", scorer)]
    with reading(there, tmp_path) as reader:
        assert reader.links(relation="loads") == {
            (GATEWAY, "loads", "s3://ml-prod/llama/8b"),
            ("workload:prod-eu/llm/deployment/scorer", "loads", "s3://ml-prod/fraud/1.3/model.safetensors"),
        }
        assert _models(reader) == set(), "the local path is where the init container put the weights"


def test_a_model_on_a_volume_is_the_volumes(tmp_path: Path) -> None:
    mounts = [{"name": "weights", "mountPath": "/models"}, {"name": "cache", "mountPath": "/cache"}]
    serve = k8s.container("vllm/vllm-openai:v1", args=["--model", "/models/8b"], volumeMounts=mounts)
    claims = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in ("weights", "cache")]
    with reading([LLM, k8s.deployment("gateway", "llm", serve, volumes=claims)], tmp_path) as reader:
        assert reader.links(relation="loads") == {(GATEWAY, "loads", "artifact:prod-eu/llm/persistentvolumeclaim/weights/8b")}
        assert reader.things()[GATEWAY].attributes["mounts"] == ("pvc:cache", "pvc:weights")


def test_a_bucket_behind_a_claim_is_the_bucket(tmp_path: Path) -> None:
    serve = k8s.container("vllm/vllm-openai:v1", args=["--model", "/models/8b"], volumeMounts=[{"name": "w", "mountPath": "/models"}])
    csi = {"driver": "s3.csi.aws.com", "volumeHandle": "v", "volumeAttributes": {"bucketName": "ml-prod"}}
    volume = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadOnlyMany"], "csi": csi, "mountOptions": ["prefix llama/"]}
    there = [
        LLM,
        k8s.thing("v1", "PersistentVolume", "pv-1", spec=volume),
        k8s.thing("v1", "PersistentVolumeClaim", "weights", "llm", spec={"volumeName": "pv-1", "accessModes": ["ReadOnlyMany"]}),
        k8s.deployment("gateway", "llm", serve, volumes=[{"name": "w", "persistentVolumeClaim": {"claimName": "weights"}}]),
    ]
    with reading(there, tmp_path) as reader:
        assert reader.links(relation="loads") == {(GATEWAY, "loads", "s3://ml-prod/llama/8b")}
    with reading(there, tmp_path, denied=[("gnomon", "", "persistentvolumes")]) as reader:
        gap = next(gap for gap in reader.listing_gaps() if "persistentvolumes" in gap.scope)
        assert (gap.scope, gap.reason) == ("kubernetes/prod-eu/persistentvolumes", Reason.DENIED)
        assert reader.links(relation="loads") == {(GATEWAY, "loads", "artifact:prod-eu/llm/persistentvolumeclaim/weights/8b")}


def test_credentials_are_known_by_reference_and_never_by_value(tmp_path: Path) -> None:
    container = k8s.container(
        "acme/bot:1", env={"ANTHROPIC_API_KEY": "sk-ant-hunter2-hunter2", "HF_TOKEN": "EMPTY"}, secret_env={"OPENAI_API_KEY": "openai/key"},
        envFrom=[{"secretRef": {"name": "app-secrets"}}],
    )  # fmt: skip
    volumes = [{"name": "tls", "secret": {"secretName": "mtls"}}]
    made = k8s.deployment("gateway", "llm", container, volumes=volumes, imagePullSecrets=[{"name": "regcred"}])
    with reading([LLM, made], tmp_path) as reader:
        read = {target for _, _, target in reader.links(relation="reads")}
        inside = "credential:prod-eu/llm/secret"
        in_the_open = "credential:prod-eu/llm/deployment/gateway:env/ANTHROPIC_API_KEY"
        assert read == {f"{inside}/openai", f"{inside}/app-secrets", f"{inside}/mtls", f"{inside}/regcred", in_the_open}
        things = reader.things()
        assert things[f"{inside}/openai"].attributes["provider"] == "openai"
        assert things[f"{inside}/openai"].attributes["usable_from"] == ("kubernetes/prod-eu/llm",)
        assert things[f"{inside}/app-secrets"].attributes["usable_from"] == ("*",)
        assert things[in_the_open].attributes["type"] == "reference"
        assert "hunter2" not in repr(reader.told())


def test_secrets_are_not_listed_and_that_is_said(tmp_path: Path) -> None:
    secret = k8s.thing("v1", "Secret", "unused-openai-key", "llm", type="Opaque", data={"key": "aHVudGVyMg=="})
    with reading([LLM, secret], tmp_path) as reader:
        gap = next(gap for gap in reader.listing_gaps() if gap.scope == "kubernetes/prod-eu#unreferenced-secrets")
        assert gap.reason is Reason.SKIPPED
        assert not any(key.startswith("credential:") for key in reader.things())


def test_listed_secrets_come_without_values(tmp_path: Path) -> None:
    secret = k8s.thing("v1", "Secret", "unused-openai-key", "llm", type="Opaque", data={"key": "aHVudGVyMg=="})
    with reading([LLM, secret], tmp_path, settings={"list_secrets": True}) as reader:
        assert reader.listing_gaps() == []
        assert reader.things()["credential:prod-eu/llm/secret/unused-openai-key"].attributes["provider"] == "openai"
        asked = next((path, accept) for path, accept in reader.cluster.server.accepts if "/secrets" in path)
        assert "includeObject=None" in asked[0] and "as=Table" in asked[1]
        reader.cluster.fail("/secrets", body=b'{"kind": "SecretList", "metadata": {}, "items": [{"data": {"key": "aHVudGVyMg=="}}]}')
        assert "does not answer as a table" in reader.gaps()[0].detail
        assert "aHVudGVyMg" not in repr(reader.told())


def test_operators_name_the_secrets_that_they_write(tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:openai-AbCdEf"
    spec = {"target": {"name": "llm-keys"}, "data": [{"secretKey": "OPENAI_API_KEY", "remoteRef": {"key": arn}}]}
    there = [
        LLM, k8s.thing("external-secrets.io/v1", "ExternalSecret", "keys", "llm", spec=spec),
        k8s.thing("bitnami.com/v1alpha1", "SealedSecret", "sealed", "llm", spec={"encryptedData": {"HF_TOKEN": "AgB..."}}),
    ]  # fmt: skip
    with reading(there, tmp_path) as reader:
        things = reader.things()
        assert things["credential:prod-eu/llm/secret/llm-keys"].attributes["provider"] == "openai"
        assert things["credential:prod-eu/llm/secret/sealed"].attributes["provider"] == "huggingface"
        assert ("credential:prod-eu/llm/secret/llm-keys", "reads", arn) in reader.links()


def test_a_workload_assumes_its_service_account_and_that_a_cloud_role(tmp_path: Path) -> None:
    account = k8s.account(
        "scorer", "llm", **{"eks.amazonaws.com/role-arn": ROLE, "iam.gke.io/gcp-service-account": "ml@acme.iam.gserviceaccount.com"}
    )
    made = k8s.deployment("gateway", "llm", VLLM, account="scorer")
    with reading([LLM, account, made], tmp_path) as reader:
        identity = "identity:prod-eu/llm/serviceaccount/scorer"
        assert reader.links(relation="assumes") == {
            (GATEWAY, "assumes", identity), (identity, "assumes", f"identity:{ROLE}"),
            (identity, "assumes", "identity:gcp/ml@acme.iam.gserviceaccount.com"),
        }  # fmt: skip


def test_a_role_that_was_injected_into_a_pod_is_seen_there(tmp_path: Path) -> None:
    made = k8s.deployment("gateway", "llm", VLLM)
    owner = k8s.replicaset(made)
    pod = k8s.pod(owner)
    pod["spec"]["containers"] = [{**VLLM, "env": [{"name": "AWS_ROLE_ARN", "value": ROLE}]}]
    with reading([LLM, made, owner, pod], tmp_path) as reader:
        assert (GATEWAY, "assumes", f"identity:{ROLE}") in reader.links()


def test_endpoints_that_variables_name_are_called(tmp_path: Path) -> None:
    env = {
        "OPENAI_BASE_URL": "https://user:pw@api.openai.com/v1?key=hunter2", "UPSTREAM": "http://gateway.llm.svc.cluster.local:8000/v1",
        "LLM_URL": "https://llm.acme.example/v1", "HOMEPAGE": "https://acme.example", "VLLM_HOST": "gateway:8000", "DATABASE_URL": "http://db.acme.example",
    }  # fmt: skip
    there = [LLM, k8s.service("gateway", "llm"), k8s.deployment("bot", "llm", k8s.container("acme/bot:1", env=env))]
    with reading(there, tmp_path) as reader:
        assert {target for _, _, target in reader.links(relation="calls")} == {
            "endpoint:https://api.openai.com/v1", "endpoint:prod-eu/llm/service/gateway", "endpoint:https://llm.acme.example/v1",
        }  # fmt: skip
        assert "hunter2" not in repr(reader.told()) and "acme.example'" not in repr(reader.told())


def test_a_clients_model_is_read_where_its_provider_is_known(tmp_path: Path) -> None:
    box = k8s.container(
        "acme/bot:1",
        env={"LLM_MODEL": "gpt-4o-mini", "OPENAI_EMBEDDING_MODEL": "text-embedding-3-small"},
        secret_env={"OPENAI_API_KEY": "k/k"},
    )
    other = k8s.container("acme/car:1", env={"MODEL": "Golf"})
    with reading([LLM, k8s.deployment("bot", "llm", box), k8s.deployment("car", "llm", other)], tmp_path) as reader:
        bot = "model:workload:prod-eu/llm/deployment/bot:openai"
        assert _models(reader) == {f"{bot}/gpt-4o-mini", f"{bot}/text-embedding-3-small"}


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (k8s.service("gateway", "llm"), "internal"),
        (k8s.service("gateway", "llm", "NodePort"), "internal"),
        (k8s.service("gateway", "llm", "LoadBalancer", ip="203.0.113.7"), "public"),
        (k8s.service("gateway", "llm", "LoadBalancer", ip="10.1.2.3"), "internal"),
        (
            k8s.service("gateway", "llm", "LoadBalancer", annotations={"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}),
            "internal",
        ),
        (k8s.service("gateway", "llm", "LoadBalancer"), "public"),
    ],
)
def test_a_service_leads_to_its_pods_and_says_who_reaches_it(tmp_path: Path, service: Any, expected: str) -> None:
    with reading([LLM, *k8s.rolled_out(k8s.deployment("gateway", "llm", VLLM)), service], tmp_path) as reader:
        endpoint = reader.things()["endpoint:prod-eu/llm/service/gateway"]
        assert endpoint.attributes["exposure"] == expected
        assert endpoint.attributes["running"] is True
        assert reader.links(relation="routes") == {("endpoint:prod-eu/llm/service/gateway", "routes", GATEWAY)}


def test_an_ingress_leads_to_the_workloads_behind_its_services(tmp_path: Path) -> None:
    inside = k8s.ingress("admin", "llm", "admin.acme.example", "gateway", "nginx-internal")
    auth = {"nginx.ingress.kubernetes.io/auth-url": "https://sso.acme.example"}
    outside = k8s.ingress("web", "llm", "llm.acme.example", "gateway", tls="web-tls", annotations=auth, path="/v1")
    with reading([LLM, k8s.deployment("gateway", "llm", VLLM), k8s.service("gateway", "llm"), inside, outside], tmp_path) as reader:
        things = reader.things()
        web, admin = things["endpoint:prod-eu/llm/ingress/web"], things["endpoint:prod-eu/llm/ingress/admin"]
        assert (web.attributes["exposure"], web.attributes["authenticated"]) == ("public", True)
        assert "https://llm.acme.example/v1" in web.identifiers
        assert admin.attributes["exposure"] == "internal" and "authenticated" not in admin.attributes
        assert ("endpoint:prod-eu/llm/ingress/web", "routes", GATEWAY) in reader.links()
        assert ("endpoint:prod-eu/llm/ingress/web", "reads", "credential:prod-eu/llm/secret/web-tls") in reader.links()


def test_a_route_of_the_gateway_api_leads_across_namespaces(tmp_path: Path) -> None:
    rules = [{"backendRefs": [{"name": "gateway", "port": 80}, {"name": "far", "namespace": "other", "port": 80}]}]
    spec = {"hostnames": ["llm.acme.example"], "parentRefs": [{"name": "internal-gateway"}], "rules": rules}
    route = k8s.thing("gateway.networking.k8s.io/v1", "HTTPRoute", "web", "llm", spec=spec)
    with reading([LLM, k8s.deployment("gateway", "llm", VLLM), k8s.service("gateway", "llm"), route], tmp_path) as reader:
        key = "endpoint:prod-eu/llm/httproute/web"
        assert reader.things()[key].attributes["exposure"] == "internal"
        assert {(key, "routes", GATEWAY), (key, "routes", "endpoint:prod-eu/other/service/far")} <= reader.links()


def test_an_inferenceservice_without_workloads_serves_by_itself_even_at_zero(tmp_path: Path) -> None:
    with reading([LLM, k8s.inferenceservice("iris", "llm", "s3://ml-prod/iris/1", least=0)], tmp_path) as reader:
        key = "endpoint:prod-eu/llm/inferenceservice/iris"
        found = reader.things()[key]
        assert (found.attributes["server"], found.attributes["running"], found.attributes["exposure"]) == ("kserve", True, "public")
        assert (key, "loads", "s3://ml-prod/iris/1") in reader.links()


def test_an_inferenceservice_that_was_stopped_does_not_run(tmp_path: Path) -> None:
    stopped = k8s.inferenceservice("iris", "llm", "s3://ml-prod/iris/1", **{"serving.kserve.io/stop": "true"})
    with reading([LLM, stopped], tmp_path) as reader:
        assert reader.things()["endpoint:prod-eu/llm/inferenceservice/iris"].attributes["running"] is False


def test_the_workload_of_an_inferenceservice_serves_what_it_names_once(tmp_path: Path) -> None:
    served = k8s.inferenceservice("chat", "llm", "hf://meta-llama/Llama-3.1-8B", "huggingface")
    box = k8s.container("kserve/huggingfaceserver:v0.15.0", args=["--model_name=chat", "--model_dir=/mnt/models"])
    made = k8s.deployment("chat-predictor", "llm", box, owner=served)
    with reading([LLM, served, *k8s.rolled_out(made)], tmp_path) as reader:
        key, work = "endpoint:prod-eu/llm/inferenceservice/chat", "workload:prod-eu/llm/deployment/chat-predictor"
        model = f"model:{key}:huggingface/meta-llama/Llama-3.1-8B"
        assert reader.links(relation="serves") == {(work, "serves", model)}
        assert reader.links(relation="routes") == {(key, "routes", work)}


def test_a_knative_service_is_one_workload_whatever_its_revision(tmp_path: Path) -> None:
    made = k8s.thing("serving.knative.dev/v1", "Service", "iris", "llm", spec={"template": k8s.template({"app": "iris"}, VLLM)})
    revision = k8s.thing("serving.knative.dev/v1", "Revision", "iris-00002", "llm")
    below = k8s.deployment("iris-00002-deployment", "llm", VLLM, replicas=0, labels={"serving.knative.dev/service": "iris"}, owner=revision)
    with reading([LLM, made, below], tmp_path) as reader:
        workloads = {key: one.attributes["running"] for key, one in reader.things().items() if key.startswith("workload:")}
        assert workloads == {"workload:prod-eu/llm/knativeservice/iris": True}


CUSTOM = {
    "endpoint:prod-eu/llm/llminferenceservice/llama": ["huggingface/acme/sql-lora", "huggingface/meta-llama/Llama-3.1-8B-Instruct"],
    "endpoint:prod-eu/llm/seldondeployment/iris": ["gs://seldon-models/sklearn/iris"],
    "endpoint:prod-eu/llm/seldonmodel/income": ["gs://seldon-models/scv2/income"],
    "workload:prod-eu/llm/rayservice/chat": ["huggingface/Qwen/Qwen2.5-7B-Instruct"],
    "workload:prod-eu/llm/nimservice/nim-llama": ["nim/meta/llama-3.1-8b-instruct"],
    "workload:prod-eu/llm/kubeaimodel/gemma": ["ollama/gemma2:2b"],
    "workload:prod-eu/llm/ollamamodel/phi": ["ollama/phi"],
    "workload:prod-eu/llm/workspace/workspace-phi": ["kaito/phi-3.5-mini-instruct"],
    "workload:prod-eu/llm/vllmruntime/stack": ["huggingface/mistralai/Mistral-7B-Instruct-v0.3"],
    "workload:prod-eu/llm/leaderworkerset/big": ["huggingface/deepseek-ai/DeepSeek-R1"],
}


def test_every_custom_resource_of_the_table_says_what_it_serves(tmp_path: Path) -> None:
    found = yaml.safe_load((FIXTURES / "custom.yaml").read_text("utf-8"))
    with reading([LLM, *found], tmp_path) as reader:
        held: dict[str, list[str]] = {}
        for source, relation, target in sorted(reader.links()):
            if relation in ("serves", "loads"):
                held.setdefault(source, []).append(target.removeprefix(f"model:{source}:"))
        assert held == CUSTOM
        things = reader.things()
        assert {things[key].attributes["running"] for key in CUSTOM} == {True}
        assert [key for key in CUSTOM if not things[key].attributes.get("server")] == []
        assert "credential:prod-eu/llm/secret/ngc-api-secret" in things


def test_the_role_that_we_ship_allows_every_listing_and_no_secret(tmp_path: Path) -> None:
    role = next(iter(yaml.safe_load_all((Path(__file__).parents[1] / "deploy" / "kubernetes-reader.yaml").read_text("utf-8"))))
    allowed = {(group, resource) for rule in role["rules"] for group in rule["apiGroups"] for resource in rule["resources"]}
    assert {(group, plural(kind)) for group, kind in rows()} <= allowed
    assert not any(resource in ("secrets", "*") for _, resource in allowed)
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}


def test_namespaces_say_whose_and_what_they_are(tmp_path: Path) -> None:
    there = [k8s.namespace("ci-7", ephemeral="true"), k8s.deployment("x", "ci-7", VLLM), k8s.namespace("kube-system")]
    settings = {"skip_namespaces": ("kube-*",), "contexts": ({"environment": "staging"},)}
    with reading(there, tmp_path, settings=settings) as reader:
        attributes = reader.things("ci-7")["workload:prod-eu/ci-7/deployment/x"].attributes
        assert (attributes["ephemeral"], attributes["environment"]) == (True, "staging")
        assert ("kubernetes/prod-eu/kube-system", Reason.SKIPPED) in {(gap.scope, gap.reason) for gap in reader.listing_gaps()}


def test_hostile_names_are_carried_as_they_are(tmp_path: Path) -> None:
    name = '=HYPERLINK("http://x")<b>\u202e\n'
    with reading([LLM, k8s.bare_pod("p", "llm", k8s.container(f"acme/{name}:1", args=[name]))], tmp_path) as reader:
        assert reader.things()["workload:prod-eu/llm/pod/p"].attributes["images"] == (f"acme/{name}:1",)


def test_two_readings_say_the_same_in_the_same_order(tmp_path: Path) -> None:
    there = [
        LLM,
        *k8s.rolled_out(k8s.deployment("gateway", "llm", VLLM)),
        k8s.service("gateway", "llm"),
        k8s.ingress("web", "llm", "a.example", "gateway"),
    ]
    with reading(there, tmp_path) as reader:
        assert reader.told() == reader.told()


def _models(reader: Reader) -> set[str]:
    return {key for key in reader.things() if key.startswith("model:")}
