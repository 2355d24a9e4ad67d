from __future__ import annotations

from decimal import Decimal

from relay.domain import identity
from relay.domain.commands import CinxCommand, CinxLine, CinxPayload, Operation
from relay.domain.events import Change, ChangeOrderObserved, EventReference
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.kafka import Outgoing, Record
from relay.engine.topics import CINX, OBSERVED
from tests.commands import cinx_command
from tests.conftest import PARTITIONS
from tests.integration.producers.conftest import CinxFlow

POLLER = "poll-cinx"
ROOT = "constructiononline:acme:498099"
ORIGIN = identity.origin_id(ROOT, "steel")
REFERENCES = [
    {"type": "change-order-relay", "description": "x", "value": ORIGIN},
    {"type": "change-order-relay-sequence", "description": "x", "value": "1772460306"},
]
ITEMS = [{"quantity": 2, "unit_price": "10.50", "description": "Beam"}]


def remote_statuses(flow: CinxFlow) -> list[ChangeOrderOutcome]:
    return [one for one in flow.outcomes() if one.kind is OutcomeKind.REMOTE_STATUS]


def _stands_at(record: Record, place: EventReference) -> bool:
    return (record.topic, record.partition, record.offset) == (place.topic, place.partition, place.offset)


def about(flow: CinxFlow, guid: str) -> list[ChangeOrderObserved]:
    return [event for event in flow.events() if event.change_order_id == guid]


def test_the_status_of_our_poco_is_published_once_and_names_its_event(cinx_flow: CinxFlow) -> None:
    flow = cinx_flow
    guid = str(flow.people("create_poco", po="PO-123", items=ITEMS, external_references=REFERENCES)["cinx_guid"])
    theirs = str(flow.people("create_poco", po="PO-123", items=ITEMS)["cinx_guid"])
    assert flow.run(POLLER) == 0
    assert remote_statuses(flow) == []
    for one in (guid, theirs):
        flow.people("submit_poco", cinx_guid=one)
        flow.people("accept_poco", cinx_guid=one)
    assert flow.run(POLLER) == 0
    assert flow.run(POLLER) == 0
    assert [event.change for event in about(flow, guid)] == [Change.SNAPSHOT, Change.UPDATED]
    assert len(about(flow, theirs)) == 2
    (told,) = remote_statuses(flow)
    assert (told.change_order_key, told.origin_id, told.sequence) == (ROOT, ORIGIN, 1772460306)
    assert (told.reason, told.stage) == ("cinx.accepted", POLLER)
    assert told.remote[0].url == f"https://cinx.example/poco/{guid}"
    assert told.event is not None
    place = next(one for one in flow.records(OBSERVED) if _stands_at(one, told.event))
    event = flow.codec.decode(place.value or b"", ChangeOrderObserved)
    assert (event.event_id, event.change_order_id, event.root) == (told.event.event_id, guid, ROOT)
    flow.people("edit_poco", cinx_guid=guid, set={"procurement_status": "CANCELLED"})
    assert flow.run(POLLER) == 0
    assert [one.reason for one in remote_statuses(flow)] == ["cinx.accepted", "cinx.procurement_cancelled"]


def test_a_row_that_changes_nothing_is_remembered_over_a_restart(cinx_flow: CinxFlow) -> None:
    flow = cinx_flow
    guid = str(flow.people("create_poco", po="PO-123", items=ITEMS, submitted=True)["cinx_guid"])
    flow.run(POLLER)
    flow.people("edit_poco", cinx_guid=guid, set={"terms": "2/10"})
    flow.sandbox.forget()
    flow.run(POLLER)
    assert len(reads(flow, guid)) == 1, "its row has changed"
    flow.sandbox.forget()
    flow.run(POLLER)
    assert reads(flow, guid) == []
    assert len(about(flow, guid)) == 1


def reads(flow: CinxFlow, guid: str) -> list[str]:
    return [one["path"] for one in flow.sandbox.history() if one["path"].endswith(guid)]


def test_a_deleted_poco_of_ours_still_says_whose_it_was(cinx_flow: CinxFlow) -> None:
    flow = cinx_flow
    guid = str(flow.people("create_poco", po="PO-123", items=ITEMS, external_references=REFERENCES)["cinx_guid"])
    flow.people("create_poco", po="PO-123", items=ITEMS)
    flow.run(POLLER)
    flow.people("delete_poco", cinx_guid=guid)
    flow.run(POLLER)
    last = about(flow, guid)[-1]
    assert (last.change, last.origin_id, last.root) == (Change.DELETED, ORIGIN, ROOT)


def test_an_account_less_poller_idles(cinx_flow: CinxFlow) -> None:
    cinx_flow.configure(routes="")
    text = (cinx_flow.folder / "cor.yaml").read_text(encoding="utf-8")
    before = text.partition("  cinx:")[0]
    (cinx_flow.folder / "cor.yaml").write_text(before, encoding="utf-8")
    cinx_flow.sandbox.forget()
    assert cinx_flow.run(POLLER) == 0
    assert cinx_flow.sandbox.history() == []


def command() -> CinxCommand:
    line = CinxLine(item_id="1", position=1, description="Beam", quantity=Decimal(2), unit_price=Decimal("10.50"))
    payload = CinxPayload(description="Added steel", number="007", title="Steel", currency="USD", lines=(line,))
    return cinx_command("498099", payload, "PO-123", sequence=1772460306)


def test_our_own_submission_comes_back_as_an_echo_and_ends_unchanged(cinx_flow: CinxFlow) -> None:
    """Submitted, polled, mapped to one verify, verified; then a person changes a line, and no echo says so."""
    flow, order = cinx_flow, command()
    topic = CINX.commands.name(flow.prefix)
    place = identity.tenant_partition("cinx", "acme", PARTITIONS)
    with flow.writer() as writer:
        writer.send(Outgoing(topic, ORIGIN.encode(), flow.codec.encode(order, topic), place))
        writer.flush()
    assert flow.run("cinx-submitter") == 0
    (poco,) = flow.sandbox.state()["pocos"]
    assert flow.run(POLLER) == 0
    (event,) = about(flow, poco["cinx_guid"])
    assert (event.origin_id, event.echo) == (ORIGIN, True)
    assert flow.run("mapper") == 0
    assert flow.run("cinx-submitter") == 0
    (verify,) = [one for one in flow.commands() if one.operation is Operation.VERIFY]
    ended = {one.command_id: one.kind for one in flow.outcomes() if one.command_id}
    assert ended == {order.command_id: OutcomeKind.APPLIED, verify.command_id: OutcomeKind.UNCHANGED}
    flow.people("edit_poco", cinx_guid=poco["cinx_guid"], items={"0": {"quantity": 3}})
    assert flow.run(POLLER) == 0
    assert [one.echo for one in about(flow, poco["cinx_guid"])] == [True, False]
