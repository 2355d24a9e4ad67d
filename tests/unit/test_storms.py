"""Every storm is where `make proof` looks for them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_storm_is_left_out() -> None:
    found = re.search(r"^STORMS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    folders = [ROOT / folder for folder in found[1].split()]
    assert all(folder.is_dir() for folder in folders)
    tests = {path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)}
    storms = {path for path in tests if "mark.storm" in path.read_text()}
    assert storms
    assert [path for path in sorted(storms) if not any(path.is_relative_to(folder) for folder in folders)] == []
