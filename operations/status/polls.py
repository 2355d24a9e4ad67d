"""How far the pollers are with their accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from operations.environment import Environment
from operations.reading import KnownAccount, pass_over
from relay.domain.identity import tenant_partition
from relay.domain.records import PollState
from relay.engine.configuration import Configuration, ConfigurationError
from relay.engine.kafka import Cluster, Partition, read_to_end
from relay.engine.topics import FAMILIES, POLL_STATE
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
    states = _read(environment, wanted, tails)
    missing = {
        place: absent
        for place, keys in wanted.items()
        if (absent := {key for key in keys if key.decode() not in states}) and tails[place] > first[place]
    }
    return states | _read(environment, missing, {})


def awaits_first_poll(
    environment: Environment, accounts: Iterable[KnownAccount], polls: Mapping[str, PollState]
) -> bool:
    """Whether an account was never polled that a poller is there for, so that nobody knows yet what waits in it.

    Such are the accounts of a system that is only read, and those at which a route starts. A name that is recorded for
    ever, but no longer configured, is none; where no configuration can be read, every recorded name counts.
    """
    unpolled = [account for account in accounts if account.key not in polls]
    if not unpolled:
        return False
    configuration = _configuration(environment)
    if configuration is None:
        return any(account.system not in FAMILIES for account in unpolled)
    configured = configuration.accounts()
    sources = {(route.source.system, route.source.account) for route in configuration.routing.routes}
    return any(
        account.key in configured and (account.system not in FAMILIES or (account.system, account.name) in sources)
        for account in unpolled
    )


def _configuration(environment: Environment) -> Configuration | None:
    try:
        return environment.configuration
    except ConfigurationError:
        return None


def _read(
    environment: Environment, wanted: dict[Partition, set[bytes]], start: dict[Partition, int]
) -> dict[str, PollState]:
    newest: dict[bytes, bytes] = {}
    for record in read_to_end(environment.connection, list(wanted), start=start, pass_over=pass_over):
        if record.value is not None and (record.key or b"") in wanted[Partition(record.topic, record.partition)]:
            newest[record.key or b""] = record.value
    states: dict[str, PollState] = {}
    for key, value in newest.items():
        with suppress(Unreadable):  # The poller begins anew with what it cannot read, and so it is never polled yet.
            states[key.decode()] = environment.codec.decode(value, PollState)
    return states
