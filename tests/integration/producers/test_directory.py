"""The directory's topic: what several processes note of the same, and what pollers note on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from relay.domain.directory import DirectoryEntry, DirectoryKind, Listed
from relay.engine.directory import Directory
from relay.engine.kafka import Connection, Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import DIRECTORY
from tests.conftest import PARTITIONS
from tests.integration.producers.conftest import CinxFlow
from tests.unit.schemas.samples import AT

CODEC = record_codec()
ORDER = DirectoryEntry(
    system="cinx", account="acme", kind=DirectoryKind.PURCHASE_ORDER, entry_id="a1", read_at=AT, number="PO-123"
)
LATER = AT + timedelta(hours=1)


def written(connection: Connection, prefix: str) -> list[DirectoryEntry]:
    topic = DIRECTORY.name(prefix)
    records = read_to_end(connection, [Partition(topic, number) for number in range(PARTITIONS)])
    return [CODEC.decode(record.value or b"", DirectoryEntry) for record in records]


def test_what_two_processes_know_of_the_same_is_brought_together(connection: Connection, provisioned: str) -> None:
    poller = Directory(connection, CODEC, DIRECTORY.name(provisioned))
    submitter = Directory(connection, CODEC, DIRECTORY.name(provisioned))
    poller.note([ORDER])
    with_amount = replace(ORDER, read_at=LATER, number=None, revised_amount=Decimal(10))
    submitter.note([with_amount])
    poller.note([replace(ORDER, read_at=LATER + timedelta(hours=1), vendor="Granite")])
    for entry in (ORDER, with_amount):
        poller.note([entry])
        submitter.note([entry])
        Directory(connection, CODEC, DIRECTORY.name(provisioned)).note([entry])
    *_, last = written(connection, provisioned)
    assert (last.number, last.vendor, last.revised_amount, last.read_at) == ("PO-123", "Granite", Decimal(10), LATER)
    assert len(written(connection, provisioned)) == 3, "what says the same is not written again, by whomever"


def test_what_a_complete_listing_lacks_is_absent_from_then_on(connection: Connection, provisioned: str) -> None:
    whole = Listed(system="cinx", account="acme", kind=DirectoryKind.PURCHASE_ORDER)
    other = replace(ORDER, entry_id="a2")
    Directory(connection, CODEC, DIRECTORY.name(provisioned)).note([ORDER, other], [whole])
    restarted = Directory(connection, CODEC, DIRECTORY.name(provisioned))
    restarted.note([ORDER], [whole])
    restarted.note([ORDER], [whole])
    last = {entry.entry_id: entry.absent for entry in written(connection, provisioned)}
    assert last == {"a1": False, "a2": True}
    assert len(written(connection, provisioned)) == 3


def test_a_poller_writes_what_it_reads_and_nothing_twice(cinx_flow: CinxFlow) -> None:
    flow = cinx_flow
    for _ in range(2):
        flow.people("create_poco", po="PO-123", items=[{"quantity": 2, "unit_price": "10.50", "description": "Beam"}])
        assert flow.run("poll-cinx") == 0
    entries = written(flow.connection, flow.prefix)
    assert sorted(entry.kind for entry in entries) == [DirectoryKind.PROJECT, DirectoryKind.PURCHASE_ORDER]
