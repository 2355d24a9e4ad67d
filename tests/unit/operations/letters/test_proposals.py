from __future__ import annotations

import pytest

from operations.letters.proposals import is_same_person


@pytest.mark.parametrize(
    "other", ["anna.l\u00f6we", " ANNA.L\u00d6WE ", "anna.lo\u0308we", "anna.l\u00f6we\u200b", "\uff41nna.l\u00f6we"]
)
def test_a_person_is_the_same_under_any_spelling_of_the_name(other: str) -> None:
    assert is_same_person("anna.l\u00f6we", other)
    assert not is_same_person("anna.lowe", other)
