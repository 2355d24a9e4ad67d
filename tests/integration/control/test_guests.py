"""Commands as guests of an account, on a real Kafka: what they state there, and whose share is theirs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay

from operations.environment import Environment, codec_of, connection_of
from operations.guests import Guest, guest_of
from operations.guests.noted_use import noted_use
from operations.survey.calls import Calls
from relay.clients.http.clock import running_seconds
from relay.clients.rate import Governor, ProcoreRates
from relay.domain.commands import Lane
from relay.domain.control import Control, Member
from relay.domain.guest_use import COUNTS_FOR, GUEST, OWN, calls_of
from relay.domain.identity import tenant_partition
from relay.domain.ledger import AccountNote, InboxRecord, Slot
from relay.domain.mapping import in_milliseconds
from relay.domain.rate_use import MinuteUse
from relay.engine.configuration import ProcoreAccount
from relay.engine.control.follower import AboutProcess, ControlFollower
from relay.engine.kafka import Connection, GroupReader, Outgoing, Partition, PlainWriter, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings, read_settings
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import CONTROL, POLL_STATE, PROCORE
from relay.engine.writer.state.store import inbox_key
from workers.procore_writer.adapter import ProcoreAdapter

CODEC = record_codec()
KEY = "procore:acme"
STAGES = ("poll-procore", "procore-writer")


def company() -> ProcoreAccount:
    members = {
        "company_id": "4200",
        "client_id_file": "a",
        "client_secret_file": "b",
        "requests_per_10_seconds": "10000",
    }
    return ProcoreAccount.model_validate(members, context={"prove_secrets": False})


def member(stage: str, at: datetime) -> Member:
    return Member(
        stage=stage,
        instance="one",
        release="1",
        reads={},
        routes="",
        control_offset=0,
        owns=(),
        at=in_milliseconds(at),
        calls={},
    )


@dataclass
class Place:
    """An installation's control topic and what its stages note."""

    connection: Connection
    settings: Settings
    prefix: str

    def put(self, *members: Member) -> None:
        with PlainWriter(self.connection) as writer:
            for one in members:
                control = Control(member=one)
                name = CONTROL.name(self.prefix)
                writer.send(Outgoing(name, control.key.encode(), CODEC.encode(control, name), 0))
            writer.flush()

    def guests(self) -> dict[str, Member | None]:
        """What guests have stated last, by instance; ``None`` for one that was taken away."""
        stated: dict[str, Member | None] = {}
        for record in read_to_end(self.connection, [Partition(CONTROL.name(self.prefix), 0)]):
            _, stage, instance = (record.key or b"").decode().split(":")
            if stage == GUEST:
                stated[instance] = CODEC.decode(record.value, Control).member if record.value else None
        return stated

    def only_guest(self) -> Member:
        (stated,) = self.guests().values()
        assert stated is not None
        return stated

    def guest(self, calls: Calls | None = None) -> Guest:
        return guest_of(KEY, company(), self.settings, calls or Calls(1_000, lambda number, most, sent: None))

    def note_of_writer(self, used: MinuteUse) -> None:
        topic, number = PROCORE.inbox.name(self.prefix), tenant_partition("procore", "acme", 3)
        record = InboxRecord(account=AccountNote(tenant=KEY, facts={}, used=(used,)))
        with PlainWriter(self.connection) as writer:
            key = inbox_key(Slot.ACCOUNT, KEY).encode()
            writer.send(Outgoing(topic, key, CODEC.encode(record, topic), number))
            writer.flush()


