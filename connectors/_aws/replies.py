"""AWS's errors in our words, calls whose replies are whole, and pages that end."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from connectors._aws.guard import action, tables
from scanner.errors import AccessDenied, NotServed, ReadError, Throttled, UnexpectedReply, Unreachable
from scanner.model import Reason

Reply = Mapping[str, Any]


class Gone(UnexpectedReply):
    """A thing that was listed a moment ago is not there to be described. It proves nothing: the next run looks again."""

    reason = Reason.PARTIAL


TOKENS = ("Marker", "NextToken", "nextToken")
KINDS = {"throttled": Throttled, "credentials": AccessDenied, "denied": AccessDenied, "not_served": NotServed, "gone": Gone}


class Fields(dict[str, Any]):
    """A reply, or an item of one. A field that is read with [] and is not there is a shape we do not know, so it is loud.

    botocore's own lists of required fields are no guide: SageMaker leaves some of them out.
    """

    def __init__(self, place: str, fields: Reply) -> None:
        super().__init__(fields)
        self._place = place

    def __missing__(self, name: str) -> Any:
        raise UnexpectedReply(f"{self._place}: the reply lacks {name}")


@contextmanager
def errors(client: Any) -> Iterator[None]:
    """Raises what botocore raises inside as a ReadError that names the service, the region and the permission to add."""
    from botocore import exceptions as aws
    from botocore.parsers import ResponseParserError

    place = f"{client.meta.service_model.service_name} in {client.meta.region_name}"
    try:
        yield
    except aws.ClientError as error:
        raise of_reply(client, error) from error
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError) as error:
        raise AccessDenied(f"{place}: no AWS credentials", remedy="set profile or access_key_env") from error
    except (aws.SSOError, aws.TokenRetrievalError, aws.LoginError) as error:
        raise AccessDenied(f"{place}: the login behind the profile has ended", remedy="log in again") from error
    except aws.EndpointConnectionError as error:
        raise _nobody_there(client, place) from error
    except (aws.ResponseStreamingError, aws.IncompleteReadError, ResponseParserError, aws.ChecksumError) as error:
        raise UnexpectedReply(f"{place}: the reply is cut off or not in AWS's format") from error
    except (aws.ConnectionError, aws.HTTPClientError) as error:
        raise Unreachable(f"{place}: no answer ({type(error).__name__})") from error


def of_reply(client: Any, error: Any) -> ReadError:
    """The ReadError that a botocore ClientError stands for. The service's own message is left out: it may quote content."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    assuming = error.operation_name.startswith("AssumeRole")  # fetched on the way to another service
    needed = action("sts" if assuming else client.meta.service_model.signing_name, error.operation_name)
    said = f"{needed} in {client.meta.region_name}: {code or status}"
    kind = _kind(code, status, str(error.response.get("Error", {}).get("Message", "")))
    return kind(said, remedy=_remedy(kind, code, needed))


def _kind(code: str, status: int, message: str) -> type[ReadError]:
    for name, kind in KINDS.items():
        if code in tables()["codes"][name]:
            return kind
    if code == "ValidationException" and "could not find" in message.casefold():  # SageMaker's 404
        return Gone
    by_status = {401: AccessDenied, 403: AccessDenied, 404: Gone, 429: Throttled}
    return by_status.get(status, Unreachable if status >= 500 else UnexpectedReply)


def _remedy(kind: type[ReadError], code: str, needed: str) -> str:
    if code in tables()["codes"]["expired"]:
        return "the credentials have expired: renew them"
    if code in tables()["codes"]["credentials"]:
        return "the credentials are not valid here: check the key, and that the region is enabled for the account"
    return f"allow {needed}" if kind is AccessDenied else ""


