"""SageMaker's registry: packages, groups and cards become records, and nothing that was not read looks unregistered."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.registries.sagemaker import Settings
from scanner.config import Plugin
from scanner.model import Reason, Record, State
from scanner.reading import Registries, read
from tests.aws_kit import KEYS, tools
from tests.estate import aws_plant as plant
from tests.estate.aws import Aws as Server
from tests.estate.aws import aws

pytestmark = pytest.mark.slow
ARN = "arn:aws:sagemaker:eu-west-1:123456789012"
V1, V2, V3 = (f"{ARN}:model-package/fraud/{version}" for version in (1, 2, 3))
CONTENT = {
    "model_overview": {"model_name": "churn", "model_version": 3, "model_owner": "growth", "model_artifact": ["s3://ml-prod/churn/3/"]},
    "intended_uses": {"intended_uses": "churn scoring", "risk_rating": "High"},
    "business_details": {"business_problem": "Customers leave"},
}
PLACE = "registry/sagemaker/aws/123456789012/eu-west-1"


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    with aws() as server:
        yield server


@pytest.fixture
def server(started: Server) -> Server:
    started.empty()
    return started


def told(server: Server, *, network: dict[str, Any] | None = None, before: int | None = None, **settings: Any) -> Registries:
    """As a scan reads it."""
    made = Settings(**{"endpoint_url": server.url, "regions": ("eu-west-1",), **KEYS, **settings})
    return read([Plugin(type="sagemaker", name="sagemaker", settings=made)], tools(network), lambda _: before)


def by_id(found: Registries) -> dict[str, Record]:
    return {record.id: record for record in found.records}


def card(server: Server, name: str, status: str, content: Any = CONTENT) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    made = server.client("sagemaker").create_model_card(ModelCardName=name, Content=text, ModelCardStatus=status)
    return str(made["ModelCardArn"])


def group(server: Server, name: str, **tags: str) -> None:
    labels = [{"Key": key, "Value": value} for key, value in tags.items()]
    server.client("sagemaker").create_model_package_group(ModelPackageGroupName=name, Tags=labels)


def versions(server: Server, *approvals: str) -> None:
    for number, approval in enumerate(approvals, 1):
        plant.package(server, "fraud", artifact=f"s3://ml-prod/fraud/{number}/model.tar.gz", approval=approval)


def test_each_approval_is_a_state(server: Server) -> None:
    group(server, "fraud", team="risk", **{"gnomon.use_case": "payment fraud scoring"})
    versions(server, "PendingManualApproval", "Approved", "Rejected")
    found = told(server)
    records = by_id(found)
    assert {id_: one.state for id_, one in records.items()} == {V1: State.PROPOSED, V2: State.APPROVED, V3: State.REJECTED}
    second = records[V2]
    assert (second.name, second.version, second.owner, second.use_case) == ("fraud", "2", "risk", "payment fraud scoring")
    assert second.identifiers == (V2, "s3://ml-prod/fraud/2/model.tar.gz")
    assert (second.registry, second.where, second.broken) == ("sagemaker", V2, ())
    assert (found.gaps, found.whole) == ((), True)


def test_metadata_of_a_version_goes_before_the_tags_of_its_group(server: Server) -> None:
    group(server, "fraud", owner="risk", team="risk")
    versions(server, "Approved")
    properties = {"owner": "fraud-team", "gnomon.approved_scope.regions": "eu-west-1", "line": "payments"}
    server.client("sagemaker").update_model_package(ModelPackageArn=V1, CustomerMetadataProperties=properties)
    record = by_id(told(server, fields={"use_case": "line"}))[V1]
    assert (record.owner, record.use_case, record.approved_scope.regions) == ("fraud-team", "payments", ("eu-west-1",))


def test_a_package_tells_what_it_was_made_of(server: Server) -> None:
    group(server, "fraud")
    source = {"S3Uri": "s3://ml-prod/fraud/tree/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": plant.IMAGE, "Framework": "PYTORCH", "FrameworkVersion": "2.7", "ModelDataSource": {"S3DataSource": source}}
    server.client("sagemaker").create_model_package(
        ModelPackageGroupName="fraud",
        InferenceSpecification={"Containers": [container], "SupportedContentTypes": [], "SupportedResponseMIMETypes": []},
        ModelApprovalStatus="Approved",
        MetadataProperties={"CommitId": "5f2c1e0", "Repository": "https://github.com/acme/fraud"},
    )
    record = by_id(told(server))[V1]
    assert (record.framework, record.source_repository, record.source_commit) == ("pytorch 2.7", "https://github.com/acme/fraud", "5f2c1e0")
    assert record.identifiers == (V1, "s3://ml-prod/fraud/tree")


@pytest.mark.parametrize(
    ("status", "state"),
    [("Draft", State.PROPOSED), ("PendingReview", State.PROPOSED), ("Approved", State.APPROVED), ("Archived", State.RETIRED)],
)
def test_a_card_of_its_own_is_a_record(server: Server, status: str, state: State) -> None:
    arn = card(server, "churn-card", status)
    (record,) = told(server).records
    assert (record.id, record.name, record.version, record.state) == (arn, "churn", "3", state)
    assert (record.owner, record.use_case, record.risk_class) == ("growth", "churn scoring", "high")
    assert (record.business_purpose, record.identifiers) == ("Customers leave", ("s3://ml-prod/churn/3",))


@pytest.mark.parametrize(
    ("approval", "status", "state"),
    [
        ("Approved", "Approved", State.APPROVED),
        ("Approved", "Draft", State.APPROVED),
        ("Approved", "Archived", State.RETIRED),
        ("Rejected", "Archived", State.REJECTED),
    ],
)
def test_a_card_adds_to_the_package_that_it_names(server: Server, approval: str, status: str, state: State) -> None:
    versions(server, approval)
    arn = card(server, "fraud-card", status, {**CONTENT, "model_package_details": {"model_package_arn": V1}})
    (record,) = told(server).records
    assert (record.id, record.state, record.owner, record.extra["model_card"]) == (V1, state, "growth", arn)


def test_an_empty_group_is_a_name_that_registers_nothing_that_runs(server: Server) -> None:
    group(server, "planned", owner="search")
    (record,) = told(server).records
    assert (record.id, record.state, record.owner) == (f"{ARN}:model-package-group/planned", State.PROPOSED, "search")
    assert (record.version, record.identifiers) == (None, ())


def test_every_region_is_read_in_pages(server: Server) -> None:
    group(server, "fraud")
    versions(server, *("Approved",) * 120)
    plant.package(server, "churn", artifact="s3://ml-prod/churn/model.tar.gz", region="us-east-1")
    found = told(server, regions=("eu-west-1", "us-east-1"))
    assert (len(found.records), found.gaps) == (121, ())


def test_only_reading_operations_are_asked(server: Server) -> None:
    group(server, "fraud")
    versions(server, "Approved")
    card(server, "churn-card", "Approved")
    server.calls.clear()
    told(server)
    assert {call.operation for call in server.calls if call.service == "sagemaker"} == {
        "ListModelCards", "DescribeModelCard", "ListModelPackageGroups", "ListTags", "ListModelPackages", "DescribeModelPackage",
    }  # fmt: skip


EVERY = ("ListModelPackageGroups", "ListModelPackages", "DescribeModelPackage", "ListTags", "ListModelCards", "DescribeModelCard")


@pytest.mark.parametrize("operation", EVERY)
@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("AccessDeniedException", 400, Reason.DENIED),
        ("ThrottlingException", 400, Reason.THROTTLED),
        ("InternalFailure", 500, Reason.UNREACHABLE),
    ],
)
def test_a_refusal_is_a_gap_and_the_registry_is_not_whole(server: Server, operation: str, code: str, status: int, reason: Reason) -> None:
    versions(server, "Approved")
    card(server, "churn-card", "Approved")
    server.fail(operation, code, status)
    found = told(server)
    assert reason in {gap.reason for gap in found.gaps} and not found.whole
    assert {gap.scope for gap in found.gaps if gap.reason is reason} <= {PLACE, f"{PLACE}/model-cards"}
    assert ({V1} <= set(by_id(found))) == ("Card" in operation), "cards that may not be read hide no package"


@pytest.mark.parametrize("operation", EVERY)
@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"{}", b"[1]"])
def test_a_reply_that_is_not_awss_is_a_gap(server: Server, operation: str, body: bytes) -> None:
    versions(server, "Approved")
    card(server, "churn-card", "Approved")
    server.answer(operation, body)
    found = told(server)
    assert Reason.UNEXPECTED in {gap.reason for gap in found.gaps} and not found.whole


def test_a_hang_and_half_a_body_are_gaps(server: Server) -> None:
    versions(server, "Approved")
    server.hang("DescribeModelPackage", times=1)
    assert next(gap.reason for gap in told(server, network={"timeout": 0.3}).gaps) is Reason.UNREACHABLE
    server.faults.clear()
    server.answer("DescribeModelPackage", b'{"ModelPackageArn": "arn', cut=500)
    assert not told(server, network={"timeout": 1}).whole


def test_a_page_token_that_comes_twice_keeps_what_came(server: Server) -> None:
    versions(server, "Approved")
    summary = {"ModelPackageArn": V1, "CreationTime": 1, "ModelPackageStatus": "Completed"}
    page = json.dumps({"ModelPackageSummaryList": [summary], "NextToken": "x"}).encode()
    server.answer("ListModelPackages", page, content_type="application/x-amz-json-1.1")
    found = told(server)
    assert V1 in by_id(found) and any("page token came twice" in gap.detail for gap in found.gaps) and not found.whole


def test_a_package_that_goes_before_it_is_described_makes_the_registry_not_whole(server: Server) -> None:
    versions(server, "Approved", "Approved")
    server.fail("DescribeModelPackage", "ValidationException", message="Could not find model package", times=1)
    found = told(server, concurrency=1)
    assert [(gap.scope, gap.reason) for gap in found.gaps] == [(f"registry/sagemaker/{V1}", Reason.UNEXPECTED)]
    assert (list(by_id(found)), found.whole) == ([V2], False)


def test_a_card_whose_content_is_no_json_is_named(server: Server) -> None:
    versions(server, "Approved")
    arn = card(server, "broken", "Approved", "{")
    found = told(server)
    assert arn not in by_id(found) and V1 in by_id(found)
    assert [(gap.scope, gap.reason) for gap in found.gaps] == [("registry/sagemaker/broken", Reason.UNEXPECTED)]


def test_a_word_that_is_no_approval_is_named_and_accuses_nobody(server: Server) -> None:
    versions(server, "Approved")
    server.backend("sagemaker").model_packages[V1].model_approval_status = "Waved"
    found = told(server)
    assert (by_id(found)[V1].state, [gap.scope for gap in found.gaps]) == (State.APPROVED, [f"registry/sagemaker/{V1}"])


def test_one_account_or_region_that_is_closed_hides_no_other(server: Server) -> None:
    versions(server, "Approved")
    server.fail("ListModelPackages", "AccessDeniedException", region="us-east-1")
    found = told(server, regions=("us-east-1", "eu-west-1"))
    assert (list(by_id(found)), found.whole) == ([V1], False)
    assert [gap.scope for gap in found.gaps] == ["registry/sagemaker/aws/123456789012/us-east-1"]


def test_credentials_that_are_not_known_are_a_gap(server: Server) -> None:
    server.fail("GetCallerIdentity", "InvalidClientTokenId", 403)
    found = told(server)
    assert (found.records, found.gaps[0].reason, found.whole) == ((), Reason.DENIED, False)


def test_a_registry_that_takes_longer_than_max_seconds_is_cut_and_named(server: Server) -> None:
    versions(server, "Approved")
    assert Reason.LIMIT in {gap.reason for gap in told(server, max_seconds=0.000001).gaps}


def test_an_empty_registry_and_one_a_fifth_shorter_are_not_whole(server: Server) -> None:
    assert [gap.reason for gap in told(server).gaps] == [Reason.PARTIAL]
    versions(server, "Approved")
    assert [gap.reason for gap in told(server, before=2).gaps] == [Reason.SHRUNK]
