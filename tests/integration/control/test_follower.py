"""Following the control topic on a real Kafka: what is read, what is stated, and that nothing echoes for ever."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaProducer

from relay.domain.control import MEMBER_LASTS, Control, Member, PersonHold, Subject
from relay.domain.mapping import in_milliseconds
from relay.domain.person_holds import UnreadableHold
from relay.engine.control.follower import AboutProcess, ControlFollower
from relay.engine.control.membership import Membership
from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, Record, Transactions, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import CONTROL
from schemas import RECORDS, published
from schemas.framing import frame_of, single_object
from tests.faults.harness import awaited
from tests.unit.schemas.samples import SAMPLES

CODEC = record_codec()
TENANT = "procore:acme"
WINDOW = 2.0
BOMB = 24 * 1024 * 1024
"""Bytes that a batch of a few dozen kilobytes unfolds to."""
NEWEST = {record: published(record)[-1].version for record in RECORDS}


def hold(subject: str = TENANT) -> Control:
    held = PersonHold(
        hold_id=str(uuid.uuid4()),
        kind=Subject.ACCOUNT,
        subject=subject,
        reason="in dispute",
        person="Ann",
        since=in_milliseconds(datetime.now(UTC)),
    )
    return Control(hold=held)


class Place:
    """A control topic of the test's own."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self.connection = connection
        self.prefix = prefix
        self.topic = CONTROL.name(prefix)
        self.codec = record_codec()
        self.metrics = Metrics()

    @contextmanager
    def follower(self, instance: str = "one", routes: Callable[[], str] = lambda: "r") -> Iterator[ControlFollower]:
        about = AboutProcess(instance=instance, release="1", reads=NEWEST, routes=routes)
        with ControlFollower(
            self.connection, self.codec, self.prefix, about, window=WINDOW, metrics=self.metrics
        ) as follower:
            yield follower

    def write(self, key: str, value: bytes | None) -> int:
        """Returns the record's offset."""
        with PlainWriter(self.connection) as writer:
            writer.send(Outgoing(self.topic, key.encode(), value, 0))
            return writer.flush()[0][1]

    def put(self, control: Control) -> int:
        return self.write(control.key, CODEC.encode(control, self.topic))

    def records(self) -> list[Record]:
        return list(read_to_end(self.connection, [Partition(self.topic, 0)]))

    def stated(self, stage: str = "stage", instance: str = "one") -> list[Member | None]:
        """All that a member has stated; ``None`` is its end."""
        key = f"member:{stage}:{instance}".encode()
        values = [record.value for record in self.records() if record.key == key]
        return [CODEC.decode(value, Control).member if value is not None else None for value in values]

    def newest(self, stage: str = "stage", instance: str = "one") -> Member:
        member = self.stated(stage, instance)[-1]
        assert member is not None
        return member


@pytest.fixture
def place(connection: Connection, make_topic: Callable[..., str], prefix: str) -> Place:
    make_topic(CONTROL.base, cleanup_policy="compact")
    return Place(connection, prefix)


def turn(member: Membership, *owns: str) -> None:
    """A turn of a stage."""
    member.take()
    member.state(owns)


def test_what_stands_is_known_before_anything_begins(place: Place) -> None:
    held = hold()
    place.put(held)
    with place.follower() as follower:
        view = follower.member("stage").take()
        assert list(view.holds.values()) == [held.hold]
        assert view.offset == 1


def test_what_comes_later_is_followed(place: Place) -> None:
    held = hold()
    with place.follower() as follower:
        member = follower.member("stage")
        place.put(held)
        awaited(lambda: held.hold in member.take().holds.values(), "the hold")
        place.write(held.key, None)
        awaited(lambda: not member.take().holds, "its end")


def test_what_is_not_committed_is_not_read(place: Place) -> None:
    held = hold()
    transactions = Transactions(place.connection, f"{place.prefix}cor-x")
    transactions.fence()
    with place.follower() as follower:
        member = follower.member("stage")
        with transactions.transaction() as transaction:
            transaction.send(Outgoing(place.topic, held.key.encode(), CODEC.encode(held, place.topic), 0))
            transaction.flush()
            before = member.take().read_at
            awaited(lambda: member.take().read_at > before, "another look")
            assert not member.take().holds
        awaited(lambda: bool(member.take().holds), "the hold")
    transactions.close()


