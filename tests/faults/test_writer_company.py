"""Two writers, a sleeping one, and a broker that goes away: still one writer's worth of effect."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from deploy.local import Broker
from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from relay.engine.kafka import Cluster, Connection
from relay.engine.provision import apply
from tests.conftest import PARTITIONS
from tests.faults.conftest import record
from tests.faults.harness import (
    ENDED_WHEN_TOLD,
    RESTARTED,
    Relay,
    awaited,
    end,
    every_command_ended_once,
    nothing_older_came_later,
    nothing_was_made_twice,
    prepare,
    procore_says_what_the_newest_say,
)
from tests.faults.orders import change_order

pytestmark = pytest.mark.timeout(400)  # Several waits, each of which says what it waited for.

SYNC = {"method": "PATCH", "path": "potential_change_orders/sync"}


@pytest.fixture
def processes() -> Iterator[list[Popen[bytes]]]:
    started: list[Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
        end(process)


def judge(relay: Relay, procore: Simulated, commands: list[ProcoreCommand]) -> None:
    every_command_ended_once(relay, commands)
    procore_says_what_the_newest_say(procore, commands)
    nothing_was_made_twice(procore)
    nothing_older_came_later(procore)
    assert relay.letters() == {}


def test_a_writer_that_was_asleep_wakes_up_fenced(
    relay: Relay, procore: Simulated, processes: list[Popen[bytes]]
) -> None:
    """It sleeps over its session in the middle of a call; another one takes over; it must do no harm."""
    procore.fault("hold", SYNC, when="after")
    first = [change_order(1, 1), change_order(2, 1)]
    relay.submit(first)
    sleeper = relay.start("procore-writer", once=False, instance="sleeper")
    processes.append(sleeper)
    procore.history(wait=60, count=1, phase="held")
    sleeper.send_signal(signal.SIGSTOP)

    then = [change_order(1, 2, status="approved"), change_order(2, 2, status="approved")]
    successor = relay.start("procore-writer", once=False, instance="successor")
    processes.append(successor)
    awaited(lambda: len(ended(relay)) == len(first), "the successor to finish what the sleeper had begun")

    sleeper.send_signal(signal.SIGCONT)
    procore.release()
    relay.submit(then)
    awaited(lambda: len(ended(relay)) == len(first) + len(then), "everything to end")
    judge(relay, procore, first + then)


def test_a_second_writer_comes_and_goes(relay: Relay, procore: Simulated, processes: list[Popen[bytes]]) -> None:
    first = [change_order(number, 1) for number in range(1, 20)]
    then = [change_order(number, 2, status="approved") for number in range(1, 20)]
    relay.submit(first)
    processes.append(relay.start("procore-writer", once=False, instance="one"))
    processes.append(relay.start("procore-writer", once=False, instance="two"))
    awaited(lambda: len(ended(relay)) == len(first), "the first load")
    relay.submit(then)
    processes[1].terminate()
    awaited(lambda: len(ended(relay)) == len(first) + len(then), "everything to end")
    assert processes[1].wait(60) in ENDED_WHEN_TOLD, relay.log()
    judge(relay, procore, first + then)


def test_a_broker_is_restarted_under_load(
    tmp_path: Path, own_broker: Broker, procore: Simulated, processes: list[Popen[bytes]]
) -> None:
    connection = Connection(own_broker.bootstrap_servers)
    with Cluster(connection) as cluster:
        apply(cluster, "", partitions=PARTITIONS)
    prepare(tmp_path, {"procore": procore.url})
    record(connection, "", tmp_path)
    relay = Relay(tmp_path, own_broker.bootstrap_servers, "", PARTITIONS, connection, RESTARTED)
    commands = [change_order(number, 1, status="approved") for number in range(1, 40)]
    relay.submit(commands)
    processes.append(relay.start("procore-writer", once=False))
    procore.history(wait=60, count=10)
    # In order: a single broker that is killed may leave a transaction open for ever, as no other has its markers.
    own_broker.stop()
    own_broker.start()
    awaited(lambda: len(ended(relay)) == len(commands), "everything to end")
    judge(relay, procore, commands)


def ended(relay: Relay) -> list[str | None]:
    return [one.command_id for one in relay.outcomes() if one.kind.is_terminal]
