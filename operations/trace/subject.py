"""Which change order is meant."""

from __future__ import annotations

from collections.abc import Sequence

from operations.environment import Environment
from operations.errors import Refused
from operations.reading import known_accounts, with_key
from relay.domain import identity
from relay.engine.kafka import Partition, partition_of
from relay.engine.topics import NAMES, OBSERVED, OUTCOMES, Topic


def find_change_order(environment: Environment, named: str, counts: dict[Topic, int]) -> str:
    """The change-order key of a key, an origin id, or a bare id that only one account knows.

    Raises ``Refused`` where no account knows the id, or several do.
    """
    if (root := identity.root_of(named)) is not None:
        return root[0]
    if named.count(":") >= 2:
        return named
    accounts = known_accounts(environment, counts[NAMES])
    if not accounts:
        raise Refused(f"no account is known yet: run `cor topics apply`, or write the whole key of {named}")
    keys = [f"{account.key}:{named}" for account in accounts]
    found = _with_a_life(environment, keys, counts)
    if len(found) == 1:
        return found[0]
    if not found:
        listed = ", ".join(one.key for one in accounts)
        raise Refused(f"change order {named} was never observed in any known account ({listed})")
    raise Refused(f"several accounts have a change order {named}; say which: {', '.join(found)}")


def _with_a_life(environment: Environment, keys: Sequence[str], counts: dict[Topic, int]) -> list[str]:
    """Those of which there is any event or outcome."""
    wanted = {key.encode() for key in keys}
    places = {
        Partition(environment.name(topic), partition_of(key, counts[topic]))
        for topic in (OBSERVED, OUTCOMES)
        for key in wanted
    }
    found: set[bytes] = set()
    for record in with_key(environment.connection, sorted(places), wanted.__contains__):
        found.add(record.key or b"")
        if found == wanted:
            break
    return [key for key in keys if key.encode() in found]
