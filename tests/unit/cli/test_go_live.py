"""``cor go-live``: which of its options go together."""

from __future__ import annotations

import pytest

from tests.cor_command import cor


@pytest.mark.parametrize("option", [["--dry-run"], ["--plan", "1a2b3c4d"]])
def test_ending_pilots_is_neither_tried_out_nor_of_a_plan(
    option: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.golive.pilots.end_pilots", lambda *_, **__: [])
    monkeypatch.setattr("operations.written_versions.writing_environment", lambda: None)
    refused = cor(capsys, "go-live", "tower", "--end-pilot", *option)
    assert (refused.code, option[0] in refused.err) == (2, True), refused.err
