from __future__ import annotations

import contextlib
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.native_json import json_text
from relay.clients.native_json.records import member_records, records
from relay.clients.native_json.values import Members
from relay.domain.sources import exact_json
from relay.domain.sources.native_values import decimal_of, instant_of, number_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
BLANKS = st.sampled_from(["", " ", "\n\t", "\r\n  "])


def written(objects: list[dict[str, Any]], blank: str) -> tuple[str, list[str]]:
    texts = [json.dumps(members, ensure_ascii=False, indent=len(blank) or None) for members in objects]
    return f"{blank}[{blank}{f'{blank},{blank}'.join(texts)}{blank}]{blank}", texts


@given(st.lists(OBJECTS, max_size=5), BLANKS)
def test_each_object_of_a_list_keeps_its_own_bytes(objects: list[dict[str, Any]], blank: str) -> None:
    text, texts = written(objects, blank)
    for body in (text, f'{{"total":1,"rows":{text},"more":null}}'):
        got = records(body.encode(), "\0")
        assert [record.raw.decode() for record in got] == texts
        assert [dict(record.data) for record in got] == objects


@given(st.lists(OBJECTS, max_size=5), BLANKS)
def test_a_members_objects_keep_their_own_bytes_beside_other_lists(objects: list[dict[str, Any]], blank: str) -> None:
    text, texts = written(objects, blank)
    body = f'{blank}{{"errors": [{{"a": [1]}}],{blank}"entities"{blank}:{text},"entities2":[3]}}'.encode()
    assert [record.raw.decode() for record in member_records(body, "entities")] == texts
    assert member_records(body, "absent") == []


@pytest.mark.parametrize(
    "body", [b"[1]", b'"x"', b"3", b'{"a": 1}', b'{"a": [], "b": []}', b"[{}] x", b"[{]", b"[" * 100_000]
)
def test_what_is_no_list_of_objects_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts differ, the class is the agreement
        records(body, "id")


@pytest.mark.parametrize("body", [b"", b" \n", b"null", b"[]"])
def test_nothing_is_an_empty_list(body: bytes) -> None:
    assert records(body, "id") == []


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(), st.text())
def test_what_is_rendered_is_parsed_to_the_same(amount: Decimal, number: int, text: str) -> None:
    value = {"amount": amount, "number": number, "text": text, "list": [True, None, amount]}
    got = json_text.parse(json_text.render(value))
    assert got["amount"] == amount
    assert (got["number"], got["text"], got["list"][:2]) == (number, text, [True, None])
    assert json_text.render(got) == json_text.render(json_text.parse(json_text.render(got)))


@pytest.mark.parametrize("value", [1.5, {"a": float("nan")}, Decimal("NaN"), {1: 2}, object(), b"x"])
def test_what_json_does_not_have_exactly_is_not_sent(value: object) -> None:
    with pytest.raises(TypeError):
        json_text.render(value)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("1,200.50", "1200.50"),
        (" 3,000 ", "3000"),
        ("-1,234,567.8", "-1234567.8"),
        ("270.05", "270.05"),
        (3, "3"),
        (Decimal("7.596"), "7.596"),
        ("1,2", None),
        ("12,34.5", None),
        ("1.200,50", None),
        ("NaN", None),
        ("1_000", None),
        ("\u0661\u0662", None),
        ("\uff11,000", None),
        ("12e", None),
        (".5", "0.5"),
        ("5.", "5"),
        ("-1E+2", "-100"),
        ("", None),
        (True, None),
    ],
)
def test_an_amount_may_be_text_with_separators_of_thousands(value: object, amount: str | None) -> None:
    assert decimal_of(value) == (None if amount is None else Decimal(amount))


ODD = [
    "1e4000",
    "1e5000000",
    "1e-400000000",
    "9" * 5000,
    "1e99999999999999999999",
    "-1E+41",
    "0e5000000",
    "1." + "0" * 1_000_000,
]


@pytest.mark.parametrize("number", ODD)
def test_a_number_beyond_reason_reads_as_none_at_once(number: str) -> None:
    (record,) = records(f'[{{"id":{number},"ok":7}}]'.encode(), "id")
    members = Members(record.data)
    assert (members.number("id"), members.decimal("id"), members.number("ok")) == (None, None, 7)
    assert len(members.text("id") or "") <= len(number)
    assert decimal_of(number) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, None),
        (10**39, None),
        (Decimal("1e40"), None),
        (str(2**63), None),
        (Decimal("3.0"), 3),
        (Decimal("3.5"), None),
        (Decimal("NaN"), None),
        (" 12 ", 12),
        (True, None),
    ],
)
def test_an_id_has_at_most_64_bits(value: object, number: int | None) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z"])
def test_a_moment_that_no_clock_has_reads_as_none(moment: str) -> None:
    assert instant_of(moment) is None


HALVES = [
    (r"\ud83d", "\ufffd"),
    (r"\ude00", "\ufffd"),
    (r"\ud83d\ude00", "\U0001f600"),
    (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    (r"\\ud83d", r"\ud83d"),
    (r"\\\uD83D", "\\\ufffd"),
    (r"\ude00\ud83d", "\ufffd\ufffd"),
    (r"a\nb", "a\nb"),
]


@pytest.mark.parametrize(("escaped", "text"), HALVES)
def test_half_a_character_is_replaced_where_it_comes_in(escaped: str, text: str) -> None:
    body = f'{{"rows": [{{"{escaped}": "{escaped}", "n": 1}}, {{"m": "é"}}]}}'.encode()
    assert json_text.parse(body)["rows"][0] == {text: text, "n": 1}
    first, second = member_records(body, "rows")
    assert first.data[text] == text
    assert second.data == {"m": "é"}
    assert first.raw == f'{{"{escaped}": "{escaped}", "n": 1}}'.encode(), "what the remote said stays byte for byte"
    assert [record.raw for record in records(body, "id")] == [first.raw, second.raw]


@given(st.text(st.sampled_from('\\ud83e09"n'), max_size=30))
def test_every_text_of_an_answer_can_be_written(text: str) -> None:
    with contextlib.suppress(ValueError):
        json.dumps(json_text.parse(f'["{text}"]'.encode()), ensure_ascii=False).encode()


def test_the_search_for_halves_takes_no_more_time_than_the_length_of_the_text() -> None:
    started = time.process_time()
    for text in ("\\" * 1_000_000, r"\ud83" * 200_000, r"\ud83d" * 200_000):
        exact_json.without_half_escapes(text)
    assert time.process_time() - started < 20  # About one second; with backtracking it would be hours.
