"""The guide for newcomers: every command of it is run as it is written, and prints what the guide shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import Kafka
from tests.integration.docs.walkthrough import GUIDE, agrees, blocks_of, clone, seen_of, written_anew


@pytest.mark.timeout(1500)
@pytest.mark.storm  # It takes minutes: it waits for everything that its reader waits for.
def test_every_command_prints_what_the_guide_shows(kafka: Kafka, prefix: str, tmp_path: Path) -> None:
    named = {"COR_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "COR_TOPIC_PREFIX": prefix}
    with clone(tmp_path, **named) as shell:
        for block in blocks_of(GUIDE.read_text(encoding="utf-8")):
            seen = seen_of(shell, block).replace(f", topic prefix {prefix}", "").replace(prefix, "")
            assert block.shown is None or agrees(block.shown, seen), f"{block.commands}\n{seen}"
    assert not (tmp_path / "cor").exists()


def test_the_guide_goes_all_the_way_and_shows_what_its_commands_print() -> None:
    blocks = blocks_of(GUIDE.read_text(encoding="utf-8"))
    commands = "".join(block.commands for block in blocks)
    for needed in ("make setup", "cor discover", "cor check", "cor run all", "cor plan", "--only", "cor poll",
                   "--plan $plan", "cor status", "cor trace", "cor log", "cor web", "rm -r cor"):  # fmt: skip
        assert needed in commands
    assert [block.commands for block in blocks if block.shown is not None and not block.shown.strip()] == []


@pytest.mark.parametrize(
    ("shown", "seen", "same"),
    [
        ("done in 3 s", "done in 12 s", True),
        ("plan 0123abcd at 127.0.0.1:81", "plan ffff0000 at 127.0.0.1:9999", True),
        ("a   b\n", "a b", True),
        ("first\n…\nlast", "first\nand\nmore\nlast\n", True),
        ("read up to …", "read up to 17", True),
        ("2 open", "3 open", False),
        ("first\nlast", "first\nand\nlast", False),
        ("first", "first\nlast", False),
    ],
)
def test_what_is_shown_is_what_was_seen_but_for_ids_times_and_ports(shown: str, seen: str, *, same: bool) -> None:
    assert agrees(shown, seen) is same


def test_only_what_is_not_so_any_more_is_written_anew() -> None:
    text = "```sh\none\n```\n\n```text\n1 at 127.0.0.1:1\n```\n```sh\ntwo\n```\n```text\n2\n```\nend\n"
    assert written_anew(text, ["1 at 127.0.0.1:7\n", "3\n"]) == text.replace("\n2\n", "\n3\n")
    with pytest.raises(ValueError, match="neither commands"):
        blocks_of("```python\nimport this\n```\n")
