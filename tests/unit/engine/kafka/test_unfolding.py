from __future__ import annotations

import gzip
import sys
import tracemalloc
import types

import lz4.frame
import pytest
import zstandard
from kafka import codec

from relay.engine.kafka.unfolding import NAMES, CannotUnfold, unfolded

LIMIT = 100_000
COMPRESS = {
    "gzip": gzip.compress,
    "lz4": lz4.frame.compress,
    "zstd": zstandard.compress,
}
NUMBERS = {name: number for number, name in NAMES.items()}


def unfold(name: str, data: bytes, limit: int = LIMIT) -> bytes:
    return unfolded(memoryview(data), NUMBERS[name], limit)


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT])
def test_what_is_within_the_limit_comes_whole(name: str, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    assert unfold(name, COMPRESS[name](data)) == data


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("size", [LIMIT + 1, 300 * LIMIT])
def test_what_is_beyond_it_is_refused_in_memory_in_line_with_it(name: str, size: int) -> None:
    data = COMPRESS[name](bytes(size))
    tracemalloc.start()
    try:
        with pytest.raises(CannotUnfold, match=f"unfolds to more than {LIMIT} bytes"):
            unfold(name, data)
        assert tracemalloc.get_traced_memory()[1] < 10 * LIMIT + len(data)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_what_is_put_together_of_several_is_bounded_as_a_whole(name: str) -> None:
    half = COMPRESS[name](bytes(LIMIT // 2))
    assert unfold(name, half * 2) == bytes(LIMIT)
    with pytest.raises(CannotUnfold, match="more than"):
        unfold(name, half * 3)


@pytest.mark.parametrize("name", COMPRESS)
def test_what_is_nothing_of_the_kind_is_refused(name: str) -> None:
    with pytest.raises(CannotUnfold, match=f"is no {name}"):
        unfold(name, b"nothing of the kind")


@pytest.mark.parametrize("name", ["gzip", "lz4"])
def test_what_ends_early_is_refused(name: str) -> None:
    with pytest.raises(CannotUnfold, match=f"is no {name}"):
        unfold(name, COMPRESS[name](bytes(range(256)) * 100)[:-10])


def test_a_content_size_that_is_a_lie_takes_no_memory() -> None:
    frame = bytearray(lz4.frame.compress(b"x" * 1000, store_size=True))
    whole = lz4.frame.compress(bytes(2**20), store_size=True)
    frame[6:15] = whole[6:15]  # The size and the checksum of the header, of a megabyte.
    with pytest.raises(CannotUnfold):
        unfold("lz4", bytes(frame))


def test_a_way_to_compress_that_is_not_there_is_named() -> None:
    assert codec.snappy is None, "snappy is installed now: try it with what it writes itself"
    with pytest.raises(CannotUnfold, match="snappy, which cannot be read here"):
        unfold("snappy", b"\x01\x00x")
    with pytest.raises(CannotUnfold, match="7, which cannot be read here"):
        unfolded(memoryview(b""), 7, LIMIT)


@pytest.fixture
def snappy(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A snappy that knows only what is not compressed: a length, a literal's tag, its bytes."""

    def decompress(data: bytes) -> bytes:
        assert data[0] < 60, "longer literals have longer tags"
        assert data[1] == (data[0] - 1) << 2
        return data[2:]

    module = types.ModuleType("snappy")
    module.decompress = decompress  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "snappy", module)
    monkeypatch.setattr(codec, "snappy", module)
    return module


def literal(text: bytes) -> bytes:
    return bytes([len(text), (len(text) - 1) << 2]) + text


def xerial(*blocks: bytes) -> bytes:
    header = b"\x82SNAPPY\0" + (1).to_bytes(4, "big") * 2
    return header + b"".join(len(block).to_bytes(4, "big") + block for block in blocks)


@pytest.mark.usefixtures("snappy")
def test_snappy_is_asked_for_its_length_before_it_unfolds() -> None:
    assert unfold("snappy", literal(b"abc")) == b"abc"
    assert unfold("snappy", xerial(literal(b"abc"), literal(b"def"))) == b"abcdef"
    with pytest.raises(CannotUnfold, match="more than 5 bytes"):
        unfold("snappy", xerial(literal(b"abc"), literal(b"def")), 5)
    with pytest.raises(CannotUnfold, match="more than"):
        unfold("snappy", b"\xff\xff\xff\x7f" + bytes(10))


@pytest.mark.usefixtures("snappy")
def test_a_block_of_snappy_that_goes_backwards_does_not_go_on_for_ever() -> None:
    with pytest.raises(CannotUnfold, match="a block of -4 bytes"):
        unfold("snappy", b"\x82SNAPPY\0" + bytes(8) + (-4).to_bytes(4, "big", signed=True))
