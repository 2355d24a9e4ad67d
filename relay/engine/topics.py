"""Every topic, declared once: name, partitions, cleanup, size limits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MEBIBYTE = 1024 * 1024
DAY_MS = 24 * 60 * 60 * 1000
FOR_EVER = -1

WRAPPING = 2 * MEBIBYTE
"""By how much a letter or an inbox record may be larger than the event or command that it holds whole."""

WRAPPING_BYTES = 10 * MEBIBYTE
"""The largest message where ``COR_LARGEST_MESSAGE`` says nothing else: a letter or an inbox record."""

EVENT_BYTES = WRAPPING_BYTES - WRAPPING
LARGEST_VALUE = EVENT_BYTES - 64 * 1024
"""Bytes of an event or command; Kafka's framing, the key and the headers of a record take less than the rest."""


class Cleanup(StrEnum):
    """Kafka's ``cleanup.policy``."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. ``base`` is its name without the environment's prefix; ``record`` its schema's name.

    ``tombstones_ms`` is how long a compacted topic keeps them. ``for_others``: other services read it, so the broker
    keeps it in gzip, which every client reads without another library.
    """

    base: str
    record: str
    cleanup: Cleanup
    partitions: int = 12
    retention_ms: int = FOR_EVER
    max_message_bytes: int = EVENT_BYTES
    tombstones_ms: int = 7 * DAY_MS
    for_others: bool = False

    def name(self, prefix: str = "") -> str:
        """The name on the cluster."""
        return f"{prefix}{self.base}"

    def takes(self, largest_message: int) -> int:
        """``max.message.bytes`` on a cluster whose largest message has so many bytes."""
        return largest_message - (WRAPPING_BYTES - self.max_message_bytes)


def _target(system: str, kind: str, record: str, cleanup: Cleanup, size: int = EVENT_BYTES) -> Topic:
    return Topic(
        base=f"change-orders.{system}.{kind}.v1",
        record=record,
        cleanup=cleanup,
        retention_ms=30 * DAY_MS if cleanup is Cleanup.DELETE else FOR_EVER,
        max_message_bytes=size,
    )


OBSERVED = Topic(
    base="change-orders.observed.v1", record="ChangeOrderObserved", cleanup=Cleanup.DELETE, for_others=True
)
CURRENT = Topic(
    base="change-orders.current.v1",
    record="ChangeOrderObserved",
    cleanup=Cleanup.COMPACT,
    tombstones_ms=30 * DAY_MS,
    for_others=True,
)
OUTCOMES = Topic(base="change-orders.outcomes.v1", record="ChangeOrderOutcome", cleanup=Cleanup.DELETE, for_others=True)
LETTERS = Topic(
    base="change-orders.dead-letters.v1",
    record="DeadLetter",
    cleanup=Cleanup.COMPACT,
    max_message_bytes=WRAPPING_BYTES,
    for_others=True,
)
POLL_STATE = Topic(base="change-orders.poll-state.v1", record="PollState", cleanup=Cleanup.COMPACT)
NAMES = Topic(base="change-orders.names.v1", record="NameRecord", cleanup=Cleanup.COMPACT)
AUDIT = Topic(
    base="change-orders.audit.v1",
    record="OperatorAction",
    cleanup=Cleanup.DELETE,
    partitions=1,
    for_others=True,
)
CONTROL = Topic(base="change-orders.control.v1", record="Control", cleanup=Cleanup.COMPACT, partitions=1)
WRITES = Topic(base="change-orders.writes.v1", record="RemoteWrite", cleanup=Cleanup.DELETE, for_others=True)
DIRECTORY = Topic(base="change-orders.directory.v1", record="DirectoryEntry", cleanup=Cleanup.COMPACT, for_others=True)


