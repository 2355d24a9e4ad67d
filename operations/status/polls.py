"""How far the pollers are with their accounts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from operations.environment import Environment
from operations.reading import KnownAccount
from relay.domain.identity import tenant_partition
from relay.domain.records import PollState
from relay.engine.kafka import Cluster, Partition, read_to_end
from relay.engine.topics import POLL_STATE
from schemas import Unreadable

_TAIL = 5_000
"""An account that changes is written often, so its state lies near the end of its partition."""


def poll_states(
    environment: Environment, cluster: Cluster, accounts: Iterable[KnownAccount], count: int
) -> dict[str, PollState]:
    """The state of each account that was ever polled, by ``{system}:{account}``."""
    topic = environment.name(POLL_STATE)
    wanted: dict[Partition, set[bytes]] = {}
    for account in accounts:
        place = Partition(topic, tenant_partition(account.system, account.name, count))
        wanted.setdefault(place, set()).add(account.key.encode())
    first, ends = cluster.beginning_offsets(list(wanted)), cluster.end_offsets(list(wanted))
    tails = {partition: max(first[partition], ends[partition] - _TAIL) for partition in wanted}
    found = _read(environment, wanted, tails)
    missing = {
        place: absent
        for place, keys in wanted.items()
        if (absent := {key for key in keys if key.decode() not in found}) and tails[place] > first[place]
    }
    return found | _read(environment, missing, {})


def _read(
    environment: Environment, wanted: dict[Partition, set[bytes]], start: dict[Partition, int]
) -> dict[str, PollState]:
    newest: dict[bytes, bytes] = {}
    for record in read_to_end(environment.connection, list(wanted), start=start):
        if record.value is not None and (record.key or b"") in wanted[Partition(record.topic, record.partition)]:
            newest[record.key or b""] = record.value
    states: dict[str, PollState] = {}
    for key, value in newest.items():
        with suppress(Unreadable):  # The poller begins anew with what it cannot read, and so it is never polled yet.
            states[key.decode()] = environment.codec.decode(value, PollState)
    return states
