"""Files that lie: each costs little, and ends in one clear reason."""

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.detect.artifacts import BytesRanged, FileRanged, Unread, identify
from scanner.detect.artifacts.ranged import MAX_BYTES, MAX_REQUESTS
from scanner.errors import Unreachable
from tests.estate import artifacts as make
from tests.test_artifacts import SAMPLES


def unread(path: str, content: bytes) -> str:
    source = BytesRanged(content)
    found = identify(path, source)
    assert found is not None and found.unread is not None, found
    assert source.requests <= MAX_REQUESTS and source.received <= MAX_BYTES
    return found.unread


def gguf_with(tensors: int, keys: int, rest: bytes = b"") -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", 3, tensors, keys) + rest


def directory_of(content: bytes) -> int:
    return content.rfind(b"PK\x05\x06")


def test_a_header_that_claims_a_hundred_megabytes() -> None:
    assert "claims 100,000,000 bytes" in unread("a.safetensors", struct.pack("<Q", 100_000_000) + b'{"' + b" " * 5000)


def test_a_header_that_claims_more_than_there_is() -> None:
    assert "ends at byte" in unread("a.safetensors", struct.pack("<Q", 9000) + b'{"w":1}')


def test_a_header_nested_beyond_reason() -> None:
    text = b'{"__metadata__":' + b"[" * 100_000
    assert "not the JSON" in unread("a.safetensors", struct.pack("<Q", len(text)) + text)


def test_shapes_that_overflow_and_are_negative() -> None:
    for shape in ("[-1,2]", "[99999999999999999999,9]"):
        text = f'{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":[0,4]}}}}'.encode()
        assert "not the JSON" in unread("a.safetensors", struct.pack("<Q", len(text)) + text)


def test_half_an_upload_keeps_what_its_header_says() -> None:
    content = make.safetensors()
    found = identify("a.safetensors", BytesRanged(content[:-100]))
    assert found is not None and found.parameters == 136 and "half-written" in str(found.unread)


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (gguf_with(1, 1 << 40), "keys"),
        (gguf_with(1, 1, struct.pack("<Q", 1 << 60)), "string claims"),
        (gguf_with(1, 1, struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 50)), "array claims"),
        (gguf_with(1, 1, struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 9, 3)), "array of arrays"),
        (gguf_with(1, 1, struct.pack("<Q", 1) + b"k" + struct.pack("<I", 99)), "type 99"),
        (struct.pack("<4sIQQ", b"GGUF", 77, 1, 1), "version 77"),
        (gguf_with(1, 9), "ends inside"),
    ],
)
def test_a_gguf_that_lies(content: bytes, because: str) -> None:
    assert because in unread("a.gguf", content)


def test_a_zip_bomb_is_not_unpacked() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", b" " * 50_000_000)
        archive.writestr("config.json", b"{}")
    assert "claims 50,000,000 bytes" in unread("a.keras", made.getvalue())


def test_a_zip_bomb_that_lies_about_its_size() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", b" " * 50_000_000)
        archive.writestr("config.json", b"{}")
    content = bytearray(made.getvalue())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 100)
    assert "unpacks to more than" in unread("a.keras", bytes(content))


def test_members_that_overlap() -> None:
    content = bytearray(make.torch_zip())
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    content[second + 42 : second + 46] = struct.pack("<I", 1)
    assert "overlap" in unread("a.pt", bytes(content))


def test_a_zip64_directory_that_is_not_where_it_says() -> None:
    content = bytearray(make.keras())
    end = directory_of(bytes(content))
    content[end + 16 : end + 20] = b"\xff\xff\xff\xff"
    assert "zip64" in unread("a.keras", bytes(content))


def with_zip64(content: bytes, signature: bytes = b"PK\x06\x06") -> bytes:
    """The same zip with the wide directory that PyTorch's writer always adds."""
    end = directory_of(content)
    count, length, offset = struct.unpack_from("<HII", content, end + 10)
    record = signature + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, length, offset)
    return content[:end] + record + b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1) + content[end:]


