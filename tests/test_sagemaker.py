"""SageMaker: everything that runs there is seen, what is not read is said, and nothing that stopped is called running."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sagemaker import SageMaker, Settings, connect
from scanner.contracts import Seen
from scanner.model import Gap
from tests.aws_kit import KEYS, assets, links, listed, missed, read, sighted, tools
from tests.estate import aws_plant as plant
from tests.estate.aws import Aws as Server
from tests.estate.aws import aws

pytestmark = pytest.mark.slow
HERE = "aws/123456789012/eu-west-1/sagemaker"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012"


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    with aws() as server:
        yield server


@pytest.fixture
def server(started: Server) -> Server:
    started.empty()
    return started


def source(server: Server, network: dict[str, Any] | None = None, **settings: Any) -> SageMaker:
    return connect(Settings(**{"endpoint_url": server.url, "regions": ("eu-west-1",), **KEYS, **settings}), tools(network))


# ── A region ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_endpoint_comes_with_its_weights_its_image_its_role_and_its_owner(server: Server) -> None:
    plant.endpoint(server, "fraud", artifact="s3://ml-prod/fraud/model.tar.gz", tags={"Team": "risk", "env": "production"})
    observations, gaps = read(source(server))
    endpoint = sighted(observations, f"endpoint:{ARN}:endpoint/fraud")
    assert gaps == []
    assert endpoint.identifiers == (f"{ARN}:endpoint/fraud",)
    assert dict(endpoint.attributes) == {
        "platform": "aws",
        "account": "123456789012",
        "region": "eu-west-1",
        "environment": "production",
        "owner": "risk",
        "type": "real-time",
        "server": "sagemaker-framework",
        "status": "InService",
        "running": True,
        "exposure": "internal",
        "authenticated": True,
        "replicas": 2,
        "created": "2026-01-05T12:00:00Z",
        "updated": "2026-01-05T12:00:00Z",
        "images": ("image:763104351884.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",),
    }
    assert links(observations) == [
        (endpoint.asset, "assumes", "identity:arn:aws:iam::123456789012:role/sagemaker-execution"),
        (endpoint.asset, "loads", "artifact:s3://ml-prod/fraud/model.tar.gz"),
        (endpoint.asset, "runs", "image:763104351884.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn"),
    ]


@pytest.mark.parametrize(
    ("status", "running"),
    [
        ("InService", True),
        ("Creating", True),
        ("Updating", True),
        ("SystemUpdating", True),
        ("RollingBack", True),
        ("UpdateRollbackFailed", True),
        ("Deleting", False),
        ("Failed", False),
        ("OutOfService", False),
        ("SomethingNew", True),
    ],
)
def test_only_what_cannot_be_invoked_is_not_running(server: Server, status: str, running: bool) -> None:
    plant.endpoint(server, "e", status=status)
    observations, _ = read(source(server))
    assert sighted(observations, f"endpoint:{ARN}:endpoint/e").attributes["running"] is running


def test_every_variant_and_shadow_variant_serves_its_own_model(server: Server) -> None:
    for version in ("blue", "green", "next"):
        plant.model(server, version, artifact=f"s3://ml/{version}.tar.gz")
    plant.endpoint(server, "e", variants={"a": "blue", "b": "green"}, shadow={"c": "next"})
    observations, _ = read(source(server))
    assert [target for _, _, target in links(observations, "loads")] == [
        f"artifact:s3://ml/{name}.tar.gz" for name in ("blue", "green", "next")
    ]
    assert sighted(observations, "artifact:s3://ml/next.tar.gz").attributes["role"] == "shadow"
    assert "role" not in sighted(observations, "artifact:s3://ml/blue.tar.gz").attributes


def test_an_asynchronous_endpoint_is_told_apart(server: Server) -> None:
    plant.endpoint(server, "slow", config={"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://out"}}})
    observations, _ = read(source(server))
    assert sighted(observations, f"endpoint:{ARN}:endpoint/slow").attributes["type"] == "async"


def test_inference_components_put_their_models_on_the_endpoint(server: Server) -> None:
    plant.bare_endpoint(server, "shared")
    plant.model(server, "base", env={"HF_MODEL_ID": "meta-llama/Llama-3.1-8B"})
    plant.component(server, "one", "shared", ModelName="base")
    plant.component(server, "adapter", "shared", Container={"ArtifactUrl": "s3://ml/adapter.tar.gz"}, BaseInferenceComponentName="one")
    plant.component(server, "gone", "shared", status="Failed", Container={"ArtifactUrl": "s3://ml/failed.tar.gz"})
    observations, gaps = read(source(server))
    key = f"endpoint:{ARN}:endpoint/shared"
    assert gaps == []
    assert links(observations, "loads", "serves") == [
        (key, "loads", "artifact:s3://ml/adapter.tar.gz"),
        (key, "serves", f"model:{key}:huggingface/meta-llama/Llama-3.1-8B"),
    ]


def test_every_page_of_components_is_read(server: Server) -> None:
    for number in range(25):
        plant.component(server, f"c{number:02}", "shared", Container={"ArtifactUrl": f"s3://ml/{number:02}.tar.gz"})
    server.shelf().page = 10
    observations, _ = read(source(server))
    assert len(assets(observations, "artifact:")) == 25
    assert server.operations().count("ListInferenceComponents") == 3


def test_every_page_of_endpoints_is_read(server: Server) -> None:
    plant.model(server, "shared")
    for number in range(105):
        plant.endpoint(server, f"e{number:03}", variants={"all": "shared"})
    observations, gaps = read(source(server))
    assert (len(assets(observations, "endpoint:")), gaps) == (105, [])
    assert server.operations().count("ListEndpoints") == 2


def test_a_model_package_is_stored_whether_or_not_it_is_served(server: Server) -> None:
    arn = plant.package(server, "fraud", artifact="s3://ml/fraud/2.tar.gz", approval="Approved")
    observations, gaps = read(source(server))
    kept = sighted(observations, "artifact:s3://ml/fraud/2.tar.gz")
    assert (kept.identifiers, kept.attributes["status"], gaps) == (("s3://ml/fraud/2.tar.gz", arn), "Approved", [])


def test_an_endpoint_of_a_package_loads_what_the_package_holds(server: Server) -> None:
    arn = plant.package(server, "fraud", artifact="s3://ml/fraud/2.tar.gz")
    plant.model(server, "of-package", image="", ModelPackageName=arn)
    plant.endpoint(server, "e", variants={"all": "of-package"})
    observations, _ = read(source(server))
    assert links(observations, "loads") == [(f"endpoint:{ARN}:endpoint/e", "loads", "artifact:s3://ml/fraud/2.tar.gz")]
    assert {arn, f"{ARN}:model/of-package"} <= {name for told in observations for name in getattr(told, "identifiers", ())}


def test_notebooks_and_jobs_that_run_are_workloads(server: Server) -> None:
    plant.notebook(server, "lab", repository="https://github.com/acme/lab.git")
    plant.notebook(server, "old", status="Stopped")
    plant.model(server, "scored", artifact="s3://ml/scored.tar.gz")
    plant.jobs(server, "scored")
    observations, gaps = read(source(server))
    running = {key.rpartition(":")[2]: sighted(observations, key).attributes["running"] for key in assets(observations, "workload:")}
    assert gaps == []
    assert running == {
        "notebook-instance/lab": True,
        "notebook-instance/old": False,
        "training-job/now": True,
        "transform-job/now": True,
        "processing-job/now": True,
    }
    assert ("repo:acme/lab", "deploys", f"workload:{ARN}:notebook-instance/lab") in links(observations)
    assert (f"workload:{ARN}:transform-job/now", "loads", "artifact:s3://ml/scored.tar.gz") in links(observations)


def test_every_region_asked_for_is_read_and_the_same_name_elsewhere_is_another_endpoint(server: Server) -> None:
    for region in ("eu-west-1", "us-east-1"):
        plant.endpoint(server, "same", region=region)
    observations, _ = read(source(server, regions=("eu-west-1", "us-east-1")))
    assert assets(observations, "endpoint:") == [
        f"endpoint:arn:aws:sagemaker:{one}:123456789012:endpoint/same" for one in ("eu-west-1", "us-east-1")
    ]


def test_the_same_name_in_another_account_is_another_endpoint(server: Server) -> None:
    for account in ("111111111111", "222222222222"):
        plant.endpoint(server, "same", account=account)
    both = source(server, role_arn="arn:aws:iam::{account}:role/gnomon", accounts=("111111111111", "222222222222"))
    observations, gaps = read(both)
    found = [f"endpoint:arn:aws:sagemaker:eu-west-1:{one}:endpoint/same" for one in ("111111111111", "222222222222")]
    assert (assets(observations, "endpoint:"), gaps) == (found, [])


# ── What cannot be read ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("operation", "scope"),
    [
        ("ListEndpoints", f"{HERE}/endpoints"),
        ("DescribeEndpoint", f"{HERE}/endpoints/e"),
        ("DescribeEndpointConfig", f"{HERE}/endpoints/e"),
        ("DescribeModel", f"{HERE}/endpoints/e"),
        ("ListTags", f"{HERE}/endpoints/e/tags"),
        ("ListInferenceComponents", f"{HERE}/inference-components"),
        ("DescribeInferenceComponent", f"{HERE}/inference-components/c"),
        ("ListModelPackages", f"{HERE}/model-packages"),
        ("DescribeModelPackage", f"{HERE}/model-packages/fraud/1"),
        ("ListNotebookInstances", f"{HERE}/notebooks"),
        ("ListTrainingJobs", f"{HERE}/jobs"),
    ],
)
def test_what_is_denied_is_a_gap_that_names_the_permission_and_hides_nothing_else(server: Server, operation: str, scope: str) -> None:
    plant.endpoint(server, "e")
    plant.component(server, "c", "e", Container={"ArtifactUrl": "s3://ml/c.tar.gz"})
    plant.package(server, "fraud", artifact="s3://ml/fraud.tar.gz")
    everything, _ = read(source(server))
    server.fail(operation, "AccessDeniedException")
    observations, gaps = read(source(server))
    assert missed(gaps) == [(scope, "denied")]
    assert gaps[0].remedy == f"allow sagemaker:{operation}"
    assert set(assets(observations)) <= set(assets(everything)) and observations


def test_a_region_that_is_denied_leaves_the_other_regions(server: Server) -> None:
    plant.endpoint(server, "e", region="us-east-1")
    server.fail("*", "AccessDeniedException", region="eu-west-1")
    observations, gaps = read(source(server, regions=("us-east-1", "eu-west-1")))
    assert assets(observations, "endpoint:") == ["endpoint:arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"]
    assert {scope.rpartition("/")[0] for scope, _ in missed(gaps)} == {HERE}


def test_an_endpoint_that_vanishes_between_listing_and_reading_is_a_gap_and_not_a_proof(server: Server) -> None:
    plant.endpoint(server, "e")
    server.fail("DescribeEndpoint", "ValidationException", message='Could not find endpoint "e".')
    observations, gaps = read(source(server))
    assert (assets(observations, "endpoint:"), missed(gaps)) == ([], [(f"{HERE}/endpoints/e", "partial-sight")])


@pytest.mark.parametrize(("operation", "scope"), [("DescribeEndpointConfig", "e"), ("DescribeModel", "e/all")])
def test_an_endpoint_that_outlived_its_configuration_still_runs(server: Server, operation: str, scope: str) -> None:
    plant.endpoint(server, "e")
    server.fail(operation, "ValidationException", message="Could not find what was asked for")
    observations, gaps = read(source(server))
    assert sighted(observations, f"endpoint:{ARN}:endpoint/e").attributes["running"] is True
    assert missed(gaps) == [(f"{HERE}/endpoints/{scope}", "partial-sight")]


def test_a_region_that_is_not_enabled_holds_nothing(server: Server) -> None:
    units = listed(source(server, regions=("eu-west-1", "me-central-1")))
    assert missed(unit for unit in units if isinstance(unit, Gap)) == [("aws/123456789012/me-central-1/sagemaker", "not-served")]
    assert len([unit for unit in units if not isinstance(unit, Gap)]) == 5


def test_a_region_that_is_disabled_is_named_so_that_what_ran_there_is_not_taken_for_gone(server: Server) -> None:
    """Disabling a region deletes nothing in it: its endpoints run on and nobody can see them."""
    units = listed(source(server, regions=()))
    assert ("aws/123456789012/me-central-1/sagemaker", "not-served") in missed(unit for unit in units if isinstance(unit, Gap))


def test_throttling_ends_the_unit_and_nothing_else(server: Server) -> None:
    plant.endpoint(server, "e")
    server.fail("DescribeEndpoint", "ThrottlingException")
    _, gaps = read(source(server))
    assert missed(gaps) == [(f"{HERE}/endpoints", "throttled")]


def test_a_reply_of_another_shape_costs_the_one_thing_it_is_about(server: Server) -> None:
    plant.endpoint(server, "a")
    plant.endpoint(server, "b")
    server.answer("DescribeEndpoint", b'{"EndpointName": "a"}', times=1)
    observations, gaps = read(source(server))
    assert len(assets(observations, "endpoint:")) == 1
    assert [reason for _, reason in missed(gaps)] == ["unexpected-reply"]


def test_a_repeated_page_token_is_no_complete_listing(server: Server) -> None:
    server.answer("ListEndpoints", b'{"Endpoints": [], "NextToken": "again"}')
    _, gaps = read(source(server))
    assert missed(gaps) == [(f"{HERE}/endpoints", "unexpected-reply")]


def test_credentials_that_have_expired_are_said_once_for_the_account(server: Server) -> None:
    server.fail("GetCallerIdentity", "ExpiredToken", 403)
    units = list(source(server).units(Seen()))
    assert [(unit.scope, unit.remedy) for unit in units if isinstance(unit, Gap)] == [
        ("aws/sagemaker", "the credentials have expired: renew them")
    ]
    assert len(units) == 1
    assert source(server).principal() == {}


def test_an_account_that_lets_nobody_in_leaves_the_others(server: Server) -> None:
    plant.endpoint(server, "e", account="222222222222")
    server.fail("AssumeRole", "AccessDenied", 403, times=1)
    both = source(server, role_arn="arn:aws:iam::{account}:role/gnomon", accounts=("111111111111", "222222222222"))
    observations, gaps = read(both)
    assert missed(gaps) == [("aws/111111111111", "denied")]
    assert assets(observations, "endpoint:") == ["endpoint:arn:aws:sagemaker:eu-west-1:222222222222:endpoint/e"]


def test_hostile_names_are_only_names(server: Server) -> None:
    plant.endpoint(server, "e", image='own:1"><script>', tags={"owner": "=HYPERLINK(1)\n\u202e", "env": "<b>"})
    observations, gaps = read(source(server))
    assert sighted(observations, f"endpoint:{ARN}:endpoint/e").attributes["owner"] == "=HYPERLINK(1)\n\u202e"
    assert gaps == []


# ── The contract ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_doctor_says_who_and_what_is_missing(server: Server) -> None:
    assert [(check.ok, check.remedy) for check in source(server).check()] == [(True, "")]
    server.fail("ListEndpoints", "AccessDeniedException")
    assert [(check.ok, check.remedy) for check in source(server).check()] == [(False, "allow sagemaker:ListEndpoints")]


def test_two_readings_of_the_same_give_the_same(server: Server) -> None:
    for name in ("b", "a", "c"):
        plant.endpoint(server, name)
    assert read(source(server)) == read(source(server))


def test_nothing_is_sent_before_a_unit_is_asked_for(server: Server) -> None:
    source(server)
    assert server.operations() == []
