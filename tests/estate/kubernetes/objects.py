"""Realistic API objects by a line each. Uids follow from kind, namespace and name, so two runs are alike."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]
CREATED = "2026-01-10T08:00:00Z"


def thing(
    version: str, kind: str, name: str, namespace: str | None = None, *, labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None, owner: Object | None = None, **body: Any,
) -> Object:  # fmt: skip
    """Any object, with metadata as a server gives it."""
    metadata: Object = {"name": name, "uid": uid(kind, namespace, name), "resourceVersion": "100", "creationTimestamp": CREATED}
    metadata |= {"namespace": namespace} if namespace else {}
    metadata |= {"labels": dict(labels)} if labels else {}
    metadata |= {"annotations": dict(annotations)} if annotations else {}
    metadata |= {"ownerReferences": [reference(owner)]} if owner else {}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def uid(kind: str, namespace: str | None, name: str) -> str:
    """A stable uid."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace or ''}/{name}"))


def reference(owner: Object) -> Object:
    """What an object says of its controller."""
    return {
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def digest(image: str) -> str:
    """A digest that follows from the image's name."""
    return hashlib.sha256(image.encode()).hexdigest()


def namespace(name: str, **labels: str) -> Object:
    """A Namespace."""
    return thing("v1", "Namespace", name, labels={"kubernetes.io/metadata.name": name, **labels}, status={"phase": "Active"})


def container(
    image: str,
    name: str = "main",
    args: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    secret_env: Mapping[str, str] | None = None,
    **more: Any,
) -> Object:
    """A container; `secret_env` maps a variable to `secret/key`."""
    plain = [{"name": key, "value": value} for key, value in (env or {}).items()]
    secret = [_secret(key, place) for key, place in (secret_env or {}).items()]
    made: Object = {"name": name, "image": image, **more}
    made |= {"args": list(args)} if args else {}
    return made | ({"env": plain + secret} if plain or secret else {})


def _secret(key: str, place: str) -> Object:
    name, _, entry = place.partition("/")
    return {"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": entry or key}}}


def template(labels: Mapping[str, str], *containers: Object, account: str = "default", **spec: Any) -> Object:
    """A pod template."""
    return {"metadata": {"labels": dict(labels)}, "spec": {"containers": list(containers), "serviceAccountName": account, **spec}}


def deployment(
    name: str,
    namespace: str,
    *containers: Object,
    replicas: int | None = 1,
    kind: str = "Deployment",
    labels: Mapping[str, str] | None = None,
    account: str = "default",
    annotations: Mapping[str, str] | None = None,
    owner: Object | None = None,
    **spec: Any,
) -> Object:
    """A Deployment, a StatefulSet or a DaemonSet; what is left over goes to the pod's spec."""
    mine = {"app": name}
    body: Object = {"selector": {"matchLabels": mine}, "template": template(mine, *containers, account=account, **spec)}
    body |= {"replicas": replicas} if replicas is not None and kind != "DaemonSet" else {}
    body |= {"serviceName": name} if kind == "StatefulSet" else {}
    return thing("apps/v1", kind, name, namespace, labels={**mine, **(labels or {})}, annotations=annotations, owner=owner, spec=body)


def replicaset(owner: Object, hash_: str = "6d4f9b7c8d") -> Object:
    """The ReplicaSet of a Deployment."""
    metadata, spec = owner["metadata"], owner["spec"]
    labels = {**spec["selector"]["matchLabels"], "pod-template-hash": hash_}
    body = {"replicas": spec.get("replicas", 1), "selector": {"matchLabels": labels}, "template": spec["template"]}
    return thing("apps/v1", "ReplicaSet", f"{metadata['name']}-{hash_}", metadata["namespace"], labels=labels, owner=owner, spec=body)


def pod(owner: Object, suffix: str = "x2x9k", phase: str = "Running", digests: Mapping[str, str] | None = None) -> Object:
    """A pod that a controller made from its template, with the digests that the node pulled."""
    metadata, made = owner["metadata"], owner["spec"]["template"]
    labels = {
        **made["metadata"]["labels"],
        **({"pod-template-hash": hash_} if (hash_ := metadata.get("labels", {}).get("pod-template-hash")) else {}),
    }
    return bare_pod(
        f"{metadata['name']}-{suffix}",
        metadata["namespace"],
        *made["spec"]["containers"],
        labels=labels,
        phase=phase,
        owner=owner,
        digests=digests,
    )


def bare_pod(
    name: str, namespace: str, *containers: Object, labels: Mapping[str, str] | None = None, phase: str = "Running",
    owner: Object | None = None,
    digests: Mapping[str, str] | None = None,
) -> Object:  # fmt: skip
    """A pod."""
    status = {"phase": phase, "containerStatuses": [_status(one, digests or {}) for one in containers]}
    spec = {"containers": list(containers), "serviceAccountName": "default"}
    return thing("v1", "Pod", name, namespace, labels=labels, owner=owner, spec=spec, status=status)


