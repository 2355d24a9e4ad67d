from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.http.error_text import error_sentence
from relay.clients.native_json import json_text
from relay.clients.native_json.records import member_records, records
from relay.clients.native_json.values import decimal_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
BLANKS = st.sampled_from(["", " ", "\n\t", "\r\n  "])


def written(objects: list[dict[str, Any]], blank: str) -> tuple[str, list[str]]:
    texts = [json.dumps(one, ensure_ascii=False, indent=len(blank) or None) for one in objects]
    return f"{blank}[{blank}{f'{blank},{blank}'.join(texts)}{blank}]{blank}", texts


@given(st.lists(OBJECTS, max_size=5), BLANKS)
def test_each_object_of_a_list_keeps_its_own_bytes(objects: list[dict[str, Any]], blank: str) -> None:
    text, texts = written(objects, blank)
    for body in (text, f'{{"total":1,"rows":{text},"more":null}}'):
        got = records(body.encode(), "\0")
        assert [one.raw.decode() for one in got] == texts
        assert [dict(one.data) for one in got] == objects


@given(st.lists(OBJECTS, max_size=5), BLANKS)
def test_a_members_objects_keep_their_own_bytes_beside_other_lists(objects: list[dict[str, Any]], blank: str) -> None:
    text, texts = written(objects, blank)
    body = f'{blank}{{"errors": [{{"a": [1]}}],{blank}"entities"{blank}:{text},"entities2":[3]}}'.encode()
    assert [one.raw.decode() for one in member_records(body, "entities")] == texts
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
    ("body", "sentence"),
    [
        ({"errors": "Unauthorized"}, "Unauthorized"),
        ({"errors": ["App is not connected to this company."]}, "App is not connected to this company."),
        ({"errors": {"assignees": ["required"], "base": ["no"]}}, "assignees required; no"),
        ({"code": 1, "message": "bad", "fields": "title", "reason": "why"}, "bad; why; title"),
        ({"error": {"code": "X", "message": "bad", "details": [{"message": "deep"}]}}, "bad; deep"),
        ({"errors": {"base": ["taken"]}, "error_type": "x"}, "taken"),
        ({"error": "invalid_client", "error_description": "refused"}, "refused; invalid_client"),
        ({"response": {"status_code": 500, "message": "Failed to find a job"}, "rows": []}, "Failed to find a job"),
        ({"Message": "No HTTP resource", "MessageDetail": "No type"}, "No HTTP resource; No type"),
        (b"limit reached,  wait", "limit reached, wait"),
        (b"<html><style>x{}</style><h1>502 Bad &amp; gone</h1></html>", "502 Bad & gone"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ([], ""),
    ],
)
def test_one_sentence_is_made_of_every_form_of_an_error(body: Any, sentence: str) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert error_sentence(raw) == sentence


@given(st.binary(max_size=2000) | VALUES.map(lambda one: json.dumps(one).encode()))
def test_a_sentence_is_one_line_of_bounded_length(body: bytes) -> None:
    sentence = error_sentence(body)
    assert len(sentence) <= 500
    assert "\n" not in sentence


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
        ("", None),
        (True, None),
    ],
)
def test_an_amount_may_be_text_with_separators_of_thousands(value: object, amount: str | None) -> None:
    assert decimal_of(value) == (None if amount is None else Decimal(amount))
