"""What every AWS source shares: only reading operations leave the machine, and every failure has a name and a remedy."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors._aws import Aws, AwsSettings, Gone, NotReadOnly, allowed, call, errors, labels, pages, session, sessions
from connectors._aws.guard import action, tables
from scanner.errors import AccessDenied, ConfigError, NotServed, OverLimit, ReadError, Throttled, UnexpectedReply, Unreachable
from tests.aws_kit import KEYS, Counted, tools
from tests.estate import aws_plant as plant
from tests.estate.aws import Aws as Server
from tests.estate.aws import aws

pytestmark = pytest.mark.slow
READING = re.compile(r"^(List|Get|Describe|Head|Lookup|Search|BatchGet|BatchDescribe)[A-Z]")
BECOMING = {"AssumeRole", "AssumeRoleWithWebIdentity", "GetRoleCredentials", "CreateToken"}
"""How a principal gets its credentials; nothing in an account changes by it."""
VALUES = {
    "GetSecretValue",
    "BatchGetSecretValue",
    "GetParameter",
    "GetParameters",
    "GetParametersByPath",
    "GetParameterHistory",
    "GetSessionToken",
}


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    with aws() as server:
        server.client("sts").get_caller_identity()
        yield server


@pytest.fixture
def server(started: Server) -> Server:
    started.empty()
    return started


def opened(
    server: Server, connector: str = "sagemaker", network: dict[str, Any] | None = None, limiter: Any = None, **settings: Any
) -> Aws:
    told = {"endpoint_url": server.url, "regions": ("eu-west-1",), **KEYS, **settings}
    return session(AwsSettings(**told), tools(network, limiter), connector)


# ── Read-only ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("connector", sorted(tables()["allowed"]))
def test_every_allowed_operation_reads_and_none_reads_a_secret(connector: str) -> None:
    operations = set().union(*allowed(connector if connector != "common" else "").values())
    assert sorted(name for name in operations - BECOMING if not READING.match(name)) == []
    assert operations & VALUES == set()


@pytest.mark.parametrize("connector", sorted(tables()["allowed"]))
def test_every_allowed_operation_exists_in_the_services_own_model(connector: str) -> None:
    from botocore.session import Session

    session = Session()
    for service, operations in tables()["allowed"][connector].items():
        assert set(operations) - set(session.get_service_model(service).operation_names) == set()


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sagemaker", "delete_endpoint", {"EndpointName": "x"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "x"}),
        ("ssm", "get_parameter", {"Name": "x"}),
        ("iam", "create_access_key", {}),
    ],
)
def test_any_other_operation_is_refused_before_it_is_sent(server: Server, service: str, operation: str, parameters: dict[str, str]) -> None:
    client = opened(server, "iam").client(service)
    with pytest.raises(NotReadOnly):
        getattr(client, operation)(**parameters)
    assert server.operations() == []


def test_a_connector_may_not_call_what_another_may(server: Server) -> None:
    with pytest.raises(NotReadOnly):
        opened(server, "iam").client("sagemaker").list_endpoints()


# ── Failures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "status", "error", "remedy"),
    [
        ("AccessDeniedException", 400, AccessDenied, "allow sagemaker:ListEndpoints"),
        ("UnrecognizedClientException", 400, AccessDenied, "the credentials are not valid here"),
        ("ExpiredTokenException", 403, AccessDenied, "the credentials have expired: renew them"),
        ("ThrottlingException", 400, Throttled, ""),
        ("SomethingNew", 429, Throttled, ""),
        ("OptInRequired", 403, NotServed, ""),
        ("UnknownOperationException", 404, NotServed, ""),
        ("ResourceNotFound", 400, Gone, ""),
        ("InternalFailure", 500, Unreachable, ""),
        ("ServiceUnavailable", 503, Unreachable, ""),
        ("SomethingNew", 400, UnexpectedReply, ""),
    ],
)
def test_an_error_of_aws_becomes_one_of_ours(server: Server, code: str, status: int, error: type[ReadError], remedy: str) -> None:
    server.fail("ListEndpoints", code, status)
    with pytest.raises(error) as raised:
        list(pages(opened(server).client("sagemaker"), "ListEndpoints", "Endpoints"))
    assert type(raised.value) is error
    assert raised.value.remedy.startswith(remedy)
    assert "sagemaker:ListEndpoints in eu-west-1" in str(raised.value)


def test_an_error_does_not_repeat_what_the_server_wrote(server: Server) -> None:
    server.fail("ListEndpoints", "AccessDenied", 403, message="content that is nobody's business")
    with pytest.raises(AccessDenied) as raised:
        call(opened(server).client("sagemaker"), "ListEndpoints")
    assert "content" not in str(raised.value)


HALF = b'{"Endpoints": [{"EndpointNa'
REPLIES: list[tuple[str, bytes, int, type[ReadError]]] = [
    ("HTML with 500", b"<html>no</html>", 500, Unreachable),
    ("HTML with 200", b"<html>no</html>", 200, UnexpectedReply),
    ("nothing", b"", 200, UnexpectedReply),
    ("half a body", HALF, 200, UnexpectedReply),
    ("null", b"null", 200, UnexpectedReply),
    ("a list", b"[]", 200, UnexpectedReply),
    ("another shape", b'{"Endpoints": 7}', 200, UnexpectedReply),
    ("no list", b"{}", 200, UnexpectedReply),
    ("a date that is none", b'{"Endpoints": [{"CreationTime": "soon"}]}', 200, UnexpectedReply),
    ("bytes", bytes(range(256)), 200, UnexpectedReply),
]


@pytest.mark.parametrize(("what", "body", "status", "error"), REPLIES, ids=[row[0] for row in REPLIES])
def test_a_reply_that_is_not_json_of_aws_is_never_an_empty_list(
    server: Server, what: str, body: bytes, status: int, error: type[ReadError]
) -> None:
    server.answer("ListEndpoints", body, status)
    with pytest.raises(error):
        list(pages(opened(server).client("sagemaker"), "ListEndpoints", "Endpoints"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>no</html>",
        b'<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersRes',
        b'<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult/></ListUsersResponse>',
        b"<x><![CDATA[" + b"&" * 100,
    ],
)
def test_a_reply_that_is_not_xml_of_aws_is_never_an_empty_list(server: Server, body: bytes) -> None:
    server.answer("ListUsers", body, 200, "text/xml")
    with pytest.raises(UnexpectedReply):
        list(pages(opened(server, "iam").client("iam"), "ListUsers", "Users"))


def test_a_field_that_is_missing_is_loud_where_it_is_needed(server: Server) -> None:
    server.answer("ListEndpoints", b'{"Endpoints": [{"EndpointName": "x"}]}', 200)
    (item,) = pages(opened(server).client("sagemaker"), "ListEndpoints", "Endpoints")
    assert item["EndpointName"] == "x"
    assert item.get("EndpointArn") is None
    with pytest.raises(UnexpectedReply, match="lacks EndpointArn"):
        item["EndpointArn"]


def test_a_page_token_that_comes_again_ends_the_listing_with_an_error(server: Server) -> None:
    bodies = [b'{"Endpoints": [], "NextToken": "a"}', b'{"Endpoints": [], "NextToken": "b"}', b'{"Endpoints": [], "NextToken": "a"}']
    for body in bodies:
        server.answer("ListEndpoints", body, times=1)
    with pytest.raises(UnexpectedReply, match="page token came twice"):
        list(pages(opened(server).client("sagemaker"), "ListEndpoints", "Endpoints"))
    assert len(server.calls) == 3


def test_a_list_that_says_it_goes_on_but_not_where_is_not_complete(server: Server) -> None:
    body = b'<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users/><IsTruncated>true</IsTruncated>'
    server.answer("ListUsers", body + b"</ListUsersResult></ListUsersResponse>", 200, "text/xml")
    with pytest.raises(UnexpectedReply, match="there is more"):
        list(pages(opened(server, "iam").client("iam"), "ListUsers", "Users"))


def test_an_operation_without_a_paginator_of_botocore_is_still_read_to_its_end(server: Server) -> None:
    for number in range(5):
        plant.service_credential(server, "svc", f"ACCAEXAMPLE{number:09}")
    server.shelf("").page = 2
    client = opened(server, "iam").client("iam")
    assert len(list(pages(client, "ListServiceSpecificCredentials", "ServiceSpecificCredentials", AllUsers=True))) == 5
    assert server.operations() == ["ListServiceSpecificCredentials"] * 3


def test_no_answer_within_the_timeout_is_unreachable(server: Server) -> None:
    server.hang("ListEndpoints")
    with pytest.raises(Unreachable, match="ReadTimeoutError"):
        call(opened(server, network={"timeout": 0.3}).client("sagemaker"), "ListEndpoints")


def test_nobody_at_the_address_is_unreachable(server: Server) -> None:
    client = opened(server, endpoint_url="http://127.0.0.1:9").client("sagemaker")
    with pytest.raises(Unreachable, match="no connection"):
        call(client, "ListEndpoints")


def test_a_region_that_does_not_offer_the_service_is_not_served() -> None:
    from botocore.exceptions import EndpointConnectionError

    settings = AwsSettings(regions=("xx-nowhere-1",), **KEYS)
    client = session(settings, tools(), "sagemaker").client("sagemaker", "xx-nowhere-1")
    with pytest.raises(NotServed), errors(client):
        raise EndpointConnectionError(endpoint_url=client.meta.endpoint_url)


def test_a_known_region_without_a_connection_is_unreachable_and_not_absent() -> None:
    from botocore.exceptions import EndpointConnectionError

    client = session(AwsSettings(regions=("eu-west-1",), **KEYS), tools(), "sagemaker").client("sagemaker", "eu-west-1")
    with pytest.raises(Unreachable), errors(client):
        raise EndpointConnectionError(endpoint_url=client.meta.endpoint_url)


def test_a_throttled_request_is_tried_again_as_long_as_the_config_waits(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waits.append)
    server.fail("ListEndpoints", "ThrottlingException", times=6)
    notes: list[str] = []
    settings = AwsSettings(endpoint_url=server.url, regions=("eu-west-1",), **KEYS)
    patient = session(settings, tools({"max_wait": 600}, notes=notes), "sagemaker")
    assert list(pages(patient.client("sagemaker"), "ListEndpoints", "Endpoints")) == []
    assert len(waits) == 6 and max(waits) <= 20
    assert re.fullmatch(r"sagemaker:ListEndpoints is throttled; waiting \d+ s", notes[0])


def test_a_rate_limit_that_outlasts_the_wait_is_throttled(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waits.append)
    server.fail("ListEndpoints", "ThrottlingException")
    with pytest.raises(Throttled):
        call(opened(server, network={"max_wait": 30}).client("sagemaker"), "ListEndpoints")
    assert 10 < sum(waits) <= 30


def test_a_server_error_is_tried_again_a_few_times(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    server.fail("ListEndpoints", "InternalFailure", 500, times=2)
    assert call(opened(server, network={"retries": 2}).client("sagemaker"), "ListEndpoints")["Endpoints"] == []
    assert len(server.calls) == 3


# ── Who, where, how ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_request_and_byte_is_counted(server: Server) -> None:
    limiter = Counted()
    call(opened(server, limiter=limiter).client("sagemaker"), "ListEndpoints")
    assert (limiter.requests, limiter.bytes) == (1, len(b'{"Endpoints": []}'))


def test_a_ceiling_of_the_config_ends_the_unit_before_the_request_is_sent(server: Server) -> None:
    class Spent(Counted):
        def spend(self, requests: int = 0, bytes: int = 0) -> None:
            raise OverLimit("enough")

    with pytest.raises(OverLimit):
        call(opened(server, limiter=Spent()).client("sagemaker"), "ListEndpoints")
    assert server.operations() == []


def test_the_environments_proxy_is_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert call(opened(server).client("sagemaker"), "ListEndpoints")["Endpoints"] == []


def test_the_configs_proxy_is_used(server: Server) -> None:
    client = opened(server, network={"proxy": server.url}, endpoint_url="http://sagemaker.invalid").client("sagemaker")
    assert call(client, "ListEndpoints")["Endpoints"] == []


def test_the_principal_is_the_role_without_its_session(server: Server) -> None:
    role = plant.role(server, "reader", trust=[{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}])
    reader = opened(server, role_arn=role, external_id="agreed")
    assert reader.principal == "arn:aws:sts::123456789012:assumed-role/reader"
    assert reader.account_id == "123456789012"


def test_one_source_reads_several_accounts_by_their_roles(server: Server) -> None:
    settings = AwsSettings(
        endpoint_url=server.url, role_arn="arn:aws:iam::{account}:role/gnomon", accounts=("111111111111", "222222222222"), **KEYS
    )
    both = sessions(settings, tools(), "sagemaker")
    assert [one.account_id for one in both] == ["111111111111", "222222222222"]
    assert [one.principal.split(":")[4] for one in both] == ["111111111111", "222222222222"]


def test_a_role_that_may_not_be_assumed_names_the_permission(server: Server) -> None:
    server.fail("AssumeRole", "AccessDenied", 403)
    reader = opened(server, role_arn="arn:aws:iam::123456789012:role/closed")
    with pytest.raises(AccessDenied) as raised:
        _ = reader.principal
    assert raised.value.remedy == "allow sts:AssumeRole"


def test_missing_credentials_say_what_to_set(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    nobody = session(AwsSettings(endpoint_url=server.url), tools(), "sagemaker")
    with pytest.raises(AccessDenied) as raised:
        _ = nobody.principal
    assert "no AWS credentials" in str(raised.value) and "access_key_env" in raised.value.remedy


def test_a_profile_that_does_not_exist_is_an_error_of_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="'nobody'"):
        session(AwsSettings(profile="nobody"), tools(), "sagemaker")


def test_a_region_that_is_no_name_is_an_error_of_the_config(server: Server) -> None:
    with pytest.raises(ConfigError, match="not the name of an AWS region"):
        opened(server, regions=("eu west 1!",)).client("sagemaker")


def test_a_region_that_is_not_enabled_is_told_apart(server: Server) -> None:
    regions = opened(server, regions=("eu-west-1", "me-central-1")).regions
    assert (regions.enabled, regions.off) == (("eu-west-1",), ("me-central-1",))


def test_without_a_list_every_enabled_region_is_read(server: Server) -> None:
    regions = opened(server, regions=()).regions
    assert "eu-west-1" in regions.enabled and "me-central-1" not in regions.enabled and regions.off == ()
    assert "me-central-1" in regions.closed and "eu-west-1" not in regions.closed


def test_without_the_permission_to_list_regions_none_is_left_out(server: Server) -> None:
    server.fail("DescribeRegions", "UnauthorizedOperation", 403)
    assert opened(server, regions=("eu-west-1", "me-central-1")).regions.enabled == ("eu-west-1", "me-central-1")
    assert {"eu-west-1", "me-central-1"} <= set(opened(server, regions=()).regions.enabled)


def test_a_store_without_sts_has_the_account_that_the_config_gives_it(server: Server) -> None:
    store = opened(server, account="minio")
    assert (store.account_id, store.principal) == ("minio", "minio:ID")
    assert server.operations() == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"access_key_env": "ID"}, "go together"),
        ({"profile": "x", **KEYS}, "not both"),
        ({"accounts": ("1",)}, "needs a role_arn"),
        ({"role_arn": "arn:aws:iam::{account}:role/x"}, "list the account ids"),
        ({"regoins": ()}, "regoins"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AwsSettings(**settings)


def test_tags_name_owner_and_environment_in_any_case() -> None:
    settings = AwsSettings(environment="production")
    tags = [{"Key": "TEAM", "Value": "risk"}, {"Key": "Env", "Value": "staging"}, {"Key": "owner", "Value": ""}]
    assert labels(settings, tags) == {"owner": "risk", "environment": "staging"}
    assert labels(settings, []) == {"environment": "production"}
    assert labels(AwsSettings(), []) == {}


def test_the_action_is_named_where_it_differs_from_the_operation() -> None:
    assert [action("s3", "ListObjectsV2"), action("iam", "ListUsers")] == ["s3:ListBucket", "iam:ListUsers"]


def test_the_emulators_own_replies_are_held_against_awss_model(server: Server) -> None:
    """The check itself is checked: a shelf whose item AWS's model would refuse breaks the reply."""
    from tests.estate.aws import Call

    broken = plant.THEN.isoformat()
    server.shelf("xx").inference_components.append({"InferenceComponentName": 7, "CreationTime": broken})
    with pytest.raises(AssertionError, match="InferenceComponentName"):
        server.extra.reply(Call("sagemaker", "xx", "ListInferenceComponents", "", server.account), json.dumps({}).encode())


def test_a_client_is_made_once_for_all_threads(server: Server) -> None:
    from concurrent.futures import ThreadPoolExecutor

    one = opened(server)
    make: Callable[[int], Any] = lambda _: one.client("sagemaker")  # noqa: E731 - a name for what every thread does
    with ThreadPoolExecutor(8) as pool:
        assert len({id(client) for client in pool.map(make, range(32))}) == 1
