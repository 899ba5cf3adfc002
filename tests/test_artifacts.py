"""Every format is told apart by a few reads, whatever its size."""

from pathlib import Path

import pytest

from scanner.detect.artifacts import BytesRanged, FileRanged, identify, is_artifact, is_companion, sampled_digest
from scanner.detect.artifacts.formats import table
from scanner.detect.artifacts.identify import READERS
from tests.estate import artifacts as make

FIXTURES = Path(__file__).parent / "fixtures" / "artifacts"

SAMPLES: dict[str, tuple[bytes, dict[str, object]]] = {
    "m/model.safetensors": (make.safetensors(dtype="BF16"), {"format": "safetensors", "parameters": 136, "quantisation": "BF16"}),
    "m/llama.gguf": (make.gguf(), {"format": "gguf", "architecture": "llama", "quantisation": "Q4_K_M"}),
    "m/late.gguf": (make.gguf(vocabulary=50_000, late=True), {"format": "gguf", "quantisation": "Q4_K_M"}),
    "m/run.llamafile": (make.llamafile(), {"format": "llamafile", "architecture": "llama"}),
    "m/net.pt": (make.torch_zip(), {"format": "pytorch", "parameters": 136, "quantisation": "F32", "pickle": "innocuous"}),
    "m/pytorch_model.bin": (make.torch_zip(storage="HalfStorage"), {"format": "pytorch", "quantisation": "F16"}),
    "m/script.pt": (make.torchscript(), {"format": "torchscript", "architecture": "ChurnNet"}),
    "m/old.pth": (make.torch_legacy(), {"format": "pytorch-legacy", "pickle": "innocuous"}),
    "m/fraud.pkl": (make.pickled(), {"format": "pickle", "architecture": "LogisticRegression", "producer": "scikit-learn"}),
    "m/fraud2.pickle": (make.pickled(protocol=2), {"format": "pickle", "architecture": "LogisticRegression"}),
    "m/net.onnx": (
        make.onnx(weights=500_000, metadata={"license": "mit"}),
        {"format": "onnx", "producer": "pytorch 2.5.0", "license": "mit"},
    ),
    "m/net.keras": (make.keras(), {"format": "keras", "architecture": "Functional", "producer": "keras 3.5.0"}),
    "m/net.h5": ((FIXTURES / "keras.h5").read_bytes(), {"format": "keras-h5", "architecture": "Sequential", "producer": "keras 2.15.0"}),
    "m/saved_model.pb": (make.savedmodel()["saved_model.pb"], {"format": "savedmodel", "producer": "tensorflow 2.17.0"}),
    "m/net.tflite": (make.tflite(), {"format": "tflite"}),
    "m/net.pte": (make.executorch(), {"format": "executorch"}),
    "m/net.mlmodel": (make.coreml("MIT"), {"format": "coreml", "license": "MIT"}),
    "m/net.engine": (make.tensorrt(), {"format": "tensorrt"}),
    "m/net.xml": (make.openvino()["churn.xml"], {"format": "openvino", "architecture": "churn"}),
    "m/score.pmml": (make.pmml(), {"format": "pmml", "architecture": "TreeModel", "producer": "JPMML-SkLearn"}),
    "m/xgb_model.json": (make.xgboost(trees=500), {"format": "xgboost", "architecture": "binary:logistic", "producer": "xgboost 2.1.1"}),
    "m/churn.ubj": (make.xgboost_ubj(), {"format": "xgboost"}),
    "m/lgb_model.txt": (make.lightgbm(), {"format": "lightgbm", "architecture": "binary", "producer": "lightgbm v4"}),
    "m/churn.cbm": (make.catboost(), {"format": "catboost"}),
    "m/asr.nemo": (make.nemo(), {"format": "nemo", "architecture": "EncDecCTCModelBPE"}),
    "m/asr2.nemo": (make.nemo(packed=False), {"format": "nemo", "architecture": "EncDecCTCModelBPE"}),
    "m/churn.mar": (make.mar(), {"format": "mar", "architecture": "image_classifier"}),
    "m/MLmodel": (make.mlmodel()["MLmodel"], {"format": "mlflow", "architecture": "sklearn", "producer": "mlflow 3.17.2"}),
}