def test_a_stage_states_itself_at_each_change_and_says_goodbye(place: Place) -> None:
    with place.follower(routes=lambda: "digest") as follower:
        member = follower.member("stage")
        turn(member)
        awaited(lambda: len(place.stated()) == 1, "the first statement")
        turn(member, TENANT)
        awaited(lambda: place.newest().owns == (TENANT,), "the ownership")
        member.take()  # A turn begins, and a hold comes meanwhile.
        offset = place.put(hold())
        awaited(lambda: follower.standing.offset > offset, "the hold to be read")
        member.state((TENANT,))
        assert member.wanted.obeys <= offset, "what the stage has not seen is not stated"
        turn(member, TENANT)
        awaited(lambda: place.newest().control_offset > offset, "the offset to be stated")
        stated = place.newest()
        assert (stated.release, stated.reads, stated.routes) == ("1", NEWEST, "digest")
    assert place.stated()[-1] is None


def test_statements_are_no_news_to_each_other(place: Place) -> None:
    with place.follower("one") as first, place.follower("two") as second:
        members = [first.member("stage"), second.member("stage")]

        def turns() -> None:
            for member in members:
                turn(member, TENANT)

        def both_own() -> bool:
            turns()
            states = [place.stated(instance=instance) for instance in ("one", "two")]
            return all(stated and stated[-1] is not None and stated[-1].owns == (TENANT,) for stated in states)

        awaited(both_own, "statements of both")
        count, looks = len(place.records()), 0
        before = members[0].take().read_at
        while looks < 8:
            turns()
            read_at = members[0].take().read_at
            looks, before = looks + (read_at > before), read_at
        assert len(place.records()) == count


def test_an_owner_may_write_once_its_statement_was_read_over(place: Place) -> None:
    with place.follower() as follower:
        member = follower.member("stage")
        turn(member, TENANT)
        assert not member.view.may_write(TENANT, member.view.read_at, WINDOW)

        def writes() -> bool:
            turn(member, TENANT)
            return member.view.may_write(TENANT, member.view.read_at, WINDOW)

        awaited(writes, "the statement to count")
        owned = next(at for at, one in enumerate(place.stated()) if one is not None and one.owns)
        assert member.view.offset > owned


def test_what_is_none_of_ours_or_unreadable(place: Place) -> None:
    """A foreign key is passed over and counted; an unreadable hold holds what its key names, until it is released."""
    place.write("nobody", b"hello")
    place.write("hold:one:procore:acme", b"hello")
    place.write("hold:two", CODEC.encode(hold(), place.topic))
    place.write("poll:procore:acme", b"hello")
    with place.follower() as follower:
        member = follower.member("stage")
        holds = dict(member.take().holds)
        assert [(one.hold_id, one.tenant) for one in holds.values() if isinstance(one, UnreadableHold)] == [
            ("one", TENANT),
            ("two", None),
        ]
        assert place.metrics.records_foreign.labels("control", place.topic)._value.get() == 1
        place.write("hold:one:procore:acme", None)
        awaited(lambda: list(member.take().holds) == ["two"], "the release")


def test_a_batch_that_unfolds_beyond_any_of_ours_hides_no_hold(place: Place) -> None:
    held = hold()
    place.put(held)
    producer = KafkaProducer(
        bootstrap_servers=place.connection.bootstrap_servers,
        compression_type="gzip",
        max_request_size=2 * BOMB,
        batch_size=2 * BOMB,
    )
    try:
        producer.send(place.topic, bytes(BOMB), key=b"bomb", partition=0).get(60)
    finally:
        producer.close()
    later = hold()
    place.put(later)
    with place.follower() as follower:
        assert follower.standing.holds == {one.hold.hold_id: one.hold for one in (held, later) if one.hold}


def stranger(release: str, reads: dict[str, int], at: datetime) -> Control:
    member = Member(
        stage="mapper",
        instance="two",
        release=release,
        reads=reads,
        routes="",
        control_offset=0,
        owns=(),
        at=in_milliseconds(at),
        calls={},
    )
    return Control(member=member)


def version_written(place: Place) -> int:
    frame = frame_of(place.codec.encode(SAMPLES["LedgerEntry"], "topic"))
    return next(one.version for one in published("LedgerEntry") if single_object(one.schema) == frame)


def test_records_are_written_as_every_member_reads_them(place: Place) -> None:
    place.put(stranger("0.9", {"LedgerEntry": 1, "Unheard": 7}, datetime.now(UTC)))
    with place.follower():
        assert version_written(place) == 1, "before any stage begins"
        place.write("member:mapper:two", None)
        awaited(lambda: version_written(place) == NEWEST["LedgerEntry"], "the newest version")
        place.put(stranger("0.9", {"LedgerEntry": 1}, datetime.now(UTC)))
        awaited(lambda: version_written(place) == 1, "the earlier version: somebody has gone back")


def test_who_has_stated_nothing_for_long_does_not_count(place: Place) -> None:
    place.put(stranger("0.9", {"LedgerEntry": 1}, datetime.now(UTC) - timedelta(seconds=MEMBER_LASTS)))
    with place.follower():
        assert version_written(place) == NEWEST["LedgerEntry"]
