"""Sends a dead letter again, or an event of the past: mapped anew, with today's routes.

An event is never written to the observed topic again. What comes out goes to the command topics; a
letter that is refused anew stays the same letter, with one more attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from relay.domain import identity
from relay.domain.commands import COMMAND_TYPES, Lane, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.letters import MAPPER, DeadLetter
from relay.domain.mapping import Decision, Skip, in_milliseconds, map_event, reasons
from relay.domain.routes import Routing
from relay.engine.kafka import Outgoing, RecordFetcher
from relay.engine.letters import AS_IS_HEADER, LETTER_HEADERS, letter_headers
from relay.engine.mapping.decision_records import (
    DecisionRecords,
    EncodedDecision,
    trace_part,
)
from relay.engine.source_record import EarlierFailure, SourceRecord
from relay.engine.topics import FAMILIES
from schemas.codec import Codec
from schemas.failures import Unreadable, Unwritable

TARGET_GONE = "route.target_gone"
"""The reason of the outcome where no route has the letter's target any more."""

_FOR_NOW = (reasons.ROUTE_OBSERVES, reasons.BEFORE_SINCE)
"""Reasons of skips behind which the target is still there: the file may say otherwise tomorrow."""

EventReader = Callable[[str, int, int], SourceRecord | None]
"""Reads the record at (topic, partition, offset); ``None`` where it is gone."""


def event_reader(fetcher: RecordFetcher) -> EventReader:
    """Reads events with ``fetcher``, as mapping them again wants them."""

    def read(topic: str, partition: int, offset: int) -> SourceRecord | None:
        record = fetcher.at(topic, partition, offset)
        return SourceRecord.of(record) if record else None

    return read


class CannotRedrive(Exception):
    """The letter holds nothing that could be sent again; the message says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveRecords:
    """What a redrive writes. ``settled`` says that the letter's tombstone is among it."""

    written: EncodedDecision
    settled: bool = False