@pytest.mark.parametrize("path", SAMPLES)
def test_a_format_is_told_by_few_reads(path: str) -> None:
    content, expected = SAMPLES[path]
    source = BytesRanged(content)
    found = identify(path, source)
    assert found is not None
    assert found.unread is None
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.bytes == len(content)
    assert source.requests <= 6


@pytest.mark.parametrize("path", SAMPLES)
def test_a_format_is_looked_at_because_of_its_name(path: str) -> None:
    assert is_artifact(path, 1_000_000)
    assert not is_artifact(path, 0)


def test_every_reader_of_the_table_exists_and_is_tried() -> None:
    assert {row.reader for row in table().formats} - {""} == set(READERS)


@pytest.mark.parametrize(
    "path",
    ["README.md", "app.py", "data.csv", "package.json", "notes.txt", "pom.xml", "settings.xml.bak", "firmware.bin.sig", "a.png", "LICENSE"],
)
def test_ordinary_files_are_not_looked_at(path: str) -> None:
    assert not is_artifact(path, 50_000) or identify(path, BytesRanged(b"ordinary text\n" * 100)) is None


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("data.pkl", b"\x80\x04}\x94\x8c\x01a\x94K\x01s."),
        ("frame.pkl", b"\x80\x02cpandas.core.frame\nDataFrame\n)\x81."),
        ("table.h5", (FIXTURES / "table.h5").read_bytes()),
        ("evdev.xml", b'<?xml version="1.0"?><!DOCTYPE xkbConfigRegistry SYSTEM "xkb.dtd"><xkbConfigRegistry/>'),
        ("readings.h5", b"\x89HDF\r\n\x1a\n" + b"\xff" * 3000),
        ("pom.xml", b'<?xml version="1.0"?><project><version>1</version></project>'),
        ("model.json", b'{"type": "object", "properties": {}}'),
        ("site.pb", b"\x0a\x03abc"),
        ("x.plan", b"Q3 roadmap\n" * 400),
        ("model.txt", b"The model is described below.\n"),
        ("backup.tar", b"\0" * 2048),
        ("a.bin", b"\x7fELF" + b"\0" * 30_000),
    ],
)
def test_what_only_looks_like_a_model_is_none(path: str, content: bytes) -> None:
    assert identify(path, BytesRanged(content)) is None


def test_companions_are_not_models() -> None:
    for path in (
        "a/config.json",
        "a/tokenizer.model",
        "a/model.safetensors.index.json",
        "a/optimizer.pt",
        "a/training_args.bin",
        "a/rng_state_0.pth",
    ):
        assert is_companion(path)
        assert not is_artifact(path, 5_000_000)


def test_a_large_language_model_costs_two_requests(tmp_path: Path) -> None:
    head, length = make.header({f"model.layers.{n}.self_attn.q_proj.weight": (4096, 4096 * 29) for n in range(16)}, "BF16")
    target = tmp_path / "model.safetensors"
    with target.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + length)
    with FileRanged(target) as source:
        found = identify("model.safetensors", source)
    assert found is not None
    assert (found.parameters, found.quantisation, found.unread) == (16 * 4096 * 4096 * 29, "BF16", None)
    assert source.size is not None and source.size > 15_000_000_000
    assert source.requests <= 2 and source.received < 50_000