def test_a_zip64_directory_that_is_not_needed_is_read_as_pytorch_writes_it() -> None:
    found = identify("net.jit", BytesRanged(with_zip64(make.torchscript())))
    assert found is not None and (found.format, found.unread) == ("torchscript", None)


def test_a_zip64_locator_without_its_directory() -> None:
    assert "not where it says" in unread("a.keras", with_zip64(make.keras(), b"PK\0\0"))


def test_a_zip_directory_that_announces_other_members() -> None:
    content = bytearray(make.keras())
    end = directory_of(bytes(content))
    content[end + 8 : end + 12] = struct.pack("<HH", 7, 7)
    assert "announces 7" in unread("a.keras", bytes(content))


def test_a_zip_without_its_end() -> None:
    assert "half-written" in unread("a.keras", make.keras()[:-40])


def test_a_flood_of_opcodes_ends_in_time() -> None:
    started = time.monotonic()
    assert "more than 300,000 opcodes" in unread("a_model.pkl", b"\x80\x02" + b"N0" * 3_000_000 + b".")
    assert time.monotonic() - started < 5


def test_a_pickle_whose_payload_is_huge_is_stepped_over(tmp_path: Path) -> None:
    target = tmp_path / "model.pkl"
    head = b"\x80\x04csklearn.svm\nSVC\n\x8e" + struct.pack("<Q", 3_000_000_000)
    with target.open("wb") as file:
        file.write(head)
        file.seek(len(head) + 3_000_000_000)
        file.write(b"0cos\nsystem\n.")
    with FileRanged(target) as source:
        found = identify("model.pkl", source)
    assert found is not None and found.pickle_imports == ("os.system",) and source.received < 100_000


def test_a_packed_bomb_is_opened_a_little() -> None:
    import zlib

    content = zlib.compress(b"\x80\x02" + b"N0" * 10_000_000 + b".")
    source = BytesRanged(content)
    found = identify("model.pkl.z", source)
    assert found is not None and found.unread is not None and found.pickle == "unknown"


def test_xml_with_entities_is_refused() -> None:
    content = b'<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY a SYSTEM "file:///etc/passwd">]><PMML version="4.4">&a;</PMML>'
    assert "DTD" in unread("a.pmml", content)


def test_yaml_that_never_ends_nesting() -> None:
    assert unread("MLmodel", b"a: " + b"[" * 50_000)


def test_a_protobuf_whose_fields_never_end() -> None:
    assert "more reads than" in unread("a.onnx", b"\x08\x01" * 60_000)


def test_a_protobuf_that_claims_more_than_there_is() -> None:
    assert "claims more bytes" in unread("a.onnx", b"\x08\x09\x3a\xff\xff\xff\x7f")


def test_a_source_that_does_not_answer_is_not_the_files_fault() -> None:
    class Dead(BytesRanged):
        def read(self, offset: int, length: int) -> bytes:
            raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        identify("a.gguf", Dead(b"GGUF"))


def test_a_source_that_gives_half_of_what_was_asked() -> None:
    class Half(BytesRanged):
        def read(self, offset: int, length: int) -> bytes:
            return super().read(offset, length // 2)

    found = identify("a.gguf", Half(make.gguf()))
    assert found is not None and "cut short" in str(found.unread)


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "model.gguf")
    with pytest.raises(Unread, match="not a regular file"):
        FileRanged(tmp_path / "model.gguf")


def test_text_out_of_a_file_is_one_short_printable_line() -> None:
    found = identify("a.gguf", BytesRanged(make.gguf(architecture="ll\x1b[31m\nama\u202e" + "x" * 500)))
    assert found is not None and found.architecture is not None
    assert found.architecture.isprintable() and len(found.architecture) <= 200


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(sorted(SAMPLES)), place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=16), cut=st.booleans())
def test_no_damage_makes_it_raise_or_read_on(path: str, place: float, junk: bytes, cut: bool) -> None:
    content, _ = SAMPLES[path]
    at = int(place * min(len(content), 6000))
    damaged = content[:at] if cut else content[:at] + junk + content[at + len(junk) :]
    source = BytesRanged(damaged)
    found = identify(path, source)
    assert found is None or found.format
    assert source.requests <= MAX_REQUESTS and source.received <= MAX_BYTES
