"""What becomes of letters that are sent again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.audit import AuditedTransaction, now
from operations.environment import Environment
from operations.letters.open_letters import OpenLetter, OpenLetters, command_in, remapping
from operations.pace import Pace
from operations.reading import entries_of
from relay.domain.letters import DeadLetter
from relay.domain.routes import Routing
from relay.engine.kafka import Outgoing, RecordFetcher, bounded_batches
from relay.engine.mapping.remap import CannotRedrive, RedriveRecords, event_reader

_AT_ONCE = 50
"""Letters that are sent again in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveResult:
    """What becomes of one letter: ``result`` is sent, settled, refused or impossible.

    ``at`` is when it was decided, and the time of the mapping.
    """

    letter: OpenLetter
    result: str
    words: str
    at: datetime
    outgoing: tuple[Outgoing, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to be written."""
        return sum(outgoing.size for outgoing in self.outgoing)

    @property
    def is_done_with(self) -> bool:
        """Whether no letter is left of it, as far as can be told here."""
        return self.result in {"sent", "settled"}


class Redriver:
    """Makes of each letter what is to be written. ``routing`` ``None``: the original commands."""

    def __init__(self, environment: Environment, routing: Routing | None) -> None:
        self._environment = environment
        self._routing = routing
        self._remapping = remapping(environment)

    def details(self, result: RedriveResult) -> dict[str, object]:
        """For the audit entry."""
        return {
            "letter_id": result.letter.id,
            "reason": result.letter.letter.reason,
            "as_is": self._routing is None,
            "result": result.result,
            "command_ids": result.commands,
        }

    def batches(self, box: OpenLetters, found: Sequence[OpenLetter]) -> Iterator[list[RedriveResult]]:
        """All of it, in pieces for one transaction each."""
        with RecordFetcher(self._environment.connection) as finder:
            held = self._held(box, finder, found)
            results = (self._one(box, finder, letter, held=letter.id in held) for letter in found)
            yield from bounded_batches(results, lambda result: result.size, most=_AT_ONCE)

    def _held(self, box: OpenLetters, finder: RecordFetcher, found: Sequence[OpenLetter]) -> set[str]:
        """Letters whose change orders wait for a person's decision: nothing newer would go out."""
        commands = {}
        for letter in found:
            whole = box.whole(finder, letter) if letter.asks and letter.letter.origin_id is not None else None
            command = command_in(self._remapping, whole) if whole else None
            if command is not None:
                commands[letter.id] = command
        entries = entries_of(self._environment, commands.values()) if commands else {}
        return {
            letter_id
            for letter_id, command in commands.items()
            if (entry := entries.get(command.origin_id)) is not None and entry.review is not None
        }

    def _one(self, box: OpenLetters, finder: RecordFetcher, found: OpenLetter, *, held: bool) -> RedriveResult:
        at = now()
        if held:
            words = "it waits for a decision: `cor letters adopt` if the record is there, else `cor letters resubmit`"
            return RedriveResult(letter=found, result="impossible", words=words, at=at)
        letter = box.whole(finder, found)
        if letter is None:
            return RedriveResult(letter=found, result="settled", words="it was settled or sent again meanwhile", at=at)
        try:
            return self._as_is(found, letter, at) if self._routing is None else self._mapped(finder, found, letter, at)
        except CannotRedrive as error:
            return RedriveResult(letter=found, result="impossible", words=str(error), at=at)

    def _as_is(self, found: OpenLetter, letter: DeadLetter, at: datetime) -> RedriveResult:
        sent = self._remapping.as_is(letter, at)
        command = command_in(self._remapping, letter)
        words = f"{command.operation.value} to {command.system} {command.destination.name}" if command else "its bytes"
        return RedriveResult(letter=found, result="sent", words=f"{words}, as it was", at=at, outgoing=(sent,))

    def _mapped(self, finder: RecordFetcher, found: OpenLetter, letter: DeadLetter, at: datetime) -> RedriveResult:
        routing = self._routing or Routing(routes=())
        return _described(found, self._remapping.letter(letter, routing, at, event_reader(finder)), at)


def _described(found: OpenLetter, redriven: RedriveRecords, at: datetime) -> RedriveResult:
    written = redriven.written
    outgoing = (*written.outgoing, *_elsewhere(found, written.outgoing))
    commands = tuple(target_command.command_id for target_command in written.commands)
    words = ", ".join(f"{one.operation.value} to {one.system} {one.destination.name}" for one in written.commands)
    result = "sent"
    if redriven.settled:
        result, words = "settled", "nothing is to be carried any more"
    elif written.letter_reason is not None:
        result, words = "refused", ", ".join(filter(None, (f"refused again: {written.letter_reason}", words)))
    return RedriveResult(letter=found, result=result, words=words, at=at, outgoing=outgoing, commands=commands)


def _elsewhere(found: OpenLetter, outgoing: Sequence[Outgoing]) -> tuple[Outgoing, ...]:
    """A letter that has become readable lies with its change order: the one at the old place ends."""
    key = found.id.encode()
    moved = any(
        one.topic == found.place.topic and one.key == key and one.partition != found.place.number for one in outgoing
    )
    return (found.tombstone(),) if moved else ()


def redrive(
    environment: Environment,
    again: Redriver,
    box: OpenLetters,
    found: Sequence[OpenLetter],
    pace: Pace,
    who: str,
    why: str,
) -> list[RedriveResult]:
    results: list[RedriveResult] = []
    with AuditedTransaction(environment, who, why) as acts:
        for batch in again.batches(box, found):
            pace.take(len(batch))
            effects = [record for result in batch for record in result.outgoing]
            actions = [
                acts.action(one.letter.subject, "letter.redrive", again.details(one), one.at)
                for one in batch
                if one.outgoing
            ]
            if effects:
                acts.commit(effects, actions)
            results += batch
    return results
