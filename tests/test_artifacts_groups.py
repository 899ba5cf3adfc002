"""Files that make one model become one model."""

from scanner.detect.artifacts import Artifact, BytesRanged, Group, group, identify_group
from tests.estate import artifacts as make


def groups(files: make.Files) -> list[Group]:
    return list(group((path, len(content)) for path, content in files.items()))


def below(folder: str, files: make.Files) -> make.Files:
    return {f"{folder}/{name}": content for name, content in files.items()}


def only(files: make.Files) -> tuple[Group, Artifact]:
    (one,) = groups(files)
    found = identify_group(one, lambda path: BytesRanged(files[path]))
    assert found is not None
    return one, found


def test_shards_are_one_model_with_what_lies_beside_them() -> None:
    one, found = only(below("llm/llama", make.sharded(3, base_model="meta-llama/Llama-3.1-8B")))
    assert (one.path, len(one.members), one.sharded) == ("llm/llama", 3, True)
    assert (found.shards, found.parameters, found.architecture) == (3, 3072, "LlamaForCausalLM")
    assert (found.base_model, found.license) == ("meta-llama/Llama-3.1-8B", "apache-2.0")
    assert found.bytes == one.bytes


def test_a_missing_shard_is_said() -> None:
    files = below("llama", make.sharded(3))
    del files["llama/model-00002-of-00003.safetensors"]
    _, found = only(files)
    assert found.unread == "1 of its 3 shards are missing"


def test_a_lora_adapter_names_its_base_model() -> None:
    one, found = only(below("adapters/support", make.lora("meta-llama/Llama-3.1-8B")))
    assert one.path == "adapters/support/adapter_model.safetensors"
    assert (found.architecture, found.base_model) == ("lora", "meta-llama/Llama-3.1-8B")


def test_a_saved_model_and_an_mlflow_folder_are_one_each() -> None:
    files = {**below("tf/1", make.savedmodel()), **below("runs/7/model", make.mlmodel())}
    assert [(one.path, one.members[0]) for one in groups(files)] == [
        ("runs/7/model", "runs/7/model/MLmodel"),
        ("tf/1", "tf/1/saved_model.pb"),
    ]


def test_a_saved_model_inside_an_mlflow_folder_is_that_folder() -> None:
    files = {"m/MLmodel": make.mlmodel("tensorflow")["MLmodel"], **below("m/data/model", make.savedmodel())}
    assert [one.path for one in groups(files)] == ["m"]


def test_a_coreml_package_is_one() -> None:
    one, found = only(below("churn.mlpackage", make.mlpackage()))
    assert (one.path, found.format) == ("churn.mlpackage", "coreml")


def test_an_openvino_pair_is_one() -> None:
    one, found = only(make.openvino())
    assert (one.path, one.members, found.format) == ("churn.xml", ("churn.xml", "churn.bin"), "openvino")


def test_ordinary_xml_is_no_candidate() -> None:
    assert [one.path for one in groups({"a/pom.xml": b"<project/>", "b/fraud-model.xml": make.pmml()})] == ["b/fraud-model.xml"]


def test_models_that_only_share_a_folder_stay_apart() -> None:
    files = {"a/fraud.pkl": make.pickled(), "a/churn.pkl": make.pickled(seed=1), "a/config.json": b"{}"}
    assert [(one.path, one.companions) for one in groups(files)] == [("a/churn.pkl", ()), ("a/fraud.pkl", ())]


def test_an_mlmodel_at_the_root_does_not_swallow_everything() -> None:
    files = {**make.mlmodel(), "other/fraud.safetensors": make.safetensors()}
    assert [one.path for one in groups(files)] == ["MLmodel", "other/fraud.safetensors"]


def test_two_sharded_models_in_one_folder() -> None:
    names = [f"m/{stem}-0000{n}-of-00002.gguf" for stem in ("big", "small") for n in (1, 2)]
    assert [(one.path, len(one.members)) for one in groups({name: make.gguf() for name in names})] == [("m/big", 2), ("m/small", 2)]


def test_weights_in_several_formats_of_one_repository_are_one() -> None:
    files = {"m/model.safetensors": make.safetensors(), "m/pytorch_model.bin": make.noise(20_000), "m/config.json": b"{}"}
    (one,) = groups(files)
    assert (one.path, one.members[0], one.sharded) == ("m", "m/model.safetensors", False)


def test_a_diffusion_pipeline_is_one() -> None:
    parts = {f"sd/{part}/diffusion_pytorch_model.safetensors": make.safetensors() for part in ("unet", "vae")}
    files = {
        "sd/model_index.json": b'{"_class_name":"StableDiffusionPipeline"}',
        "sd/text_encoder/model.safetensors": make.safetensors(),
        **parts,
    }
    one, found = only(files)
    assert (one.path, len(one.members), found.architecture) == ("sd", 3, "StableDiffusionPipeline")


def test_blobs_of_a_cache_are_not_counted_beside_their_names() -> None:
    home = "hub/models--acme--bert"
    files = {f"{home}/blobs/{'a' * 64}": make.safetensors(), f"{home}/snapshots/{'0' * 40}/model.safetensors": make.safetensors()}
    assert [one.path for one in groups(files)] == [f"{home}/snapshots/{'0' * 40}/model.safetensors"]


def test_the_identity_of_one_file_is_not_that_of_a_group() -> None:
    files = {f"m/model-0000{n}-of-00002.safetensors": make.lfs_pointer(make.safetensors(seed=n)) for n in (1, 2)}
    _, found = only(files)
    assert found.identifiers == ()


def test_a_broken_config_beside_the_weights_hides_nothing_but_is_said() -> None:
    _, found = only({"m/model.safetensors": make.safetensors(), "m/config.json": b"{"})
    assert found.parameters == 136 and "config.json" in str(found.unread)
