"""Which files make one model: shards, folders of one layout, and the small files beside the weights."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from scanner.detect.artifacts.formats import is_artifact, is_companion, named_model

SHARD = re.compile(r"^(?P<stem>.+?)[-_.](?:part-?)?\d{1,5}-of-(?P<total>\d{1,5})(?P<rest>(?:\.[A-Za-z0-9_]+)+)$")
DATA = re.compile(r"^(?P<stem>.+)\.data-\d{5}-of-\d{5}$")
RANK = re.compile(r"^(?P<stem>.*?rank[_-]?)\d+(?P<rest>.*\.[A-Za-z0-9]+)$")
CANON = re.compile(
    r"^(?:model|pytorch_model|tf_model|flax_model|adapter_model|diffusion_pytorch_model|consolidated|open_clip_pytorch_model)"
    r"(?:[.-](?:fp16|bf16|non_ema|ema_only|\d{2,5}(?:-of-\d{2,5})?))*\.(?:safetensors|bin|h5|msgpack|pth|pt)$"
)
MLFLOW_PARTS = ("data", "artifacts", "model", "components", "sparkml", "checkpoints")
SAVEDMODEL_PARTS = ("variables", "assets", "assets.extra")
CARDS = ("readme.md",)
PACKAGE = re.compile(r"^(.*?\.(?:mlpackage|mlmodelc))(?:/|$)")
BLOBS = re.compile(r"(?:^|/)(models--[^/]+)/blobs$")
Sized = tuple[str, int | None]


class Group(msgspec.Struct, frozen=True):
    """One model: `path` is its file, or its folder or the common beginning of its shards, without a slash at the end.

    `members` hold the weights, the one to identify first; `companions` are small files beside them.
    """

    path: str
    members: tuple[str, ...]
    companions: tuple[str, ...] = ()
    bytes: int | None = None
    sharded: bool = False


def is_beside(path: str) -> bool:
    """Whether a file is worth keeping for `group` although it is no weights."""
    return is_companion(path) or path.rpartition("/")[2].lower() in CARDS or path.endswith(".mlpackage/Manifest.json")


def group(paths_with_sizes: Iterable[Sized]) -> Iterator[Group]:
    """The models among the files, sorted by path; a file that is neither weights nor beside them is left out."""
    folders: dict[str, dict[str, int | None]] = defaultdict(dict)
    for path, size in paths_with_sizes:
        if is_artifact(path, size) or is_beside(path) or _in_package(path):
            folder, _, name = path.rpartition("/")
            folders[folder][name] = size
    yield from sorted(_groups(folders), key=lambda made: made.path)


def _in_package(path: str) -> bool:
    return ".mlpackage/" in path or ".mlmodelc/" in path


def _groups(folders: dict[str, dict[str, int | None]]) -> Iterator[Group]:
    claimed = _claims(folders)
    named = {folder.partition("/snapshots/")[0] for folder in folders if "/snapshots/" in folder}
    whole: dict[str, list[Sized]] = defaultdict(list)
    for folder, names in folders.items():
        root = claimed.get(folder)
        if root is not None:
            whole[root] += [(_join(folder, name), size) for name, size in names.items()]
        elif not (BLOBS.search(folder) and folder.removesuffix("/blobs") in named):  # the same files, seen under their names
            yield from _in_folder(folder, names)
    for root, files in whole.items():
        if made := _folder_group(root, files):
            yield made


def _claims(folders: dict[str, dict[str, int | None]]) -> dict[str, str]:
    """Folders that belong to a folder which is one model as a whole: the outermost such one."""
    return {folder: root for folder in folders if (root := _root(folder, folders)) is not None}


def _root(folder: str, folders: dict[str, dict[str, int | None]]) -> str | None:
    if package := PACKAGE.match(folder):
        return package[1]
    ends = [0, *(place for place, letter in enumerate(folder) if letter == "/"), len(folder)]
    above = dict.fromkeys(folder[:end] for end in ends)
    return next((root for root in above if root in folders and _holds(root, folder[len(root) :].strip("/"), folders)), None)


def _holds(root: str, below: str, folders: dict[str, dict[str, int | None]]) -> bool:
    """Whether a root's marker makes the folder `below` it part of the same model."""
    names = folders[root]
    if "MLmodel" in names:
        return not below or below.partition("/")[0] in MLFLOW_PARTS
    if "saved_model.pb" in names:
        return not below or below in SAVEDMODEL_PARTS
    if "model_index.json" in names:
        return not below or ("/" not in below and any(map(CANON.match, folders[_join(root, below)])))
    return False


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _folder_group(root: str, files: list[Sized]) -> Group | None:
    companions = sorted((path for path, _ in files if is_beside(path)), key=_depth)
    weights = sorted((entry for entry in files if not is_beside(entry[0])), key=lambda entry: (_rank(entry[0]), entry[0]))
    if not weights:
        return None
    path = root or weights[0][0]
    return Group(path, tuple(name for name, _ in weights), tuple(companions), _total(weights))


def _rank(path: str) -> int:
    """The member that says most comes first."""
    name = path.rpartition("/")[2]
    order = ("MLmodel", "saved_model.pb", "model.mlmodel")
    if name in order:
        return order.index(name)
    return 3 if is_artifact(path, None) else 4


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _total(files: list[Sized]) -> int | None:
    sizes = [size for _, size in files]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _in_folder(folder: str, names: dict[str, int | None]) -> Iterator[Group]:
    beside = sorted(name for name in names if is_beside(name))
    sets: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for name in sorted(set(names) - set(beside)):
        sets[_set_of(name, names)].append(name)
    for (stem, sharded), members in sets.items():
        if _ordinary_xml(members):
            continue
        ordered = sorted(members, key=lambda name: (_preference(name), name))
        path = ordered[0] if len(ordered) == 1 and not sharded else stem
        near = beside if stem == "" or len(sets) == 1 or all(stem.endswith(".gguf") for stem, _ in sets) else []
        yield Group(
            _join(folder, path) if path else folder or ordered[0],
            tuple(_join(folder, name) for name in ordered),
            tuple(_join(folder, name) for name in near),
            _total([(name, names[name]) for name in ordered]),
            sharded or any(SHARD.match(name) for name in ordered),
        )


def _ordinary_xml(members: list[str]) -> bool:
    """XML without weights beside it, whose name does not speak of a model: a bucket may hold a million of them."""
    return len(members) == 1 and members[0].endswith(".xml") and not named_model(members[0])


def _preference(name: str) -> int:
    return 0 if name.endswith((".safetensors", ".xml", ".onnx")) else 1


def _set_of(name: str, names: dict[str, int | None]) -> tuple[str, bool]:
    """The set a file belongs to: the empty one is the folder's own model, by the names Hugging Face gives."""
    if CANON.match(name):
        return "", False
    for pattern in (SHARD, DATA, RANK):
        if match := pattern.match(name):
            return match["stem"].rstrip("-_.") or name, True
    stem, _, suffix = name.rpartition(".")
    if suffix == "bin" and f"{stem}.xml" in names:
        return f"{stem}.xml", False
    for ending in ("_data", ".data"):
        if name.endswith(f".onnx{ending}"):
            return name.removesuffix(ending), False
    return name, False
