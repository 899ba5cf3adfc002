"""Datasets that training code and recipes name."""

import re
from collections.abc import Iterator

from scanner.contracts import Fact
from scanner.detect.rules.file import File, fact
from scanner.detect.rules.slots import squeezed

CALLS = re.compile(r"(^|\.)(load_dataset|load_dataset_builder|get_dataset_config_names|DatasetDict\.load|tfds\.load|load_metric_dataset)$")
KEYS = frozenset(
    {
        "dataset",
        "datasetid",
        "datasetname",
        "datasetmixer",
        "datasets",
        "trainfile",
        "dataseturi",
        "traindataset",
        "evaldataset",
        "datasetpath",
        "hfdataset",
    }
)
SPEAKS = re.compile("dataset|tfds|train_?file", re.IGNORECASE)
HUB = re.compile(r"[A-Za-z0-9][\w.-]{1,95}/[A-Za-z0-9][\w.-]{1,95}")
ADDRESS = re.compile(r"(s3|gs|hf)://[^\s\"']+")


def facts(file: File) -> Iterator[Fact]:
    """Each dataset, once."""
    seen: set[str] = set()
    if not SPEAKS.search(file.text):
        return
    for literal in file.reading.literals:
        text = literal.text
        called = CALLS.search(literal.callee) and literal.key in ("#0", "", "path")
        keyed = file.kind in ("yaml", "json", "toml") and {squeezed(literal.key), *(squeezed(part) for part in literal.path[-2:])} & KEYS
        if not called and not keyed:
            continue
        usable = bool(HUB.fullmatch(text)) or bool(ADDRESS.fullmatch(text)) or bool(called and re.fullmatch(r"[\w.-]{2,60}", text))
        if usable and text not in seen and not text.endswith((".json", ".csv", ".py", ".txt", ".yaml")):
            seen.add(text)
            identifiers = (f"name:{text}",) if "://" not in text else (text.rstrip("/"),)
            yield fact(
                "dataset", "dataset.call" if called else "dataset.key", literal.line, sure=bool(called), name=text, identifiers=identifiers
            )
