"""Letters that are sent again, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from operations.audit import AuditedTransaction, now
from operations.environment import Environment
from operations.golive.pilots import routing_in_force
from operations.letters.filter import Filter
from operations.letters.open_letters import (
    OpenLetter,
    OpenLetters,
    Shown,
    as_shown,
    by_id_or_prefix,
    command_in,
    remapping,
)
from operations.pace import Pace
from operations.preflight import prove_names
from operations.reading import entries_of
from operations.replay.replay import is_provided_for, plan_replay, run_replay
from operations.replay.selection import Selection
from relay.domain.letters import DeadLetter, SourceProject
from relay.domain.routes import Routing
from relay.engine.kafka import Outgoing, RecordFetcher, bounded_batches
from relay.engine.mapping.remap import CannotRedrive, RedriveRecords, event_reader

_AT_ONCE = 50
"""Letters that are sent again in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveResult:
    """What becomes of one letter: ``result`` is sent, settled, refused, impossible, or changed since it was read.

    ``at`` is when that was decided, and the time of the mapping; ``number`` that of its audit entry.
    """

    letter: OpenLetter
    result: str
    words: str
    at: datetime
    outgoing: tuple[Outgoing, ...] = ()
    commands: tuple[str, ...] = ()
    number: int | None = None

    @property
    def size(self) -> int:
        """Bytes to be written."""
        return sum(outgoing.size for outgoing in self.outgoing)

    @property
    def is_done_with(self) -> bool:
        """Whether no letter is left of it, as far as can be told here."""
        return self.result in {"sent", "settled"}


def redrive(
    environment: Environment,
    letter_ids: Sequence[str],
    condition: Filter,
    *,
    as_is: bool,
    rate: float,
    who: str,
    why: str,
    shown: Shown | None = None,
) -> list[RedriveResult]:
    """Sends letters again, at most ``rate`` a second; returns what became of each.

    With a low rate that takes a while, in which others close letters or send them: each is looked at once more right
    before it goes out, and is left if something has come under it.

    Meant are the open letters that fit ``condition``, of these only ``letter_ids`` (or beginnings) where any are named.
    ``as_is``: the original commands, instead of mapping their events with today's routes. ``shown``: only letters that
    still stand so, and the others have no result. Raises ``Refused`` for a letter that is not open.
    """
    redriver, letters = _prepared(environment, letter_ids, condition, as_is=as_is, person=who, shown=shown)
    pace = Pace(rate)
    of_projects = [] if as_is else [letter for letter in letters if letter.letter.of_project is not None]
    letters = [letter for letter in letters if letter not in of_projects]
    results = [
        redriver.left(letter) or _replayed(environment, letter, rate=rate, who=who, why=why) for letter in of_projects
    ]
    with AuditedTransaction(environment, who, why) as transaction:
        for mapped in redriver.batches(letters, pace.at_once(_AT_ONCE)):
            pace.take(len(mapped))
            batch = redriver.as_they_stand(mapped)
            outgoing = [record for result in batch for record in result.outgoing]
            actions = [
                transaction.action(result.letter.subject, "letter.redrive", redriver.details(result), result.at)
                for result in batch
                if result.outgoing
            ]
            if outgoing:
                transaction.commit(outgoing, actions)
            results += _numbered(batch, transaction.numbers[-len(actions) :] if actions else [])
    return results


def _numbered(batch: Sequence[RedriveResult], numbers: Sequence[int]) -> list[RedriveResult]:
    """With the numbers of the audit entries, which only those have of which something was written."""
    left = iter(numbers)
    return [replace(result, number=next(left)) if result.outgoing else result for result in batch]


def preview(
    environment: Environment, letter_ids: Sequence[str], condition: Filter, *, as_is: bool
) -> list[RedriveResult]:
    """What would become of each letter that :func:`redrive` would send. Nothing is written."""
    redriver, letters = _prepared(environment, letter_ids, condition, as_is=as_is)
    return [result for batch in redriver.batches(letters, _AT_ONCE) for result in batch]


def _prepared(
    environment: Environment,
    letter_ids: Sequence[str],
    condition: Filter,
    *,
    as_is: bool,
    person: str | None = None,
    shown: Shown | None = None,
) -> tuple[Redriver, list[OpenLetter]]:
    prove_names(environment)
    open_letters = OpenLetters(environment)
    letters = [letter for letter in as_shown(open_letters.open(), shown) if condition.fits(letter)]
    if letter_ids:
        letters = [by_id_or_prefix(letters, letter_id) for letter_id in dict.fromkeys(letter_ids)]
    routing = None if as_is else routing_in_force(environment)
    return Redriver(environment, open_letters, routing, person), letters


