"""What each workload may do at Kafka: the topics it reads and writes, its group, its transactional ids.

The broker's own rules say what an operation needs (Apache Kafka documentation, 'Authorization and
ACLs', operations and resources on protocols): reading and joining a group need ``Read``, an offset
needs ``Read`` of its group and its topic, a transaction ``Write`` of its transactional id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relay.engine.topics import (
    ALL,
    AUDIT,
    CONTROL,
    CURRENT,
    DIRECTORY,
    FAMILIES,
    GROUPS,
    LETTERS,
    NAMES,
    OBSERVED,
    OUTCOMES,
    POLL_STATE,
    VIEWED,
    WRITES,
    Topic,
)

PROVISION = "provision"
CONSOLE = "console"
READER = "reader"
DECIDER = "decider"

COMMON_NAME = "change-order-relay-"
"""Before a workload's name: what its user is called, since users belong to the whole Kafka cluster."""

_EVERY_TOPIC = "change-orders."
_OBSERVATIONS = (OBSERVED, CURRENT, DIRECTORY, POLL_STATE, OUTCOMES, LETTERS)
_LANES = tuple(lane for family in FAMILIES.values() for lane in family.lanes)
_KEPT = (*(store for family in FAMILIES.values() for store in family.stores), CURRENT)
"""By what is kept it is told whether a name is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One ACL that allows. ``resource``: ``topic``, ``group`` or ``transactionalId``."""

    resource: str
    name: str
    operations: tuple[str, ...]
    prefixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One workload. ``reads`` and ``writes`` besides what every process reads; ``groups`` by stage, and ``looks_at``
    those of which it only asks how they are; without ``transactional_ids`` it has no transactions.
    """

    workload: str
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    groups: tuple[str, ...] = ()
    looks_at: tuple[str, ...] = ()
    transactional_ids: str | None = None
    alone: bool = False

    @property
    def user(self) -> str:
        """The Kafka user."""
        return f"{COMMON_NAME}{self.workload}"

    def rules(self, prefix: str = "") -> Iterator[Rule]:
        """The ACLs; ``prefix`` is ``COR_TOPIC_PREFIX``."""
        # Every process looks whether all topics are there before it consumes anything.
        # What they take is one of their settings, and records are made to fit.
        described = ("Describe", "DescribeConfigs")
        yield Rule(resource="topic", name=f"{prefix}{_EVERY_TOPIC}", operations=described, prefixed=True)
        for topic in ALL:
            named = (("Read", {*self.reads, NAMES}), ("Write", self.writes))
            operations = tuple(word for word, topics in named if topic in topics)
            if operations:
                yield Rule(resource="topic", name=topic.name(prefix), operations=operations)
        for group in self.groups:
            yield Rule(resource="group", name=f"{prefix}{group}", operations=("Read",))
        for group in self.looks_at:
            yield Rule(resource="group", name=f"{prefix}{group}", operations=("Describe",))
        if self.transactional_ids is not None:
            yield Rule(
                resource="transactionalId",
                name=f"{prefix}{self.transactional_ids}",
                operations=("Describe", "Write"),
                prefixed=not self.alone,
            )


def _stage(name: str, *, reads: tuple[Topic, ...] = (), writes: tuple[Topic, ...]) -> Access:
    """A stage reads what its group subscribes to, follows the control topic and states there how it is; its
    transactional ids begin with its name.
    """
    return Access(
        workload=name,
        reads=(*GROUPS[name], CONTROL, *reads),
        writes=(*writes, CONTROL),
        groups=(name,),
        transactional_ids=f"{name}-",
    )


def _poller(system: str) -> Access:
    # It reads back what it published last of a change order, and its own open question about deletions; what has
    # become of a record of ours at the remote is an outcome.
    return _stage(f"poll-{system}", reads=(OBSERVED, CURRENT, DIRECTORY, LETTERS), writes=_OBSERVATIONS)


def _writer(stage: str, system: str) -> Access:
    family = FAMILIES[system]
    kept = (family.inbox, family.ledger)
    # A letter about what cannot be read of them is written once, however often the stage starts.
    return _stage(stage, reads=(*kept, LETTERS, DIRECTORY), writes=(*kept, OUTCOMES, LETTERS, WRITES, DIRECTORY))


ACCESS: tuple[Access, ...] = (
    _poller("constructiononline"),
    _poller("procore"),
    _poller("cinx"),
    _stage("mapper", writes=(*_LANES, OUTCOMES, LETTERS)),
    _writer("procore-writer", "procore"),
    _writer("cinx-submitter", "cinx"),
    # A redrive maps the event again, or sends the original command again.
    _stage("dead-letters", reads=(OBSERVED, *_LANES), writes=(*_LANES, OUTCOMES, LETTERS)),
    # It reads what its tables are made of, and writes nothing but how it is; how far it is stands in its database.
    Access(workload="views", reads=VIEWED, writes=(CONTROL,)),
    # Setting a group's first offset is a commit: it needs what the group itself needs. That a topic which was made
    # again is accepted is kept in the audit. Names are written as every running stage reads them, and forgotten only
    # where nothing was written under them.
    Access(
        workload=PROVISION,
        reads=tuple(dict.fromkeys([*(topic for topics in GROUPS.values() for topic in topics), CONTROL, *_KEPT])),
        writes=(NAMES, AUDIT),
        groups=tuple(GROUPS),
        transactional_ids="names",
        alone=True,
    ),
    # People's commands: they see everything, and write what a redrive, a replay or a decision writes.
    Access(
        workload=CONSOLE,
        reads=ALL,
        writes=(*_LANES, OUTCOMES, LETTERS, AUDIT, CONTROL),
        groups=tuple(GROUPS),
        transactional_ids="cor-",
    ),
    # Who only looks, at a command line: everything, and not one record.
    Access(workload=READER, reads=ALL, writes=(), looks_at=tuple(GROUPS)),
    # A page with decisions: what people decide, and nothing of what only a command line does (groups, members).
    Access(
        workload=DECIDER,
        reads=ALL,
        writes=(*_LANES, OUTCOMES, LETTERS, AUDIT, CONTROL),
        looks_at=tuple(GROUPS),
        transactional_ids="web-",
    ),
)
"""Every workload that talks to Kafka, and what people do by other means."""
