from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.constructiononline.listings import Scope, cheapest


@pytest.mark.parametrize(
    ("wanted", "known", "scope"),
    [
        ({"1": "7"}, {"7": 50}, Scope.EACH),
        ({"1": "7", "2": "7"}, {"7": 50, "8": 50}, Scope.PROJECT),
        ({"1": "7", "2": "8"}, {"7": 50, "8": 50}, Scope.ACCOUNT),
        ({"1": "7", "2": "8"}, {"7": 50, "8": 5_000}, Scope.EACH),
        ({"1": None, "2": None, "3": None}, {"7": 50}, Scope.ACCOUNT),
        ({str(at): "7" for at in range(40)}, {"7": 50, "8": 90_000}, Scope.PROJECT),
    ],
)
def test_the_fewest_requests_are_chosen_and_of_equals_the_fewest_rows(
    wanted: dict[str, str | None], known: dict[str | None, int], scope: Scope
) -> None:
    assert cheapest(wanted, known) is scope


@given(
    wanted=st.dictionaries(st.text(max_size=3), st.sampled_from(["7", "8", "9"]), min_size=1, max_size=30),
    known=st.dictionaries(st.sampled_from(["7", "8", "9"]), st.integers(0, 300), max_size=3),
)
def test_no_scope_takes_more_requests_than_asking_one_by_one(
    wanted: dict[str, str], known: dict[str | None, int]
) -> None:
    requests = {Scope.EACH: len(wanted), Scope.PROJECT: len(set(wanted.values())), Scope.ACCOUNT: 1}
    assert requests[cheapest(dict(wanted), known)] <= len(wanted)
