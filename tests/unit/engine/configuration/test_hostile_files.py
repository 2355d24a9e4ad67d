"""Files that went wrong in any way: what is wrong is named with its line, soon, and nothing else is ever raised.

:data:`FOUND` are files that once raised something else, or took too long; what the search finds is added there.
"""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.engine.configuration import ConfigurationError, load_configuration
from relay.engine.configuration.document import MOST_PROBLEMS

EXAMPLE = (Path(__file__).parents[4] / "docs" / "examples" / "configuration.yaml").read_bytes()
SECONDS = 20.0
"""Ten times what the slowest file of this size takes on a busy machine."""
MEMORY = 256 * 1024 * 1024
UNHURRIED = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

ODD = st.sampled_from(
    [
        *(
            b"&a [*a, *a]",
            b"*a",
            b"a: &a b\n",
            b"<<: *a\n",
            b"{{}: 1}",
            b"[[[[",
            b"? ",
            b": ",
            b"- ",
            b"{",
            b"}",
            b"[",
            b"]",
        ),
        *(b"!!python/object:os.system x", b"!!binary '='", b"!!timestamp 9999999-99-99", b"!!set {a}", b"%YAML 9.9\n"),
        *(b"---\n", b"...\n", b"'", b'"', b"|\n", b">\n", b"\t", b"\r", b"\x00", b"\xff\xfe", b"\xed\xa0\x80"),
        *(b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xae", b"~", b"yes", b".nan", b".inf", b"1e999999", b"1:2:3"),
        *(b"2026-02-30", b"9" * 5000, b"0x" + b"f" * 999),
    ]
)
"""Bytes that mean something to a reader of YAML, or to nobody."""

PLACES = st.integers(0, len(EXAMPLE))
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), PLACES, ODD),
        st.tuples(st.just("cut"), PLACES, st.integers(1, 80)),
        st.tuples(st.just("double"), PLACES, st.integers(1, 200)),
    ),
    min_size=1,
    max_size=4,
)

FOUND: list[bytes] = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"[" * 100_000,
    b"{a: " * 20_000,
    b"- " * 50_000,
    b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n" % (at, at) for at in range(400)),
    b"a0: &a0 [x]\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (at, at, b",".join([b"*a%d" % (at - 1)] * 9)) for at in range(1, 10)),
    b"accounts: &a {procore: *a}\nroutes: []\n",
    b"accounts: {procore: {? [a] : 1}}\n",
    b"routes: " + b"9" * 100_000 + b"\n",
    b"accounts: !!python/object/apply:os.getcwd []\n",
    b"accounts: {}\naccounts: {}\n",
    b"%YAML 9.9\n---\naccounts: {}\n",
]


def edited(edits: list[tuple[str, int, bytes | int]]) -> bytes:
    """The example after ``edits``, each at its place in what the ones before it left."""
    text = EXAMPLE
    for kind, place, what in edits:
        at = min(place, len(text))
        if kind == "put" and isinstance(what, bytes):
            text = text[:at] + what + text[at:]
        elif kind == "cut" and isinstance(what, int):
            text = text[:at] + text[at + what :]
        elif isinstance(what, int):
            text = text[: at + what] + text[at:]
    return text


def is_read_or_refused(folder: Path, data: bytes) -> None:
    file = folder / "cor.yaml"
    file.write_bytes(data)
    began = time.process_time()
    refused = refusal_of(file)
    assert time.process_time() - began < SECONDS
    if refused is not None:
        assert refused.problems
        assert all(problem.line >= 1 for problem in refused.problems[:MOST_PROBLEMS])
        assert str(file) in str(refused)


def refusal_of(file: Path) -> ConfigurationError | None:
    try:
        load_configuration(file, secrets_of=())
    except ConfigurationError as refused:
        return refused
    return None


@given(edits=EDITS)
@UNHURRIED
def test_whatever_is_done_to_a_file_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int, bytes | int]]
) -> None:
    is_read_or_refused(tmp_path_factory.getbasetemp(), edited(edits))


@pytest.mark.parametrize("data", FOUND, ids=range(len(FOUND)))
def test_what_was_found_is_read_or_refused_in_bounded_memory(tmp_path: Path, data: bytes) -> None:
    tracemalloc.start()
    try:
        is_read_or_refused(tmp_path, data)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
