"""SageMaker's model packages: what a DescribeModelPackage reply says of a version."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._aws import utc
from connectors.registries._cards import Card, content_of, facts

Reply = Mapping[str, Any]
ARCHIVED, REJECTED = "Archived", "Rejected"


def package_of(package: Reply, tagged: Mapping[str, Any], card: Card | None, default: str) -> dict[str, Any]:
    """The record of a package: its tags say more than the package itself, and that more than its card."""
    arn = str(package["ModelPackageArn"])
    told = {
        **(facts(card.content) if card else {}),
        **_facts(package),
        "record_updated": utc(package.get("LastModifiedTime") or package.get("CreationTime")),
        "model_changed": utc(package.get("CreationTime")),
        **tagged,
    }
    told["id"], told["name"] = arn, str(package.get("ModelPackageGroupName") or package.get("ModelPackageName") or "")
    told["version"] = str(package["ModelPackageVersion"]) if package.get("ModelPackageVersion") else told.get("version")
    told["state"] = _state(package, card) or default
    told["identifiers"] = [arn, *_weights(package), *tagged.get("identifiers", ())]
    told["extra"] = _extra(package, card)
    return told


def group_of(group: Reply, tagged: Mapping[str, Any], default: str) -> dict[str, Any]:
    """The record of a group that has no package yet: a name, which registers nothing that runs."""
    name = str(group["ModelPackageGroupName"])
    return {
        **tagged,
        "id": str(group["ModelPackageGroupArn"]),
        "name": name,
        "state": default,
        "record_updated": utc(group.get("CreationTime")),
    }


def own_card(package: Reply) -> Card | None:
    """The card inside the package. Raises UnexpectedReply where its content cannot be read."""
    own, arn = package.get("ModelCard") or {}, str(package["ModelPackageArn"])
    if not own.get("ModelCardContent"):
        return None
    return Card(arn, arn, str(own.get("ModelCardStatus") or ""), content_of(str(own["ModelCardContent"]), arn))


def _state(package: Reply, card: Card | None) -> str | None:
    """The word of the package, or of its card where that is archived: a rejection stays one."""
    approval = package.get("ModelApprovalStatus")
    return ARCHIVED if card and card.status == ARCHIVED and approval != REJECTED else approval


def _facts(package: Reply) -> dict[str, str]:
    container = next(iter(_containers(package)), {})
    made = package.get("MetadataProperties") or {}
    told = {
        "framework": " ".join(filter(None, (container.get("Framework"), container.get("FrameworkVersion")))).lower(),
        "base_model": (container.get("BaseModel") or {}).get("HubContentName"),
        "source_repository": made.get("Repository"),
        "source_commit": made.get("CommitId"),
    }
    return {name: str(value) for name, value in told.items() if value}


def _weights(package: Reply) -> Iterator[str]:
    """Where its containers' weights lie, each address as the crawl of S3 writes it."""
    for container in _containers(package):
        source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
        for uri in (container.get("ModelDataUrl"), source.get("S3Uri")):
            if isinstance(uri, str) and uri.startswith("s3://"):
                yield uri.rstrip("/")


def _containers(package: Reply) -> list[Reply]:
    return list((package.get("InferenceSpecification") or {}).get("Containers") or ())


def _extra(package: Reply, card: Card | None) -> dict[str, str]:
    stage = package.get("ModelLifeCycle") or {}
    told = {
        "status": package.get("ModelPackageStatus"),
        "description": package.get("ModelPackageDescription"),
        "approval_description": package.get("ApprovalDescription"),
        "registered_by": (package.get("CreatedBy") or {}).get("UserProfileName"),
        "changed_by": (package.get("LastModifiedBy") or {}).get("UserProfileName"),
        "task": package.get("Task"),
        "stage": " ".join(filter(None, (stage.get("Stage"), stage.get("StageStatus")))),
        "model_card": card.arn if card else None,
        "model_card_status": card.status if card else None,
    }
    return {name: str(value) for name, value in told.items() if value}
