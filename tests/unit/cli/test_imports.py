"""What a command imports: ``--help`` waits for nothing of what does the work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.command import Command
from cli.main import COMMANDS, app_of
from operations.stages import STAGES, factory_of
from relay.engine.topics import GROUPS

ROOT = Path(__file__).parents[3]
# Pydantic itself is what typer reads options with.
WORK = {
    "fastavro",
    "httpx",
    "kafka",
    "opentelemetry",
    "prometheus_client",
    "pydantic_settings",
    "rich",
    "sqlalchemy",
    "starlette",
    "structlog",
}
IMPORTED = """
import contextlib, io, json, sys
from cli.main import cor
with contextlib.redirect_stdout(io.StringIO()) as shown:
    for words in json.loads(sys.argv[1]):
        with contextlib.suppress(SystemExit):
            cor([*words, "--help"])
print(json.dumps({"helps": shown.getvalue().count("Usage: cor"), "modules": list(sys.modules)}))
"""


def commands(command: Any, *words: str) -> dict[tuple[str, ...], Any]:
    found = {words: command}
    for name, inner in getattr(command, "commands", {}).items():
        found |= commands(inner, *words, name)
    return found


EVERY = commands(typer.main.get_command(app_of(COMMANDS)))


def test_no_help_imports_what_works() -> None:
    """All in one process: what one of them imports would be seen."""
    command = [sys.executable, "-c", IMPORTED, json.dumps([list(words) for words in EVERY])]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    said = json.loads(ended.stdout)
    assert said["helps"] == len(EVERY) > 20
    assert {module.partition(".")[0] for module in said["modules"]} & WORK == set()


def test_a_command_waits_for_no_other() -> None:
    command = [sys.executable, "-c", IMPORTED, json.dumps([["status"]])]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    others = {place.partition(":")[0] for place in COMMANDS.values()} - {"cli.status"}
    assert others & set(json.loads(ended.stdout)["modules"]) == set()


@pytest.mark.parametrize("words", [words for words in EVERY if not hasattr(EVERY[words], "commands")])
def test_every_command_runs_with_quiet_libraries(words: tuple[str, ...]) -> None:
    assert isinstance(EVERY[words], Command)


def test_every_stage_can_be_made_and_has_a_group_but_for_the_one_whose_offsets_stand_elsewhere() -> None:
    assert set(STAGES) == {*GROUPS, "views"}
    assert all(callable(factory_of(stage)) for stage in STAGES)
