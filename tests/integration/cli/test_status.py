from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relay.domain.commands import Lane
from relay.domain.identity import submission_claim
from relay.domain.ledger import AccountNote, Hold, HoldKind, InboxRecord, Intent, Slot, Waiting
from relay.domain.letters import LetterKind
from relay.domain.records import PollState
from relay.engine.kafka import Cluster, Outgoing, Partition, PlainWriter, Transactions
from relay.engine.topics import CINX, OBSERVED, POLL_STATE, PROCORE
from relay.engine.writer.state.store import inbox_key
from tests.integration.cli.conftest import CODEC, Place, key_of, tenant
from tests.integration.cli.test_letters import command_of, in_review, refused
from tests.unit.workers.cinx_submitter import factories as cinx_factories


def status(place: Place, *options: str) -> Any:
    ended = place.cor("status", "--json", *options)
    assert ended.code in {0, 1, 3}
    return ended.json | {"code": ended.code}


def stage(found: Any, name: str) -> Any:
    return next(one for one in found["stages"] if one["stage"] == name)


def reads_everything(place: Place, cluster: Cluster, *groups: str) -> None:
    """The groups have read all that is there now."""
    for name in groups:
        group = f"{place.prefix}{name}"
        ends = cluster.end_offsets(list(cluster.committed(group)))
        cluster.reset_offsets(group, ends)


def wait_in_inbox(place: Place, change_order_id: str, received_at: datetime | None = None) -> str:
    """A command in the inbox of the Procore writer; returns its origin id."""
    command = command_of(place.observe(change_order_id))
    waiting = Waiting(
        origin_id=command.origin_id,
        command_id=command.command_id,
        lane=Lane.LIVE,
        topic="t",
        partition=0,
        offset=0,
        received_at=received_at or datetime.now(UTC),
        sequence=command.sequence,
        mapped_at=command.mapped_at,
        record_key=None,
        command=CODEC.encode(command, PROCORE.commands.name(place.prefix)),
    )
    put_inbox(place, Slot.NEXT, command.origin_id, InboxRecord(waiting=waiting))
    return command.origin_id


def put_inbox(place: Place, slot: Slot, subject: str, record: InboxRecord) -> None:
    place.put(PROCORE.inbox, inbox_key(slot, subject), record, tenant())


def hold(place: Place, scope: str, kind: HoldKind) -> None:
    since = datetime.now(UTC)
    found = Hold(
        scope=scope,
        kind=kind,
        reason="r",
        sentence="the app is not connected",
        since=since,
        until=since + timedelta(minutes=5),
        probe=True,
    )
    put_inbox(place, Slot.HOLD, scope, InboxRecord(hold=found))


@pytest.fixture
def unpolled(place: Place, cluster: Cluster) -> Place:
    """Names are recorded and every group has read all, but no poller has looked at its source yet."""
    place.cor("topics", "apply", "--partitions", "2")
    return place


@pytest.fixture
def settled(unpolled: Place) -> Place:
    """Names are recorded, every group has read all, and the source is loaded."""
    poll_state(unpolled, "constructiononline", loaded=True)
    return unpolled


def poll_state(place: Place, system: str, *, loaded: bool) -> None:
    state = PollState(system=system, account="acme", loaded=loaded)
    place.put(POLL_STATE, f"{system}:acme", state, tenant(system=system))


EVERY = ("mapper", "procore-writer", "cinx-submitter", "dead-letters")


def test_an_untouched_relay_is_idle(settled: Place) -> None:
    found = status(settled, "--wait", "30")
    assert (found["code"], found["idle"]) == (0, True)
    assert all((one["lag"], one["inbox"], one["oldest_seconds"]) == (0, 0, None) for one in found["stages"])
    assert [one["tenant"] for one in found["tenants"]] == ["cinx:acme", "constructiononline:acme", "procore:acme"]


def test_a_source_that_was_never_polled_is_work(unpolled: Place) -> None:
    found = status(unpolled, "--wait", "0")
    assert (found["code"], found["idle"]) == (1, False)
    poll_state(unpolled, "constructiononline", loaded=True)
    assert status(unpolled)["idle"], "Procore and CINX are only written to, and need no poller"


def test_a_target_that_was_never_polled_is_work_where_a_route_starts_at_it(settled: Place) -> None:
    file = settled.folder / "cor.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("system: constructiononline, account", "system: cinx, account"), encoding="utf-8")
    assert not status(settled)["idle"]
    poll_state(settled, "cinx", loaded=True)
    assert status(settled)["idle"]


