"""What stands in the emulated AWS, planted in a line each."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.estate.aws import Aws

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
    account: str = "",
    **container: Any,
) -> str:
    """A SageMaker model of one container; its ARN."""
    told = {"Image": image, "Environment": dict(env or {}), **({"ModelDataUrl": artifact} if artifact else {}), **container}
    sagemaker = server.client("sagemaker", region, account)
    made = sagemaker.create_model(ModelName=name, PrimaryContainer=told, ExecutionRoleArn=role.format(account=account or server.account))
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
    account: str = "",
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
        **(config or {}),
    )
    kept = server.backend("sagemaker", region, account)
    if shadow:  # moto drops what create_endpoint_config says of them
        kept.endpoint_configs[name].shadow_production_variants = [_variant(variant, served) for variant, served in shadow.items()]
    labels = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    made = sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=labels)
    planted = kept.endpoints[name]
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


def component(
    server: Aws, name: str, endpoint_name: str, *, status: str = "InService", region: str = "eu-west-1", **specification: Any
) -> None:
    """An inference component on an endpoint."""
    arn = f"arn:aws:sagemaker:{region}:{server.account}"
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


def user(
    server: Aws,
    name: str,
    *,
    keys: int = 1,
    created: datetime = THEN,
    last_used: datetime | None = None,
    allow: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    signed_in: datetime | None = None,
    account: str = "",
) -> list[str]:
    """A user with access keys; their ids. `allow` maps actions to a resource."""
    iam = server.client("iam", account=account)
    iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()])
    numbers = [iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"] for _ in range(keys)]
    if allow:
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document(allow))
    planted = server.backend("iam", account=account).users[name]
    planted.created_at = planted.create_date = created
    planted.password_last_used = signed_in
    for key in planted.access_keys:
        key.create_date, key.last_used = created, _used(last_used)
    return numbers


def _used(when: datetime | None) -> Any:
    from moto.iam.models import AccessKeyLastUsed

    return AccessKeyLastUsed(timestamp=when, service="bedrock", region="eu-west-1") if when else None


def document(allow: Mapping[str, Any], effect: str = "Allow") -> str:
    """A policy that allows (or denies) each action, or each of several with blanks between, on a resource."""
    rows = [{"Effect": effect, "Action": actions.split(), "Resource": resource} for actions, resource in allow.items()]
    return json.dumps({"Version": "2012-10-17", "Statement": rows})


def role(
    server: Aws,
    name: str,
    *,
    trust: Any = None,
    allow: Mapping[str, Any] | None = None,
    attached: tuple[str, ...] = (),
    last_used: datetime | None = None,
    tags: Mapping[str, str] | None = None,
    account: str = "",
) -> str:
    """A role; its ARN. `trust` is its trust policy's statements, or the name of a service."""
    iam = server.client("iam", account=account)
    service = trust if isinstance(trust, str) else "sagemaker.amazonaws.com"
    rows = trust if isinstance(trust, list) else [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]
    labels = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    trusted = json.dumps({"Version": "2012-10-17", "Statement": rows})
    arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, Tags=labels)["Role"]["Arn"])
    if allow:
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(allow))
    for policy in attached:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    planted = server.backend("iam", account=account).get_role(name)
    planted.create_date, planted.last_used, planted.last_used_region = THEN, last_used, "eu-west-1" if last_used else None
    return arn


def secret(
    server: Aws,
    name: str,
    *,
    created: datetime = THEN,
    last_read: datetime | None = None,
    tags: Mapping[str, str] | None = None,
    region: str = "eu-west-1",
    account: str = "",
) -> str:
    """A secret; its ARN."""
    labels = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    arn = str(server.client("secretsmanager", region, account).create_secret(Name=name, SecretString="planted", Tags=labels)["ARN"])
    planted = server.backend("secretsmanager", region, account).secrets[name]
    planted.created_date = planted.last_changed_date = int(created.timestamp())
    if last_read:
        server.shelf(region, account).last_read[name] = last_read
    return arn


def parameter(server: Aws, name: str, *, type: str = "SecureString", region: str = "eu-west-1", account: str = "") -> None:
    """A parameter of Parameter Store."""
    server.client("ssm", region, account).put_parameter(Name=name, Value="planted", Type=type)


def service_credential(
    server: Aws, user_name: str, number: str, *, service: str = "bedrock.amazonaws.com", created: datetime = THEN, account: str = ""
) -> None:
    """A service-specific credential that belongs to a user: an API key of Bedrock, unless said otherwise."""
    server.shelf("", account).service_specific_credentials.append(
        {
            "UserName": user_name,
            "Status": "Active",
            "ServiceUserName": f"{user_name}-at-{account or server.account}",
            "CreateDate": created,
            "ServiceSpecificCredentialId": number,
            "ServiceName": service,
        }
    )


def package(
    server: Aws, group: str, *, artifact: str, approval: str = "PendingManualApproval", region: str = "eu-west-1", account: str = ""
) -> str:
    """The next version of a model package group; its ARN."""
    sagemaker = server.client("sagemaker", region, account)
    if group not in server.backend("sagemaker", region, account).model_package_groups:
        sagemaker.create_model_package_group(ModelPackageGroupName=group)
    inside = {"Containers": [{"Image": IMAGE, "ModelDataUrl": artifact}], "SupportedContentTypes": [], "SupportedResponseMIMETypes": []}
    made = sagemaker.create_model_package(ModelPackageGroupName=group, InferenceSpecification=inside, ModelApprovalStatus=approval)
    return str(made["ModelPackageArn"])


def notebook(server: Aws, name: str, *, status: str = "InService", repository: str | None = None, region: str = "eu-west-1") -> None:
    """A notebook instance."""
    told = {"DefaultCodeRepository": repository} if repository else {}
    sagemaker = server.client("sagemaker", region)
    sagemaker.create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE.format(account=server.account), **told
    )
    planted = server.backend("sagemaker", region).notebook_instances[name]
    planted.status, planted.creation_time, planted.last_modified_time = status, THEN, THEN


def jobs(server: Aws, scored: str, region: str = "eu-west-1") -> None:
    """A training, a processing and a transform job, each called `now` and in progress, and a training job that has ended."""
    sagemaker, arn = server.client("sagemaker", region), ROLE.format(account=server.account)
    cluster: dict[str, Any] = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    for name in ("now", "ended"):
        sagemaker.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": "trainer:1", "TrainingInputMode": "File"},
            RoleArn=arn,
            OutputDataConfig={"S3OutputPath": "s3://out"},
            ResourceConfig=cluster,
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
    sagemaker.create_processing_job(
        ProcessingJobName="now", AppSpecification={"ImageUri": "processor:1"}, RoleArn=arn, ProcessingResources={"ClusterConfig": cluster}
    )
    sagemaker.create_transform_job(
        TransformJobName="now",
        ModelName=scored,
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://in"}}},
        TransformOutput={"S3OutputPath": "s3://out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    kept = server.backend("sagemaker", region)
    kept.training_jobs["now"].training_job_status = "InProgress"
    kept.processing_jobs["now"].processing_job_status = "InProgress"
    kept.transform_jobs["now"].transform_job_status = "InProgress"
