"""docs/operating.md names every reason, hold, metric and command as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.main import COMMANDS, app_of
from producers.publish.letters import DELETIONS_UNCONFIRMED, UNREADABLE_ROW
from relay.domain.ledger import HoldKind
from relay.engine.topics import ALL, DAY_MS, FOR_EVER, Cleanup, Topic

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
CODE = ("cli", "operations", "relay", "schemas", "producers", "workers")


def named() -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", PAGE))


def reasons() -> set[str]:
    """What belongs to no target system, as the code spells it."""
    pattern = re.compile(r'"((?:route|record|status|match|source|relay)\.[a-z_]+)"')
    files = [file for folder in CODE for file in (ROOT / folder).rglob("*.py")]
    found = {reason for file in files for reason in pattern.findall(file.read_text(encoding="utf-8"))}
    return found | {f"constructiononline.{one}" for one in (DELETIONS_UNCONFIRMED, UNREADABLE_ROW)}


def test_every_reason_is_told() -> None:
    found = reasons()
    assert len(found) > 12
    assert found - named() == set()


def test_every_hold_is_told() -> None:
    assert {kind.value for kind in HoldKind} - named() == set()


def test_every_metric_that_is_named_exists() -> None:
    documented = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    metrics = {name for name in named() if name.startswith("cor_")}
    assert len(metrics) > 5
    assert {name for name in metrics if f"`{name}`" not in documented} == set()


def kept() -> dict[str, str]:
    """The second column of the table of what must be kept, by topic."""
    rows = PAGE.partition("### What must be kept, and what may go")[2].partition("\n### ")[0]
    columns = [row.split(" | ") for row in rows.splitlines() if row.startswith("| `")]
    return {name: row[1] for row in columns for name in re.findall(r"`([\w.-]+)`", row[0])}


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.base)
def test_how_long_a_topic_is_kept_is_told_as_it_is_declared(topic: Topic) -> None:
    told = kept()[topic.base]
    if topic.cleanup is Cleanup.COMPACT:
        assert told.startswith("compacted")
    else:
        assert told == ("for ever" if topic.retention_ms == FOR_EVER else f"{topic.retention_ms // DAY_MS} days")
    for days in re.findall(r"tombstones (\d+) days", told):
        assert topic.tombstones_ms == int(days) * DAY_MS


def test_no_topic_is_told_of_that_is_none() -> None:
    assert set(kept()) == {topic.base for topic in ALL}


@pytest.mark.parametrize("page", ["docs/operating.md", "README.md", "CHANGELOG.md"])
def test_every_command_that_is_named_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    every = get_command(app_of(COMMANDS))
    assert isinstance(every, TyperGroup)
    groups = {name: group.commands for name, group in every.commands.items() if isinstance(group, TyperGroup)}
    named = re.findall(r"`(?:\S+ )*?cor ([a-z-]+)(?: ([a-z-]+))?", text)
    assert len(named) > 5
    wrong = {f"{first} {second}" for first, second in named if first not in every.commands}
    wrong |= {f"{first} {second}" for first, second in named if second and second not in groups.get(first, [second])}
    assert not wrong, f"{page} names: {wrong}"
