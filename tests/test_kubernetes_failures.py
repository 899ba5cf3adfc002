"""What a cluster does that a reader would rather it did not: each is a gap or an error in the operator's words, never an absence."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from connectors import kubernetes
from scanner.contracts import Network, Seen
from scanner.errors import AccessDenied, ConfigError, ReadError, Throttled, UnexpectedReply, Unreachable
from scanner.model import Gap, Reason
from tests.desk import desk
from tests.estate.kubernetes import cluster
from tests.estate.kubernetes import objects as k8s
from tests.kubernetes_desk import QUICK, Reader, reading

PODS = r"/namespaces/llm/pods"
SMALL = [
    k8s.namespace("llm"),
    *k8s.rolled_out(k8s.deployment("gateway", "llm", k8s.container("vllm/vllm-openai:v0.8.4", args=["--model", "acme/x"]))),
]


def test_a_token_that_is_not_accepted_is_denied_sight_of_the_cluster(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.cluster.server.users.clear()
        gap = _only(reader.listing_gaps())
        assert (gap.scope, gap.reason) == ("kubernetes/prod-eu", Reason.DENIED)
        assert "log in again" in gap.remedy


def test_one_closed_namespace_is_unread_and_its_neighbour_is_not(tmp_path: Path) -> None:
    there = [*SMALL, k8s.namespace("secret"), k8s.deployment("hidden", "secret", k8s.container("acme/x:1"))]
    with reading(there, tmp_path, denied=[("gnomon", "secret", "*")]) as reader:
        with pytest.raises(AccessDenied, match='in the namespace "secret"'):
            reader.told("secret")
        assert "workload:prod-eu/llm/deployment/gateway" in reader.things("llm")
        assert reader.gaps("llm") == []


def test_one_closed_kind_is_a_gap_that_names_the_rule_to_add(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, denied=[("gnomon", "llm", "serviceaccounts")]) as reader:
        gap = _only(reader.gaps())
        assert (gap.scope, gap.reason) == ("kubernetes/prod-eu/llm", Reason.DENIED)
        assert gap.remedy == 'add to its ClusterRole: apiGroups [""], resources ["serviceaccounts"], verbs ["list"]'
        assert "workload:prod-eu/llm/deployment/gateway" in reader.things()


def test_pods_alone_keep_their_deployments_name_where_nothing_else_may_be_listed(tmp_path: Path) -> None:
    denied = [("gnomon", "llm", "deployments"), ("gnomon", "llm", "replicasets")]
    with reading(SMALL, tmp_path, denied=denied) as reader:
        assert reader.things()["workload:prod-eu/llm/deployment/gateway"].attributes["running"] is True
        assert reader.links(relation="serves") != set()
        assert len(reader.gaps()) == 2


def test_namespaces_that_the_config_does_not_name_are_named_as_skipped(tmp_path: Path) -> None:
    there = [*SMALL, k8s.namespace("web"), k8s.namespace("zoo")]
    with reading(there, tmp_path, settings={"namespaces": ("web",)}) as reader:
        assert [unit.scope for unit in reader.units()] == ["kubernetes/prod-eu/web"]
        skipped = {gap.scope: gap.reason for gap in reader.listing_gaps() if "#" not in gap.scope}
        assert skipped == {f"kubernetes/prod-eu/{name}": Reason.SKIPPED for name in ("llm", "zoo")}


def test_no_list_of_namespaces_leaves_the_contexts_own(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, denied=[("gnomon", "", "namespaces")], namespace="llm") as reader:
        assert [unit.scope for unit in reader.units()] == ["kubernetes/prod-eu/llm"]
        assert [(gap.scope, gap.reason) for gap in reader.listing_gaps()] == [("kubernetes/prod-eu", Reason.DENIED)]


def test_namespaces_that_the_config_names_need_no_list(tmp_path: Path) -> None:
    denied = [("gnomon", "", "namespaces"), ("gnomon", "llm", "namespaces")]
    with reading(SMALL, tmp_path, denied=denied, settings={"namespaces": ("llm",)}) as reader:
        assert [unit.scope for unit in reader.units()] == ["kubernetes/prod-eu/llm"]
        told = {gap.scope: gap.detail for gap in reader.listing_gaps()}
        assert set(told) == {"kubernetes/prod-eu", "kubernetes/prod-eu#unreferenced-secrets"}
        assert "which others there are is not known" in told["kubernetes/prod-eu"]


def test_a_namespace_that_the_config_names_and_nobody_has_is_said(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, settings={"namespaces": ("llm", "lmm")}) as reader:
        assert [unit.scope for unit in reader.units()] == ["kubernetes/prod-eu/llm"]
        assert ("kubernetes/prod-eu/lmm", Reason.NOT_SERVED) in {(gap.scope, gap.reason) for gap in reader.listing_gaps()}


def test_a_group_that_is_not_served_is_no_gap(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, unserved=["networking.k8s.io", "autoscaling"]) as reader:
        assert reader.gaps() == []


def test_an_old_server_keeps_cronjobs_in_another_version(tmp_path: Path) -> None:
    there = [*SMALL, k8s.cronjob("nightly", "llm", k8s.container("acme/x:1"))]
    with reading(there, tmp_path, old=True) as reader:
        assert reader.things()["workload:prod-eu/llm/cronjob/nightly"].attributes["running"] is True
        assert reader.connector.principal()["kubernetes/prod-eu"].startswith("prod-eu:reader-prod-eu:")


def test_a_broken_group_of_another_server_is_a_gap_and_ends_nothing(tmp_path: Path) -> None:
    there = [*SMALL, k8s.inferenceservice("iris", "llm", "s3://ml/iris")]
    with reading(there, tmp_path) as reader:
        reader.cluster.fail("/apis/serving.kserve.io/v1beta1$", status=503, body=b"service unavailable")
        assert next(gap.scope for gap in reader.listing_gaps()) == "kubernetes/prod-eu/apis/serving.kserve.io"
        assert "workload:prod-eu/llm/deployment/gateway" in reader.things()


def test_a_listing_that_expires_starts_again_and_doubles_nothing(tmp_path: Path) -> None:
    with reading(_many(7), tmp_path, settings={"page_size": 2}) as reader:
        reader.cluster.fail(r"deployments\?.*continue=", status=410, times=1)
        assert _workloads(reader) == [f"workload:prod-eu/llm/deployment/w{number}" for number in range(7)]
        assert reader.gaps() == []


def test_a_listing_that_never_ends_expiring_is_a_gap(tmp_path: Path) -> None:
    with reading(_many(7), tmp_path, settings={"page_size": 2}) as reader:
        reader.cluster.fail(r"deployments\?.*continue=", status=410)
        gap = _only(reader.gaps())
        assert gap.reason is Reason.UNEXPECTED and "expired 3 times" in gap.detail


def test_a_page_token_given_twice_is_no_endless_loop(tmp_path: Path) -> None:
    with reading(_many(2), tmp_path) as reader:
        page = {"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {"continue": "again"}, "items": []}
        reader.cluster.fail(r"llm/deployments", body=json.dumps(page).encode())
        assert "same page token twice" in _only(reader.gaps()).detail


def test_more_objects_than_the_limit_is_a_gap(tmp_path: Path) -> None:
    with reading(_many(7), tmp_path, settings={"max_objects": 5}) as reader:
        assert [gap.reason for gap in reader.gaps()] == [Reason.LIMIT]


def test_throttling_is_waited_out(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.cluster.fail(PODS, status=429, times=1, Retry_After="1")
        assert "workload:prod-eu/llm/deployment/gateway" in reader.things()


def test_throttling_without_end_is_throttled(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.cluster.fail(PODS, status=429, Retry_After="5")
        with pytest.raises(Throttled, match="longer than max_wait"):
            reader.told()


def test_an_error_that_passes_is_tried_again(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.cluster.fail(PODS, status=500, times=1)
        assert reader.gaps() == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 500}, Reason.UNREACHABLE),
        ({"body": b"<html>login</html>"}, Reason.UNEXPECTED),
        ({"body": b""}, Reason.UNEXPECTED),
        ({"body": b"[]"}, Reason.UNEXPECTED),
        ({"body": b'{"items": 3}'}, Reason.UNEXPECTED),
        ({"body": b"[" * 100_000}, Reason.UNEXPECTED),
        ({"body": b'{"kind": "PodList", "items": [', "half": True}, Reason.UNEXPECTED),
        ({"status": 302, "Location": "http://127.0.0.1:1/"}, Reason.UNEXPECTED),
    ],
    ids=["500", "garbage", "empty", "list", "no list", "deep", "half", "redirect"],
)
def test_a_bad_answer_for_one_kind_is_a_gap_for_it_alone(tmp_path: Path, fault: dict[str, Any], reason: Reason) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.cluster.fail(PODS, **fault)
        assert [gap.reason for gap in reader.gaps()] == [reason]
        assert "workload:prod-eu/llm/deployment/gateway" in reader.things()


def test_a_server_that_falls_silent_is_unreachable_soon(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, network=Network(timeout=0.3, retries=0, max_wait=1)) as reader:
        unit = reader.units()[0]
        reader.cluster.fail(PODS, hang=True)
        with pytest.raises(Unreachable, match="no answer in time"):
            list(reader.connector.observe(unit))


def test_a_server_that_is_gone_is_a_gap_and_the_other_cluster_is_read(tmp_path: Path) -> None:
    with cluster(SMALL, "gone", tmp_path) as gone:
        pass
    with cluster(SMALL, "there", tmp_path) as there:
        from tests.estate.kubernetes import kubeconfig

        both = kubeconfig([gone, there], tmp_path / "both.yaml")
        settings = kubernetes.Settings(kubeconfig=both, contexts=({"context": "gone", "name": "prod-us"}, "there"))
        told = list(kubernetes.connect(settings, desk(tmp_path / "scratch", network=QUICK)).units(Seen()))
        assert next((one.scope, one.reason) for one in told if isinstance(one, Gap)) == ("kubernetes/prod-us", Reason.UNREACHABLE)
        assert "kubernetes/there/llm" in {one.scope for one in told}


def test_a_cluster_that_answers_503_leaves_the_others_principal_as_it_was(tmp_path: Path) -> None:
    from tests.estate.kubernetes import kubeconfig

    with cluster(SMALL, "prod-eu", tmp_path) as here, cluster(SMALL, "prod-us", tmp_path) as there:
        settings = kubernetes.Settings(
            kubeconfig=kubeconfig([here, there], tmp_path / "both.yaml"), contexts=({"context": "prod-eu"}, {"context": "prod-us"})
        )
        connected = [kubernetes.connect(settings, desk(tmp_path / f"scratch{number}", network=QUICK)) for number in range(2)]
        before = connected[0].principal()
        there.fail(".*", status=503)
        after = connected[1].principal()
        assert set(before) == {"kubernetes/prod-eu", "kubernetes/prod-us"}
        assert after == {"kubernetes/prod-eu": before["kubernetes/prod-eu"]}
        told = list(connected[1].units(Seen()))
        assert "kubernetes/prod-eu/llm" in {one.scope for one in told}
        assert ("kubernetes/prod-us", Reason.UNREACHABLE) in {(one.scope, one.reason) for one in told if isinstance(one, Gap)}


def test_an_expired_certificate_says_so(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, certificate=_expired(tmp_path)) as reader:
        assert reader.cluster.url.startswith("https://")
        gap = _only(reader.listing_gaps())
        assert gap.reason is Reason.UNREACHABLE and "certificate" in gap.detail and "ca_bundle" in gap.remedy


def test_a_context_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, settings={"contexts": ("prod",)}) as reader, pytest.raises(ConfigError, match="it has: prod-eu"):
        reader.units()


def test_a_kubeconfig_that_is_not_there_says_what_to_set(tmp_path: Path) -> None:
    connector = kubernetes.connect(kubernetes.Settings(kubeconfig=tmp_path / "none"), desk(tmp_path / "scratch"))
    with pytest.raises(ConfigError, match="set kubeconfig, KUBECONFIG or in_cluster"):
        list(connector.units(Seen()))


def test_a_program_in_the_kubeconfig_runs_only_where_the_config_allows_it(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / "kubeconfig"
    with cluster(SMALL, "prod-eu", tmp_path) as made:
        credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": made.token}}
        script = f"touch {marker}; echo '{json.dumps(credential)}'"
        program = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script], "interactiveMode": "Never"}
        text = made.kubeconfig.read_text().replace(f"token: {made.token}", f"exec: {json.dumps(program)}")
        path.write_text(text)
        made.kubeconfig = path
        with pytest.raises(ConfigError, match="allow_exec = true"):
            Reader(made, tmp_path).units()
        assert not marker.exists()
        assert Reader(made, tmp_path, allow_exec=True).units() != []
        assert marker.exists()


def test_nothing_but_lists_and_self_reviews_is_sent(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.connector.principal()
        list(reader.connector.check())
        reader.told()
        sent = {request.partition(" ")[0] for request in reader.cluster.requests}
        posted = {request for request in reader.cluster.requests if request.startswith("POST")}
        assert sent == {"GET", "POST"}
        assert {request.rpartition("/")[2] for request in posted} == {"selfsubjectreviews", "selfsubjectrulesreviews"}
        assert not any("secrets" in request for request in reader.cluster.requests)


def test_the_principal_changes_with_its_rights(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        before = reader.connector.principal()
        assert before == reader.connector.principal()
        reader.cluster.server.denied = (("gnomon", "llm", "pods"),)
        assert reader.connector.principal() != before


def test_the_doctor_names_the_rule_to_add(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path, denied=[("gnomon", "*", "cronjobs"), ("gnomon", "", "cronjobs")]) as reader:
        refused = [check for check in reader.connector.check() if not check.ok]
        assert [check.what for check in refused] == ["prod-eu: list cronjobs"]
        assert refused[0].remedy == 'add to its ClusterRole: apiGroups ["batch"], resources ["cronjobs"], verbs ["list"]'


def test_the_doctor_says_that_a_server_is_not_there(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.cluster.fail(".*", status=401)
        checks = list(reader.connector.check())
        assert [(check.ok, check.what) for check in checks] == [(False, "prod-eu: reach the API server")]


def test_a_fault_in_the_middle_never_shows_what_was_read(tmp_path: Path) -> None:
    with reading(SMALL, tmp_path) as reader:
        reader.cluster.fail(PODS, body=b'{"items": [{"spec": {"env": "hunter2-secret"}}')
        with pytest.raises(ReadError) as caught:
            reader.connector.clusters["prod-eu"].client.items("/api/v1/namespaces/llm/pods")
        assert isinstance(caught.value, UnexpectedReply) and "hunter2" not in str(caught.value)


def _only(gaps: list[Gap]) -> Gap:
    found = [gap for gap in gaps if not gap.scope.endswith("/secrets")]
    assert len(found) == 1, found
    return found[0]


def _many(count: int) -> list[Any]:
    return [k8s.namespace("llm"), *(k8s.deployment(f"w{number}", "llm", k8s.container("acme/x:1")) for number in range(count))]


def _workloads(reader: Reader) -> list[str]:
    return sorted(key for key in reader.things() if key.startswith("workload:"))


def _expired(directory: Path) -> tuple[Path, Path]:
    x509 = pytest.importorskip("cryptography.x509", reason="no certificate can be made without cryptography")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    signed = made.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    private = serialization.PrivateFormat.PKCS8
    paths = directory / "cert.pem", directory / "key.pem"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    return paths
