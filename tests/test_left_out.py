"""What the config leaves out is unread, by name where the platform tells the names; what was read beside it counts as read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import folder, iam, inference, s3, sagemaker
from scanner.contracts import Seen
from scanner.coverage import Looked, Told, build
from scanner.model import Gap, Reason, Sight, Unit
from tests import aws_kit
from tests.desk import desk
from tests.estate.aws import Aws, aws
from tests.estate.kubernetes import objects as k8s
from tests.estate.s3 import S3Server, seaweed
from tests.kubernetes_desk import reading

THERE = [k8s.namespace("llm"), k8s.namespace("web"), k8s.namespace("kube-system")]
ACCOUNT = "123456789012"


def looked(connector: Any, kind: str) -> tuple[Looked, list[Gap]]:
    """The coverage after a crawl that read every unit of the listing."""
    told = list(connector.units(Seen()))
    gaps = [one for one in told if isinstance(one, Gap)]
    read = [Told("s", one.scope, Sight.READ) for one in told if isinstance(one, Unit)]
    return Looked(build(read, gaps, [kind], ())), gaps


def skipped(gaps: list[Gap]) -> list[str]:
    return [gap.scope for gap in gaps if gap.reason is Reason.SKIPPED and "#" not in gap.scope]


# ── Kubernetes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_namespaces_that_the_config_does_not_name_are_left_out_by_name(tmp_path: Path) -> None:
    with reading(THERE, tmp_path, settings={"namespaces": ("llm",)}) as reader:
        seen, gaps = looked(reader.connector, "kubernetes")
    assert skipped(gaps) == ["kubernetes/prod-eu/kube-system", "kubernetes/prod-eu/web"]
    assert seen.whole(["kubernetes/prod-eu/llm"]) == (True, [])
    assert seen.whole(["kubernetes/prod-eu/web"]) == (False, ["kubernetes/prod-eu/web"])
    assert seen.whole(["kubernetes/prod-eu/nobody-has-it"]) == (True, []), "the listing was complete"
    assert seen.whole(["kubernetes/prod-eu"])[0] is False
    assert {"kubernetes/prod-eu/kube-system", "kubernetes/prod-eu/web"} <= set(seen.unread("run"))


def test_where_namespaces_may_not_be_listed_all_but_the_named_are_unread(tmp_path: Path) -> None:
    denied = [("gnomon", "", "namespaces"), ("gnomon", "llm", "namespaces")]
    with reading(THERE, tmp_path, denied=denied, settings={"namespaces": ("llm",)}) as reader:
        seen, gaps = looked(reader.connector, "kubernetes")
    assert skipped(gaps) == ["kubernetes/prod-eu"]
    assert seen.whole(["kubernetes/prod-eu/llm"]) == (True, [])
    assert seen.whole(["kubernetes/prod-eu/web"]) == (False, ["kubernetes/prod-eu"])
    assert seen.whole(["kubernetes/prod-eu"])[0] is False
    assert "kubernetes/prod-eu" in seen.unread("run")


def test_skipped_namespaces_are_left_out_by_name(tmp_path: Path) -> None:
    with reading(THERE, tmp_path, settings={"skip_namespaces": ("kube-*",)}) as reader:
        seen, gaps = looked(reader.connector, "kubernetes")
    assert skipped(gaps) == ["kubernetes/prod-eu/kube-system"]
    assert seen.whole(["kubernetes/prod-eu/kube-system"])[0] is False
    assert seen.whole(["kubernetes/prod-eu/web"]) == (True, [])


def test_a_cluster_of_which_nothing_is_configured_is_unread(tmp_path: Path) -> None:
    with reading(THERE, tmp_path) as reader:
        seen, _ = looked(reader.connector, "kubernetes")
    assert seen.whole(["kubernetes/prod-us/llm"])[0] is False


# ── AWS ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def cloud() -> Iterator[Aws]:
    with aws() as server:
        yield server


@pytest.fixture
def server(cloud: Aws) -> Aws:
    cloud.empty()
    return cloud


def source(of: Any, server: Aws, **settings: Any) -> Any:
    given = of.Settings(**{"endpoint_url": server.url, "regions": ("eu-west-1",), **aws_kit.KEYS, **settings})
    return of.connect(given, aws_kit.tools())


@pytest.mark.slow
@pytest.mark.parametrize("listable", [True, False])
def test_regions_that_the_config_does_not_name_are_left_out_by_name(server: Aws, listable: bool) -> None:
    if not listable:
        server.fail("DescribeRegions", "UnauthorizedOperation", 403)
    seen, gaps = looked(source(sagemaker, server), "sagemaker")
    here, there = (f"aws/{ACCOUNT}/{region}/sagemaker" for region in ("eu-west-1", "us-east-1"))
    assert there in skipped(gaps) and here not in skipped(gaps)
    assert seen.whole([here]) == (True, [])
    assert seen.whole([there]) == (False, [there])
    assert seen.whole([f"aws/{ACCOUNT}"])[0] is False
    assert there in seen.unread("run")
    known = [path for path in skipped(gaps) if path.endswith("/sagemaker")]
    assert all(seen.whole([path])[0] is False for path in known), "a record that names an account and no region asks all of these"


@pytest.mark.slow
def test_a_region_that_is_not_enabled_hides_nothing(server: Aws) -> None:
    _, gaps = looked(source(sagemaker, server), "sagemaker")
    assert f"aws/{ACCOUNT}/me-central-1/sagemaker" not in skipped(gaps)
    assert not skipped(looked(source(sagemaker, server, regions=()), "sagemaker")[1])


@pytest.mark.slow
def test_secrets_of_other_regions_are_left_out_by_name(server: Aws) -> None:
    seen, gaps = looked(source(iam, server), "iam")
    for kind in ("secretsmanager", "ssm"):
        assert f"aws/{ACCOUNT}/{kind}/us-east-1" in skipped(gaps)
        assert seen.whole([f"aws/{ACCOUNT}/{kind}/us-east-1"])[0] is False
        assert seen.whole([f"aws/{ACCOUNT}/{kind}/eu-west-1"]) == (True, [])
    assert seen.whole([f"aws/{ACCOUNT}/iam"]) == (True, [])


@pytest.mark.slow
def test_an_account_that_the_config_does_not_name_is_unread(server: Aws) -> None:
    seen, _ = looked(source(sagemaker, server), "sagemaker")
    assert seen.whole(["aws/222222222222"])[0] is False
    assert seen.whole(["aws/222222222222/eu-west-1/sagemaker"])[0] is False


@pytest.mark.slow
@pytest.mark.parametrize("of", [sagemaker, iam])
def test_an_account_that_lets_nobody_in_leaves_the_others_principal(server: Aws, of: Any) -> None:
    server.fail("AssumeRole", "AccessDenied", 403, times=1)
    both = source(of, server, role_arn="arn:aws:iam::{account}:role/gnomon", accounts=("111111111111", "222222222222"))
    said = both.principal()
    assert list(said) == ["aws/222222222222"] and "222222222222" in said["aws/222222222222"]


@pytest.mark.slow
def test_one_of_several_accounts_that_is_closed_does_not_end_the_buckets_of_the_others(server: Aws) -> None:
    server.client("s3").create_bucket(Bucket="ml-prod", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    server.fail("AssumeRole", "AccessDenied", 403, times=1)
    both = source(s3, server, regions=(), role_arn="arn:aws:iam::{account}:role/gnomon", accounts=("111111111111", "222222222222"))
    assert list(both.principal()) == ["aws/222222222222"]
    seen, gaps = looked(both, "s3")
    assert [(gap.scope, gap.reason) for gap in gaps] == [("aws/111111111111/s3", Reason.DENIED)]
    assert seen.whole(["aws/111111111111/s3/x"]) == (False, ["aws/111111111111/s3"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    few = {"FEW0000000000000000": ("few-secret-of-the-test-estate", ("List:ml-prod", "Read:ml-prod"))}
    with seaweed(tmp_path_factory.mktemp("weed"), few) as started:
        for name in ("ml-prod", "ml-other", "logs"):
            started.fill(name, {"a/x.txt": b"x"})
        yield started


def buckets(store: S3Server, scratch: Path, **settings: Any) -> Any:
    secrets = {"KEY": store.key, "SECRET": store.secret}
    given = s3.Settings(endpoint_url=store.url, access_key_env="KEY", secret_key_env="SECRET", account=ACCOUNT, **settings)
    return s3.connect(given, desk(scratch / "scratch", secret=secrets.__getitem__))


@pytest.mark.slow
def test_buckets_that_the_config_does_not_name_are_left_out_by_name(store: S3Server, tmp_path: Path) -> None:
    seen, gaps = looked(buckets(store, tmp_path, buckets=("ml-prod",), exclude=("logs*",)), "s3")
    assert skipped(gaps) == [f"aws/{ACCOUNT}/s3/logs", f"aws/{ACCOUNT}/s3/ml-other"]
    assert seen.whole([f"aws/{ACCOUNT}/s3/ml-prod"]) == (True, [])
    assert seen.whole([f"aws/{ACCOUNT}/s3/ml-other"])[0] is False
    assert seen.whole([f"aws/{ACCOUNT}/s3/nobody-has-it"]) == (True, [])
    assert f"aws/{ACCOUNT}/s3/ml-other" in seen.unread("store")


@pytest.mark.slow
def test_a_prefix_leaves_the_rest_of_its_bucket_out(store: S3Server, tmp_path: Path) -> None:
    seen, gaps = looked(buckets(store, tmp_path, buckets=("ml-prod/a", "ml-other", "logs")), "s3")
    assert skipped(gaps) == [f"aws/{ACCOUNT}/s3/ml-prod"]
    assert seen.whole([f"aws/{ACCOUNT}/s3/ml-prod/a"]) == (True, [])
    assert seen.whole([f"aws/{ACCOUNT}/s3/ml-prod/b"])[0] is False
    assert seen.whole([f"aws/{ACCOUNT}/s3/ml-prod"])[0] is False
    assert f"aws/{ACCOUNT}/s3/ml-prod" in seen.unread("store")


@pytest.mark.slow
def test_where_buckets_may_not_be_listed_all_but_the_named_are_unread(store: S3Server, tmp_path: Path) -> None:
    given = s3.Settings(endpoint_url=store.url, access_key_env="KEY", secret_key_env="SECRET", account=ACCOUNT, buckets=("ml-prod",))
    secrets = {"KEY": store.key, "SECRET": "wrong"}
    seen, gaps = looked(s3.connect(given, desk(tmp_path / "scratch", secret=secrets.__getitem__)), "s3")
    assert skipped(gaps) == [f"aws/{ACCOUNT}/s3"]
    assert seen.whole([f"aws/{ACCOUNT}/s3/ml-prod"]) == (True, [])
    assert seen.whole([f"aws/{ACCOUNT}/s3/ml-other"]) == (False, [f"aws/{ACCOUNT}/s3"])
    assert f"aws/{ACCOUNT}/s3" in seen.unread("store")


# ── Files and endpoints ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_excluded_folder_is_left_out_by_name(tmp_path: Path) -> None:
    for name in ("kept", "old"):
        (tmp_path / "tree" / name / ".git" / "objects").mkdir(parents=True)
        (tmp_path / "tree" / name / ".git" / "refs").mkdir()
        (tmp_path / "tree" / name / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    given = folder.Settings(path=tmp_path / "tree", exclude=("old",))
    seen, gaps = looked(folder.connect(given, desk(tmp_path / "scratch")), "folder")
    root = f"folder/{str(tmp_path / 'tree').strip('/')}"
    assert skipped(gaps) == [f"{root}/old"]
    assert seen.whole([f"{root}/kept"]) == (True, [])
    assert seen.whole([f"{root}/old"])[0] is False
    assert f"{root}/old" in seen.unread("store")


def test_an_endpoint_that_is_not_listed_is_unread(tmp_path: Path) -> None:
    given = inference.Settings(endpoints=(inference.EndpointSettings(url="http://127.0.0.1:9/"),))
    seen, _ = looked(inference.connect(given, desk(tmp_path / "scratch")), "inference")
    assert seen.whole(["endpoints/127.0.0.1:9"]) == (True, [])
    assert seen.whole(["endpoints/127.0.0.1:10"])[0] is False