@dataclass(frozen=True, slots=True)
class Family:
    """The topics of one target system; all have the same number of partitions, fixed for life."""

    system: str
    commands: Topic
    backfill: Topic
    inbox: Topic
    ledger: Topic

    @property
    def lanes(self) -> tuple[Topic, ...]:
        """The topics that carry commands: live first, then backfill."""
        return (self.commands, self.backfill)

    @property
    def stores(self) -> tuple[Topic, ...]:
        """The compacted topics behind a writer's state."""
        return (self.inbox, self.ledger)

    @property
    def all(self) -> tuple[Topic, ...]:
        """Lanes, then stores."""
        return (*self.lanes, *self.stores)

    @property
    def written(self) -> tuple[Topic, ...]:
        """What the transactions of a writer write to."""
        return (*self.stores, OUTCOMES, WRITES, LETTERS)


def _family(system: str, command: str) -> Family:
    return Family(
        system,
        _target(system, "commands", command, Cleanup.DELETE),
        _target(system, "backfill", command, Cleanup.DELETE),
        _target(system, "inbox", "InboxRecord", Cleanup.COMPACT, WRAPPING_BYTES),
        _target(system, "ledger", "LedgerEntry", Cleanup.COMPACT),
    )


PROCORE = _family("procore", "ProcoreCommand")
CINX = _family("cinx", "CinxCommand")
FAMILIES = {family.system: family for family in (PROCORE, CINX)}
WRITERS = {"procore-writer": PROCORE, "cinx-submitter": CINX}
"""The families by the stage that carries their commands."""
STAGE_OF_SYSTEM = {family.system: stage for stage, family in WRITERS.items()}
"""The stage that carries a target system's commands."""

ALL: tuple[Topic, ...] = (
    OBSERVED,
    *PROCORE.all,
    *CINX.all,
    OUTCOMES,
    LETTERS,
    POLL_STATE,
    NAMES,
    AUDIT,
    CONTROL,
    CURRENT,
    WRITES,
    DIRECTORY,
)

GROUPS: dict[str, tuple[Topic, ...]] = {
    "mapper": (OBSERVED,),
    "procore-writer": PROCORE.lanes,
    "cinx-submitter": CINX.lanes,
    "dead-letters": (OUTCOMES, LETTERS),
    "poll-constructiononline": (POLL_STATE,),
    "poll-procore": (POLL_STATE,),
    "poll-cinx": (POLL_STATE,),
}
"""Which topics each stage's consumer group subscribes to. The group is the prefix and the stage's name."""

VIEWED: tuple[Topic, ...] = (OBSERVED, OUTCOMES, LETTERS, WRITES, DIRECTORY, POLL_STATE, AUDIT, CONTROL)
"""What the tables of ``views`` are made of. It has no group: how far it is stands in its database."""

_OBSERVING = (OBSERVED, CURRENT, DIRECTORY, POLL_STATE, OUTCOMES, LETTERS)
_LANES = (*PROCORE.lanes, *CINX.lanes)

WORKS_ON: dict[str, tuple[Topic, ...]] = {
    "mapper": (OBSERVED, *_LANES, OUTCOMES, LETTERS, NAMES, CONTROL),
    "procore-writer": (*PROCORE.all, OUTCOMES, LETTERS, WRITES, DIRECTORY, NAMES, CONTROL),
    "cinx-submitter": (*CINX.all, OUTCOMES, LETTERS, WRITES, DIRECTORY, NAMES, CONTROL),
    "dead-letters": (OUTCOMES, LETTERS, OBSERVED, *_LANES, NAMES, CONTROL),
    "poll-constructiononline": (*_OBSERVING, NAMES, CONTROL),
    "poll-procore": (*_OBSERVING, NAMES, CONTROL),
    "poll-cinx": (*_OBSERVING, NAMES, CONTROL),
    "views": (*VIEWED, NAMES),
}
"""Every topic that a stage reads or writes: it stops where one of them is lost."""

ALIKE: tuple[tuple[Topic, ...], ...] = (PROCORE.all, CINX.all, (OUTCOMES, LETTERS))
"""Topics that must have equal numbers of partitions: who owns a number owns it in all of them."""
