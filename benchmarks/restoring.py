"""How long an owner takes to restore a large ledger, and how much memory that takes."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks.bulk import NUMBER, TOKEN, Bulk, Pattern
from benchmarks.ground import Ground
from relay.domain.ledger import LedgerEntry, Part
from relay.engine.kafka import Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import PROCORE
from relay.engine.writer.state.cache import Table, restored


def measure(fresh: Callable[[], Ground], keys: int) -> dict[str, Any]:
    """Restores in this process; memory is the growth of its largest resident size."""
    here = fresh()
    partition = Partition(PROCORE.ledger.name(here.prefix), 0)
    _fill(here, partition, keys)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    cache = restored({partition: Table.LEDGER}, lambda partitions: read_to_end(here.connection, partitions))
    seconds = time.perf_counter() - began
    found = cache.count(Table.LEDGER)
    cache.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if found != keys:
        raise RuntimeError(f"{found} of {keys} keys were restored")
    return {"keys": keys, "seconds": round(seconds, 2), "grown_megabytes": round(grown / 1024)}


def _fill(here: Ground, partition: Partition, keys: int) -> None:
    entry = LedgerEntry(
        origin_id=f"cor:constructiononline:acme:{NUMBER}:main",
        change_order_key=f"constructiononline:acme:{NUMBER}",
        destination="315/44021",
        seen_sequence=1,
        seen_mapped_at=datetime.now(UTC),
        parts={name: Part(hash=TOKEN[:24]) for name in ("head", "line", "link", "stat", "pack")},
        remote={"pco_id": "598134325500006"},
    )
    pattern = Pattern(entry.origin_id.encode(), record_codec().encode(entry, partition.topic))
    with Bulk(here.connection.bootstrap_servers) as bulk:
        bulk.write(partition, pattern, range(int(NUMBER), int(NUMBER) + keys))
