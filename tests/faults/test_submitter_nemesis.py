"""Everything at once, drawn from a seed: lost and late answers, jobs that fail or last, people, kills, sleepers.

A topic that the submitters stand on is deleted, fewer requests are allowed than what waits needs, and people hold and
release change orders, projects and accounts.

``COR_NEMESIS_SEEDS`` (numbers with commas between them) chooses other runs than those of every day. The seed of a
run that fails is told, with all that was drawn from it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from subprocess import Popen

import pytest

from deploy.sandbox.process import ControlRefused, Simulated
from relay.domain.events import ChangeOrderObserved
from relay.engine.kafka import Cluster
from relay.engine.topics import DIRECTORY, Topic
from tests.faults.cinx_people import People
from tests.faults.cinx_relay import STAGE, SubmittersRelay, order
from tests.faults.cinx_story import CHANGE_ORDERS, MOVES, Round, story_of
from tests.faults.harness import ENDED_WHEN_TOLD, end
from tests.faults.writer_storm import APPLY, FAILED, STOPS
from tests.unit.schemas.samples import OBSERVED as SEEN

pytestmark = pytest.mark.storm

SEEDS = [int(seed) for seed in os.environ.get("COR_NEMESIS_SEEDS", "4,9").split(",")]

RESTARTED = '"event": "writer.owner_restarted"'
FENCED = 20
"""As often as in a whole run somebody may find out by a commit that another has taken over."""
SESSION = 6.0
"""Seconds after which a submitter that is not heard of has lost its partitions."""
SLOW = 5.0
"""Requests a second."""

FAIR: Mapping[str, object] = {
    "job_seconds": 0,
    "poco_late_seconds": 0,
    "hold_jobs": False,
    "subscription_expired": "",
}


class Submitters:
    """Usually one, sometimes two, sometimes one that sleeps over its session."""

    def __init__(self, relay: SubmittersRelay) -> None:
        self._relay = relay
        self._one = self._start("one")
        self._two: Popen[bytes] | None = None
        self._asleep_since: float | None = None

    def _start(self, instance: str) -> Popen[bytes]:
        return self._relay.start(STAGE, once=False, instance=instance)

    def nothing(self) -> None:
        """An ordinary moment."""

    def kill(self) -> None:
        """The one that is at work, without a word; it is started again at once."""
        self.wake()
        self._one.send_signal(signal.SIGKILL)
        self._one.wait()
        self._one = self._start("one")

    def second(self) -> None:
        """Another joins, or leaves in good order."""
        if self._two is None:
            self._two = self._start("two")
            return
        self._two.send_signal(signal.SIGTERM)
        assert self._two.wait(60) in ENDED_WHEN_TOLD, self._relay.log()
        self._two = None

    def sleep(self) -> None:
        """Longer than its session, so that another one is at its work when it wakes."""
        if self._two is None:
            self.second()
        self._one.send_signal(signal.SIGSTOP)
        self._asleep_since = time.monotonic()

    def wake(self) -> None:
        """Not before its session is over."""
        if self._asleep_since is not None:
            left = self._asleep_since + SESSION + 1 - time.monotonic()
            self._relay.pause(max(0.0, left))
            self._one.send_signal(signal.SIGCONT)
            self._asleep_since = None

    def stop_by_themselves(self) -> None:
        """A topic is gone: whoever is there or wakes sees it, and ends with a failure."""
        self.wake()
        for process in filter(None, (self._one, self._two)):
            assert process.wait(STOPS) == FAILED, self._relay.log()[-20_000:]
        self._two = None

    def begin_again(self) -> None:
        """One, as before."""
        self._one = self._start("one")

    def are_well(self) -> bool:
        """Nobody has ended by itself."""
        return all(process.poll() is None for process in (self._one, self._two) if process is not None)

    def end(self) -> None:
        """Nobody is left."""
        for process in filter(None, (self._one, self._two)):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
            end(process)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_ordered_twice_or_lost(submitters: SubmittersRelay, seed: int) -> None:
    story = story_of(seed)
    submitters.observe(*seen())
    for account, company in submitters.companies.items():
        company.settings(**story.lasting[account])
    processes, people = Submitters(submitters), People(submitters)
    try:
        for at, each in enumerate(story.rounds):
            people.something_happens(at, each.hold)
            happen(submitters, processes, each)
            if at == story.slows:
                submitters.slow_down(SLOW)
            if at == story.loses:
                lose(submitters, processes, DIRECTORY)
        processes.wake()
        people.rest()
        for company in submitters.companies.values():
            company.disarm()
            company.settings(**FAIR)
        submitters.await_the_end(str(story))
        assert processes.are_well(), f"{story}\n{submitters.log()[-20_000:]}"
    finally:
        people.end()
        processes.end()
    submitters.judge(str(story))
    fenced = submitters.log().count(RESTARTED)
    assert fenced <= FENCED, f"owners fenced one another {fenced} times\n{story}"


def seen() -> Iterator[ChangeOrderObserved]:
    """Every change order of the story, as a poller saw it."""
    for number in range(CHANGE_ORDERS):
        yield replace(SEEN, change_order_id=str(number), project=order(number, 1).project)


def lose(relay: SubmittersRelay, processes: Submitters, topic: Topic) -> None:
    """It is deleted; whoever runs the relay does what the submitters' last words say."""
    name = topic.name(relay.prefix)
    with Cluster(relay.connection) as cluster:
        cluster.delete([name])
    processes.stop_by_themselves()
    assert name in relay.log()
    relay.done(*APPLY, "--accept-new-topic", name, "--why", "the storm", "--who", "somebody")
    processes.begin_again()


def happen(relay: SubmittersRelay, processes: Submitters, each: Round) -> None:
    """One round: what goes wrong is arranged, then orders come, then people and processes do what they do."""
    for fault in each.faults:
        relay.companies[fault.account].fault(fault.kind, fault.match, **fault.options)
    for account, settings in each.settings.items():
        relay.companies[account].settings(**settings)
    relay.order(*each.orders)
    relay.pause(each.seconds)
    for account, operation, body in each.people:
        if operation in MOVES:
            move(relay.companies[account], operation, int(str(body["nth"])))
        else:
            relay.companies[account].people(operation, **body)
    getattr(processes, each.processes)()


def move(company: Simulated, operation: str, nth: int) -> None:
    """A person moves one of the relay's POCOs on, if there are any, and if CINX lets it be."""
    made = [poco["cinx_guid"] for poco in company.state()["pocos"] if poco["created_by"] == "import"]
    if made:
        try:
            company.people(operation, cinx_guid=made[nth % len(made)])
        except ControlRefused:
            return  # It is not in the state for that.
