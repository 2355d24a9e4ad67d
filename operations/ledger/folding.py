"""What stands on the topics that outlive a ledger: writes, outcomes and letters, folded into entries."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from operations.environment import Environment
from operations.errors import Refused
from operations.letters.open_letters import OpenLetters
from operations.reading import pass_over
from relay.domain.commands import COMMAND_TYPES, Mode, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.outcomes import ChangeOrderOutcome
from relay.domain.writes.ledger_fold import FoldedEntry, LedgerFold
from relay.domain.writes.remote_writes import RemoteWrite
from relay.engine.kafka import Cluster, Partition, partition_of, read_to_end
from relay.engine.mapping.decision_records import known_key
from relay.engine.topics import CURRENT, OUTCOMES, WRITES, Family, Topic
from schemas import Unreadable

R = TypeVar("R")


def refuse_cut(environment: Environment, cluster: Cluster, system: str) -> None:
    """Raises ``Refused`` where the beginning of what a ledger is folded from has been removed.

    What it told of would be taken for never sent.
    """
    counts = environment.counts((WRITES, OUTCOMES))
    every = [partition for topic in counts for partition in environment.every(topic, counts[topic])]
    cut = sorted((place, first) for place, first in cluster.beginning_offsets(every).items() if first > 0)
    if cut:
        named = ", ".join(f"{place.topic}[{place.number}] begins at offset {first}" for place, first in cut)
        raise Refused(f"{named}: what stood before is not known. {_instead(system)}")


def _instead(system: str) -> str:
    return (
        "A ledger folded from the rest would take what was sent for never sent, and have it ordered again. Accept the "
        "lost ledger and inbox as they are (`cor topics apply --accept-new-topic NAME --why ...`), and hold the "
        f"accounts of {system} (`cor hold --account`) until each contract or purchase order has been compared by hand"
    )


def folded_entries(
    environment: Environment, family: Family, stage: str, waiting: Container[str], received: Sequence[TargetCommand]
) -> Iterator[FoldedEntry]:
    """Iterates over all entries that can be folded.

    ``waiting``: origin ids of which the inbox holds something. ``received``: commands of which an inbox that was lost
    may have held something. Memory holds one partition's share of the change orders at a time.
    """
    counts = environment.counts((WRITES, OUTCOMES, CURRENT))
    numbers = set(counts.values())
    # All three are keyed alike, so that equal numbers put a change order into the same partition of each.
    shares = numbers.pop() if len(numbers) == 1 else 1
    letters = [letter.letter for letter in OpenLetters(environment).open()]
    for share in range(shares):
        reading = _Share(environment, counts, share, shares, family.system)
        newest = {event.key: event.sequence for event in reading.records(CURRENT, ChangeOrderObserved)}
        fold = LedgerFold(family.system, stage, newest)
        for write in reading.records(WRITES, RemoteWrite):
            fold.write(write)
        for outcome in reading.records(OUTCOMES, ChangeOrderOutcome):
            fold.outcome(outcome)
        for command in received:
            if partition_of(command.change_order_key.encode(), shares) == share:
                fold.received(command)
        for letter in letters:
            fold.letter(letter)
        yield from fold.entries(waiting)


class _Share:
    """The topics' partitions of one number, or all of them where there is one share alone."""

    def __init__(
        self, environment: Environment, counts: dict[Topic, int], share: int, shares: int, system: str
    ) -> None:
        self._environment = environment
        self._counts = counts
        self._share = share
        self._shares = shares
        self._system = system

    def records(self, topic: Topic, kind: type[R]) -> Iterator[R]:
        """Raises ``Refused`` or ``RecordsWithheld`` where writes or outcomes of ours cannot be read."""
        may_lack = topic not in (WRITES, OUTCOMES)
        every = self._environment.every(topic, self._counts[topic])
        partitions = every if self._shares == 1 else [every[self._share]]
        for record in read_to_end(self._environment.connection, partitions, pass_over=pass_over if may_lack else None):
            if record.value is None:
                continue
            try:
                read = self._environment.codec.decode(record.value, kind)
            except Unreadable as error:
                if may_lack or known_key(record.key) is None:
                    continue
                place = f"{record.topic}[{record.partition}] at offset {record.offset}"
                raise Refused(f"{place} cannot be read ({error.message}). {_instead(self._system)}") from None
            yield read


def received_commands(environment: Environment, family: Family, stage: str) -> list[TargetCommand]:
    """The live commands that the stage has received, by its group's offsets, and of which no outcome tells the end.

    Where an offset is not known any more, a lane may have been received to its end.
    """
    counts = environment.counts((*family.lanes, OUTCOMES))
    lanes = [partition for lane in family.lanes for partition in environment.every(lane, counts[lane])]
    with Cluster(environment.connection) as cluster:
        committed = cluster.committed(f"{environment.prefix}{stage}", lanes)
    commands: dict[str, TargetCommand] = {}
    for record in read_to_end(environment.connection, lanes, pass_over=pass_over):
        if record.offset >= committed.get(Partition(record.topic, record.partition), record.offset + 1):
            continue
        with suppress(Unreadable):
            command = environment.codec.decode(record.value or b"", COMMAND_TYPES[family.system])
            if command.mode is Mode.LIVE:
                commands[command.command_id] = command
    for record in read_to_end(
        environment.connection, environment.every(OUTCOMES, counts[OUTCOMES]), pass_over=pass_over
    ):
        with suppress(Unreadable):
            outcome = environment.codec.decode(record.value or b"", ChangeOrderOutcome)
            if outcome.kind.is_terminal:
                commands.pop(outcome.command_id or "", None)
    return list(commands.values())
