"""Which change order is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from operations.environment import Environment
from operations.errors import Refused
from operations.reading import known_accounts, with_any, with_key
from operations.trace.search import search
from relay.domain import identity
from relay.engine.kafka import Partition, partition_of
from relay.engine.topics import NAMES, OBSERVED, OUTCOMES, Topic

_MOST_NAMED = 10
"""Change orders that are listed where several may be meant."""


def find_change_order(environment: Environment, named: str, counts: Mapping[Topic, int]) -> str:
    """The change-order key of a key, an origin id, a bare id, or anything else that one change order is called.

    A bare id counts before a number or a title. Raises ``Refused`` where nothing is called so, or several are.
    """
    if (root := identity.root_of(named)) is not None:
        return root[0]
    if named.count(":") >= 2:
        return named
    accounts = known_accounts(environment, counts[NAMES])
    if not accounts:
        raise Refused(f"no account is known yet: run `cor topics apply`, or write the whole key of {named}")
    keys = [f"{account.key}:{named}" for account in accounts]
    observed = _with_records(environment, keys, counts)
    if len(observed) == 1:
        return observed[0]
    if not observed:
        return _called(environment, named, [account.key for account in accounts])
    raise Refused(f"several accounts have a change order {named}; say which: {', '.join(observed)}")


def _called(environment: Environment, named: str, accounts: Sequence[str]) -> str:
    found = search(environment, named)
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise Refused(
            f"change order {named} was never observed in any known account ({', '.join(accounts)}), and no number, "
            "title, record that was written, project, contract or purchase order is called so"
        )
    listed = [f"{sighting.key} ({sighting.by})" for sighting in found.values()]
    more = f", and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    raise Refused(f"{named!r} may be any of {len(listed)}; say which: {'; '.join(listed[:_MOST_NAMED])}{more}")


def was_observed(environment: Environment, key: str, counts: Mapping[Topic, int]) -> bool:
    """Whether there is any event or outcome of the change order."""
    return bool(_with_records(environment, [key], counts))


def _with_records(environment: Environment, keys: Sequence[str], counts: Mapping[Topic, int]) -> list[str]:
    """Those of ``keys`` of which there is any event or outcome."""
    wanted = {key.encode() for key in keys}
    places = {
        Partition(environment.name(topic), partition_of(key, counts[topic]))
        for topic in (OBSERVED, OUTCOMES)
        for key in wanted
    }
    present: set[bytes] = set()
    for record in with_key(environment.connection, sorted(places), wanted.__contains__, batches=with_any(wanted)):
        present.add(record.key or b"")
        if present == wanted:
            break
    return [key for key in keys if key.encode() in present]
