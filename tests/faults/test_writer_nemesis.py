"""Everything at once, drawn from a seed: lost, late and refused answers, kills, sleepers, and edits all the while.

A company is disconnected, elements are refused, a second writer comes and goes, people hold and release, and the broker
is restarted.

``COR_NEMESIS_SEEDS`` (numbers with commas between them) chooses other runs than those of every day.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from subprocess import PIPE, Popen
from typing import Any

import pytest

from deploy.local import Broker
from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Cluster, Connection
from relay.engine.provision import apply
from tests.conftest import PARTITIONS
from tests.faults.conftest import record
from tests.faults.harness import (
    RESTARTED,
    ROOT,
    Relay,
    awaited,
    end,
    every_command_ended_once,
    newest,
    nothing_older_came_later,
    nothing_was_made_twice,
    prepare,
    procore_says_what_the_newest_say,
    writes_tell_what_procore_holds,
)
from tests.faults.orders import change_order

pytestmark = pytest.mark.storm

SEEDS = [int(seed) for seed in os.environ.get("COR_NEMESIS_SEEDS", "101,289").split(",")]
ROUNDS = 10
ENDLESS = 100_000
"""More requests than there will be: waiting for them is waiting for a time."""
CHANGE_ORDERS = 12
WHY = ("--why", "the storm", "--who", "somebody")
SESSION = 6.0
"""Seconds after which a writer that is not heard of has lost its partitions, and one more."""

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


class Company:
    """The writers at work: usually one, sometimes two, sometimes one that sleeps over its session."""

    def __init__(self, relay: Relay, procore: Simulated, random: Random) -> None:
        self._relay, self._procore, self._random = relay, procore, random
        self._one = relay.start("procore-writer", once=False, instance="one")
        self._two: Popen[bytes] | None = None
        self._asleep_since: float | None = None

    def something_happens(self) -> None:
        """One thing, drawn."""
        self._random.choice([self._nothing, self._kill, self._join_or_leave, self._sleep, self._block])()

    def rest(self) -> None:
        """Everybody is awake and served again."""
        self._wake()
        self._procore.people("connect_app")
        self._procore.disarm()

    def end(self) -> None:
        """Nobody is left."""
        self._wake()
        for process in filter(None, (self._one, self._two)):
            end(process)

    def _nothing(self) -> None:
        """An ordinary moment."""

    def _kill(self) -> None:
        self._wake()
        self._one.send_signal(signal.SIGKILL)
        self._one.wait()
        self._one = self._relay.start("procore-writer", once=False, instance="one")

    def _join_or_leave(self) -> None:
        if self._two is None:
            self._two = self._relay.start("procore-writer", once=False, instance="two")
        else:
            self._two.terminate()
            self._two.wait()
            self._two = None

    def _sleep(self) -> None:
        """It is woken in a later round, after its session: by then another one is at its work."""
        if self._asleep_since is not None:
            self._wake()
            return
        if self._two is None:
            self._join_or_leave()
        self._one.send_signal(signal.SIGSTOP)
        self._asleep_since = time.monotonic()

    def _wake(self) -> None:
        if self._asleep_since is not None:
            left = self._asleep_since + SESSION + 1 - time.monotonic()
            self._procore.history(wait=max(0.0, left), count=ENDLESS)
            self._one.send_signal(signal.SIGCONT)
            self._asleep_since = None

    def _block(self) -> None:
        """The app is disconnected, and connected again the next time."""
        self._procore.people(self._random.choice(["disconnect_app", "connect_app"]))


class People:
    """Somebody holds a change order or the account, and releases it in a later round."""

    def __init__(self, relay: Relay, procore: Simulated, random: Random) -> None:
        self._relay, self._procore, self._random = relay, procore, random
        self._asking: Popen[str] | None = None
        self._held: ProcoreCommand | None = None
        self._obeyed: int | None = None

    def something_happens(self, edits: list[ProcoreCommand]) -> None:
        """They hold something, see whether it is obeyed, or release it."""
        if self._asking is None:
            if self._random.random() < 0.4:
                self._hold(self._random.choice([None, *edits]))
        elif self._obeyed is None and self._asking.poll() in (None, 0):
            self._look()
        elif self._random.random() < 0.6:
            self._release()

    def rest(self) -> None:
        """Nothing is held any more."""
        if self._asking is not None:
            self._asking.wait()
            self._look()
            self._release()

    def end(self) -> None:
        """Nobody waits for an answer."""
        if self._asking is not None:
            self._asking.kill()
            self._asking.communicate()

    def _hold(self, command: ProcoreCommand | None) -> None:
        subject = ["--account", "procore:acme"] if command is None else ["--change-order", command.change_order_key]
        self._held, self._obeyed = command, None
        self._asking = self._cor("hold", *subject, "--wait", "60", *WHY)

    def _look(self) -> None:
        """From when the command has said that every writer obeys, the remote must see nothing."""
        assert self._asking is not None
        if self._asking.poll() == 0:
            self._obeyed = len(self._procore.history())

    def _release(self) -> None:
        """Also what a command that failed has made all the same: the broker may have been away."""
        assert self._asking is not None
        if self._asking.poll() is None:
            return
        if self._obeyed is not None:
            mark = "" if self._held is None else self._held.origin_id
            rows = self._procore.history()[self._obeyed :]
            written = [row for row in rows if is_writing(row) and mark in row["body"]]
            assert not written, f"written although {mark or 'the account'} is on hold: {written}"
        for hold in json.loads(self._said("holds", "list")):
            self._said("release", hold["hold_id"], "--wait", "0", *WHY)
        self._asking.communicate()
        self._asking = None

    def _said(self, *words: str) -> str:
        done = self._cor(*words)
        said = done.communicate()[0]
        assert done.returncode in (0, 3), said
        return said

    def _cor(self, *words: str) -> Popen[str]:
        command = [sys.executable, "-m", "cli", *words, "--json"]
        return Popen(command, cwd=ROOT, env=self._relay.environment(), stdout=PIPE, text=True)


def is_writing(row: dict[str, Any]) -> bool:
    """Whether a request wants to change something; logins do not."""
    return str(row["path"]).startswith("/rest/") and row["method"] != "GET"


@pytest.fixture
def relay(tmp_path: Path, own_broker: Broker, procore: Simulated) -> Relay:
    """On a broker of its own, that may be restarted."""
    connection = Connection(own_broker.bootstrap_servers)
    with Cluster(connection) as cluster:
        apply(cluster, "", partitions=PARTITIONS)
    prepare(tmp_path, {"procore": procore.url})
    record(connection, "", tmp_path)
    return Relay(tmp_path, own_broker.bootstrap_servers, "", PARTITIONS, connection, RESTARTED)


@pytest.mark.timeout(500)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_doubled_or_undone(relay: Relay, own_broker: Broker, procore: Simulated, seed: int) -> None:
    random, sequences, commands = Random(seed), Counter[int](), list[ProcoreCommand]()
    restart = random.randrange(1, ROUNDS)
    company, people = Company(relay, procore, random), People(relay, procore, random)
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
        company.rest()
        people.rest()
        awaited(lambda: relay.ended(commands), f"everything to end (seed {seed})", 180)
    finally:
        people.end()
        company.end()
    judge(relay, procore, commands)


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


def judge(relay: Relay, procore: Simulated, commands: list[ProcoreCommand]) -> None:
    """A change order whose newest revision was refused has a letter about just that."""
    every_command_ended_once(relay, commands)
    refused = {one.command_id for one in relay.outcomes() if one.kind is OutcomeKind.REJECTED}
    last = newest(commands).values()
    procore_says_what_the_newest_say(procore, [one for one in last if one.command_id not in refused])
    nothing_was_made_twice(procore)
    nothing_older_came_later(procore)
    writes_tell_what_procore_holds(relay, procore)
    letters = Counter(one.command_id for one in relay.letters().values())
    assert letters == Counter(one.command_id for one in last if one.command_id in refused)


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
