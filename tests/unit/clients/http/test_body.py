from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.http.body import AnswerTooLarge, UnaskedCompression, read_body

MIB = 1024 * 1024


def read(body: bytes, coding: str = "", *, largest: int = MIB, cut: bool = False, piece: int = 65_536) -> bytes:
    wire = [body[start : start + piece] for start in range(0, len(body), piece)]
    return read_body(wire, coding, largest=largest, cut=cut, check_time=lambda: None)


def bomb(size: int, layers: int = 1) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    body = b"".join(packer.compress(b" " * MIB) for _ in range(size // MIB)) + packer.flush()
    for _ in range(layers - 1):
        body = gzip.compress(body, mtime=0)
    return body


@given(st.lists(st.binary(max_size=500), max_size=5), st.integers(1, 300), st.binary(max_size=0) | st.just(b"\0\0"))
def test_gzip_of_several_members_is_read(members: list[bytes], piece: int, padding: bytes) -> None:
    body = b"".join(gzip.compress(member, mtime=0) + padding for member in members)
    assert read(body, "gzip", piece=piece) == b"".join(members)


def test_what_unfolds_to_more_than_a_piece_is_read_whole() -> None:
    content = bytes(range(256)) * 4000
    for piece in (1, 700, 65_536, 5_000_000):
        assert read(gzip.compress(content, mtime=0), " GZIP ", piece=piece, largest=2 * MIB) == content


@pytest.mark.parametrize(
    "coding", ["gzip, gzip", "gzip,gzip,gzip", "deflate", "br", "zstd", "compress", "x", "gzip, identity"]
)
def test_compression_that_was_not_asked_for_is_refused_before_it_unfolds(coding: str) -> None:
    with pytest.raises(UnaskedCompression):
        read(bomb(64 * MIB, layers=2), coding)


@pytest.mark.parametrize(
    "body", [gzip.compress(b"x" * 99, mtime=0)[:-4], b"{}", gzip.compress(b"x", mtime=0) + b"rest", b"\x1f\x8b"]
)
def test_compression_that_is_damaged_or_breaks_off_is_refused(body: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        read(body, "gzip")


def test_very_many_compressed_files_in_one_answer_are_refused() -> None:
    with pytest.raises(UnaskedCompression):
        read(gzip.compress(b"", mtime=0) * 100_000, "gzip")


def measured(act: Callable[[], object]) -> tuple[float, int]:
    tracemalloc.start()
    started = time.process_time()
    try:
        act()
        return time.process_time() - started, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("coding", ["gzip", ""])
def test_a_bomb_takes_no_more_memory_than_the_limit_allows(coding: str, cut: bool) -> None:  # noqa: FBT001
    wire = [bomb(256 * MIB)] if coding else [b" " * 65_536] * 4096

    def act() -> None:
        if cut:
            assert len(read_body(wire, coding, largest=MIB, cut=True, check_time=lambda: None)) == MIB
            return
        with pytest.raises(AnswerTooLarge):
            read_body(wire, coding, largest=MIB, cut=False, check_time=lambda: None)

    seconds, peak = measured(act)
    assert peak < 10 * MIB
    assert seconds < 5


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"[[", b"1,"])
def test_json_of_more_values_than_the_memory_holds_is_refused(unit: bytes) -> None:
    with pytest.raises(AnswerTooLarge):
        read(unit * (MIB // len(unit) // 2))
    row = b'{"ID":1234567,"PROJECT_ID":1321036,"NAME":"a name, with a comma","PRICE":1200.50,"QTY":1.0},'
    assert len(read(row * (MIB // 2 // len(row)))) > MIB // 3


def test_an_endless_body_ends_with_the_time_of_the_call() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield gzip.compress(b"", mtime=0)[:10]

    def check_time() -> None:
        raise httpx.ReadTimeout("late")

    with pytest.raises(httpx.ReadTimeout):
        read_body(endless(), "gzip", largest=MIB, cut=True, check_time=check_time)
