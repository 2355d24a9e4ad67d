"""A long past: change orders that were observed, mapped, written and told of, with nothing left to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from benchmarks.bulk import NUMBER, TOKEN, Bulk, Pattern
from benchmarks.events import observed
from benchmarks.ground import Ground
from benchmarks.mapping import CONFIGURATION
from operations.preflight import names_in
from relay.domain.commands import Lane, ProcoreCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.identity import tenant_partition
from relay.domain.ledger import InboxRecord, LedgerEntry, Part, Slot, Waiting
from relay.domain.mapping import in_milliseconds, map_event
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenRecord
from relay.engine.configuration import load_configuration
from relay.engine.kafka import Cluster, Partition, partition_of
from relay.engine.provision import record_names
from relay.engine.record_codec import record_codec
from relay.engine.topics import CURRENT, GROUPS, OBSERVED, OUTCOMES, POLL_STATE, PROCORE, WRITES, Topic
from relay.engine.writer.state.inbox_start import stated
from relay.engine.writer.state.store import inbox_key

_TOGETHER = 20_000
_FIRST = int(NUMBER)


def key_of(number: int) -> str:
    """The key of one of the change orders; ``number`` from 0."""
    return f"constructiononline:acme:{_FIRST + number}"


def fill(here: Ground, orders: int, items: int) -> None:
    """Everything that ``orders`` change orders left on the topics, compaction not yet done."""
    here.configure(CONFIGURATION)
    codec = record_codec()
    accounts, targets = names_in(load_configuration(here.folder / "cor.yaml"))
    record_names(here.connection, codec, here.prefix, accounts=accounts, targets=targets, now=datetime.now(UTC))
    tenant = tenant_partition("procore", "acme", here.partitions)
    by_key, by_tenant = _patterns(here, items)
    with Bulk(here.connection.bootstrap_servers) as bulk:
        for numbers in _portions(orders):
            for partition, some in _by_partition(numbers, here.partitions).items():
                for topic, pattern in by_key:
                    place = Partition(topic.name(here.prefix), partition)
                    bulk.write(place, pattern, some, squeezed=topic.for_others)
            for topic, pattern in by_tenant:
                bulk.write(Partition(topic.name(here.prefix), tenant), pattern, numbers)
    _all_is_read(here, tenant)


def _portions(orders: int) -> Iterator[range]:
    for at in range(0, orders, _TOGETHER):
        yield range(_FIRST + at, _FIRST + min(at + _TOGETHER, orders))


def _by_partition(numbers: Sequence[int], partitions: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {number: [] for number in range(partitions)}
    for number in numbers:
        found[partition_of(key_of(number - _FIRST).encode(), partitions)].append(number)
    return found


def _patterns(here: Ground, items: int) -> tuple[list[tuple[Topic, Pattern]], list[tuple[Topic, Pattern]]]:
    """By topic what each change order left there: in the partition of its key, and in that of its tenant."""
    event, command = _event_and_command(here, items)
    own, origin_id = key_of(0), command.origin_id
    outcome, write = _outcome(command), _write(command)
    waiting = _waiting(here, command)
    by_key: list[tuple[Topic, Pattern]] = [
        (topic, Pattern(own.encode(), _encoded(here, topic, record)))
        for topic, record in ((OBSERVED, event), (CURRENT, event), (OUTCOMES, outcome), (WRITES, write))
    ]
    by_tenant = [
        (PROCORE.backfill, Pattern(origin_id.encode(), _encoded(here, PROCORE.backfill, command))),
        (PROCORE.ledger, Pattern(origin_id.encode(), _encoded(here, PROCORE.ledger, _entry(command)))),
    ]
    for slot in (Slot.NEXT, Slot.CURRENT):
        key = inbox_key(slot, origin_id).encode()
        value = _encoded(here, PROCORE.inbox, InboxRecord(waiting=waiting))
        by_tenant += [(PROCORE.inbox, Pattern(key, value)), (PROCORE.inbox, Pattern(key, None))]
    return by_key, by_tenant


def _encoded(here: Ground, topic: Topic, record: object) -> bytes:
    return record_codec().encode(record, topic.name(here.prefix))


def _event_and_command(here: Ground, items: int) -> tuple[ChangeOrderObserved, ProcoreCommand]:
    (made,) = observed(1, items)
    order = replace(made.change_order, change_order_id=NUMBER, number=NUMBER, title=f"Change {NUMBER} {TOKEN}")
    event = replace(made, event_id=TOKEN, change_order_id=NUMBER, change_order=order)
    routing = load_configuration(here.folder / "cor.yaml").routing
    (command,) = map_event(event, routing, in_milliseconds(datetime.now(UTC))).commands
    if not isinstance(command, ProcoreCommand):
        raise TypeError(f"the route leads to Procore, and the command is {command}")
    return event, replace(command, command_id=TOKEN, idempotency_key=TOKEN * 2, payload_hash=TOKEN * 2)


def _outcome(command: ProcoreCommand) -> ChangeOrderOutcome:
    return ChangeOrderOutcome(
        outcome_id=TOKEN,
        kind=OutcomeKind.APPLIED,
        stage="procore-writer",
        change_order_key=command.change_order_key,
        at=command.mapped_at + timedelta(seconds=2),
        sequence=1,
        system="procore",
        account="acme",
        target=command.target,
        origin_id=command.origin_id,
        command_id=command.command_id,
        mapped_at=command.mapped_at,
        idempotency_key=command.idempotency_key,
        remote=(RemoteRecord(kind="potential_change_order", remote_id=f"59{NUMBER}", number=NUMBER),),
        amount=Decimal(100),
        currency="USD",
    )


def _write(command: ProcoreCommand) -> RemoteWrite:
    record = WrittenRecord(
        kind="potential_change_order",
        parts={"header": TOKEN[:24]},
        operation=WriteOperation.CREATED,
        remote_id=f"59{NUMBER}",
        number=NUMBER,
    )
    return RemoteWrite(
        write_id=TOKEN,
        at=command.mapped_at + timedelta(seconds=1),
        stage="procore-writer",
        instance="bench",
        system="procore",
        account="acme",
        destination=command.destination.name,
        change_order_key=command.change_order_key,
        origin_id=command.origin_id,
        target=command.target,
        sequence=1,
        command_id=command.command_id,
        step="header",
        method="PATCH",
        path="/projects/{project_id}/potential_change_orders/sync",
        records=(record,),
        amount_before=Decimal(0),
        amount_after=Decimal(100),
        pending_effect=Decimal(100),
        currency="USD",
    )


def _entry(command: ProcoreCommand) -> LedgerEntry:
    return LedgerEntry(
        origin_id=command.origin_id,
        change_order_key=command.change_order_key,
        destination=command.destination.name,
        seen_sequence=1,
        seen_mapped_at=command.mapped_at,
        applied_sequence=1,
        applied_payload_hash=command.payload_hash,
        sent_sequence=1,
        sent_payload_hash=command.payload_hash,
        parts={name: Part(hash=TOKEN[:24]) for name in ("header", "status", "line:1", "line:2", "package")},
        remote={"pco_id": f"59{NUMBER}"},
    )


def _waiting(here: Ground, command: ProcoreCommand) -> Waiting:
    lane = PROCORE.backfill.name(here.prefix)
    return Waiting(
        origin_id=command.origin_id,
        command_id=command.command_id,
        lane=Lane.BACKFILL,
        topic=lane,
        partition=0,
        offset=0,
        received_at=command.mapped_at,
        sequence=1,
        mapped_at=command.mapped_at,
        record_key=None,
        command=record_codec().encode(command, lane),
    )


def _all_is_read(here: Ground, tenant: int) -> None:
    """Each stage's group stands at the ends, and the writer says that nothing of its inbox is left."""
    lane, inbox = (Partition(topic.name(here.prefix), tenant) for topic in (PROCORE.backfill, PROCORE.inbox))
    with Cluster(here.connection) as cluster:
        for stage, topics in GROUPS.items():
            places = [Partition(topic.name(here.prefix), at) for topic in topics for at in range(here.partitions)]
            if topics != (POLL_STATE,):
                cluster.reset_offsets(f"{here.prefix}{stage}", cluster.end_offsets(places))
        ends = cluster.end_offsets([lane, inbox])
    consumer = KafkaConsumer(
        bootstrap_servers=here.connection.bootstrap_servers,
        group_id=f"{here.prefix}procore-writer",
        enable_auto_commit=False,
    )
    place = TopicPartition(lane.topic, lane.number)
    consumer.assign([place])
    consumer.commit({place: OffsetAndMetadata(ends[lane], stated(ends[inbox]), -1)})
    consumer.close()
