"""Everything at once, drawn from a seed: lost, late and refused answers, kills, and edits all the while.

``COR_NEMESIS_SEEDS`` (numbers with commas between them) chooses other runs than those of every day.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from random import Random

import pytest

from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from tests.faults.harness import (
    Relay,
    awaited,
    end,
    every_command_ended_once,
    nothing_older_came_later,
    nothing_was_made_twice,
    procore_says_what_the_newest_say,
)
from tests.faults.orders import change_order

SEEDS = [int(seed) for seed in os.environ.get("COR_NEMESIS_SEEDS", "1,2").split(",")]
ROUNDS = 8
CHANGE_ORDERS = 12

WRITES: dict[str, object] = {"method": "PATCH", "path": "sync"}
CREATES: dict[str, object] = {"method": "POST", "path": "change_order_packages"}
FAULTS: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("drop_before", WRITES, {}),
    ("apply_and_drop", WRITES, {}),
    ("apply_and_drop", CREATES, {}),
    ("apply_late", WRITES, {"seconds": 1.5}),
    ("apply_late", CREATES, {"seconds": 1.5}),
    ("half_body", WRITES, {}),
    ("delay", WRITES, {"seconds": 3, "when": "after"}),
    ("html", WRITES, {}),
    ("html", WRITES, {"apply": True}),
    ("status", {}, {"status": 429, "headers": {"Retry-After": "1"}, "body": "wait"}),
    ("status", {}, {"status": 503, "headers": {"Retry-After": "1"}}),
    ("status", {}, {"status": 401, "body": '{"errors": "The access token is invalid"}'}),
    ("wrong_json", WRITES, {}),
]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_doubled_or_undone(relay: Relay, procore: Simulated, seed: int) -> None:
    random, sequences, commands = Random(seed), Counter[int](), list[ProcoreCommand]()
    process = relay.start("procore-writer", once=False)
    try:
        for _ in range(ROUNDS):
            for _ in range(random.randint(0, 2)):
                kind, match, options = random.choice(FAULTS)
                procore.fault(kind, match, times=random.randint(1, 2), skip=random.randint(0, 2), **options)
            edits = [edit(random, sequences) for _ in range(random.randint(2, 6))]
            commands += edits
            relay.submit(edits)
            procore.history(wait=random.choice([0.5, 2]), count=10_000)
            if random.random() < 0.3:
                process.send_signal(signal.SIGKILL)
                process.wait()
                process = relay.start("procore-writer", once=False)
        procore.disarm()
        awaited(lambda: len(terminal(relay)) >= len(commands), f"everything to end (seed {seed})")
    finally:
        end(process)
    every_command_ended_once(relay, commands)
    procore_says_what_the_newest_say(procore, commands)
    nothing_was_made_twice(procore)
    nothing_older_came_later(procore)
    assert relay.letters() == {}


def edit(random: Random, sequences: Counter[int]) -> ProcoreCommand:
    """The next revision of one change order. Approved ones are left alone: their lines are locked."""
    open_ones = [number for number in range(1, CHANGE_ORDERS + 1) if sequences[number] >= 0]
    number = random.choice(open_ones)
    sequences[number] += 1
    sequence = sequences[number]
    approved = sequence > 1 and len(open_ones) > 2 and random.random() < 0.3
    if approved:
        sequences[number] = -1
    return change_order(number, sequence, status="approved" if approved else "pending", lines=random.randint(1, 4))


def terminal(relay: Relay) -> list[str | None]:
    return [one.command_id for one in relay.outcomes() if one.kind.is_terminal]
