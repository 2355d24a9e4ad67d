"""What names of accounts, targets, routes and topics stand for, as it is recorded; and names that are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from operations.audit import AuditedTransaction, now
from operations.environment import Environment
from operations.errors import Refused, WrongUsage
from operations.preflight import names_in, routes_in
from operations.reading import latest_by_key, pass_over
from operations.status.lag import lag_of
from relay.domain import identity
from relay.domain.events import ChangeOrderObserved
from relay.domain.records import NameRecord
from relay.engine.kafka import Cluster, Outgoing
from relay.engine.provision.names import forgotten_record, name_of
from relay.engine.topics import ALL, CURRENT, FAMILIES, NAMES, POLL_STATE, Topic
from schemas import Unreadable

_ACCOUNT, _TARGET, _ROUTE, _PIN = "account:", "target:", "route:", "pin:"
_STAGES = ("mapper", "procore-writer", "cinx-submitter")
"""What they have not read yet may carry any name."""


def recorded_names(environment: Environment) -> list[NameRecord]:
    """Every name, in order. Raises ``Fatal`` for one that cannot be read, ``TopicsMissing`` without the topic."""
    count = environment.counts([NAMES])[NAMES]
    found = latest_by_key(environment.connection, environment.every(NAMES, count))
    every = (name_of(record, environment.codec) for record in found.values())
    return sorted((record for record in every if record.stands_for), key=lambda record: record.name)


def forget_name(environment: Environment, name: str, *, who: str, why: str) -> NameRecord:
    """Forgets a name that nothing was ever written under, so that it may stand for something else.

    Raises ``WrongUsage`` for what is no recorded name; ``Refused`` while the file, another name, a ledger,
    an inbox or what waits for a writer may name it.
    """
    recorded = {record.name: record for record in recorded_names(environment)}
    if name not in recorded or not name.startswith((_ACCOUNT, _TARGET, _ROUTE, _PIN)):
        raise WrongUsage(f"{name} is no recorded name of an account, a target, a route or a pin: see `cor names list`")
    why_not = next(_in_use(environment, name, recorded), None)
    if why_not is not None:
        raise Refused(f"{name} is not forgotten: {why_not}")
    topic = environment.name(NAMES)
    # As `record_names`: of two processes that do this at once one waits.
    with AuditedTransaction(environment, who, why, f"{environment.prefix}names") as transaction:
        at = now()
        effect = Outgoing(topic, name.encode(), environment.codec.encode(forgotten_record(name, at), topic))
        details = {"stood_for": recorded[name].stands_for}
        transaction.commit([effect], [transaction.action(name, "name forgotten", details, at)])
    return recorded[name]


def _in_use(environment: Environment, name: str, recorded: dict[str, NameRecord]) -> Iterator[str]:
    accounts, targets = names_in(environment.configuration)
    routes = routes_in(environment.configuration)
    kinds = ((_ACCOUNT, accounts), (_TARGET, targets), (_ROUTE, routes))
    configured = {f"{kind}{key}" for kind, pairs in kinds for key, _ in pairs}
    if name in configured:
        yield "the configuration names it"
    if name.startswith((_PIN, _ROUTE)):
        return  # It stands for an id in the file, or is for people alone; what was written goes by ids.
    counts = environment.counts(ALL)
    with Cluster(environment.connection) as cluster:
        for stage in _STAGES:
            if lag_of(environment, cluster, stage, counts, now()).records:
                yield f"{stage} has not read all that it is to read, which may be about it"
    if name.startswith(_ACCOUNT):
        yield from _account_in_use(environment, name.removeprefix(_ACCOUNT), recorded, counts)
    else:
        yield from _target_in_use(environment, name.removeprefix(_TARGET), counts)


def _account_in_use(
    environment: Environment, account: str, recorded: dict[str, NameRecord], counts: dict[Topic, int]
) -> Iterator[str]:
    for other in recorded.values():
        of_target = other.name.startswith(_TARGET)
        if of_target and (other.stands_for == account or other.name.startswith(f"{_TARGET}{account}:")):
            yield f"{other.name} names it: forget that first"
        if other.name.startswith(f"{_PIN}{account}/"):
            yield f"{other.name} is an id of it: forget that first"
    if any(_keys(environment, POLL_STATE, counts, lambda key: key == account or key.startswith(f"{account}:"))):
        yield "it was polled"
    for root, _ in _written(environment, counts):
        if root.startswith(f"{account}:"):
            yield f"a ledger or an inbox knows {root}"


def _target_in_use(environment: Environment, target: str, counts: dict[Topic, int]) -> Iterator[str]:
    """Origin ids name account and target, not the project: that is what the change order says."""
    system, account, rest = target.split(":", 2)
    project, _, name = rest.rpartition(":")
    roots = {
        root
        for root, written_to in _written(environment, counts)
        if written_to == name and root.startswith(f"{system}:{account}:")
    }
    projects = _projects_of(environment, roots, counts)
    for root in sorted(roots):
        if project == "*" or projects.get(root, project) == project:
            yield f"a ledger or an inbox knows {root} under it"


def _projects_of(environment: Environment, roots: set[str], counts: dict[Topic, int]) -> dict[str, str | None]:
    wanted = {root.encode() for root in roots}
    partitions = environment.every(CURRENT, counts[CURRENT]) if wanted else []
    found: dict[str, str | None] = {}
    newest = latest_by_key(environment.connection, partitions, wanted.__contains__, pass_over=pass_over)
    for (_, key), record in newest.items():
        try:
            found[key.decode()] = environment.codec.decode(record.value or b"", ChangeOrderObserved).project
        except Unreadable:
            continue
    return found


def _written(environment: Environment, counts: dict[Topic, int]) -> Iterator[tuple[str, str]]:
    """Change-order keys with the targets that ledgers and inboxes know of them."""
    for family in FAMILIES.values():
        for store in family.stores:
            for key in _keys(environment, store, counts, lambda key: key.startswith("cor:")):
                root = identity.root_of(key.rpartition("|")[0] or key)
                if root is not None:
                    yield root


def _keys(
    environment: Environment, topic: Topic, counts: dict[Topic, int], wanted: Callable[[str], bool]
) -> Iterator[str]:
    partitions = environment.every(topic, counts[topic])
    found = latest_by_key(environment.connection, partitions, lambda key: wanted(key.decode("utf-8", "replace")))
    return (key.decode("utf-8", "replace") for _, key in found)