class Remapper:
    """Maps events and letters again. ``now`` arguments become ``mapped_at``: later is newer."""

    def __init__(self, codec: Codec, records: DecisionRecords, prefix: str) -> None:
        self._codec = codec
        self._records = records
        self._systems = {topic.name(prefix): family.system for family in FAMILIES.values() for topic in family.lanes}

    def event(
        self,
        original: SourceRecord,
        routing: Routing,
        now: datetime,
        *,
        lane: Lane | None = Lane.BACKFILL,
        letters: Mapping[str, DeadLetter] = MappingProxyType({}),
        plan_id: str | None = None,
        only: Container[str] | None = None,
    ) -> EncodedDecision:
        """An event of the past, for a replay; ``plan_id``: the plan that it carries out. Raises ``Unreadable``.

        ``only``: the commands of these origin ids, and nothing that the mapper ends itself.

        ``letters``: the writers' open letters by origin id. A command that such a letter is about carries it, so that
        another failure is the same letter with one more attempt.
        """
        now = in_milliseconds(now)
        event = self._codec.decode(original.value or b"", ChangeOrderObserved)
        decision = map_event(event, routing, now, reference=original.reference(event), lane=lane)
        if only is not None:
            kept = tuple(command for command in decision.commands if command.origin_id in only)
            decision = replace(decision, commands=kept, skips=(), refusals=())
        named = tuple(
            replace(command, letter_id=letters[command.origin_id].letter_id, plan_id=plan_id)
            if command.origin_id in letters
            else replace(command, plan_id=plan_id)
            for command in decision.commands
        )
        decision = replace(decision, commands=named)
        return self._records.write(decision, event, original, now, trace_part(original.headers), letters)

    def letter(
        self, letter: DeadLetter, routing: Routing, now: datetime, read: EventReader, *, person: str | None = None
    ) -> RedriveRecords:
        """A letter, mapped from its event; ``person``: who has decided so. Raises :class:`CannotRedrive`."""
        _check_it_is_of_one(letter)
        now = in_milliseconds(now)
        original = self._event_of(letter, read)
        try:
            event = self._codec.decode(original.value or b"", ChangeOrderObserved)
        except Unreadable as error:
            return RedriveRecords(written=self._records.unreadable(original, error.reason, error.message, now))
        decision = self._decide(event, original, letter, routing, now)
        self._check_it_is_not_for_now(letter, decision)
        decision = replace(decision, commands=tuple(replace(command, person=person) for command in decision.commands))
        try:
            written = self._records.write(decision, event, original, now, letter_headers(letter))
        except Unwritable as error:
            raise CannotRedrive(f"letter {letter.letter_id} stays open: what became of it {error.message}") from error
        if decision.commands or decision.refusals:
            return RedriveRecords(written=written)
        tombstone = self._records.settled(letter)
        return RedriveRecords(written=replace(written, outgoing=(*written.outgoing, tombstone)), settled=True)

    def as_is(self, letter: DeadLetter, now: datetime, *, person: str | None = None) -> Outgoing:
        """The letter's original command: what it says and its version stay, its id is new.

        ``person``: who has decided so. Bytes that cannot be read go out untouched. Raises
        :class:`CannotRedrive` where the letter holds no command.
        """
        _check_it_is_of_one(letter)
        if letter.topic not in self._systems or letter.record_value is None:
            raise CannotRedrive(
                f"letter {letter.letter_id} holds no command ({letter.topic}), so it cannot be sent as it is: "
                "redrive it without --as-is"
            )
        ours = (*LETTER_HEADERS, AS_IS_HEADER)
        foreign = tuple((header.name, header.value) for header in letter.headers if header.name not in ours)
        about = tuple(header for header in letter_headers(letter) if header[0] in LETTER_HEADERS)
        headers = (*foreign, *about, (AS_IS_HEADER, letter.letter_id.encode()))
        return Outgoing(letter.topic, letter.record_key, self._renamed(letter, now, person), letter.partition, headers)

    def _renamed(self, letter: DeadLetter, now: datetime, person: str | None) -> bytes | None:
        """The command under another id: every command ends in exactly one terminal outcome, and the old one has."""
        try:
            command = self.command_of(letter)
        except CannotRedrive:
            return letter.record_value
        event = command.event.event_id if command.event else command.command_id
        renamed = identity.command_id(event, command.target, command.mapped_at, f"as_is {letter.letter_id} {now}")
        again = replace(command, command_id=renamed, letter_id=letter.letter_id, person=person)
        return self._codec.encode(again, letter.topic)

    def _decide(
        self, event: ChangeOrderObserved, original: SourceRecord, letter: DeadLetter, routing: Routing, now: datetime
    ) -> Decision:
        decision = map_event(
            event, routing, now, reference=original.reference(event), letter_id=letter.letter_id, lane=Lane.LIVE
        )
        if letter.stage != MAPPER and letter.origin_id is not None:
            decision = _only(decision, letter.origin_id)
        if decision.refusals:
            # A command that ends well settles the letter that it names, and this letter is not done with.
            decision = replace(
                decision, commands=tuple(replace(command, letter_id=None) for command in decision.commands)
            )
        return decision

    def _check_it_is_not_for_now(self, letter: DeadLetter, decision: Decision) -> None:
        """The writer has seen what its letter is about: without the letter nothing would bring it again."""
        skips = [skip for skip in decision.skips if skip.reason in _FOR_NOW]
        if letter.stage == MAPPER or decision.commands or decision.refusals or not skips:
            return
        shown = decision.shown.get(self.command_of(letter).target)
        if shown is None:
            return
        why = " ".join(dict.fromkeys(skip.sentence for skip in skips))
        raise CannotRedrive(
            f'letter {letter.letter_id} stays open: as the routes stand, nothing of it goes to "{shown}". {why} '
            f"Send it again once its route carries it; `cor letters settle {letter.letter_id}` ends it without sending"
        )

    def _event_of(self, letter: DeadLetter, read: EventReader) -> SourceRecord:
        if letter.stage == MAPPER:
            return SourceRecord.of_letter(letter)
        return replace(self._read_event(letter, read), earlier=EarlierFailure.of(letter))

    def _read_event(self, letter: DeadLetter, read: EventReader) -> SourceRecord:
        reference = self.command_of(letter).event
        if reference is None:
            raise CannotRedrive(f"the command of letter {letter.letter_id} names no event: redrive it with --as-is")
        event_record = read(reference.topic, reference.partition, reference.offset)
        if event_record is None:
            raise CannotRedrive(
                f"the event of letter {letter.letter_id} ({reference.topic}[{reference.partition}] at "
                f"{reference.offset}) is no longer there: redrive the letter with --as-is"
            )
        return event_record

    def command_of(self, letter: DeadLetter) -> TargetCommand:
        """The command that a writer's letter holds. Raises :class:`CannotRedrive` where it holds none."""
        system = self._systems.get(letter.topic)
        if system is None or letter.record_value is None:
            raise CannotRedrive(
                f"letter {letter.letter_id} of {letter.stage} holds neither an event nor a command: {letter.sentence}"
            )
        try:
            return self._codec.decode(letter.record_value, COMMAND_TYPES[system])
        except Unreadable as error:
            raise CannotRedrive(
                f"the command of letter {letter.letter_id} cannot be read ({error.message}): replay its change order "
                "with `cor replay`, then settle the letter"
            ) from error


def _check_it_is_of_one(letter: DeadLetter) -> None:
    """A writer's letter that holds a command and names no change order is about all that waits for a destination.

    One of the mapper's may be about a whole project.
    """
    if letter.of_project is not None:
        raise CannotRedrive(
            f"letter {letter.letter_id} is about all of {letter.of_project}: `cor letters redrive {letter.letter_id}` "
            "replays it once a route takes it"
        )
    if letter.stage != MAPPER and letter.change_order_key is None and letter.origin_id is not None:
        raise CannotRedrive(
            f"letter {letter.letter_id} is about a destination and all that waits for it, so that nothing is sent "
            "again: once the account is admitted there, it goes on by itself; once no route names it, it is mapped "
            "anew within about ten minutes (at once by `cor replay` for the project). The letter ends with it"
        )


def _only(decision: Decision, origin_id: str) -> Decision:
    """What concerns one target's record; the other targets of the event are well."""
    commands = tuple(command for command in decision.commands if command.origin_id == origin_id)
    refusals = tuple(refusal for refusal in decision.refusals if refusal.origin_id in (origin_id, None))
    if commands or refusals:
        return replace(decision, commands=commands, refusals=refusals, skips=())
    sentence = "No route carries the change order to this target any more; the letter is done with."
    skips = decision.skips or (Skip(reason=TARGET_GONE, sentence=sentence),)
    return replace(decision, commands=(), refusals=(), skips=skips)
