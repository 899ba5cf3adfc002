"""Small valid model files of every format, made byte by byte: no framework is installed for tests or the demo.

Functions named after a format return bytes. Those named after a layout return {relative path: bytes}; `put` writes them.
"""

from tests.estate.artifacts.others import (
    catboost,
    dvc_pointer,
    keras,
    lfs_pointer,
    lightgbm,
    mar,
    mlmodel,
    nemo,
    openvino,
    pmml,
    tensorrt,
    xgboost,
    xgboost_ubj,
)
from tests.estate.artifacts.parts import Files, noise, put
from tests.estate.artifacts.pickles import malicious, pickled, torch_legacy, torch_zip, torchscript
from tests.estate.artifacts.protobufs import coreml, executorch, field, mlpackage, onnx, savedmodel, tflite, varint
from tests.estate.artifacts.tensors import beside, gguf, header, llamafile, lora, safetensors, sharded

__all__ = [
    "Files",
    "beside",
    "catboost",
    "coreml",
    "dvc_pointer",
    "executorch",
    "field",
    "gguf",
    "header",
    "keras",
    "lfs_pointer",
    "lightgbm",
    "llamafile",
    "lora",
    "malicious",
    "mar",
    "mlmodel",
    "mlpackage",
    "nemo",
    "noise",
    "onnx",
    "openvino",
    "pickled",
    "pmml",
    "put",
    "safetensors",
    "savedmodel",
    "sharded",
    "tensorrt",
    "tflite",
    "torch_legacy",
    "torch_zip",
    "torchscript",
    "varint",
    "xgboost",
    "xgboost_ubj",
]