def _status(container: Object, digests: Mapping[str, str]) -> Object:
    image = container["image"]
    bare = image.partition("@")[0]
    name = bare.rpartition(":")[0] if ":" in bare.rpartition("/")[2] else bare
    return {
        "name": container["name"], "image": image, "imageID": f"{name}@sha256:{digests.get(image, digest(image))}", "ready": True,
        "restartCount": 0, "started": True, "containerID": f"containerd://{digest(image)}", "state": {"running": {"startedAt": CREATED}},
    }  # fmt: skip


def rolled_out(made: Object) -> list[Object]:
    """A Deployment with its ReplicaSet and one pod, as a cluster has them."""
    owner = replicaset(made)
    return [made, owner, pod(owner)]


def cronjob(name: str, namespace: str, *containers: Object, schedule: str = "0 3 * * *", suspend: bool = False, **spec: Any) -> Object:
    """A CronJob."""
    job = {"template": template({"app": name}, *containers, restartPolicy="OnFailure", **spec)}
    return thing("batch/v1", "CronJob", name, namespace, spec={"schedule": schedule, "suspend": suspend, "jobTemplate": {"spec": job}})


def job(name: str, namespace: str, *containers: Object, done: str = "", owner: Object | None = None, suspend: bool | None = None) -> Object:
    """A Job; `done` is Complete or Failed."""
    conditions = [{"type": done, "status": "True", "lastTransitionTime": CREATED}] if done else []
    spec: Object = {"template": template({"job-name": name}, *containers, restartPolicy="Never")} | (
        {"suspend": suspend} if suspend is not None else {}
    )
    return thing(
        "batch/v1", "Job", name, namespace, owner=owner, spec=spec, status={"conditions": conditions} if conditions else {"active": 1}
    )


def service(
    name: str,
    namespace: str,
    type_: str = "ClusterIP",
    *,
    app: str = "",
    ip: str = "",
    annotations: Mapping[str, str] | None = None,
    port: int = 80,
) -> Object:
    """A Service before the pods of `app`."""
    spec = {"type": type_, "selector": {"app": app or name}, "ports": [{"port": port, "protocol": "TCP"}], "clusterIP": "10.0.0.10"}
    status: Object = {"loadBalancer": {"ingress": [{"ip": ip}]} if ip else {}}
    return thing("v1", "Service", name, namespace, annotations=annotations, spec=spec, status=status)


def ingress(
    name: str,
    namespace: str,
    host: str,
    to: str,
    class_: str = "nginx",
    *,
    tls: str = "",
    annotations: Mapping[str, str] | None = None,
    path: str = "/",
) -> Object:
    """An Ingress of one host."""
    backend = {"service": {"name": to, "port": {"number": 80}}}
    spec: Object = {
        "ingressClassName": class_,
        "rules": [{"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}],
    }
    spec |= {"tls": [{"hosts": [host], "secretName": tls}]} if tls else {}
    return thing("networking.k8s.io/v1", "Ingress", name, namespace, annotations=annotations, spec=spec)


def account(name: str, namespace: str, **annotations: str) -> Object:
    """A ServiceAccount; underscores in the names of annotations stand for nothing: give them by `**{...}`."""
    return thing("v1", "ServiceAccount", name, namespace, annotations=annotations)


def autoscaler(name: str, namespace: str, target: str, least: int = 1) -> Object:
    """A HorizontalPodAutoscaler."""
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}, "minReplicas": least, "maxReplicas": 5}
    return thing("autoscaling/v2", "HorizontalPodAutoscaler", name, namespace, spec=spec)


def scaledobject(name: str, namespace: str, target: str, **annotations: str) -> Object:
    """KEDA's ScaledObject (https://keda.sh/docs/latest/reference/scaledobject-spec/)."""
    spec = {
        "scaleTargetRef": {"name": target},
        "minReplicaCount": 0,
        "maxReplicaCount": 4,
        "triggers": [{"type": "prometheus", "metadata": {}}],
    }
    return thing("keda.sh/v1alpha1", "ScaledObject", name, namespace, annotations=annotations, spec=spec)


def inferenceservice(
    name: str, namespace: str, uri: str, format_: str = "sklearn", *, least: int | None = None, url: str = "", **annotations: str
) -> Object:
    """KServe's InferenceService (https://kserve.github.io/website/docs/reference/crd-api)."""
    predictor: Object = {"model": {"modelFormat": {"name": format_}, "storageUri": uri}} | (
        {"minReplicas": least} if least is not None else {}
    )
    status = {"url": url or f"http://{name}.{namespace}.example.com", "conditions": [{"type": "Ready", "status": "True"}]}
    return thing(
        "serving.kserve.io/v1beta1",
        "InferenceService",
        name,
        namespace,
        annotations=annotations,
        spec={"predictor": predictor},
        status=status,
    )
