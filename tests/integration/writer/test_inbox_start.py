"""What a writer states with its offsets: an inbox read from there holds what the whole of it holds."""

from __future__ import annotations

from operations.reading import latest_by_key
from relay.domain.identity import tenant_partition
from relay.engine.kafka import Cluster, Partition
from relay.engine.topics import PROCORE
from relay.engine.writer.state.inbox_start import starts
from tests.faults.harness import Relay
from tests.faults.orders import ACCOUNT, change_order


def test_what_was_carried_need_not_be_read_again(relay: Relay) -> None:
    for number in range(1, 6):
        relay.submit([change_order(number, 1)])
        assert relay.run("procore-writer") == 0, relay.log()
    inbox = Partition(PROCORE.inbox.name(relay.prefix), tenant_partition("procore", ACCOUNT, relay.partitions))
    lane = Partition(PROCORE.commands.name(relay.prefix), inbox.number)
    with Cluster(relay.connection) as cluster:
        metadata = cluster.committed_metadata(f"{relay.prefix}procore-writer", [lane])
        end = cluster.end_offsets([inbox])[inbox]
    start = starts({inbox.number: metadata.values()})[inbox.number]
    assert end / 2 < start <= end, "most of the inbox lies behind"
    from_there = latest_by_key(relay.connection, [inbox], start={inbox: start})
    assert from_there.keys() == latest_by_key(relay.connection, [inbox]).keys()
