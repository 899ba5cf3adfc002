"""What a pickle would import, from its opcodes alone. Nothing is ever loaded; picklescan judges the names that were found."""

import io
import logging
import pickletools
from collections import deque
from collections.abc import Callable

import msgspec

from scanner.detect.artifacts.ranged import Spent

MAX_OPCODES = 300_000
MAX_TEXT = 4096
SKIP = 65_536
TEXTS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINSTRING", "BINSTRING", "STRING"}
STORES = {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}
GETS = {"GET", "BINGET", "LONG_BINGET"}
QUIET = STORES | {"FRAME", "PROTO"}
CODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
Take = Callable[[int, int], bytes]


class Opcodes(msgspec.Struct, frozen=True):
    """The imports (module, name), some of the texts, and why the walk ended early, where it did."""

    imports: tuple[tuple[str, str], ...]
    texts: frozenset[str]
    unread: str | None
    end: int


class _Walk:
    def __init__(self, take: Take, start: int) -> None:
        self.take = take
        self.at = start
        self.recent: deque[str | None] = deque((None, None), maxlen=2)
        self.memo: dict[int, str | None] = {}
        self.imports: dict[tuple[str, str], None] = {}
        self.texts: set[str] = set()

    def run(self) -> str | None:
        for _ in range(MAX_OPCODES):
            code = self.take(self.at, 1)
            if not code:
                return "ends in the middle of its opcodes"
            opcode = CODES.get(code)
            if opcode is None:
                return "holds bytes that are no opcodes"
            self.at += 1
            self.step(opcode.name, self.argument(opcode))
            if opcode.name == "STOP":
                return None
        return f"holds more than {MAX_OPCODES:,} opcodes"

    def argument(self, opcode: pickletools.OpcodeInfo) -> bytes:
        if opcode.arg is None:
            return b""
        if opcode.arg.n == pickletools.UP_TO_NEWLINE:
            return b" ".join(self.line() for _ in range(2 if opcode.name in ("GLOBAL", "INST") else 1))
        if opcode.arg.n >= 0:
            found = self.take(self.at, opcode.arg.n)
            self.at += opcode.arg.n
            return found
        return self.counted({-2: 1, -3: 4, -4: 4, -5: 8}[opcode.arg.n])

    def counted(self, width: int) -> bytes:
        length = int.from_bytes(self.take(self.at, width), "little")
        self.at += width
        found = self.take(self.at, length) if length <= MAX_TEXT else b""
        self.at += length
        return found

    def line(self) -> bytes:
        found = self.take(self.at, MAX_TEXT)
        line, _, _ = found.partition(b"\n")
        self.at += len(line) + 1
        return line

    def step(self, name: str, argument: bytes) -> None:
        if name in TEXTS:
            text = argument.decode("utf-8", "replace")
            self.recent.append(text)
            if len(self.texts) < 10_000:
                self.texts.add(text)
        elif name in STORES:
            key = len(self.memo) if name == "MEMOIZE" else _index(name, argument)
            self.memo[key] = self.recent[-1]
        elif name in GETS:
            self.recent.append(self.memo.get(_index(name, argument)))
        elif name in ("GLOBAL", "INST"):
            module, _, attribute = argument.decode("utf-8", "replace").partition(" ")
            self.found(module, attribute)
        elif name == "STACK_GLOBAL":
            self.found(self.recent[0] or "unknown", self.recent[1] or "unknown")
        elif name not in QUIET:
            self.recent.append(None)

    def found(self, module: str, attribute: str) -> None:
        self.imports[module, attribute] = None
        self.recent.append(None)


def _index(name: str, argument: bytes) -> int:
    if name in ("PUT", "GET"):
        return int(argument) if argument.isdigit() else -1
    return int.from_bytes(argument, "little")


def opcodes(take: Take, start: int = 0) -> Opcodes:
    """Walks one pickle. `take(offset, length)` gives bytes; long payloads are stepped over, not fetched."""
    walk = _Walk(take, start)
    try:
        unread = walk.run()
    except Spent as spent:
        unread = str(spent)
    return Opcodes(tuple(walk.imports), frozenset(walk.texts), unread, walk.at)


def verdict(imports: tuple[tuple[str, str], ...]) -> tuple[str, tuple[str, ...]]:
    """picklescan's word for the worst import, and the imports it calls dangerous."""
    from picklescan.scanner import SafetyLevel, scan_pickle_bytes

    logging.getLogger("picklescan").setLevel(logging.CRITICAL + 1)  # its verdict is returned, not also written to the operator's terminal
    result = scan_pickle_bytes(io.BytesIO(_only_imports(imports)), "imports")
    levels = {level: [found for found in result.globals if found.safety is level] for level in SafetyLevel}
    worst = next((level for level in (SafetyLevel.Dangerous, SafetyLevel.Suspicious) if levels[level]), SafetyLevel.Innocuous)
    dangerous = sorted(f"{found.module}.{found.name}"[:200] for found in levels[SafetyLevel.Dangerous])
    return str(worst.value), tuple(dangerous[:50])


def _only_imports(imports: tuple[tuple[str, str], ...]) -> bytes:
    """A pickle that names the imports and does nothing else: picklescan's public door takes a pickle."""
    texts = [[text.encode("utf-8", "replace") for text in pair] for pair in imports]
    named = [b"".join(b"X" + len(text).to_bytes(4, "little") + text for text in pair) + b"\x930" for pair in texts]
    return b"\x80\x04" + b"".join(named) + b"N."
