"""docs/architecture.md names files and folders that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TOP = ("schemas", "relay", "producers", "workers", "operations", "cli", "web", "deploy", "tests")


def named_paths(page: str) -> set[str]:
    """Paths from the top of the tree that stand in back quotes."""
    quoted = re.findall(r"`([a-z_]+/[\w./*-]*)`", page)
    return {path for path in quoted if path.partition("/")[0] in TOP}


def drawn_paths(page: str) -> set[str]:
    """Paths of the drawn tree: two blanks of indentation are one level."""
    tree = page.partition("## The tree")[2].partition("```")[2].partition("```")[0]
    folders: list[str] = []
    paths = set()
    for line in tree.splitlines():
        match = re.match(r"( *)([\w./]+)", line)
        if match is None or len(match[1]) > 4:
            continue
        depth = len(match[1]) // 2
        folders[depth:] = [match[2]]
        paths.add("".join(folders))
    return paths


def missing(paths: set[str]) -> set[str]:
    return {path for path in paths if not list(ROOT.glob(path.rstrip("/")))}


def test_every_path_that_is_named_is_there() -> None:
    assert len(named_paths(PAGE)) > 20
    assert missing(named_paths(PAGE)) == set()


def test_every_path_of_the_drawn_tree_is_there() -> None:
    assert len(drawn_paths(PAGE)) > 20
    assert missing(drawn_paths(PAGE)) == set()


def test_a_path_that_is_not_there_is_found() -> None:
    assert missing(named_paths("see `relay/engine/nowhere.py` and `relay/domain/`")) == {"relay/engine/nowhere.py"}
    assert missing(drawn_paths("## The tree\n```\nrelay/\n  domain/   pure\n    nowhere/ no\n```")) == {
        "relay/domain/nowhere/"
    }