@pytest.fixture
def place(connection: Connection, make_topic: Callable[..., str], prefix: str) -> Place:
    make_topic(CONTROL.base, cleanup_policy="compact")
    make_topic(POLL_STATE.base, partitions=3, cleanup_policy="compact")
    make_topic(PROCORE.inbox.base, partitions=3, cleanup_policy="compact")
    settings = read_settings({"COR_KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers, "COR_TOPIC_PREFIX": prefix})
    return Place(connection, settings, prefix)


def taken(governor: Governor, most: int = 10_000) -> int:
    """How many requests go out at once."""
    now = running_seconds()
    for count in range(most):
        if governor.acquire(now) > 0:
            return count
        governor.answered(governor.begin(now), {}, now)
    return most


def test_beside_stages_a_guest_has_its_tenth_and_states_it(place: Place) -> None:
    place.put(*(member(stage, datetime.now(UTC)) for stage in STAGES))
    with place.guest() as guest:
        assert taken(guest.governor) == 60
    stated = place.only_guest()
    assert (stated.calls, stated.owns) == ({KEY: 60}, (KEY,))
    with place.guest() as after:
        assert taken(after.governor) == 0


def test_the_share_of_a_stage_of_which_no_member_lives_is_the_guest_s(place: Place) -> None:
    now = datetime.now(UTC)
    place.put(member("poll-procore", now), member("procore-writer", now - timedelta(minutes=4)))
    place.note_of_writer(MinuteUse(at=now.replace(second=0, microsecond=0) - timedelta(minutes=9), requests=200))
    with place.guest() as guest:
        assert taken(guest.governor) == 60 + 480 - 200
    assert calls_of(place.only_guest(), KEY) == {OWN: 60, "procore-writer": 280}
    assert (
        in_milliseconds(now) - COUNTS_FOR <= (place.only_guest().calls_since or now) <= datetime.now(UTC) - COUNTS_FOR
    )
    assert place.only_guest().calls == {KEY: 340, f"{KEY}/procore-writer": 280}


def test_where_no_stage_runs_all_of_it_is_the_guest_s(place: Place) -> None:
    with place.guest() as guest:
        assert taken(guest.governor) == 600


def test_a_stage_whose_group_has_members_lends_nothing_whatever_its_statements_times_are(
    place: Place, begin: Callable[..., None]
) -> None:
    place.put(*(member(stage, datetime.now(UTC) - timedelta(minutes=30)) for stage in STAGES))
    group, topic = f"{place.prefix}poll-procore", POLL_STATE.name(place.prefix)
    begin(group, topic, 3)
    reader = GroupReader(place.connection, group=group, topics=[topic], instance=None)
    try:
        Retrying(retry=retry_if_result(lambda polled: not polled.assigned), stop=stop_after_delay(30))(reader.poll, 0.1)
        with place.guest() as guest:
            assert taken(guest.governor) == 60 + 480
    finally:
        reader.close()
    assert calls_of(place.only_guest(), KEY) == {OWN: 60, "procore-writer": 480}


def test_one_who_cannot_look_keeps_to_a_tenth_and_asks_kafka_no_more(place: Place) -> None:
    elsewhere = read_settings(
        {"COR_KAFKA_BOOTSTRAP_SERVERS": place.connection.bootstrap_servers, "COR_TOPIC_PREFIX": f"{place.prefix}no-"}
    )
    calls = Calls(1_000, lambda number, most, sent: None)
    with guest_of(KEY, company(), elsewhere, calls) as guest:
        assert taken(guest.governor) == 60
    assert calls.unheard
    with place.guest(calls) as guest:
        assert taken(guest.governor) == 60
    assert place.guests() == {}


def test_who_has_called_nobody_states_nothing(place: Place) -> None:
    with place.guest():
        pass
    assert place.guests() == {}


def test_a_statement_that_no_longer_counts_is_taken_away_by_the_next_guest(place: Place) -> None:
    old = replace(
        member(GUEST, datetime.now(UTC) - timedelta(hours=2)), instance=uuid.uuid4().hex, calls={KEY: 60}, owns=(KEY,)
    )
    place.put(old, *(member(stage, datetime.now(UTC)) for stage in STAGES))
    with place.guest() as guest:
        assert taken(guest.governor, 5) == 5
    assert place.guests()[old.instance] is None


def test_what_a_stage_has_noted_is_read_where_it_stands(place: Place) -> None:
    environment = Environment(place.settings, connection_of(place.settings), codec_of(place.settings))
    assert noted_use(environment, KEY, "procore-writer") == ()
    assert noted_use(environment, KEY, "poll-procore") == ()
    used = MinuteUse(at=datetime.now(UTC).replace(second=0, microsecond=0), requests=7, backfill=2)
    place.note_of_writer(used)
    assert noted_use(environment, KEY, "procore-writer") == (used,)


def test_a_stage_that_starts_counts_what_guests_have_used_of_its_share(place: Place) -> None:
    with place.guest() as guest:
        assert taken(guest.governor, 300) == 300
    about = AboutProcess(instance="one", release="1", reads={}, routes=lambda: "r")
    with ControlFollower(place.connection, CODEC, place.prefix, about, window=2.0, metrics=Metrics()) as follower:
        of_poller = sum(use.requests for use in follower.lent("poll-procore", KEY))
        of_writer = sum(use.requests for use in follower.lent("procore-writer", KEY))
        assert (of_poller, of_writer) == (60, 180)
        assert follower.lent("procore-writer", "procore:other") == ()
        rates, account = ProcoreRates(), company()
        adapter = ProcoreAdapter(
            lambda: {"acme": account},
            factory=lambda name, settings: (_ for _ in ()).throw(AssertionError("nobody is called")),
            installation="tests",
            rates=rates,
            lent=lambda name: follower.lent("procore-writer", f"procore:{name}"),
        )
        for _ in range(2):  # A partition that is fenced and restored again counts it once.
            adapter.own("acme", ())
        assert rates.writer("acme", account.limits).room(running_seconds(), Lane.LIVE) == 480 - of_writer
