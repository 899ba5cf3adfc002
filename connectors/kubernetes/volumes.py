"""What a pod mounts: claims and the buckets behind them, secrets, config maps, paths of the node, images."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from connectors.kubernetes.kinds import Object
from connectors.kubernetes.place import Place
from scanner.detect.runtime import image_identifiers

BUCKET_DRIVERS = ("s3.csi.aws.com", "gcsfuse.csi.storage.gke.io", "blob.csi.azure.com", "csi-s3", "ru.yandex.s3.csi")


class Volume(NamedTuple):
    """`target` is what a LOADS link names where weights are read from it; None: nothing that lasts."""

    name: str
    mount: str
    target: str | None
    secret: str | None = None
    bucket: bool = False


Buckets = Mapping[str, str]
"""Address of the bucket behind a claim, by the claim's name."""


def volumes(place: Place, found: tuple[Object, ...], buckets: Buckets) -> Iterator[Volume]:
    """Each volume of a pod."""
    for item in found:
        name = str(item.get("name", ""))
        yield from _volume(place, name, item, buckets)


def _volume(place: Place, name: str, item: Object, buckets: Buckets) -> Iterator[Volume]:
    claim = (item.get("persistentVolumeClaim") or {}).get("claimName")
    if claim:
        bucket = buckets.get(str(claim))
        yield Volume(
            name, bucket or f"pvc:{claim}", bucket or f"artifact:{place.prefix}/persistentvolumeclaim/{claim}", bucket=bool(bucket)
        )
    elif csi := item.get("csi"):
        bucket = bucket_of(csi)
        yield Volume(name, bucket or f"csi:{csi.get('driver', '')}", bucket, _csi_secret(csi), bool(bucket))
    elif path := (item.get("hostPath") or {}).get("path"):
        yield Volume(name, f"hostPath:{path}", f"artifact:{place.prefix}/hostpath{path}")
    elif reference := (item.get("image") or {}).get("reference"):
        yield Volume(name, f"image:{reference}", next(iter(reversed(image_identifiers(str(reference)))), None))
    elif config := (item.get("configMap") or {}).get("name"):
        yield Volume(name, f"configMap:{config}", None)
    else:
        yield from (Volume(name, f"secret:{secret}", None, secret) for secret in _secrets(item))


def _secrets(item: Object) -> Iterator[str]:
    own = (item.get("secret") or {}).get("secretName")
    projected = ((source.get("secret") or {}).get("name") for source in (item.get("projected") or {}).get("sources") or ())
    yield from (str(name) for name in (own, *projected) if name)


def bucket_of(csi: Object) -> str | None:
    """`s3://bucket/prefix` of a CSI volume of a bucket driver."""
    driver = str(csi.get("driver", ""))
    if driver not in BUCKET_DRIVERS:
        return None
    attributes = csi.get("volumeAttributes") or {}
    bucket = attributes.get("bucketName") or attributes.get("bucket") or csi.get("volumeHandle")
    scheme = {"gcsfuse.csi.storage.gke.io": "gs", "blob.csi.azure.com": "az"}.get(driver, "s3")
    return f"{scheme}://{bucket}{_prefix(csi, attributes)}" if bucket else None


def _prefix(csi: Object, attributes: Object) -> str:
    """Mountpoint for S3 takes the prefix as a mount option of the volume."""
    options = [*str(attributes.get("mountOptions", "")).split(","), *(csi.get("mountOptions") or ())]
    words = (option.replace("=", " ").split() for option in options)
    found = next((word[1] for word in words if len(word) == 2 and word[0] in ("prefix", "--prefix")), "")
    return f"/{found.strip('/')}" if found else ""


def _csi_secret(csi: Object) -> str | None:
    name = (csi.get("nodePublishSecretRef") or {}).get("name")
    return str(name) if name else None
