"""How long each stage that keeps a state takes to restore a large one, and how much memory that takes."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks.bulk import NUMBER, TOKEN, Bulk, Pattern
from benchmarks.ground import Ground
from producers.restored_states import restored_states
from relay.domain.ledger import LedgerEntry, Part
from relay.domain.letters import DeadLetter, LetterKind
from relay.domain.records import PollState
from relay.engine.kafka import Partition, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.topics import LETTERS, POLL_STATE, PROCORE
from relay.engine.writer.state.cache import Table, restored
from workers.dead_letters.open_letters import OpenLetters

_KEY = f"constructiononline:acme:{NUMBER}"


def measure(fresh: Callable[[], Ground], keys: int) -> dict[str, Any]:
    """The same number of keys for each: a writer's ledger, a poller's poll state, the keeper's open letters."""
    return {
        "keys": keys,
        "ledger": _apart(fresh, keys, _ledger),
        "poll state": _apart(fresh, keys, _poll_state),
        "open letters": _apart(fresh, keys, _letters),
    }


def _apart(
    fresh: Callable[[], Ground], keys: int, prepare: Callable[[Ground, int], Callable[[], int]]
) -> dict[str, float]:
    """In a process of its own: memory is the growth of its largest resident size."""
    restore = prepare(fresh(), keys)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        found = restore()
        seconds = time.perf_counter() - began
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writing, f"{found} {seconds} {grown}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read().split()
    os.waitpid(child, 0)
    if not told or int(told[0]) != keys:
        raise RuntimeError(f"{told[0] if told else 'none'} of {keys} keys were restored")
    return {"seconds": round(float(told[1]), 2), "grown_megabytes": round(int(told[2]) / 1024)}


def _ledger(here: Ground, keys: int) -> Callable[[], int]:
    place = Partition(PROCORE.ledger.name(here.prefix), 0)
    entry = LedgerEntry(
        origin_id=f"cor:{_KEY}:main",
        change_order_key=_KEY,
        destination="315/44021",
        seen_sequence=1,
        seen_mapped_at=datetime.now(UTC),
        parts={name: Part(hash=TOKEN[:24]) for name in ("head", "line", "link", "stat", "pack")},
        remote={"pco_id": "598134325500006"},
    )
    _fill(here, place, entry.origin_id, entry, keys)

    def restore() -> int:
        cache = restored({place: Table.LEDGER}, lambda partitions: read_to_end(here.connection, partitions))
        try:
            return cache.count(Table.LEDGER)
        finally:
            cache.close()

    return restore


def _poll_state(here: Ground, keys: int) -> Callable[[], int]:
    place = Partition(POLL_STATE.name(here.prefix), 0)
    state = PollState(
        system="constructiononline",
        account="acme",
        change_order_id=NUMBER,
        project="1321036",
        sequence=1_700_000_000,
        fingerprint=TOKEN * 2,
        fingerprint_version=1,
        modified_at="2026-03-02T10:15:00.123",
        partition=3,
        offset=1_000_000,
    )
    _fill(here, place, _KEY, state, keys)

    def restore() -> int:
        codec = record_codec()
        accounts = restored_states(here.connection, codec, place, "constructiononline")
        return len(accounts["acme"].states)

    return restore


def _letters(here: Ground, keys: int) -> Callable[[], int]:
    place = Partition(LETTERS.name(here.prefix), 0)
    now = datetime.now(UTC)
    letter = DeadLetter(
        letter_id=f"mapper:{_KEY}",
        kind=LetterKind.REJECTED,
        stage="mapper",
        topic="change-orders.observed.v1",
        partition=0,
        offset=1,
        record_key=_KEY.encode(),
        record_value=TOKEN.encode() * 8,
        headers=(),
        change_order_key=_KEY,
        origin_id=None,
        command_id=None,
        reason="route.missing",
        sentence="No route takes change orders of this project.",
        remote_answer="",
        attempts=1,
        first_at=now,
        last_at=now,
    )
    _fill(here, place, letter.letter_id, letter, keys)

    def restore() -> int:
        codec, letters = record_codec(), OpenLetters()
        for record in read_to_end(here.connection, [place]):
            letters.put(codec.decode(record.value or b"", DeadLetter), record.offset)
        return sum(1 for _ in letters)

    return restore


def _fill(here: Ground, place: Partition, key: str, record: object, keys: int) -> None:
    pattern = Pattern(key.encode(), record_codec().encode(record, place.topic))
    with Bulk(here.connection.bootstrap_servers) as bulk:
        bulk.write(place, pattern, range(int(NUMBER), int(NUMBER) + keys))