def test_a_recorded_account_that_is_no_longer_configured_is_no_work(unpolled: Place) -> None:
    file = unpolled.folder / "cor.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("acme: {email", "other: {email", 1).replace(
        "account: acme, project: ", "account: other, project: "
    )
    file.write_text(text, encoding="utf-8")
    assert status(unpolled)["idle"]


def test_what_is_noted_of_an_account_is_no_work(settled: Place) -> None:
    note = AccountNote(tenant="procore:acme", facts={"without_ids": "true"})
    put_inbox(settled, Slot.ACCOUNT, note.tenant, InboxRecord(account=note))
    found = status(settled, "--wait", "30")
    assert (stage(found, "procore-writer")["inbox"], found["idle"]) == (0, True)


def test_stray_records_end_no_command_and_an_unreadable_hold_is_shown(settled: Place) -> None:
    origin = b"cor:constructiononline:acme:1:main"
    strays = [
        *((PROCORE.inbox, key) for key in (b"\xff\xfe", b"stray", b"next|" + origin, origin + b"|intent")),
        (PROCORE.inbox, b"procore:acme|hold"),
        *((PROCORE.ledger, key) for key in (b"\xff\xfe", origin)),
        (POLL_STATE, b"procore:acme"),
    ]
    settled.write(Outgoing(topic.name(settled.prefix), key, b"hello", tenant()) for topic, key in strays)
    settled.observe("1")
    (held,) = (one for one in status(settled)["tenants"] if one["tenant"] == "procore:acme")
    assert "cannot be read" in str(held)
    assert settled.cor("status").code == 0
    assert settled.cor("trace", "1").code == 0
    assert settled.cor("replay", "--project", "1321036", "--dry-run").code == 0


def test_records_are_counted_and_kafka_s_own_marks_are_not(settled: Place, cluster: Cluster) -> None:
    topic = OBSERVED.name(settled.prefix)
    transactions = Transactions(settled.connection, f"{settled.prefix}test")
    transactions.fence()
    with transactions.transaction() as transaction:
        for number in range(3):
            transaction.send(Outgoing(topic, b"k", b"v%d" % number, 0))
    transactions.close()
    cluster.reset_offsets(f"{settled.prefix}mapper", {Partition(topic, 0): 1})
    assert stage(status(settled), "mapper")["lag"] == 2
    cluster.reset_offsets(f"{settled.prefix}mapper", {Partition(topic, 0): 3})
    found = status(settled)
    assert cluster.end_offsets([Partition(topic, 0)])[Partition(topic, 0)] == 4
    assert stage(found, "mapper")["lag"] == 0
    assert found["idle"]


def test_what_retention_has_passed_on_a_lane_without_a_tenant_ends_no_command(
    settled: Place, cluster: Cluster, let_retention_pass: Callable[[Partition, int], None]
) -> None:
    lane = Partition(PROCORE.backfill.name(settled.prefix), 0)
    with PlainWriter(settled.connection) as writer:
        for _ in range(2):
            writer.send(Outgoing(lane.topic, b"stray", b"hello", lane.number))
        writer.flush()
    cluster.reset_offsets(f"{settled.prefix}procore-writer", {lane: 0})
    let_retention_pass(lane, 2)
    assert status(settled)["only_shown"] is not None


def test_what_waits_is_work_and_the_oldest_is_told(settled: Place, cluster: Cluster) -> None:
    wait_in_inbox(settled, "1", datetime.now(UTC) - timedelta(hours=1))
    reads_everything(settled, cluster, *EVERY)
    found = status(settled, "--wait", "0")
    writer = stage(found, "procore-writer")
    assert (writer["inbox"], writer["held"], writer["in_doubt"]) == (1, 0, 0)
    assert 3600 <= writer["oldest_seconds"] < 3900
    assert (found["idle"], found["code"]) == (False, 1)


def test_a_hold_counts_what_it_keeps_back_and_only_a_blocked_tenant_is_no_work(
    settled: Place, cluster: Cluster
) -> None:
    wait_in_inbox(settled, "1")
    reads_everything(settled, cluster, *EVERY)
    for scope, kind, held, idle in (
        ("procore:acme", HoldKind.TENANT_BLOCKED, 1, True),
        ("procore:acme", HoldKind.THROTTLED, 1, False),
        ("procore:acme/host", HoldKind.UNAVAILABLE, 1, False),
        ("procore:acme/project:315", HoldKind.DENIED, 1, False),
        ("procore:acme/project:316", HoldKind.DENIED, 0, False),
        ("procore:other", HoldKind.TENANT_BLOCKED, 0, False),
    ):
        hold(settled, scope, kind)
        found = status(settled)
        assert (stage(found, "procore-writer")["held"], found["idle"]) == (held, idle), scope
        settled.put(PROCORE.inbox, inbox_key(Slot.HOLD, scope), None, tenant())


def claim(place: Place, origin_id: str, order: str = "PO-1") -> None:
    """What a CINX submitter writes when the submission of ``origin_id`` goes into a person's review."""
    scope = f"cinx:acme/purchase_order:{order}/{origin_id}"
    now = datetime.now(UTC)
    doubt = Hold(
        scope=scope,
        kind=HoldKind.DOUBT,
        reason="behind_review",
        sentence="what was sent for it is unknown",
        since=now,
        until=datetime(9999, 12, 31, tzinfo=UTC),
    )
    place.put(CINX.inbox, inbox_key(Slot.HOLD, scope), InboxRecord(hold=doubt), tenant(system="cinx"))


def wait_for_an_order(place: Place) -> str:
    command = cinx_factories.command(cinx_factories.payload())
    waiting = Waiting(
        origin_id=command.origin_id,
        command_id=command.command_id,
        lane=Lane.LIVE,
        topic="t",
        partition=0,
        offset=0,
        received_at=datetime.now(UTC),
        sequence=1,
        mapped_at=command.mapped_at,
        record_key=None,
        command=CODEC.encode(command, CINX.commands.name(place.prefix)),
    )
    key = inbox_key(Slot.NEXT, command.origin_id)
    place.put(CINX.inbox, key, InboxRecord(waiting=waiting), tenant(system="cinx"))
    return command.origin_id


def test_who_waits_behind_another_s_review_is_held_and_it_is_said_by_whom(settled: Place, cluster: Cluster) -> None:
    own = wait_for_an_order(settled)
    reads_everything(settled, cluster, *EVERY)
    claim(settled, own)
    assert (stage(status(settled), "cinx-submitter")["held"], status(settled)["idle"]) == (0, False)
    claim(settled, "cor:constructiononline:acme:9:steel", "PO-2")
    claim(settled, "cor:constructiononline:acme:9:steel", "PO-1/b")
    assert stage(status(settled), "cinx-submitter")["held"] == 0
    claim(settled, "cor:constructiononline:acme:9:steel")
    assert (stage(status(settled), "cinx-submitter")["held"], status(settled)["idle"]) == (1, True)
    told = " ".join(settled.cor("status").out.split())
    assert "until a person decides: what was sent for it is unknown" in told


def open_submission(place: Place, origin_id: str, order: str = "PO-1", *, sent: bool = True) -> None:
    """What a CINX submitter writes before it submits."""
    intent = Intent(
        origin_id=origin_id,
        command_id="c",
        step="submit",
        parts={},
        bytes_hash="",
        intended_at=datetime.now(UTC) - timedelta(minutes=4),
        sent=sent,
        exclusive=submission_claim("acme", order),
    )
    place.put(CINX.inbox, inbox_key(Slot.INTENT, origin_id), InboxRecord(intent=intent), tenant(system="cinx"))


AHEAD = "cor:constructiononline:acme:9:steel"


def test_who_waits_in_line_behind_an_open_submission_is_told_behind_whose(settled: Place) -> None:
    own = wait_for_an_order(settled)
    open_submission(settled, "cor:constructiononline:acme:8:steel", "PO-2")
    open_submission(settled, "cor:constructiononline:acme:7:steel", sent=False)
    assert "behind" not in settled.cor("status").out
    open_submission(settled, AHEAD)
    (account,) = [one for one in status(settled)["tenants"] if one["tenant"] == "cinx:acme"]
    (queue,) = account["queues"]
    assert (queue["destination"], queue["ahead"], queue["waiting"]) == ("PO-1", "constructiononline:acme:9", 1)
    assert "PO-1: 1 waits behind the submission of constructiononline:acme:9, open since" in settled.cor("status").out
    settled.put(CINX.inbox, inbox_key(Slot.INTENT, AHEAD), None, tenant(system="cinx"))
    open_submission(settled, own)
    assert "behind" not in settled.cor("status").out


def test_a_hold_is_told_to_people_in_the_remote_s_words(settled: Place) -> None:
    hold(settled, "procore:acme", HoldKind.TENANT_BLOCKED)
    told = settled.cor("status").out
    assert "until a probe succeeds: the app is not connected" in told


def test_what_waits_for_a_decision_is_in_doubt_held_and_no_work(settled: Place, cluster: Cluster) -> None:
    letter = refused(settled, "1", LetterKind.NEEDS_REVIEW)
    in_review(settled, letter)
    wait_in_inbox(settled, "1")
    reads_everything(settled, cluster, *EVERY)
    found = status(settled, "--wait", "30")
    writer = stage(found, "procore-writer")
    assert (writer["held"], writer["in_doubt"], found["idle"]) == (1, 1, True)
    assert (found["letters"]["open"], found["letters"]["undecided"]) == (1, 1)
    assert found["code"] == 3


def test_a_lost_answer_is_in_doubt_and_a_call_under_way_is_not(settled: Place, cluster: Cluster) -> None:
    now = datetime.now(UTC)
    for change_order_id, lost in (("1", now), ("2", None)):
        origin_id = wait_in_inbox(settled, change_order_id)
        intent = Intent(
            origin_id=origin_id,
            command_id="c",
            step="header",
            parts={},
            bytes_hash="b",
            intended_at=now,
            sent=True,
            ambiguous_at=lost,
        )
        put_inbox(settled, Slot.INTENT, origin_id, InboxRecord(intent=intent))
    reads_everything(settled, cluster, *EVERY)
    writer = stage(status(settled), "procore-writer")
    assert (writer["inbox"], writer["in_doubt"]) == (2, 1)


def test_an_account_that_cannot_be_polled_is_shown_with_why_beside_idle(settled: Place, cluster: Cluster) -> None:
    reads_everything(settled, cluster, *EVERY)
    since = datetime(2026, 3, 1, 12, tzinfo=UTC)
    blocked = Hold(
        scope="constructiononline:acme/polling",
        kind=HoldKind.TENANT_BLOCKED,
        reason="tenant_blocked",
        sentence="the password is refused",
        since=since,
        until=since,
        probe=True,
    )
    state = PollState(system="constructiononline", account="acme", hold=blocked)
    number = tenant(system="constructiononline")
    settled.put(POLL_STATE, "constructiononline:acme", state, number)
    found = status(settled, "--wait", "30")
    assert (found["idle"], found["code"]) == (True, 0)
    (account,) = [one for one in found["tenants"] if one["holds"]]
    assert (account["tenant"], account["holds"][0]["kind"]) == ("constructiononline:acme", "tenant_blocked")
    told = settled.cor("status").out
    assert "polling is held since 2026-03-01 12:00:00, until a probe succeeds: the password is refused" in told
    assert "Idle, but for what waits: constructiononline:acme (see above)." in told
    down = replace(state, hold=replace(blocked, kind=HoldKind.UNAVAILABLE))
    settled.put(POLL_STATE, "constructiononline:acme", down, number)
    assert not status(settled)["idle"]


def test_a_question_about_deletions_is_not_passed_over_by_idle(settled: Place, cluster: Cluster) -> None:
    reads_everything(settled, cluster, *EVERY)
    asked = PollState(system="constructiononline", account="acme", loaded=True, asked="letter-1")
    settled.put(POLL_STATE, "constructiononline:acme", asked, tenant(system="constructiononline"))
    told = settled.cor("status").out
    assert "deletions wait for a person: cor letters show letter-1" in told
    assert "Idle, but for what waits: constructiononline:acme (see above)." in told


def test_an_account_in_its_first_load_is_work_unless_it_asks(settled: Place) -> None:
    state = PollState(system="constructiononline", account="acme", loaded=False)
    number = tenant("acme", "constructiononline")
    settled.put(POLL_STATE, "constructiononline:acme", state, number)
    settled.put(POLL_STATE, key_of("1"), PollState(system="constructiononline", account="acme"), number)
    found = status(settled)
    assert not found["idle"]
    assert "the first load is not complete" in settled.cor("status").out
    asked = PollState(system="constructiononline", account="acme", loaded=False, asked="letter-1")
    settled.put(POLL_STATE, "constructiononline:acme", asked, number)
    assert status(settled)["idle"]
