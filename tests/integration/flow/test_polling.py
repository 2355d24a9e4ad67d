from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from operations.reports.last_reads import read_last_reads
from operations.reports.tables import ReadTables
from relay.domain.events import Change
from relay.domain.ledger import HoldKind
from relay.domain.routes import Routing
from relay.engine.kafka import Outgoing
from relay.engine.topics import LETTERS, OBSERVED, POLL_STATE
from tests.integration.flow.conftest import Flow
from tests.unit.workers.views.tables import tables
from workers.views.batch import fold_records
from workers.views.folds.of_topics import folds_of

POLLER = "poll-constructiononline"


def order(flow: Flow, name: str = "A", **more: object) -> int:
    made = flow.people("create_change_order", **{"project": 1321036, "name": name, **more})
    return int(made["ID"])


def seen(flow: Flow) -> list[tuple[str, Change]]:
    return [(event.change_order_id, event.change) for event in flow.events()]


def test_events_and_poll_state_stand_together_and_nothing_is_published_twice(flow: Flow) -> None:
    number, other = order(flow), order(flow, "B", items=[{"NAME": "x", "RATE": 5, "RATE_QTY": 2}])
    assert flow.run(POLLER) == 0
    assert sorted(seen(flow)) == sorted([(str(number), Change.SNAPSHOT), (str(other), Change.SNAPSHOT)])
    states = flow.states()
    assert states.keys() == {"constructiononline:acme"} | {f"constructiononline:acme:{one}" for one in (number, other)}
    assert states["constructiononline:acme"].loaded
    assert flow.run(POLLER) == 0
    assert len(seen(flow)) == 2
    flow.people("approve", id=number)
    assert flow.run(POLLER) == 0
    assert seen(flow).count((str(number), Change.UPDATED)) == 1


def test_poll_state_knows_where_the_last_observation_stands(flow: Flow) -> None:
    order(flow)
    flow.run(POLLER)
    (record,) = flow.records(OBSERVED)
    (state,) = [one for one in flow.states().values() if one.change_order_id]
    (event,) = flow.events()
    assert (state.partition, state.offset) == (record.partition, record.offset)
    assert (state.sequence, state.fingerprint) == (event.sequence, event.fingerprint)
    assert dict(record.headers)["traceparent"]


def test_a_deletion_carries_the_last_known_change_order(flow: Flow) -> None:
    number, _ = order(flow, "Doomed", items=[{"NAME": "x", "RATE": 5, "RATE_QTY": 2}]), order(flow, "B")
    flow.run(POLLER)
    flow.forget_the_sweep()
    flow.people("delete_change_order", id=number)
    flow.run(POLLER)
    before, after = [event for event in flow.events() if event.change_order_id == str(number)]
    assert (after.change, after.raw) == (Change.DELETED, None)
    assert after.change_order == before.change_order
    assert after.sequence == before.sequence + 1
    assert flow.states()[f"constructiononline:acme:{number}"].deleted


def test_a_new_fingerprint_version_publishes_only_real_changes(flow: Flow) -> None:
    same, changed = order(flow), order(flow, "B")
    flow.run(POLLER)
    topic = POLL_STATE.name(flow.prefix)
    with flow.writer() as writer:
        for record in flow.records(POLL_STATE):
            key = (record.key or b"").decode()
            state = flow.states()[key]
            if state.change_order_id:
                old = replace(state, fingerprint="of another form", fingerprint_version=99)
                writer.send(Outgoing(topic, record.key, flow.codec.encode(old, topic), record.partition))
        writer.flush()
    flow.people("edit_change_order", id=changed, set={"NAME": "Other"})
    flow.run(POLLER)
    assert Counter(number for number, _ in seen(flow)) == {str(same): 1, str(changed): 2}
    assert flow.states()[f"constructiononline:acme:{same}"].fingerprint_version == 1


def test_more_change_orders_than_one_transaction_takes_are_all_published(flow: Flow) -> None:
    flow.people("load_company", seed=1, change_orders=450, projects=3, max_items=5)
    flow.run(POLLER)
    assert len(flow.events()) == 450
    assert len({event.event_id for event in flow.events()}) == 450
    assert (
        flow.metrics.registry.get_sample_value("cor_transactions_total", {"stage": POLLER, "result": "committed"}) == 4
    )


def test_wrong_credentials_hold_the_account_and_write_no_letter(flow: Flow) -> None:
    (flow.folder / "password").write_text("wrong", encoding="utf-8")
    assert flow.run(POLLER) == 0
    assert flow.metrics.registry.get_sample_value("cor_tenant_blocked", {"tenant": "constructiononline:acme"}) == 1
    assert not flow.records(LETTERS)
    hold = flow.states()["constructiononline:acme"].hold
    assert hold is not None
    assert (hold.kind, hold.probe) == (HoldKind.TENANT_BLOCKED, True)
    assert flow.run(POLLER) == 0
    assert flow.states()["constructiononline:acme"].hold == hold
    (flow.folder / "password").write_text("sandbox-password", encoding="utf-8")
    order(flow)
    flow.run(POLLER)
    assert len(flow.events()) == 1
    assert flow.states()["constructiononline:acme"].hold is None


def test_what_a_revoked_password_hides_is_said_from_poll_state_alone(flow: Flow) -> None:
    flow.run(POLLER)
    (flow.folder / "password").write_text("wrong", encoding="utf-8")
    flow.run(POLLER)
    hold = flow.states()["constructiononline:acme"].hold
    assert hold is not None
    engine, later = tables(), datetime.now(UTC) + timedelta(days=3)
    folds = folds_of(flow.codec, flow.prefix)
    with engine.begin() as connection:
        fold_records(connection, flow.records(POLL_STATE), folds, flow.codec, Routing(routes=()))
        (one,) = read_last_reads(ReadTables(connection=connection, place="memory", read_at=later)).late
    assert one.sentence(later).startswith(f"ConstructionOnline acme was last read 3 days ago: {hold.sentence}")


def test_too_many_deletions_ask_and_a_settled_letter_is_the_answer(flow: Flow) -> None:
    numbers = [order(flow, str(at)) for at in range(25)]
    flow.run(POLLER)
    flow.forget_the_sweep()
    for number in numbers[:22]:
        flow.people("delete_change_order", id=number)
    flow.run(POLLER)
    (letter,) = flow.letters().values()
    assert letter.reason == "constructiononline.deletions_unconfirmed"
    assert flow.states()["constructiononline:acme"].asked == letter.letter_id
    assert len(flow.events()) == 25
    flow.forget_the_sweep()
    flow.run(POLLER)
    assert len(flow.events()) == 25
    place = flow.records(LETTERS)[0].partition
    with flow.writer() as writer:
        writer.send(Outgoing(LETTERS.name(flow.prefix), letter.letter_id.encode(), None, place))
        writer.flush()
    flow.forget_the_sweep()
    flow.run(POLLER)
    assert Counter(change for _, change in seen(flow))[Change.DELETED] == 22
    assert flow.states()["constructiononline:acme"].asked is None
