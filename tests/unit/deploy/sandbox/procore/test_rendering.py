"""Decimals keep their digits on their way into an answer."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.procore.rendering import render

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=6),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_what_is_read_back_equals_what_was_written(value: object) -> None:
    assert json.loads(render(value), parse_float=Decimal) == value


@pytest.mark.parametrize(
    ("value", "text"), [("12", "12.0"), ("12.350", "12.35"), ("1E+3", "1000.0"), ("-0.10", "-0.1")]
)
def test_a_decimal_has_at_least_one_place_and_no_more_than_it_needs(value: str, text: str) -> None:
    assert render({"n": Decimal(value)}) == f'{{"n":{text}}}'


def test_other_types_have_no_place_in_an_answer() -> None:
    with pytest.raises(TypeError, match="set has no place"):
        render({"n": {1}})
