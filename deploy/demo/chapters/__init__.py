"""The story, chapter by chapter, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from deploy.demo.chapters import crash, edits, first_load, letters, replay, samples, trace
from deploy.demo.scene import Scene

STORY: Final[tuple[tuple[str, Callable[[Scene], None]], ...]] = (
    ("The first change orders arrive", samples.tell),
    ("A second office is connected: its whole company is loaded", first_load.tell),
    ("People change their minds", edits.tell),
    ("Two change orders cannot be carried", letters.tell),
    ("A worker is killed in the worst moment", crash.tell),
    ("Everything is replayed", replay.tell),
    ("The whole life of one change order", trace.tell),
)