def test_a_vocabulary_is_not_read_where_the_name_tells_the_number_type() -> None:
    content = make.gguf(
        vocabulary=100_000,
        late=True,
        more={"general.license": "llama3.1", "general.base_model.0.repo_url": "https://huggingface.co/meta-llama/Llama-3.1-8B"},
    )
    shallow, deep = BytesRanged(content), BytesRanged(content)
    named, unnamed = identify("llama-Q5_K_M.gguf", shallow), identify("llama.gguf", deep)
    assert named is not None and unnamed is not None
    assert (named.quantisation, named.license, named.base_model) == ("Q5_K_M", "llama3.1", "meta-llama/Llama-3.1-8B")
    assert (shallow.requests, shallow.received < 100_000) == (2, True)
    assert (unnamed.quantisation, deep.requests <= 6) == ("Q4_K_M", True)


def test_an_optimiser_in_a_checkpoint_is_not_counted_as_parameters() -> None:
    state = b"X\x0f\x00\x00\x00optimizer_state"
    found = identify("last.ckpt", BytesRanged(make.torch_zip(more=b"X\x14\x00\x00\x00optimizer_state_dict0")))
    assert state and found is not None and found.parameters is None


def test_a_pickle_that_runs_a_command_is_dangerous_and_never_run() -> None:
    found = identify("model.pkl", BytesRanged(make.malicious()))
    assert found is not None
    assert (found.pickle, found.pickle_imports) == ("dangerous", ("posix.system",))


def test_a_dangerous_pickle_is_told_even_where_it_looks_like_data() -> None:
    found = identify("table.pkl", BytesRanged(make.malicious()))
    assert found is not None and found.pickle == "dangerous"


@pytest.mark.parametrize("memo", [b"\x94", b"q\x00"])
def test_an_import_that_is_put_together_on_the_stack_is_seen(memo: bytes) -> None:
    content = b"\x80\x04\x8c\x02os" + memo + b"\x8c\x06system" + b"\x93\x8c\x02ls\x85R."
    found = identify("clf.pkl", BytesRanged(content))
    assert found is not None and found.pickle_imports == ("os.system",)


def test_a_lfs_pointer_gives_the_exact_identity() -> None:
    content = make.safetensors()
    found = identify("model.safetensors", BytesRanged(make.lfs_pointer(content)))
    assert found is not None
    assert (found.format, found.bytes) == ("safetensors", len(content))
    assert [name.partition(":")[0] for name in found.identifiers] == ["sha256"]


def test_a_dvc_pointer_gives_md5_and_size_of_a_model_and_is_none_for_data() -> None:
    found = identify("model.pkl.dvc", BytesRanged(make.dvc_pointer("model.pkl", b"weights")))
    assert found is not None
    assert found.identifiers == ("md5:a4b5afbe44a1b3ca7b7b8d8fbeb8ff0d:7",) or found.identifiers[0].endswith(":7")
    assert identify("data.csv.dvc", BytesRanged(make.dvc_pointer("data.csv", b"rows"))) is None
    assert identify("data.xml.dvc", BytesRanged(make.dvc_pointer("data.xml", b"<rows/>"))) is None


def test_the_folders_of_a_hugging_face_cache_name_repository_and_revision() -> None:
    revision, blob = "0" * 40, "a" * 64
    found = identify(f"hub/models--acme--fraud-bert/snapshots/{revision}/model.safetensors", BytesRanged(make.safetensors()))
    assert found is not None and found.identifiers == ("hf:acme/fraud-bert", f"hf:acme/fraud-bert@{revision}")
    path = f"hub/models--acme--fraud-bert/blobs/{blob}"
    assert is_artifact(path, 5)
    held = identify(path, BytesRanged(make.gguf()))
    assert held is not None and f"sha256:{blob}" in held.identifiers


def test_sampled_digests_agree_for_equal_bytes_and_no_others() -> None:
    content = make.noise(2_000_000, 1)
    changed = content[:-1] + b"!"
    same, counted = sampled_digest(BytesRanged(content), b"key"), BytesRanged(bytes(content))
    assert same == sampled_digest(counted, b"key")
    assert (counted.requests, counted.received) == (18, 18 * 4096)
    assert same != sampled_digest(BytesRanged(changed), b"key")
    assert same != sampled_digest(BytesRanged(content), b"another key")
    assert same.startswith("sd1:") and len(same) == 68
