"""IAM: who may act, with which keys, when those were last used; no value of a secret is asked for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.iam import Iam, Settings, connect
from scanner.contracts import Seen
from scanner.model import Gap, Kind, Sighting
from tests.aws_kit import KEYS, assets, links, listed, missed, read, sighted, tools
from tests.estate import aws_plant as plant
from tests.estate.aws import Aws as Server
from tests.estate.aws import aws

pytestmark = pytest.mark.slow
ACCOUNT = "123456789012"
USED = datetime(2026, 6, 1, 14, 30, tzinfo=UTC)
IAM = f"aws/{ACCOUNT}/iam"


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    with aws() as server:
        yield server


@pytest.fixture
def server(started: Server) -> Server:
    started.empty()
    return started


def source(server: Server, **settings: Any) -> Iam:
    return connect(Settings(**{"endpoint_url": server.url, "regions": ("eu-west-1",), **KEYS, **settings}), tools())


def identity(name: str) -> str:
    return f"identity:arn:aws:iam::{ACCOUNT}:{name}"


# ── Identities ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_role_comes_with_who_assumes_it_and_when(server: Server) -> None:
    plant.user(server, "deployer")
    trust = [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/deployer"}, "Action": "sts:AssumeRole"}]
    plant.role(server, "llm", trust=trust, last_used=USED, tags={"team": "nlp", "stage": "production"})
    observations, gaps = read(source(server))
    assert gaps == []
    assert dict(sighted(observations, identity("role/llm")).attributes) == {
        "platform": "aws",
        "account": ACCOUNT,
        "type": "iam-role",
        "created": "2026-01-05T12:00:00Z",
        "last_used": "2026-06-01T14:30:00Z",
        "last_used_known": True,
        "trusts": (f"arn:aws:iam::{ACCOUNT}:user/deployer",),
        "owner": "nlp",
        "environment": "production",
    }
    assert (identity("user/deployer"), "assumes", identity("role/llm")) in links(observations)


def test_permissions_come_from_the_users_groups_and_managed_policies_too(server: Server) -> None:
    iam = server.client("iam")
    bedrock = plant.document({"bedrock:InvokeModel": "*"})
    fraud = plant.document({"sagemaker:InvokeEndpoint": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:endpoint/fraud"})
    arn = iam.create_policy(PolicyName="fraud", PolicyDocument=fraud)["Policy"]["Arn"]
    plant.user(server, "ann", keys=0)
    iam.create_group(GroupName="science")
    iam.put_group_policy(GroupName="science", PolicyName="inline", PolicyDocument=bedrock)
    iam.attach_group_policy(GroupName="science", PolicyArn=arn)
    iam.add_user_to_group(GroupName="science", UserName="ann")
    observations, _ = read(source(server))
    assert links(observations, "invokes") == [
        (identity("user/ann"), "invokes", f"endpoint:arn:aws:sagemaker:eu-west-1:{ACCOUNT}:endpoint/fraud"),
        (identity("user/ann"), "invokes", f"endpoint:aws/{ACCOUNT}/bedrock"),
    ]


def test_an_administrator_is_over_privileged_and_others_say_nothing_of_it(server: Server) -> None:
    plant.role(server, "admin", allow={"*": "*"})
    plant.role(server, "narrow", allow={"*": "arn:aws:s3:::backups/*"})
    observations, _ = read(source(server))
    assert sighted(observations, identity("role/admin")).attributes["over_privileged"] is True
    assert "over_privileged" not in sighted(observations, identity("role/narrow")).attributes


def test_people_are_told_from_services(server: Server) -> None:
    plant.user(server, "ann", keys=0, signed_in=USED)
    plant.user(server, "svc")
    observations, _ = read(source(server))
    assert sighted(observations, identity("user/ann")).attributes["human"] is True
    assert "human" not in sighted(observations, identity("user/svc")).attributes


def test_a_wildcard_means_the_endpoints_that_the_sagemaker_source_saw(server: Server) -> None:
    plant.role(server, "caller", allow={"sagemaker:InvokeEndpoint": "arn:aws:sagemaker:*:*:endpoint/fraud-*"})
    keys = [f"endpoint:arn:aws:sagemaker:eu-west-1:{ACCOUNT}:endpoint/{name}" for name in ("fraud-1", "churn")]
    seen = Seen(tuple(Sighting(key, Kind.ENDPOINT) for key in (*keys, "endpoint:https://elsewhere")))
    observations, _ = read(source(server), seen)
    assert links(observations, "invokes") == [(identity("role/caller"), "invokes", keys[0])]


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_says_when_it_was_made_and_last_used_by_awss_own_record(server: Server) -> None:
    (number,) = plant.user(server, "svc", created=USED - timedelta(days=500), last_used=USED, allow={"bedrock:InvokeModel": "*"})
    observations, gaps = read(source(server))
    key = sighted(observations, f"credential:aws/{ACCOUNT}/access-key/{number}")
    assert gaps == []
    assert dict(key.attributes) == {
        "platform": "aws",
        "account": ACCOUNT,
        "type": "access-key",
        "provider": "aws",
        "created": "2025-01-17T14:30:00Z",
        "last_used": "2026-06-01T14:30:00Z",
        "last_used_known": True,
        "last_used_source": "iam:GetAccessKeyLastUsed",
        "status": "active",
        "usable_from": ("*",),
        "scopes": ("bedrock",),
    }
    assert links(observations, "holds") == [(identity("user/svc"), "holds", key.asset)]


def test_a_key_that_was_never_used_is_known_to_be_unused(server: Server) -> None:
    (number,) = plant.user(server, "svc")
    attributes = sighted(read(source(server))[0], f"credential:aws/{ACCOUNT}/access-key/{number}").attributes
    assert ("last_used" in attributes, attributes["last_used_known"]) == (False, True)


def test_both_keys_of_a_user_are_seen_and_the_inactive_one_is_told(server: Server) -> None:
    first, second = plant.user(server, "svc", keys=2)
    server.client("iam").update_access_key(UserName="svc", AccessKeyId=first, Status="Inactive")
    observations, _ = read(source(server))
    status = {key[-20:]: sighted(observations, key).attributes["status"] for key in assets(observations, "credential:")}
    assert status == {first: "inactive", second: "active"}


def test_api_keys_of_bedrock_belong_to_their_user_and_nobody_knows_their_use(server: Server) -> None:
    plant.user(server, "svc", keys=0)
    plant.service_credential(server, "svc", "ACCA12345678901234567")
    observations, _ = read(source(server))
    key = sighted(observations, f"credential:aws/{ACCOUNT}/service-specific/ACCA12345678901234567")
    assert (key.attributes["type"], key.attributes["provider"], key.attributes["usable_from"]) == ("service-specific", "bedrock", ("*",))
    assert "last_used_known" not in key.attributes
    assert links(observations, "holds") == [(identity("user/svc"), "holds", key.asset)]


def test_passwords_for_git_are_no_credentials_of_ai(server: Server) -> None:
    plant.user(server, "dev", keys=0)
    plant.service_credential(server, "dev", "ACCAEXAMPLE0000000GIT", service="codecommit.amazonaws.com")
    (key,) = assets(read(source(server))[0], "credential:")
    attributes = sighted(read(source(server))[0], key).attributes
    assert (attributes["provider"], attributes["scopes"]) == ("aws", ("codecommit",))


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_is_seen_by_name_with_when_it_was_last_read_and_by_whom_it_may_be(server: Server) -> None:
    plant.role(server, "llm", allow={"secretsmanager:GetSecretValue": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:prod/openai-*"})
    arn = plant.secret(server, "prod/openai-api-key", last_read=USED, tags={"Owner": "nlp"})
    observations, gaps = read(source(server))
    secret = sighted(observations, f"credential:{arn}")
    assert (gaps, secret.identifiers) == ([], (arn,))
    assert dict(secret.attributes) == {
        "platform": "aws",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "type": "secret",
        "provider": "openai",
        "created": "2026-01-05T12:00:00Z",
        "updated": "2026-01-05T12:00:00Z",
        "last_used": "2026-06-01T00:00:00Z",
        "last_used_known": True,
        "last_used_source": "secretsmanager:ListSecrets",
        "status": "active",
        "usable_from": (f"aws/{ACCOUNT}",),
        "owner": "nlp",
    }
    assert links(observations, "reads") == [(identity("role/llm"), "reads", secret.asset)]
    assert "planted" not in repr(observations)


def test_every_page_of_secrets_is_read_and_none_is_opened(server: Server) -> None:
    for number in range(7):
        plant.secret(server, f"s{number}")
    server.shelf().page = 3
    server.calls.clear()
    assert len(assets(read(source(server))[0], "credential:")) == 7
    assert server.operations().count("ListSecrets") == 3
    assert not [name for name in server.operations() if name.startswith("Get") and name.endswith(("Value", "Parameter", "Parameters"))]


def test_a_secret_that_waits_for_its_deletion_is_inactive(server: Server) -> None:
    arn = plant.secret(server, "old")
    server.client("secretsmanager").delete_secret(SecretId=arn)
    assert sighted(read(source(server))[0], f"credential:{arn}").attributes["status"] == "inactive"


def test_a_secret_with_a_policy_of_its_own_may_be_read_from_anywhere(server: Server) -> None:
    plant.role(server, "llm", allow={"secretsmanager:GetSecretValue": "*"})
    shared, own = plant.secret(server, "shared"), plant.secret(server, "own")
    policy = {
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]
    }
    server.client("secretsmanager").put_resource_policy(SecretId=shared, ResourcePolicy=json.dumps(policy))
    observations, _ = read(source(server))
    assert sighted(observations, f"credential:{shared}").attributes["usable_from"] == ("*",)
    assert sighted(observations, f"credential:{own}").attributes["usable_from"] == (f"aws/{ACCOUNT}",)


def test_encrypted_parameters_are_seen_by_name_and_plain_ones_are_not_secrets(server: Server) -> None:
    plant.parameter(server, "/prod/ANTHROPIC_API_KEY")
    plant.parameter(server, "/prod/log-level", type="String")
    observations, _ = read(source(server))
    (key,) = assets(observations, "credential:")
    assert key == f"credential:arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/prod/ANTHROPIC_API_KEY"
    attributes = sighted(observations, key).attributes
    assert (attributes["provider"], attributes["type"]) == ("anthropic", "parameter")
    assert "last_used_known" not in attributes


# ── What cannot be read ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("operation", "scope", "action"),
    [
        ("ListUsers", f"{IAM}/users", "iam:ListUsers"),
        ("ListAccessKeys", f"{IAM}/access-keys", "iam:ListAccessKeys"),
        ("GetAccessKeyLastUsed", f"{IAM}/access-key-last-used", "iam:GetAccessKeyLastUsed"),
        ("ListServiceSpecificCredentials", f"{IAM}/service-specific-credentials", "iam:ListServiceSpecificCredentials"),
        ("ListSecrets", f"aws/{ACCOUNT}/secretsmanager/eu-west-1", "secretsmanager:ListSecrets"),
        ("DescribeParameters", f"aws/{ACCOUNT}/ssm/eu-west-1", "ssm:DescribeParameters"),
    ],
)
def test_what_is_denied_is_one_gap_that_names_the_permission(server: Server, operation: str, scope: str, action: str) -> None:
    for name in ("a", "b", "c"):
        plant.user(server, name)
    server.fail(operation, "AccessDenied", 403)
    observations, gaps = read(source(server))
    assert (missed(gaps), gaps[0].remedy) == ([(scope, "denied")], f"allow {action}")
    assert len(assets(observations, "identity:")) == 3


def test_a_key_whose_use_we_may_not_ask_for_is_not_called_unused(server: Server) -> None:
    (number,) = plant.user(server, "svc", last_used=USED)
    server.fail("GetAccessKeyLastUsed", "AccessDenied", 403)
    attributes = sighted(read(source(server))[0], f"credential:aws/{ACCOUNT}/access-key/{number}").attributes
    assert not {"last_used", "last_used_known", "last_used_source"} & set(attributes)


def test_without_the_directory_a_secret_may_be_read_from_anywhere_and_its_readers_are_a_gap(server: Server) -> None:
    arn = plant.secret(server, "prod/openai")
    server.fail("GetAccountAuthorizationDetails", "AccessDenied", 403)
    observations, gaps = read(source(server))
    assert sighted(observations, f"credential:{arn}").attributes["usable_from"] == ("*",)
    regional = [f"aws/{ACCOUNT}/{kind}/eu-west-1/readers" for kind in ("secretsmanager", "ssm")]
    assert missed(gaps) == [(IAM, "denied"), *((scope, "denied") for scope in regional)]
    assert server.operations().count("GetAccountAuthorizationDetails") == 1


def test_a_policy_that_is_none_is_a_gap_of_that_identity_alone(server: Server) -> None:
    plant.role(server, "odd", allow={"s3:GetObject": "*"})
    plant.role(server, "fine", allow={"bedrock:InvokeModel": "*"})
    server.backend("iam").get_role("odd").policies["inline"] = "not json"
    observations, gaps = read(source(server))
    assert missed(gaps) == [(f"{IAM}/odd", "unparsed")]
    assert links(observations, "invokes") == [(identity("role/fine"), "invokes", f"endpoint:aws/{ACCOUNT}/bedrock")]


def test_a_user_that_vanishes_between_listing_and_reading_is_a_gap(server: Server) -> None:
    plant.user(server, "leaver")
    server.fail("ListAccessKeys", "NoSuchEntity", 404)
    assert missed(read(source(server))[1]) == [(f"{IAM}/leaver", "partial-sight")]


def test_a_directory_that_lacks_a_list_is_no_empty_directory(server: Server) -> None:
    wrapped = (
        "<GetAccountAuthorizationDetailsResult><UserDetailList/><IsTruncated>false</IsTruncated></GetAccountAuthorizationDetailsResult>"
    )
    body = f'<GetAccountAuthorizationDetailsResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">{wrapped}'
    server.answer("GetAccountAuthorizationDetails", f"{body}</GetAccountAuthorizationDetailsResponse>".encode(), content_type="text/xml")
    observations, gaps = read(source(server))
    assert ((IAM, "unexpected-reply") in missed(gaps), assets(observations)) == (True, [])


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_region_that_is_throttled_leaves_the_others(server: Server, region: str) -> None:
    for one in ("eu-west-1", "us-east-1"):
        plant.secret(server, "same", region=one)
    server.fail("ListSecrets", "ThrottlingException", region=region)
    observations, gaps = read(source(server, regions=("eu-west-1", "us-east-1")))
    assert missed(gaps) == [(f"aws/{ACCOUNT}/secretsmanager/{region}", "throttled")]
    assert len(assets(observations, "credential:")) == 1


def test_a_region_that_is_not_enabled_holds_no_secrets(server: Server) -> None:
    units = listed(source(server, regions=("eu-west-1", "me-central-1")))
    expected = [(f"aws/{ACCOUNT}/{kind}/me-central-1", "not-served") for kind in ("secretsmanager", "ssm")]
    assert missed(unit for unit in units if isinstance(unit, Gap)) == expected
    assert [unit.scope for unit in units if not isinstance(unit, Gap)] == [
        IAM,
        *(f"aws/{ACCOUNT}/{kind}/eu-west-1" for kind in ("secretsmanager", "ssm")),
    ]


# ── The contract ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_readings_of_the_same_give_the_same(server: Server) -> None:
    for name in ("b", "a"):
        plant.user(server, name, keys=2)
        plant.role(server, name, allow={"bedrock:*": "*"})
    assert read(source(server)) == read(source(server))


def test_doctor_names_the_permission(server: Server) -> None:
    assert [check.ok for check in source(server).check()] == [True]
    server.fail("GetAccountAuthorizationDetails", "AccessDenied", 403)
    assert [(check.ok, check.remedy) for check in source(server).check()] == [(False, "allow iam:GetAccountAuthorizationDetails")]


def test_a_thousand_users_cost_one_listing_and_two_requests_a_key(server: Server) -> None:
    for number in range(40):
        plant.user(server, f"u{number}", keys=1 if number % 2 else 0)
    server.calls.clear()
    read(source(server))
    counted = {
        name: server.operations().count(name) for name in ("GetAccountAuthorizationDetails", "ListAccessKeys", "GetAccessKeyLastUsed")
    }
    assert counted == {"GetAccountAuthorizationDetails": 1, "ListAccessKeys": 40, "GetAccessKeyLastUsed": 20}
