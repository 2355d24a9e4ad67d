"""Everything at once, drawn from a seed: lost, late and refused answers, kills, sleepers, and edits all the while.

A company is disconnected, elements are refused, a second writer comes and goes, people hold and release, the broker
is restarted, a topic is deleted, and limits are lowered.

``COR_NEMESIS_SEEDS`` (numbers with commas between them) chooses other runs than those of every day, each with and
without a lost topic.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from subprocess import run

import pytest

from deploy.local import Broker
from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Connection
from relay.engine.topics import DIRECTORY, PROCORE
from tests.conftest import PARTITIONS
from tests.faults.harness import (
    RESTARTED,
    ROOT,
    Relay,
    awaited,
    cor_writes_says_the_same,
    every_command_ended_once,
    newest,
    nothing_older_came_later,
    nothing_was_made_twice,
    prepare,
    procore_says_what_the_newest_say,
    writes_tell_what_procore_holds,
)
from tests.faults.orders import change_order
from tests.faults.writer_storm import APPLY, ENDLESS, Company, Operator, People
from tests.unit.schemas.samples import OBSERVED as SEEN

pytestmark = pytest.mark.storm

SEEDS = [int(seed) for seed in os.environ.get("COR_NEMESIS_SEEDS", "").split(",") if seed]
STORIES = [(seed, loses) for seed in SEEDS for loses in (False, True)] or [(101, False), (289, True)]
ROUNDS = 10
CHANGE_ORDERS = 12
WRITES: dict[str, object] = {"method": "PATCH", "path": "sync"}
CREATES: dict[str, object] = {"method": "POST", "path": "change_order_packages"}
FAULTS: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("drop_before", WRITES, {}),
    ("apply_and_drop", WRITES, {}),
    ("apply_and_drop", CREATES, {}),
    ("apply_late", WRITES, {"seconds": 1.5}),
    ("apply_late", CREATES, {"seconds": 1.5}),
    ("reset", WRITES, {}),
    ("apply_and_drop", WRITES, {"how": "reset"}),
    ("half_body", WRITES, {}),
    ("delay", WRITES, {"seconds": 3, "when": "after"}),
    ("html", WRITES, {}),
    ("html", WRITES, {"apply": True}),
    ("status", {}, {"status": 429, "headers": {"Retry-After": "1"}, "body": "wait"}),
    ("status", {}, {"status": 503, "headers": {"Retry-After": "1"}}),
    ("status", {}, {"status": 401, "body": '{"errors": "The access token is invalid"}'}),
    ("wrong_json", WRITES, {}),
]


@pytest.fixture
def relay(tmp_path: Path, own_broker: Broker, procore: Simulated) -> Relay:
    """On a broker of its own, that may be restarted."""
    prepare(tmp_path, {"procore": procore.url})
    connection = Connection(own_broker.bootstrap_servers)
    relay = Relay(tmp_path, own_broker.bootstrap_servers, "", PARTITIONS, connection, RESTARTED)
    run([sys.executable, "-m", "cli", *APPLY], cwd=ROOT, env=relay.environment(), check=True)
    relay.observe(*(replace(SEEN, change_order_id=str(number)) for number in range(1, CHANGE_ORDERS + 1)))
    return relay


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("seed", "loses"), STORIES)
def test_nothing_is_lost_doubled_or_undone(
    relay: Relay, own_broker: Broker, procore: Simulated, *, seed: int, loses: bool
) -> None:
    """``loses``: a topic is deleted while all this goes on, and put right by the runbook."""
    random, sequences, commands = Random(seed), Counter[int](), list[ProcoreCommand]()
    restart, lost, lowered = random.sample(range(1, ROUNDS - 1), 3)
    topic = random.choice([PROCORE.ledger, PROCORE.ledger, DIRECTORY])
    company, people = Company(relay, procore, random), People(relay, procore, Random(f"people of {seed}"))
    operator = Operator(relay, procore, company)
    try:
        for at in range(ROUNDS):
            for _ in range(random.randint(0, 2)):
                something_goes_wrong(procore, random)
            edits = [edit(random, sequences) for _ in range(random.randint(2, 6))]
            for one in edits:
                if random.random() < 0.15:
                    spoil(procore, random, one)
            commands += edits
            relay.submit(edits)
            procore.history(wait=random.choice([0.5, 2, 4]), count=ENDLESS)
            company.something_happens()
            people.something_happens(edits)
            if at == restart:
                own_broker.stop()
                own_broker.start()
            if loses and at == lost:
                operator.lose(topic)
            if at == lowered:
                operator.lower()
        operator.rest()
        company.rest()
        people.rest()
        awaited(lambda: relay.ended(commands), f"everything to end (seed {seed})", 180)
    finally:
        people.end()
        company.end()
    judge(relay, procore, commands, operator.decided)


def something_goes_wrong(procore: Simulated, random: Random) -> None:
    """With one of the next requests, or with two."""
    if random.random() < 0.1:
        procore.people("expire_tokens")
    kind, match, options = random.choice(FAULTS)
    procore.fault(kind, match, times=random.randint(1, 2), skip=random.randint(0, 2), **options)


def spoil(procore: Simulated, random: Random, command: ProcoreCommand) -> None:
    """One element of a sync: refused, or stored or not without being named in the answer."""
    how = random.choice(["rejected", "mislaid", "skipped"])
    procore.people("spoil", origin_id=command.origin_id, how=how)


def judge(relay: Relay, procore: Simulated, commands: list[ProcoreCommand], decisions: int) -> None:
    """A change order whose newest revision was refused has a letter about just that."""
    every_command_ended_once(relay, commands, decisions)
    last = newest(commands).values()
    ends = {(one.origin_id, one.sequence): one.kind for one in relay.outcomes() if one.kind.is_terminal}
    refused = {one.origin_id for one in last if ends[one.origin_id, one.sequence] is OutcomeKind.REJECTED}
    procore_says_what_the_newest_say(procore, [one for one in last if one.origin_id not in refused])
    nothing_was_made_twice(procore)
    nothing_older_came_later(procore)
    writes_tell_what_procore_holds(relay, procore)
    cor_writes_says_the_same(relay)
    assert Counter(one.origin_id for one in relay.letters().values()) == Counter(refused)


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
