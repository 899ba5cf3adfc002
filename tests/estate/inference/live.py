"""llama.cpp's own server, live, in a process of its own: PyPI's xllamacpp over a tiny model made on the spot."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.estate.inference.tiny import gguf

PROGRAM = """
import sys
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.hostnames, params.port = sys.argv[1], ["127.0.0.1"], int(sys.argv[2])
params.model_alias = {sys.argv[3]}
params.n_ctx, params.n_parallel, params.warmup, params.verbosity = 128, 1, False, -1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


class Live(NamedTuple):
    """A live server."""

    url: str


@contextmanager
def llamacpp(directory: Path, name: str = "tiny-shadow-llama") -> Iterator[Live]:
    """llama.cpp serving a tiny model by this name; it is ready when the block begins."""
    directory.mkdir(parents=True, exist_ok=True)
    model = gguf(directory / "tiny-llama.gguf", name)
    command = [sys.executable, "-c", PROGRAM, str(model), str(_free_port()), name]
    with (directory / "llama.cpp.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        yield Live(_address(process, directory))
    finally:
        process.kill()
        process.communicate()


def _address(process: "subprocess.Popen[bytes]", directory: Path) -> str:
    """What the program prints once the model is loaded; its standard output may hold other lines."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"http"):
            return line.decode().strip().rstrip("/")
    raise RuntimeError(f"llama.cpp did not start: {(directory / 'llama.cpp.log').read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
