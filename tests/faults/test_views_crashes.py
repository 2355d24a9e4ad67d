"""``views`` is killed in every gap, two instances work side by side, and the database goes away under them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local import Kafka
from deploy.local.postgresql import Postgresql
from relay.engine.kafka import Cluster, Connection, Partition, Record
from relay.engine.stages.crash_points import KILLED, CrashPoint
from relay.engine.topics import VIEWED
from tests.conftest import PARTITIONS
from tests.faults.conftest import record
from tests.faults.harness import PATIENCE, Relay, awaited, end, prepare
from tests.integration.cli.conftest import CONFIGURATION
from tests.integration.workers.views.test_stage import ROUTES
from tests.unit.workers.views.tables import applied, letter, observed, wrote
from tests.unit.workers.views.test_folds import STORY
from tests.views_topics import Tables, expected, in_postgresql, in_sqlite, postgresql, write
from workers.views.store import read_moment
from workers.views.tables import OFFSETS

pytestmark = pytest.mark.storm


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, prefix: str) -> Tables:
    if request.param == "sqlite":
        return in_sqlite(tmp_path)
    return in_postgresql(request.getfixturevalue("server"), tmp_path, prefix)


@dataclass
class Viewing:
    """Processes of the stage, and what they are to have made."""

    relay: Relay
    kept: Tables

    def start(self, instance: str = "one", *, crash_at: str = "", once: bool = True) -> subprocess.Popen[bytes]:
        self.relay.more = self.kept.environment
        return self.relay.start("views", instance=instance, crash_at=crash_at, once=once)

    def run(self, crash_at: str = "") -> int:
        process = self.start(crash_at=crash_at)
        try:
            return process.wait(PATIENCE)
        finally:
            end(process)

    def has_everything(self) -> bool:
        """Whether the tables that are read are at the ends of all topics."""
        places = [
            Partition(topic.name(self.relay.prefix), number)
            for topic in VIEWED
            if topic.partitions > 1
            for number in range(PARTITIONS)
        ]
        with Cluster(self.relay.connection) as cluster, self.kept.store() as store, read_moment(store) as moment:
            if moment is None:
                return False
            ends = cluster.end_offsets(places)
            found = {Partition(row.topic, row.partition): row.next_offset for row in moment.execute(OFFSETS.select())}
            return all(found.get(place, 0) >= offset for place, offset in ends.items())

    def is_right(self) -> None:
        assert self.kept.dump() == expected(self.relay.connection, self.relay.prefix)


@pytest.fixture
def viewing(tmp_path: Path, kafka: Kafka, connection: Connection, provisioned: str, kept: Tables) -> Viewing:
    prepare(tmp_path, {}, "")
    (tmp_path / "secret").write_text("secret-of-the-test", encoding="utf-8")
    head = CONFIGURATION.partition("routes:")[0].format(url="http://127.0.0.1:1")
    (tmp_path / "cor.yaml").write_text(head + ROUTES, encoding="utf-8")
    record(connection, provisioned, tmp_path)
    relay = Relay(tmp_path, kafka.bootstrap_servers, provisioned, PARTITIONS, connection)
    return Viewing(relay, kept)


def chapter(number: int) -> list[Record]:
    """More of everything that is added up or ends."""
    story: list[Record] = []
    for at in range(number * 100, number * 100 + 40):
        order = str(at % 7)
        story += [observed(order, at, price=str(at)), wrote(order, at, "1.25"), applied(order, at, "10")]
        story.append(letter(order, at, f"l-{at}"))
    return story


@pytest.mark.timeout(400)
def test_killed_in_every_gap_nothing_is_lost_or_counted_twice(viewing: Viewing) -> None:
    topics, prefix = viewing.relay.connection, viewing.relay.prefix
    write(topics, prefix, STORY)
    points = (
        CrashPoint.VIEWS_BEFORE_COMMIT,
        CrashPoint.VIEWS_AFTER_COMMIT,
        CrashPoint.VIEWS_BEFORE_PUBLISH,
        CrashPoint.VIEWS_AFTER_PUBLISH,
        CrashPoint.VIEWS_BEFORE_COMMIT,
    )
    for number, point in enumerate(points):
        assert viewing.run(crash_at=f"{point}:1") == KILLED, viewing.relay.log()
        write(topics, prefix, chapter(number))
    assert viewing.run() == 0, viewing.relay.log()
    viewing.is_right()


@pytest.mark.timeout(400)
def test_two_instances_count_everything_once(viewing: Viewing) -> None:
    """One of them sleeps in the middle, wakes, and is killed."""
    topics, prefix = viewing.relay.connection, viewing.relay.prefix
    both = [viewing.start(name, once=False) for name in ("one", "two")]
    try:
        for number in range(6):
            write(topics, prefix, chapter(number))
            if number == 2:
                both[0].send_signal(signal.SIGSTOP)
            if number == 4:
                both[0].send_signal(signal.SIGCONT)
        both[0].kill()
        awaited(viewing.has_everything, "the tables to have everything")
    finally:
        for process in both:
            end(process)
    viewing.is_right()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kept", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_is_waited_for(viewing: Viewing, server: Postgresql) -> None:
    topics, prefix = viewing.relay.connection, viewing.relay.prefix
    process = viewing.start(once=False)
    try:
        for number in range(6):
            write(topics, prefix, chapter(number))
            if number in {1, 3}:
                server.kill()
                write(topics, prefix, chapter(number + 10))
                server.start()
        awaited(viewing.has_everything, "the tables to have everything")
        assert process.poll() is None, viewing.relay.log()
    finally:
        end(process)
    viewing.is_right()
