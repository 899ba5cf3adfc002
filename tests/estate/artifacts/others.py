"""Archives, texts, folders and pointers."""

import hashlib
import io
import json
import struct
import zipfile

from tests.estate.artifacts.parts import Files, noise
from tests.estate.artifacts.pickles import pickled


def keras(version: str = "3.5.0", name: str = "Functional", weights: int = 3000) -> bytes:
    """A Keras v3 archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version, "date_saved": "2026-01-01@00:00:00"}))
        archive.writestr("config.json", json.dumps({"module": "keras", "class_name": name, "config": {"name": "churn"}}))
        archive.writestr("model.weights.h5", noise(weights))
    return made.getvalue()


def mar(name: str = "churn", handler: str = "image_classifier", weights: int = 2000) -> bytes:
    """A TorchServe archive."""
    made = io.BytesIO()
    manifest = {"runtime": "python", "archiverVersion": "0.12.0", "model": {"modelName": name, "modelVersion": "1.0", "handler": handler}}
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("churn.pt", noise(weights))
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
    return made.getvalue()


def xgboost(objective: str = "binary:logistic", trees: int = 2, seed: int = 0) -> bytes:
    """XGBoost's JSON model."""
    forest = [{"base_weights": [seed / 7, 0.25], "split_indices": [0, 1]} for _ in range(trees)]
    learner = {
        "feature_names": ["age", "income"],
        "gradient_booster": {"model": {"trees": forest}, "name": "gbtree"},
        "learner_model_param": {"num_feature": "2"},
        "objective": {"name": objective, "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return json.dumps({"learner": learner, "version": [2, 1, 1]}, separators=(",", ":")).encode()


def xgboost_ubj() -> bytes:
    """The beginning that XGBoost's UBJSON model has."""
    return b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{L" + noise(500)


def lightgbm(objective: str = "binary sigmoid:1", seed: int = 0) -> bytes:
    """LightGBM's text model."""
    lines = [
        "tree",
        "version=v4",
        "num_class=1",
        f"objective={objective}",
        "feature_names=age income",
        "",
        "Tree=0",
        f"leaf_value={seed} 0.2",
        "end of trees",
    ]
    return "\n".join(lines).encode()


def catboost() -> bytes:
    """CatBoost's binary model."""
    return b"CBM1" + struct.pack("<I", 500) + noise(500)


def pmml(kind: str = "TreeModel") -> bytes:
    """A PMML document."""
    return (
        f'<?xml version="1.0"?>\n<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">'
        f'<Header><Application name="JPMML-SkLearn" version="1.7"/>'
        f'</Header><DataDictionary/><{kind} functionName="classification"></{kind}></PMML>'
    ).encode()


def openvino() -> Files:
    """OpenVINO's pair."""
    return {"churn.xml": b'<?xml version="1.0"?>\n<net name="churn" version="11">\n<layers/></net>\n', "churn.bin": noise(20_000)}


def tensorrt() -> bytes:
    """A serialised TensorRT engine's beginning."""
    return b"ptrt" + noise(3000)


def nemo(packed: bool = True, weights: int = 900) -> bytes:
    """A NeMo archive."""
    import tarfile

    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz" if packed else "w") as archive:
        for name, content in (
            ("./model_config.yaml", b"target: nemo.collections.asr.models.EncDecCTCModelBPE\nnemo_version: 2.0.0\n"),
            ("./w.ckpt", noise(weights)),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def mlmodel(flavour: str = "sklearn", uuid: str = "9f0c1f6e4d3b4e0aa6a1c2d3e4f5a6b7", seed: int = 0) -> Files:
    """MLflow's folder."""
    text = (
        f"artifact_path: model\nflavors:\n  python_function:\n    loader_module: mlflow.{flavour}\n  {flavour}:\n    code: null\n"
        f"mlflow_version: 3.17.2\nmodel_uuid: {uuid}\n"
        f"run_id: 0123456789abcdef0123456789abcdef\nutc_time_created: '2026-01-01 00:00:00.000000'\n"
    )
    return {"MLmodel": text.encode(), "model.pkl": pickled(seed=seed), "conda.yaml": b"name: env\n", "requirements.txt": b"scikit-learn\n"}


def lfs_pointer(content: bytes) -> bytes:
    """The Git LFS pointer of some content."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n".encode()


def dvc_pointer(path: str, content: bytes) -> bytes:
    """The .dvc file of some content."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return f"outs:\n- md5: {digest}\n  size: {len(content)}\n  hash: md5\n  path: {path}\n".encode()
