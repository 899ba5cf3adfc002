"""Plants the truth: repositories, objects, endpoints, keys, records. Each function fills one server of the estate."""

import csv
import gzip
import io
import json
import random
import string
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.estate import artifacts
from tests.estate.aws import Aws
from tests.estate.github import Organisation, Repository, Secret
from tests.estate.world import World, iso, records

INVOKE = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "arn:aws:sagemaker:*:*:endpoint/forecast"}
CONTAINER = "{account}.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1"


def _openai_key() -> str:
    """Of the shape that betterleaks' rule `openai-api-key` describes; random, so that its entropy is a key's."""
    letters = random.Random(7).choices(string.ascii_letters + string.digits, k=148)
    return f"sk-proj-{''.join(letters[:74])}T3BlbkFJ{''.join(letters[74:])}"


CANARIES = {"openai": _openai_key()}
"""Keys that look real, made up here: planted where a careless person would put them, and looked for in every output."""


def organisation(world: World) -> Organisation:
    """GitHub's side of the truth."""
    archived = {name for story in world.stories for name in story.get("archived", ())}
    secrets = {name: names for story in world.stories for name, names in story.get("secrets", {}).items()}
    forks = {fork: origin for story in world.stories for fork, origin in story.get("forks", {}).items()}
    files = world.files()
    files |= {fork: files[origin] for fork, origin in forks.items()}
    repositories = tuple(
        Repository(
            name=name.partition("/")[2],
            files={path: _filled(text).encode() for path, text in content.items()},
            archived=name in archived,
            fork_of=forks.get(name),
            secrets=tuple(Secret(secret, iso(world.when("-60d")), iso(world.when("-60d"))) for secret in secrets.get(name, ())),
        )
        for name, content in sorted(files.items())
    )
    return Organisation(
        login=world.estate["organisation"],
        repositories=repositories,
        members=tuple(world.estate.get("members", ("jdoe",))),
        teams={name: tuple(people) for name, people in world.estate.get("teams", {}).items()},
    )


def _filled(text: str) -> str:
    for name, value in CANARIES.items():
        text = text.replace("{canary:" + name + "}", value)
    return text


def buckets(world: World, client: Any) -> None:
    """Every bucket, and every object of the stories."""
    for name in world.estate["buckets"]:
        client.create_bucket(Bucket=name)
    for planted in world.every("object"):
        seed = planted.get("same_as") or f"s3://{planted['bucket']}/{planted['key']}"
        for key, body in _made(planted["make"], planted["key"], zlib.crc32(seed.encode())).items():
            client.put_object(Bucket=planted["bucket"], Key=key, Body=body)


def _made(make: str, key: str, seed: int) -> Mapping[str, bytes]:
    if make in FOLDERS:
        return {f"{key}{name}": body for name, body in FOLDERS[make](seed).items()}
    return {key: FILES[make](seed)}


def _tar(seed: int) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        body = artifacts.xgboost(seed=seed)
        entry = tarfile.TarInfo("xgboost-model")
        entry.size = len(body)
        archive.addfile(entry, io.BytesIO(body))
    return packed.getvalue()


FILES = {
    "safetensors": lambda seed: artifacts.safetensors(seed=seed),
    "onnx": lambda seed: artifacts.onnx(seed=seed),
    "pickle": lambda seed: artifacts.pickled(seed=seed),
    "xgboost": lambda seed: artifacts.xgboost(seed=seed),
    "gguf": lambda seed: artifacts.gguf(seed=seed),
    "bytes": lambda seed: artifacts.noise(4096, seed),
    "tar": _tar,
}
FOLDERS = {
    "sharded": lambda seed: artifacts.sharded(seed=seed),
    "lora": lambda seed: artifacts.lora(seed=seed),
}


def sagemaker(world: World, aws: Aws) -> None:
    """Endpoints with their configurations, models and role."""
    client, account = aws.client("sagemaker"), world.estate["account"]
    for planted in world.every("sagemaker"):
        name = planted["endpoint"]
        container = {"Image": planted.get("image", CONTAINER.format(account=account)), "ModelDataUrl": planted["artifact"]}
        role = f"arn:aws:iam::{account}:role/{planted.get('role', 'sagemaker-execution')}"
        client.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=role)
        variant = {
            "VariantName": "all",
            "ModelName": name,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": 1.0,
        }
        client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        tags = [{"Key": "owner", "Value": planted["owner"]}] if "owner" in planted else []
        client.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=tags)


def identities(world: World, aws: Aws) -> dict[str, str]:
    """Service users with a key each; returns each user's key id. No API sets when a key was made or used: moto's own state does."""
    client, keys = aws.client("iam"), {}
    for planted in world.every("user"):
        name = planted["name"]
        client.create_user(UserName=name)
        key = client.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        if planted.get("invokes") or planted.get("record"):
            policy = {"Version": "2012-10-17", "Statement": [INVOKE]}
            client.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=json.dumps(policy))
        _dated(world, aws, planted, key)
        keys[name] = key
    return keys


def _dated(world: World, aws: Aws, planted: Mapping[str, Any], key: str) -> None:
    from moto.iam.models import AccessKeyLastUsed

    user = aws.backend("iam", account=world.estate["account"]).users[planted["name"]]
    user.create_date = world.when(planted["created"]).replace(tzinfo=None)
    held = next(each for each in user.access_keys if each.access_key_id == key)
    held.create_date = user.create_date
    if "last_used" in planted:
        used = world.when(planted["last_used"]).replace(tzinfo=None)
        held.last_used = AccessKeyLastUsed(used, "sagemaker", "eu-west-1")


def registry(world: World, directory: Path, names: Mapping[str, str]) -> None:
    """The records, in every format that the registry reads; `names` are key ids and addresses that are only known now."""
    directory.mkdir(parents=True, exist_ok=True)
    identities_of = {planted["record"]: names[planted["name"]] for planted in world.every("user") if "record" in planted}
    rows = [json.loads(filled(json.dumps(planted), names)) for planted in records(world)]
    others = [row for row in rows if "registry" in row]
    _list(directory.parent / "risk-office.csv", [{key: value for key, value in row.items() if key != "registry"} for row in others])
    for number, record in enumerate(row for row in rows if "registry" not in row):
        if record["id"] in identities_of:
            record["identities"] = [identities_of[record["id"]]]
        if number % 2:
            (directory / f"{record['id']}.json").write_text(json.dumps(record, indent=2), "utf-8")
        else:
            (directory / f"{record['id']}.toml").write_text(_toml(record), "utf-8")


def _list(path: Path, rows: list[dict[str, Any]]) -> None:
    """The risk office's own list: a CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sorted({name for row in rows for name in row}))
        writer.writeheader()
        writer.writerows({name: ";".join(value) if isinstance(value, list) else value for name, value in row.items()} for row in rows)


def waivers(world: World, path: Path) -> None:
    """The waivers file."""
    tables = [
        {**planted, "approver": "m-governance", "expires": iso(world.when(planted["expires"]))[:10]} for planted in world.every("waiver")
    ]
    lines = ("".join(f"{key} = {value if key == 'expires' else _value(value)}\n" for key, value in table.items()) for table in tables)
    path.write_text("\n".join(f"[[waiver]]\n{each}" for each in lines), "utf-8")


def filled(text: str, names: Mapping[str, str]) -> str:
    """`{name}` as what it stands for in this run."""
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def _toml(record: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in record.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def stamp(world: World) -> str:
    """The estate's own now."""
    return iso(world.now)
