"""A simulator that shares code with the client it tests proves nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import deploy.sandbox

FOLDER = Path(deploy.sandbox.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """Absolute names of the modules that a file imports, wherever in it."""
    package = ["deploy", "sandbox", *file.relative_to(FOLDER).parent.parts]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*base, node.module or ""]).rstrip(".")


def test_there_are_files_to_look_at() -> None:
    assert {"shell", "constructiononline", "cinx"} <= {file.parent.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_the_sandbox_imports_only_itself_and_the_standard_library(file: Path) -> None:
    foreign = {
        name
        for name in imported(file)
        if name.partition(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith("deploy.sandbox.")
    }
    assert not foreign


def test_a_foreign_import_would_be_seen(tmp_path: Path) -> None:
    file = FOLDER / "cinx" / "imagined.py"
    source = tmp_path / "imagined.py"
    source.write_text("def f():\n    from relay.domain import identity\n", encoding="utf-8")
    names = [node.module for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.ImportFrom)]
    assert names == ["relay.domain"]
    assert "deploy.sandbox.shell" in set(imported(FOLDER / "cinx" / "service.py"))
    assert not file.exists()
