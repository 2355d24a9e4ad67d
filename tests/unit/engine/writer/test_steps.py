"""Each step of the protocol stands for itself: what several need lies below them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer import steps
from relay.engine.writer.state.transactions import TransactionKind

FOLDER = Path(steps.__file__).parent

NEXT = {
    "receive": set[str](),
    "plan": {"settle"},
    "dispatch": {"hold", "settle"},
    "record": {"in_doubt", "settle", "tell"},
    "tell": set[str](),
    "settle": set[str](),
    "failed_calls": {"hold", "in_doubt", "settle"},
    "in_doubt": {"settle"},
    "hold": set[str](),
    "held": set[str](),
}
"""The steps that may follow each within its own transaction or turn."""


def imported_steps(source: str) -> set[str]:
    """The step modules that ``source`` imports."""
    package = f"{steps.__name__}."
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            imported |= {name.removeprefix(package).split(".")[0] for name in names if name.startswith(package)}
    return imported


def test_a_step_imports_only_the_steps_that_follow_it() -> None:
    modules = {file.stem: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.py") if file.stem != "__init__"}
    assert {name: imported_steps(source) for name, source in modules.items()} == NEXT


@pytest.mark.parametrize(
    "source",
    [
        "from relay.engine.writer.steps import hold",
        "from relay.engine.writer.steps.hold import release",
        "def late():\n    from relay.engine.writer.steps.hold import release",
    ],
)
def test_an_import_of_a_step_is_found(source: str) -> None:
    assert imported_steps(source) == {"hold"}


def test_every_commit_of_a_writer_has_its_crash_points() -> None:
    points = [point for kind in TransactionKind for point in (*kind.before_commit, kind.after_commit)]
    elsewhere = {CrashPoint.WRITER_AFTER_CALL, CrashPoint.WRITER_DURING_RESTORE, CrashPoint.WRITER_AFTER_FENCE}
    assert len(points) == len(set(points))
    assert set(points) | elsewhere == {point for point in CrashPoint if point.startswith("writer.")}
