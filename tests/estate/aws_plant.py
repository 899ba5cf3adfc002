"""What stands in the emulated AWS, planted in a line each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.estate.aws import ACCOUNT, Aws

IMAGE = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ROLE = "arn:aws:iam::{account}:role/sagemaker-execution"
THEN = datetime(2026, 1, 5, 12, tzinfo=UTC)


def model(
    server: Aws,
    name: str,
    *,
    image: str = IMAGE,
    artifact: str | None = None,
    env: Mapping[str, str] | None = None,
    role: str = ROLE,
    region: str = "eu-west-1",
    account: str = ACCOUNT,
    **container: Any,
) -> str:
    """A SageMaker model of one container; its ARN."""
    told = {"Image": image, "Environment": dict(env or {}), **({"ModelDataUrl": artifact} if artifact else {}), **container}
    sagemaker = server.client("sagemaker", region, account)
    made = sagemaker.create_model(ModelName=name, PrimaryContainer=told, ExecutionRoleArn=role.format(account=account))
    return str(made["ModelArn"])


def endpoint(
    server: Aws,
    name: str,
    *,
    variants: Mapping[str, str] | None = None,
    shadow: Mapping[str, str] | None = None,
    status: str = "InService",
    tags: Mapping[str, str] | None = None,
    region: str = "eu-west-1",
    account: str = ACCOUNT,
    config: Mapping[str, Any] | None = None,
    **container: Any,
) -> str:
    """A SageMaker endpoint; its ARN. `variants` and `shadow` map variants to models; without, one model of the endpoint's name is made."""
    sagemaker = server.client("sagemaker", region, account)
    if variants is None:
        model(server, name, region=region, account=account, **container)
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[_variant(variant, served) for variant, served in (variants or {"all": name}).items()],
        **({"ShadowProductionVariants": [_variant(variant, served) for variant, served in shadow.items()]} if shadow else {}),
        **(config or {}),
    )
    labels = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    made = sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=labels)
    planted = server.backend("sagemaker", region, account).endpoints[name]
    planted.endpoint_status, planted.creation_time, planted.last_modified_time = status, THEN, THEN
    return str(made["EndpointArn"])


def _variant(name: str, served: str) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": served, "InstanceType": "ml.m5.large", "InitialInstanceCount": 2, "InitialVariantWeight": 1.0}


def bare_endpoint(server: Aws, name: str, region: str = "eu-west-1") -> str:
    """An endpoint for inference components: its variants name no model, which moto does not let one create."""
    arn = endpoint(server, name, region=region)
    for variant in server.backend("sagemaker", region).endpoint_configs[name].production_variants:
        del variant["ModelName"]
    return arn


def component(server: Aws, name: str, endpoint_name: str, *, status: str = "InService", region: str = "eu-west-1", **specification: Any) -> None:
    """An inference component on an endpoint."""
    arn = f"arn:aws:sagemaker:{region}:{ACCOUNT}"
    server.shelf(region).inference_components.append(
        {
            "InferenceComponentName": name,
            "InferenceComponentArn": f"{arn}:inference-component/{name}",
            "EndpointName": endpoint_name,
            "EndpointArn": f"{arn}:endpoint/{endpoint_name}",
            "VariantName": "all",
            "InferenceComponentStatus": status,
            "CreationTime": THEN,
            "LastModifiedTime": THEN,
            "Specification": specification,
        }
    )
