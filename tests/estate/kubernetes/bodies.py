"""Bodies that are no objects: failures and tables."""

from tests.estate.kubernetes.storage import Object

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
}


def status(code: int, message: str) -> Object:
    """The API's own body of a failure."""
    failure = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return {**failure, "reason": REASONS.get(code, ""), "code": code}


def table(items: list[Object], metadata: Object, include: str) -> Object:
    """A listing as a table; rows hold as much of each object as was asked for."""
    columns = [
        {"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": "", "priority": 0}
        for name in ("Name", "Type", "Data", "Age")
    ]
    rows = []
    for item in items:
        row: Object = {"cells": [item["metadata"]["name"], item.get("type", "Opaque"), len(item.get("data", {})), "10d"]}
        if include == "Metadata":
            row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
        elif include == "Object":
            row["object"] = item
        rows.append(row)
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns, "rows": rows}
