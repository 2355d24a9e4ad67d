from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.http import error_text
from tests.hostile_answers import TREE


def error_sentence(body: bytes) -> str:
    return error_text.error_sentence(body, str)


def member_sentence(value: Any) -> str:
    return error_text.member_sentence(value, str)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


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


@given(st.binary(max_size=2000) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_sentence_is_one_line_of_bounded_length(body: bytes) -> None:
    sentence = error_sentence(body)
    assert len(sentence) <= 500
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "unit", [b"<", b"<a ", b"<script ", b"<style>", b"</script", b"&#", b"[", b'{"errors":', b"\\"]
)
def test_an_error_page_of_any_size_costs_little_time(unit: bytes) -> None:
    started = time.process_time()
    assert len(error_sentence(unit * (2_000_000 // len(unit)))) <= 500
    assert time.process_time() - started < 1  # A few milliseconds; 200 KB of "<" used to take 50 seconds.


@pytest.mark.parametrize(
    "value",
    [json.loads(TREE), {"errors": [json.loads(TREE)]}, {"x": json.loads(TREE)}, [[[[{}] * 100] * 100] * 100] * 100],
    ids=["members", "list", "unknown", "wide"],
)
def test_members_without_a_word_cost_little_time_in_whatever_shape(value: Any) -> None:
    started = time.process_time()
    assert member_sentence(value) == ""
    assert time.process_time() - started < 1  # Milliseconds; two ways on from each member used to take half a minute.
    assert error_sentence(TREE) == ""


def test_words_behind_members_that_say_nothing_are_found() -> None:
    assert (
        error_sentence(b'{"errors":{},"error":null,"title":["is too long"],"x":{"message":"bad"}}')
        == "is too long; bad"
    )


def test_words_that_are_nested_without_end_are_left_out() -> None:
    value: Any = "deep"
    for _ in range(900):
        value = {"errors": [value]}
    assert member_sentence({"message": "no", "errors": value}) == "no"
    assert error_sentence(b"[" * 900 + b'"x"' + b"]" * 900) == ""


def test_a_script_that_does_not_end_and_markup_in_capitals_say_nothing() -> None:
    assert error_sentence(b"<p>502<SCRIPT>alert(1)</SCRIPT> Bad<style>p{} gateway") == "502 Bad"


def test_half_a_character_of_a_remote_does_not_reach_a_letter() -> None:
    sentence = error_sentence(rb'{"errors":{"title":["is not acceptable: Hammer work \ud83d"]}}')
    assert sentence == "title is not acceptable: Hammer work \ufffd"
    assert error_sentence(b"&#xD83D; &#55357; &#x110000;").encode()


def test_secrets_go_before_the_sentence_is_cut() -> None:
    body = json.dumps({"message": "x" * 490 + "hunter22-secret"}).encode()
    assert "hunter" not in error_text.error_sentence(body, lambda text: text.replace("hunter22-secret", "[secret]"))
