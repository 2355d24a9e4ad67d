from __future__ import annotations

import re

import pytest

from cli.calls import told_calls
from cli.screen import Screen


@pytest.mark.parametrize("as_json", [False, True])
def test_a_wait_is_said_on_standard_error_with_what_for_and_until_when(
    capsys: pytest.CaptureFixture[str],
    as_json: bool,  # noqa: FBT001 - a table
) -> None:
    calls = told_calls(Screen(as_json=as_json), 9)
    calls.begin("GET https://procore.example/rest")
    calls.waiting("procore:acme", 42)
    calls.waiting("cinx:acme", 0.9)
    said = capsys.readouterr()
    assert said.out == ("" if as_json else "  1/9 GET https://procore.example/rest\n")
    assert re.fullmatch(r"  waits for the rate budget of procore:acme: 42 s, until \d\d:\d\d:\d\d UTC\n", said.err)
