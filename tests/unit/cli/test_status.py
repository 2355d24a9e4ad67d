"""What ``cor status`` says of open letters."""

from __future__ import annotations

import pytest

from cli.status import _open_letters
from operations.status.report import LettersState


@pytest.mark.parametrize(("count", "counted"), [(1, "1 open letter"), (2, "2 open letters")])
def test_letters_are_counted_in_words_that_fit(count: int, counted: str) -> None:
    letters = LettersState(open=count, oldest_seconds=12.0, by_reason={"cinx.code_unknown": count})
    said = f"{counted}, the oldest 12 s old: {count} cinx.code_unknown. See `cor letters list`."
    assert _open_letters(letters) == said
