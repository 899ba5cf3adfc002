"""What moto has not: replies made from plain values, each held against AWS's own service model before it is sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qs

Values = dict[str, Any]
Reply = tuple[Mapping[str, str], bytes]


@dataclass
class Shelf:
    """One account in one region. `last_read` is by secret's name."""

    account: str = ""
    region: str = ""
    inference_components: list[Values] = field(default_factory=list)
    service_specific_credentials: list[Values] = field(default_factory=list)
    last_read: dict[str, datetime] = field(default_factory=dict)
    page: int = 100


class Asked(Protocol):
    """What a request says of itself."""

    service: str
    region: str
    operation: str
    account: str


class Extra:
    """The shelves of every account and region, and the operations that read them."""

    def __init__(self) -> None:
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._models: dict[str, Any] = {}

    def shelf(self, account: str, region: str) -> Shelf:
        """Where a test puts what there is to see."""
        return self._shelves.setdefault((account, region), Shelf(account, region))

    def knows(self, service: str, operation: str) -> bool:
        """Whether the reply is ours to give."""
        return (service, operation) in OPERATIONS

    def reply(self, asked: Asked, body: bytes) -> Reply:
        """A reply as AWS sends it. Raises AssertionError where AWS's model would not allow it."""
        model = self.model(asked.service)
        operation = model.operation_model(asked.operation)
        shelf = self.shelf(asked.account, "" if asked.service == "iam" else asked.region)
        values = OPERATIONS[asked.service, asked.operation](shelf, _parameters(body))
        if values is None:
            return self.error(asked.service, "ValidationException", "Could not find what was asked for")
        return _checked(operation, values)

    def model(self, service: str) -> Any:
        """The service's model, as botocore ships it."""
        from moto.core.utils import get_service_model

        if service not in self._models:
            self._models[service] = get_service_model(service)
        return self._models[service]

    def error(self, service: str, code: str, message: str) -> Reply:
        """An error in the service's own protocol."""
        protocol = self.model(service).resolved_protocol if service else "json"
        text = f"<Code>{code}</Code><Message>{message}</Message>"
        if protocol == "query":
            return {"Content-Type": "text/xml"}, f"<ErrorResponse><Error>{text}</Error><RequestId>r</RequestId></ErrorResponse>".encode()
        if protocol == "ec2":
            return {"Content-Type": "text/xml"}, f"<Response><Errors><Error>{text}</Error></Errors></Response>".encode()
        if protocol == "rest-xml":
            return {"Content-Type": "application/xml"}, f"<Error>{text}</Error>".encode()
        body = json.dumps({"__type": code, "message": message}).encode()
        return {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body


def _parameters(body: bytes) -> Values:
    text = body.decode()
    return json.loads(text) if text.startswith("{") else {name: values[0] for name, values in parse_qs(text).items()}


def _checked(operation: Any, values: Values) -> Reply:
    """Serialised by moto, held against botocore's output shape, and read back by botocore's own parser."""
    from botocore.parsers import create_parser
    from botocore.validate import ParamValidator
    from moto.core.serialize import get_serializer_class

    found = ParamValidator().validate(values, operation.output_shape)
    assert not found.has_errors(), found.generate_report()
    protocol = operation.service_model.resolved_protocol
    sent = get_serializer_class(operation.service_model.service_name, protocol)(operation).serialize(values)
    body = sent["body"] if isinstance(sent["body"], bytes) else sent["body"].encode()
    parsed = create_parser(protocol).parse({"body": body, "headers": sent["headers"], "status_code": 200}, operation.output_shape)
    parsed.pop("ResponseMetadata")
    assert parsed == values, f"{parsed} is not {values}"
    return sent["headers"], body


def _page(shelf: Shelf, items: list[Values], key: str, token: str, asked: Values) -> Values:
    start = int(asked.get(token, 0))
    page: Values = {key: items[start : start + shelf.page]}
    if start + shelf.page < len(items):
        page[token] = str(start + shelf.page)
    return page


COMPONENT = (
    "CreationTime", "InferenceComponentArn", "InferenceComponentName", "EndpointArn", "EndpointName", "VariantName",
    "InferenceComponentStatus", "LastModifiedTime",
)  # fmt: skip


def _components(shelf: Shelf, asked: Values) -> Values:
    summaries = [{name: item[name] for name in COMPONENT if name in item} for item in shelf.inference_components]
    return _page(shelf, summaries, "InferenceComponents", "NextToken", asked)


def _component(shelf: Shelf, asked: Values) -> Values | None:
    wanted = asked["InferenceComponentName"]
    return next((item for item in shelf.inference_components if item["InferenceComponentName"] == wanted), None)


def _service_credentials(shelf: Shelf, asked: Values) -> Values:
    every = asked.get("AllUsers") == "true"
    mine = [item for item in shelf.service_specific_credentials if every or item["UserName"] == asked.get("UserName")]
    page = _page(shelf, mine, "ServiceSpecificCredentials", "Marker", asked)
    return {**page, "IsTruncated": "Marker" in page}


def _secrets(shelf: Shelf, asked: Values) -> Values:
    """moto's secrets, with when each was last read, which moto does not keep."""
    from moto.backends import get_backend

    kept = get_backend("secretsmanager")[shelf.account][shelf.region].secrets.values()
    shown = [_secret(one.to_dict(), shelf) for one in kept if asked.get("IncludePlannedDeletion") or not one.deleted_date]
    return _page(shelf, shown, "SecretList", "NextToken", asked)


def _secret(values: Values, shelf: Shelf) -> Values:
    dated = {name: _date(value) if name.endswith("Date") else value for name, value in values.items() if value is not None}
    day = shelf.last_read.get(dated["Name"])
    dated.pop("VersionIdsToStages", None)
    return dated | ({"LastAccessedDate": day.replace(hour=0, minute=0, second=0, microsecond=0)} if day else {})


def _date(value: float | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromtimestamp(int(value), UTC)


OPERATIONS: Mapping[tuple[str, str], Callable[[Shelf, Values], Values | None]] = {
    ("sagemaker", "ListInferenceComponents"): _components,
    ("sagemaker", "DescribeInferenceComponent"): _component,
    ("iam", "ListServiceSpecificCredentials"): _service_credentials,
    ("secretsmanager", "ListSecrets"): _secrets,
}