class Redriver:
    """Makes of each letter what is to be written. ``routing`` ``None``: the original commands.

    ``person``: who has decided so.
    """

    def __init__(
        self, environment: Environment, open_letters: OpenLetters, routing: Routing | None, person: str | None
    ) -> None:
        self._environment = environment
        self._open_letters = open_letters
        self._routing = routing
        self._person = person
        self._remapper = remapping(environment)

    def details(self, result: RedriveResult) -> dict[str, object]:
        """What the audit entry says of one letter."""
        return {
            "letter_id": result.letter.id,
            "reason": result.letter.letter.reason,
            "as_is": self._routing is None,
            "result": result.result,
            "command_ids": result.commands,
        }

    def batches(self, letters: Sequence[OpenLetter], most: int) -> Iterator[list[RedriveResult]]:
        """What becomes of ``letters``, in their order; each batch, of at most ``most``, is for one transaction."""
        with RecordFetcher(self._environment.connection) as fetcher:
            undecided = self._undecided(fetcher, letters)
            results = (self._result(fetcher, letter, undecided=letter.id in undecided) for letter in letters)
            yield from bounded_batches(results, lambda result: result.size, most=most)

    def as_they_stand(self, batch: Sequence[RedriveResult]) -> list[RedriveResult]:
        """The same, but nothing is written of a letter under which something has come since it was read."""
        changed = self._open_letters.changed([result.letter for result in batch])
        return [
            _changed(result.letter, is_open=changed[result.letter.id]) if result.letter.id in changed else result
            for result in batch
        ]

    def left(self, letter: OpenLetter) -> RedriveResult | None:
        """What becomes of a letter under which something has come since it was read; ``None`` of any other."""
        changed = self._open_letters.changed([letter])
        return _changed(letter, is_open=changed[letter.id]) if changed else None

    def _undecided(self, fetcher: RecordFetcher, letters: Sequence[OpenLetter]) -> set[str]:
        """Letters whose change orders wait for a person's decision: nothing newer would go out."""
        commands = {}
        for letter in letters:
            is_asking = letter.asks and letter.letter.origin_id is not None
            dead_letter = self._open_letters.whole(fetcher, letter) if is_asking else None
            command = command_in(self._remapper, dead_letter) if dead_letter else None
            if command is not None:
                commands[letter.id] = command
        entries = entries_of(self._environment, commands.values()) if commands else {}
        return {
            letter_id
            for letter_id, command in commands.items()
            if (entry := entries.get(command.origin_id)) is not None and entry.review is not None
        }

    def _result(self, fetcher: RecordFetcher, letter: OpenLetter, *, undecided: bool) -> RedriveResult:
        at = now()
        if undecided:
            words = "it waits for a decision: `cor letters adopt` if the record is there, else `cor letters resubmit`"
            return RedriveResult(letter=letter, result="impossible", words=words, at=at)
        dead_letter = self._open_letters.whole(fetcher, letter)
        if dead_letter is None:
            return _changed(letter, is_open=True)
        try:
            if self._routing is None:
                return self._as_is(letter, dead_letter, at)
            if dead_letter.of_project is not None:
                return _of_project(letter, dead_letter.of_project, self._routing, at)
            mapped = self._remapper.letter(dead_letter, self._routing, at, event_reader(fetcher), person=self._person)
        except CannotRedrive as error:
            return RedriveResult(letter=letter, result="impossible", words=str(error), at=at)
        return _mapped_anew(letter, mapped, at)

    def _as_is(self, letter: OpenLetter, dead_letter: DeadLetter, at: datetime) -> RedriveResult:
        outgoing = self._remapper.as_is(dead_letter, at, person=self._person)
        command = command_in(self._remapper, dead_letter)
        words = f"{command.operation.value} to {command.system} {command.destination.name}" if command else "its bytes"
        return RedriveResult(
            letter=letter,
            result="sent",
            words=f"{words}, as it was",
            at=at,
            outgoing=(outgoing,),
            commands=(command.command_id,) if command else (),
        )


def _changed(letter: OpenLetter, *, is_open: bool) -> RedriveResult:
    """What becomes of a letter under which something has come since it was read: nothing, by us."""
    if not is_open:
        return RedriveResult(letter=letter, result="settled", words="closed meanwhile, and not sent", at=now())
    words = "changed meanwhile, and not sent: see `cor letters show`"
    return RedriveResult(letter=letter, result="changed", words=words, at=now())


def _of_project(letter: OpenLetter, project: SourceProject, routing: Routing, at: datetime) -> RedriveResult:
    """What redriving a letter about a whole project means."""
    if not is_provided_for(project, routing):
        return RedriveResult(letter=letter, result="refused", words=f"no route takes {project} yet", at=at)
    return RedriveResult(letter=letter, result="sent", words=f"replays {project}", at=at)


def _replayed(environment: Environment, letter: OpenLetter, *, rate: float, who: str, why: str) -> RedriveResult:
    """Replays the project that the letter is about, and ends the letter with that."""
    project, at = letter.letter.of_project, now()
    if project is None:
        raise ValueError(f"letter {letter.id} is about no project")
    meant = _of_project(letter, project, environment.configuration.routing, at)
    if meant.result == "refused":
        return meant
    selection = Selection(source=f"{project.system}:{project.account}", project=project.project)
    planned = plan_replay(environment, selection, None)
    tally = run_replay(environment, planned, who=who, why=why, rate=rate, advanced=lambda _: None)
    words = f"replayed {project} as {planned.replay_id}: {tally.events} events, {tally.commands} commands"
    if tally.letters:
        meant, words = replace(meant, result="refused"), f"{words}, {tally.letters} letters"
    return replace(meant, words=words, number=tally.number)


def _mapped_anew(letter: OpenLetter, mapped: RedriveRecords, at: datetime) -> RedriveResult:
    written = mapped.written
    words = ", ".join(
        f"{command.operation.value} to {command.system} {command.destination.name}" for command in written.commands
    )
    result = "sent"
    if mapped.settled:
        result, words = "settled", "nothing is to be carried any more"
    elif written.letter_reason is not None:
        result, words = "refused", ", ".join(filter(None, (f"refused again: {written.letter_reason}", words)))
    return RedriveResult(
        letter=letter,
        result=result,
        words=words,
        at=at,
        outgoing=(*written.outgoing, *_old_place(letter, written.outgoing)),
        commands=tuple(command.command_id for command in written.commands),
    )


def _old_place(letter: OpenLetter, outgoing: Sequence[Outgoing]) -> tuple[Outgoing, ...]:
    """Ends the letter where it lies now, if it is written elsewhere: once readable, it lies with its change order."""
    key = letter.id.encode()
    is_moved = any(
        record.topic == letter.place.topic and record.key == key and record.partition != letter.place.number
        for record in outgoing
    )
    return (letter.tombstone(),) if is_moved else ()
