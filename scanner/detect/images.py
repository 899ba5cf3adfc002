"""Image references: one spelling for every image, its tag, its digest."""

import re

REFERENCE = re.compile(r"^(?P<name>[^@\s]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-fA-F]{32,}))?$")


def image_tag_digest(ref: str) -> tuple[str | None, str | None]:
    """`(tag, digest)` of an image reference; either may be absent."""
    found = REFERENCE.match(ref.strip().removeprefix("docker://"))
    return (found["tag"], found["digest"]) if found else (None, None)


def image_name(ref: str) -> str | None:
    """The image's name with its registry written out, without tag or digest: `vllm/vllm-openai:v1` is `docker.io/vllm/vllm-openai`."""
    found = REFERENCE.match(ref.strip().removeprefix("docker://").removeprefix("docker-pullable://"))
    if not found or "://" in ref.removeprefix("docker://").removeprefix("docker-pullable://"):
        return None
    first, slash, rest = found["name"].partition("/")
    if not slash:
        return f"docker.io/library/{first}".lower()
    if "." in first or ":" in first or first == "localhost":
        return f"{'docker.io' if first == 'index.docker.io' else first}/{rest}".lower()
    return f"docker.io/{first}/{rest}".lower()


def image_key(ref: str) -> str:
    """`image:<registry>/<name>`, the asset key of an image reference."""
    return f"image:{image_name(ref) or ref}"


def image_identifiers(ref: str) -> tuple[str, ...]:
    """Weak `image:<ref>`, and strong `oci:<name>@<digest>` where the reference carries a digest."""
    name, (tag, digest) = image_name(ref), image_tag_digest(ref)
    if name is None:
        return ()
    weak = f"image:{name}:{tag}" if tag else f"image:{name}"
    return (weak, f"oci:{name}@{digest}") if digest else (weak,)
