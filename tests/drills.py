"""The commands that docs/operating.md tells people to run, from the page itself: a drill runs what is written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "operating.md"


def commands(heading: str, **values: str) -> list[list[str]]:
    """The words after ``cor`` of each line of the code under a heading, in order; ``values`` take words' places."""
    text = PAGE.read_text(encoding="utf-8")
    section = re.split(r"\n#+ ", text.partition(f"# {heading}\n")[2])[0]
    blocks = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip().startswith("cor ")]
    assert lines, f"{PAGE.name} has no commands under {heading!r}"
    return [_filled(shlex.split(line, comments=True)[1:], values) for line in lines]


def _filled(words: list[str], values: Mapping[str, str]) -> list[str]:
    return [values.get(word, word) for word in words]
