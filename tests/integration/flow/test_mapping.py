from __future__ import annotations

from relay.domain.commands import Operation, ProcoreCommand
from relay.domain.letters import LetterKind
from relay.domain.outcomes import OutcomeKind
from relay.engine.kafka import Cluster, Outgoing, Partition
from relay.engine.topics import OBSERVED, PROCORE
from tests.conftest import PARTITIONS
from tests.integration.flow.conftest import Flow

POLLER = "poll-constructiononline"


def order(flow: Flow, **more: object) -> int:
    return int(flow.people("create_change_order", **{"project": 1321036, "name": "A", **more})["ID"])


def commands(flow: Flow, *, backfill: bool = False) -> list[ProcoreCommand]:
    topic = PROCORE.backfill if backfill else PROCORE.commands
    return [flow.codec.decode(one.value or b"", ProcoreCommand) for one in flow.records(topic)]


def test_what_was_polled_is_mapped_once_and_names_its_event(flow: Flow) -> None:
    flow.run(POLLER)
    number = order(flow, items=[{"NAME": "x", "RATE": 5, "RATE_QTY": 2}])
    assert flow.run(POLLER, "mapper") == 0
    (command,) = commands(flow)
    (event,) = flow.events()
    assert (command.operation, command.sequence) == (Operation.APPLY, event.sequence)
    assert command.origin_id == f"cor:constructiononline:acme:{number}:owner"
    assert command.event is not None
    (observed,) = flow.records(OBSERVED)
    assert (command.event.partition, command.event.offset) == (observed.partition, observed.offset)
    assert dict(flow.records(PROCORE.commands)[0].headers)["traceparent"] == dict(observed.headers)["traceparent"]
    assert flow.run("mapper") == 0
    assert len(commands(flow)) == 1


def test_the_first_load_goes_to_the_backfill_lane(flow: Flow) -> None:
    order(flow)
    flow.run(POLLER, "mapper")
    assert len(commands(flow, backfill=True)) == 1
    assert not commands(flow)


def test_bytes_that_are_no_event_become_a_letter_and_the_partition_goes_on(flow: Flow) -> None:
    flow.run(POLLER)
    topic = OBSERVED.name(flow.prefix)
    key = b"constructiononline:acme:1"
    with flow.writer() as writer:
        for number in range(PARTITIONS):
            writer.send(Outgoing(topic, key, b"\x00\x01junk", number, (("h", b"v"),)))
        writer.flush()
    order(flow)
    assert flow.run(POLLER, "mapper") == 0
    letters = list(flow.letters().values())
    assert [letter.kind for letter in letters] == [LetterKind.UNREADABLE] * PARTITIONS
    assert {(letter.record_value, letter.headers[0].value) for letter in letters} == {(b"\x00\x01junk", b"v")}
    assert {one.change_order_key for one in flow.outcomes()} == {key.decode()}
    assert len(commands(flow)) == 1


def test_a_project_without_a_route_is_one_letter_and_each_of_its_events_an_outcome(flow: Flow) -> None:
    flow.people("create_project", id=8, name="Unrouted")
    order(flow, project=8)
    order(flow, project=8)
    flow.run(POLLER, "mapper")
    (letter,) = flow.letters().values()
    outcomes = flow.outcomes()
    assert [(one.kind, one.reason, one.letter_id) for one in outcomes] == 2 * [
        (OutcomeKind.REJECTED, "route.missing", letter.letter_id)
    ]
    assert (letter.reason, str(letter.of_project)) == ("route.missing", "constructiononline:acme/project:8")
    assert (letter.record_value, letter.change_order_key) == (None, None)


def test_offsets_move_only_with_what_became_of_the_records(flow: Flow, cluster: Cluster) -> None:
    order(flow)
    flow.run(POLLER, "mapper")
    every = [Partition(OBSERVED.name(flow.prefix), number) for number in range(PARTITIONS)]
    (record,) = flow.records(OBSERVED)
    committed = cluster.committed(f"{flow.prefix}mapper", every)
    assert committed[Partition(record.topic, record.partition)] == record.offset + 1