def _nobody_there(client: Any, place: str) -> ReadError:
    service, region = client.meta.service_model.service_name, client.meta.region_name
    if region not in known_regions(service, client.meta.partition) and _is_amazon(client.meta.endpoint_url):
        return NotServed(f"{place}: the service is not offered in this region", remedy="take the region out of `regions`")
    return Unreachable(f"{place}: no connection to {client.meta.endpoint_url}", remedy="check the network, the proxy and endpoint_url")


def _is_amazon(url: str) -> bool:
    return url.rstrip("/").endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


@cache
def known_regions(service: str, partition: str = "aws") -> frozenset[str]:
    """The regions that botocore's own data lists for a service, those of a newer date not among them."""
    from botocore.session import Session

    return frozenset(Session().get_available_regions(service, partition))


def call(client: Any, operation: str, **parameters: object) -> Reply:
    """One reply; asked for a field that it lacks, it raises UnexpectedReply."""
    from botocore import xform_name

    with errors(client):
        try:
            reply = getattr(client, xform_name(operation))(**parameters)
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # botocore's parsers, on a shape they do not expect
            raise UnexpectedReply(f"{_at(client, operation)}: the reply is not in AWS's format") from error
    return Fields(_at(client, operation), reply)


def pages(client: Any, operation: str, key: str, **parameters: object) -> Iterator[Reply]:
    """Every item under `key`, over every page. Raises UnexpectedReply where a page token comes twice, or a page has no `key`.

    Only a listing that this generator ends without raising is complete.
    """
    for page in replies(client, operation, **parameters):
        for item in page[key]:
            yield Fields(_at(client, operation), item) if isinstance(item, dict) else item


def replies(client: Any, operation: str, **parameters: object) -> Iterator[Reply]:
    """Every page of a listing, whole."""
    paging, seen = _paging(client, operation), set()
    more: dict[str, Any] = {}
    while True:
        page = call(client, operation, **parameters, **more)
        yield page
        more = _next(paging, page)
        if not more and _truncated(paging, page):
            raise UnexpectedReply(f"{_at(client, operation)}: there is more, and no page token to ask for it; the listing is not complete")
        if not more:
            return
        token = json.dumps(more, sort_keys=True)
        if token in seen:
            raise UnexpectedReply(f"{_at(client, operation)}: the same page token came twice; the listing is not complete")
        seen.add(token)


@cache
def loader() -> Any:
    """botocore's models of AWS, read once for all sessions: SageMaker's alone takes megabytes."""
    from botocore.loaders import create_loader

    return create_loader()


def _paging(client: Any, operation: str) -> Mapping[str, Any]:
    """botocore's own row; for an operation that it has none for, the token that goes in and comes out under one name."""
    known = _paginators(client.meta.service_model.service_name).get(operation)
    if known:
        return known
    model = client.meta.service_model.operation_model(operation)
    token = next((name for name in TOKENS if name in model.input_shape.members and name in model.output_shape.members), None)
    return {"input_token": token, "output_token": token} if token else {}


@cache
def _paginators(service: str) -> Mapping[str, Mapping[str, Any]]:
    from botocore.exceptions import UnknownServiceError

    try:
        found: Mapping[str, Mapping[str, Any]] = loader().load_service_model(service, "paginators-1")["pagination"]
    except UnknownServiceError:
        return {}
    return found


def _next(paging: Mapping[str, Any], page: Reply) -> dict[str, Any]:
    import jmespath

    if not paging or _truncated(paging, page) is False:
        return {}
    names, places = (value if isinstance(value, list) else [value] for value in (paging["input_token"], paging["output_token"]))
    tokens = {name: jmespath.search(place, page) for name, place in zip(names, places, strict=True)}
    return {name: token for name, token in tokens.items() if token}


def _truncated(paging: Mapping[str, Any], page: Reply) -> bool | None:
    """What the reply itself says of more pages; None where it says nothing."""
    import jmespath

    return bool(jmespath.search(paging["more_results"], page)) if "more_results" in paging else None


def _at(client: Any, operation: str) -> str:
    return f"{client.meta.service_model.service_name}:{operation} in {client.meta.region_name}"
