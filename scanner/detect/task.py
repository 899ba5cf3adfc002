"""What a worker is asked to do."""

import msgspec


class Task(msgspec.Struct, frozen=True):
    """One file to examine: `text` for the parsers, `artifact` for the readers of model files, `keys` where a key's shape was hit."""

    path: str
    data: bytes
    text: bool = True
    artifact: bool = False
    keys: bool = False
