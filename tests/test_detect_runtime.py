"""What a running workload's image, arguments and environment say."""

import pytest

from scanner.detect import runtime
from scanner.detect.runtime import ModelRef

COMMIT = "a" * 40
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("ref", "key", "tag", "digest"),
    [
        ("nginx", "image:docker.io/library/nginx", None, None),
        ("vllm/vllm-openai:v0.6", "image:docker.io/vllm/vllm-openai", "v0.6", None),
        (f"ghcr.io/acme/gw:1@{DIGEST}", "image:ghcr.io/acme/gw", "1", DIGEST),
        (f"localhost:5000/x/y@{DIGEST}", "image:localhost:5000/x/y", None, DIGEST),
        ("docker-pullable://ACME.azurecr.io/Team/App:2", "image:acme.azurecr.io/team/app", "2", None),
    ],
)
def test_an_image_has_one_spelling(ref: str, key: str, tag: str | None, digest: str | None) -> None:
    assert runtime.image_key(ref) == key
    assert runtime.image_tag_digest(ref.removeprefix("docker-pullable://")) == (tag, digest)


def models(server: str | None, args: list[str], env: dict[str, str] | None = None, image: str = "") -> list[tuple[str, str]]:
    return [(ref.provider, ref.model_id) for ref in runtime.served_models(server, args, env or {}, image)]


def test_a_server_serves_what_its_arguments_say() -> None:
    assert models("vllm", ["--model", "org/m-7b"]) == [("huggingface", "org/m-7b")]
    assert models("vllm", ["--model=org/m-7b", "--port=80"]) == [("huggingface", "org/m-7b")]
    assert models("vllm", ["vllm", "serve", "org/m-7b"]) == [("huggingface", "org/m-7b")]
    assert models("vllm", ["/bin/sh", "-c", "exec vllm serve org/m-7b \\\n  --port 80"]) == [("huggingface", "org/m-7b")]
    assert models("llama.cpp", ["-m", "/models/m.gguf"]) == [("local", "/models/m.gguf")]
    assert models("ollama", ["sh", "-c", "ollama serve & ollama pull llama3.2:1b"]) == [("ollama", "llama3.2:1b")]
    assert models("nim", [], image="nvcr.io/nim/meta/llama-3.1-8b-instruct:1.1.0") == [("nim", "meta/llama-3.1-8b-instruct")]


def test_arguments_win_over_the_environment() -> None:
    assert models("tgi", ["--model-id", "org/a-7b"], {"MODEL_ID": "org/b-7b"}) == [("huggingface", "org/a-7b")]
    assert models("tgi", [], {"MODEL_ID": "org/b-7b"}) == [("huggingface", "org/b-7b")]


def test_what_is_still_a_template_names_no_model() -> None:
    assert models("vllm", ["--model", "${MODEL}"]) == []
    assert models("vllm", ["--model", "$(MODEL_NAME)"]) == []


def test_an_unknown_image_is_known_by_its_command() -> None:
    assert runtime.server_of("registry.acme.example/ml/chat:7") is None
    assert runtime.server_of_command(["python", "-m", "vllm.entrypoints.openai.api_server"]) == "vllm"
    assert models(None, ["python3", "-m", "vllm.entrypoints.openai.api_server", "--model", "org/m-7b"]) == [("huggingface", "org/m-7b")]


def test_an_alias_and_adapters_are_told_apart_from_the_base() -> None:
    args = ["--model", "org/base-7b", "--revision", COMMIT, "--served-model-name", "chat", "--lora-modules", "sql=acme/sql-lora"]
    base, adapter = runtime.served_models("vllm", args, {})
    assert base == ModelRef("huggingface", "org/base-7b", COMMIT, ("hf:org/base-7b", f"hf:org/base-7b@{COMMIT}"), "chat")
    assert (adapter.model_id, adapter.adapter, adapter.served_id) == ("acme/sql-lora", True, "sql")


@pytest.mark.parametrize(
    ("uri", "identifiers"),
    [
        ("hf://org/m@main", ("hf:org/m", "hf:org/m@main")),
        ("s3://bucket/key/", ("s3://bucket/key",)),
        ("s3://bucket/key?versionId=1", ("s3://bucket/key",)),
        ("gs://bucket/m", ("gs://bucket/m",)),
        (f"oci://ghcr.io/acme/m@{DIGEST}", (f"oci:ghcr.io/acme/m@{DIGEST}", "image:ghcr.io/acme/m")),
        ("ollama://phi", ("ollama:phi:latest",)),
        ("pvc://models/phi", ()),
        ("https://huggingface.co/org/m/resolve/main/x.gguf", ("hf:org/m", "hf:org/m@main")),
        ("https://b.s3.eu-west-1.amazonaws.com/k/m.tar.gz", ("s3://b/k/m.tar.gz",)),
        ("models:/fraud/3", ("name:fraud",)),
        ("not a uri", ()),
    ],
)
def test_an_address_of_weights_gives_typed_identifiers(uri: str, identifiers: tuple[str, ...]) -> None:
    assert runtime.model_from_url(uri) == identifiers


def test_a_model_reference_never_keeps_what_opens_a_door() -> None:
    reference = runtime.model_ref("https://user:hunter2@models.acme.example/m.gguf?token=hunter2", "huggingface")
    assert reference is not None
    assert "hunter2" not in repr(reference)


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("OPENAI_API_KEY", "openai"),
        ("AZURE_OPENAI_API_KEY", "azure"),
        ("TEAM_OPENAI_API_KEY_PROD", "openai"),
        ("openai-api-key", "openai"),
        ("openaiApiKey", "openai"),
        ("HF_TOKEN", "huggingface"),
        ("HF_TOKEN_BASE64", None),
        ("GITHUB_TOKEN", None),
        ("HOME", None),
        ("", None),
    ],
)
def test_the_name_of_a_credential_tells_its_provider(name: str, provider: str | None) -> None:
    assert runtime.credential_name(name) == provider


@pytest.mark.parametrize("url", ["", "http://[::1", "::::", "https://", "a" * 5000])
def test_an_address_that_is_none_is_no_provider(url: str) -> None:
    assert runtime.api_host(url) is None
