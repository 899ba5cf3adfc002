"""Where pod templates and containers stand in an object, whatever its kind, and what their fields hold."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from connectors.kubernetes.kinds import KindRow, Object, dig

DEEPEST = 24
VARIABLE = re.compile(r"\$\((\w+)\)")


class Container(NamedTuple):
    """One container: `args` is the command followed by the arguments, with `$(NAME)` written out where the value is known."""

    name: str
    image: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    secret_env: tuple[tuple[str, str, str], ...]
    """Variable, Secret, key; the variable is empty where a whole Secret is handed over."""
    config_maps: tuple[str, ...]
    mounts: tuple[tuple[str, str], ...]
    """Volume, path."""
    gpu: int
    init: bool
    field: str


class Pod(NamedTuple):
    """One pod spec."""

    containers: tuple[Container, ...]
    volumes: tuple[Object, ...]
    account: str
    pull_secrets: tuple[str, ...]


def pods(item: Object, row: KindRow | None) -> list[Pod]:
    """Every pod spec of an object: at its template, or wherever a custom resource holds containers."""
    if row is None:  # a bare pod
        return [_pod(item.get("spec") or {}, "spec")]
    if row.template:
        found = [template.get("spec") or {} for template in dig(item, row.template) if isinstance(template, dict)]
        return [_pod(spec, f"{row.template}.spec") for spec in found]
    parts = {name: value for name, value in item.items() if name not in ("metadata", "status", "apiVersion", "kind")}
    return list(_anywhere(parts, "", 0, row))


def labels(item: Object, row: KindRow | None) -> dict[str, str]:
    """The labels that an object's pods carry."""
    if row is None:
        return dict((item.get("metadata") or {}).get("labels") or {})
    for template in dig(item, row.template) if row.template else ():
        if isinstance(template, dict):
            return dict((template.get("metadata") or {}).get("labels") or {})
    return {}


def _anywhere(value: Any, field: str, depth: int, row: KindRow) -> Iterator[Pod]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _anywhere(item, f"{field}[{number}]", depth + 1, row)
    if not isinstance(value, dict):
        return
    if _is_spec(value):
        yield _pod(value, field)
    elif _is_container(value):
        yield Pod((_container(_with_image(value, row), field, init=False),), (), str(value.get("serviceAccountName") or ""), ())
    for name, item in value.items():
        if not (_is_spec(value) and name in ("containers", "initContainers", "volumes")):
            yield from _anywhere(item, f"{field}.{name}" if field else name, depth + 1, row)


def _is_spec(value: Mapping[str, Any]) -> bool:
    held = value.get("containers")
    return isinstance(held, list) and any(isinstance(item, dict) and ("image" in item or "name" in item) for item in held)


def _is_container(value: Mapping[str, Any]) -> bool:
    env = value.get("env")
    listed = isinstance(env, list) and any(isinstance(item, dict) and "name" in item for item in env)
    return (
        listed
        or (
            isinstance(value.get("args", value.get("command")), list)
            and ("image" in value or "storageUri" in value or "modelFormat" in value)
        )
        or _is_image(value)
    )


def _is_image(value: Mapping[str, Any]) -> bool:
    image = value.get("image")
    return isinstance(image, dict) and isinstance(image.get("repository"), str)


def _with_image(value: Mapping[str, Any], row: KindRow) -> Mapping[str, Any]:
    image = value.get("image")
    if isinstance(image, dict):
        written = f"{image.get('repository', '')}{':' + str(image['tag']) if image.get('tag') else ''}"
        return {**value, "image": written}
    return {**value, "image": "" if row.provider == "ollama" else image}


def _pod(spec: Object, field: str) -> Pod:
    made = [_container(item, f"{field}.containers[{number}]", init=False) for number, item in _dicts(spec.get("containers"))]
    init = [_container(item, f"{field}.initContainers[{number}]", init=True) for number, item in _dicts(spec.get("initContainers"))]
    pull = tuple(str(item["name"]) for _, item in _dicts(spec.get("imagePullSecrets")) if item.get("name"))
    volumes = tuple(item for _, item in _dicts(spec.get("volumes")))
    return Pod((*made, *init), volumes, str(spec.get("serviceAccountName") or "default"), pull)


def _container(item: Object, field: str, *, init: bool) -> Container:
    env = {
        str(entry["name"]): str(entry["value"])
        for _, entry in _dicts(item.get("env"))
        if entry.get("value") is not None and "name" in entry
    }
    words = [*(item.get("command") or ()), *(item.get("args") or ())]
    args = tuple(VARIABLE.sub(lambda found: env.get(found[1], found[0]), str(word)) for word in words)
    mounts = tuple((str(entry.get("name", "")), str(entry.get("mountPath", ""))) for _, entry in _dicts(item.get("volumeMounts")))
    image = item.get("image")
    return Container(
        str(item.get("name", "")), image if isinstance(image, str) else "", args, env, tuple(_secrets(item)), tuple(_config_maps(item)),
        mounts, _gpus(item), init, field,
    )  # fmt: skip


def _secrets(item: Object) -> Iterator[tuple[str, str, str]]:
    for _, entry in _dicts(item.get("env")):
        reference = (entry.get("valueFrom") or {}).get("secretKeyRef") or {}
        if reference.get("name"):
            yield str(entry.get("name", "")), str(reference["name"]), str(reference.get("key", ""))
    for _, entry in _dicts(item.get("envFrom")):
        name = (entry.get("secretRef") or {}).get("name")
        if name:
            yield "", str(name), ""


def _config_maps(item: Object) -> Iterator[str]:
    for _, entry in _dicts(item.get("env")):
        name = ((entry.get("valueFrom") or {}).get("configMapKeyRef") or {}).get("name")
        yield from (str(name),) if name else ()
    for _, entry in _dicts(item.get("envFrom")):
        name = (entry.get("configMapRef") or {}).get("name")
        yield from (str(name),) if name else ()


def _gpus(item: Object) -> int:
    limits = (item.get("resources") or {}).get("limits") or {}
    counts = [str(value) for name, value in limits.items() if re.search(r"/(gpu|mig-|neuron|tpu|gaudi)", str(name))]
    return sum(int(count) for count in counts if count.isdigit())


def _dicts(value: Any) -> list[tuple[int, dict[str, Any]]]:
    return [(number, item) for number, item in enumerate(value) if isinstance(item, dict)] if isinstance(value, list) else []
