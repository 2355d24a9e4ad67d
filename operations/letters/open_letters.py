"""The open letters, as the topic holds them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from operations.environment import Environment
from operations.errors import Refused
from operations.reading import known_accounts, pass_over
from relay.domain.commands import COMMAND_TYPES, Command, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger import LedgerEntry
from relay.domain.letters import MAPPER, DeadLetter, LetterKind
from relay.domain.waiting_amounts import WaitingAmount, waiting_amount
from relay.engine.kafka import Outgoing, Partition, ReadOutOfRange, Record, RecordFetcher, read_to_end
from relay.engine.letters import tombstone
from relay.engine.mapping.decision_records import DecisionRecords, target_topics
from relay.engine.mapping.remap import CannotRedrive, Remapper
from relay.engine.topics import FAMILIES, LETTERS, NAMES, Topic
from schemas import Unreadable

_LEAST_PREFIX = 4
"""Characters of an id that a person has to write: fewer would soon name several letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLetter:
    """A letter without the record that it holds, and where it stands.

    ``waits`` tells of the record, where it could be read. ``decides``: the record is a person's decision.
    """

    letter: DeadLetter
    place: Partition
    offset: int
    waits: WaitingAmount
    decides: bool = False

    @property
    def project(self) -> str | None:
        """The source's project."""
        about = self.letter.of_project
        return self.waits.project if about is None else about.project

    @property
    def asks(self) -> bool:
        """Whether a person may have to decide: it says so, or what was decided has failed."""
        return self.letter.kind is LetterKind.NEEDS_REVIEW or self.decides

    @property
    def id(self) -> str:
        """The letter's id."""
        return self.letter.letter_id

    @property
    def mark(self) -> str:
        """Of the letter as it stands: with another attempt, or another place, it is another."""
        return mark_at(self.place.number, self.offset)

    @property
    def subject(self) -> str:
        """What an audit entry about it is filed under."""
        return self.letter.change_order_key or self.letter.letter_id

    def tombstone(self) -> Outgoing:
        """Ends the letter, in the partition where it really lies."""
        return tombstone(self.place.topic, self.place.number, self.id)


def mark_at(partition: int, offset: int) -> str:
    """The mark of the letter that stands there."""
    return f"{partition}.{offset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPlaces:
    """Where letters stand, as somebody knows who has read the topic as far as ``read_to``."""

    places: Mapping[Partition, Collection[int]]
    read_to: Mapping[Partition, int]


Shown = Mapping[str, str]
"""Ids of letters, and the mark of each as a person saw it."""


def as_shown(letters: Iterable[OpenLetter], shown: Shown | None) -> list[OpenLetter]:
    """Those that still stand as they were seen; all of them where nobody says how that was."""
    return [letter for letter in letters if shown is None or shown.get(letter.id) == letter.mark]


class OpenLetters:
    """Reads letters. What they hold is read again when it is needed: a letter may be 10 MiB large.

    ``unreadable`` counts records on the topic that this release cannot read.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.unreadable = 0
        self._read_to: dict[Partition, int] = {}
        self._open_since: dict[tuple[Partition, bytes], bool] = {}
        self._systems = {
            topic.name(environment.prefix): family.system for family in FAMILIES.values() for topic in family.lanes
        }

    def open(self, counts: Mapping[Topic, int] | None = None) -> list[OpenLetter]:
        """Every open letter, the oldest first. ``counts``: how many partitions topics have, where that is known.

        Raises ``Fatal`` where it is not only a letter that this process cannot read.
        """
        counts = self._environment.counts([LETTERS, NAMES]) if counts is None else counts
        letters = self._newest(self._environment.every(LETTERS, counts[LETTERS]))
        if self.unreadable:  # Without the registry that they were written with, names cannot be read either.
            known_accounts(self._environment, counts[NAMES])
        return sorted(letters, key=lambda letter: (letter.letter.first_at, letter.id))

    def at(self, fetcher: RecordFetcher, known: LetterPlaces) -> list[OpenLetter] | None:
        """Those that stand at these places; ``None`` where one of them does not stand there, cannot be read, or is
        followed by what has come since.
        """
        letters = []
        for record in fetcher.every(known.places):
            if record.value is None:
                return None
            try:
                letters.append(self._read(record))
            except Unreadable:
                return None
        if len(letters) != sum(len(set(offsets)) for offsets in known.places.values()):
            return None
        return None if self._is_outdated(known, {letter.id.encode() for letter in letters}) else letters

    def is_as_read(self, letter: OpenLetter) -> bool:
        """Whether nothing has come under a letter since :meth:`open` read it."""
        return not self.changed([letter])

    def changed(self, letters: Collection[OpenLetter]) -> dict[str, bool]:
        """Of those under which something has come since :meth:`open` read them, by id whether they are open still.

        Each partition is looked at once, from where the last look ended. Where the topic is another one by now, all
        have changed, as far as can be told.
        """
        since = {letter.place: self._read_to[letter.place] for letter in letters}
        try:
            for record in read_to_end(self._environment.connection, list(since), start=since, pass_over=pass_over):
                place = Partition(record.topic, record.partition)
                self._read_to[place] = record.offset + 1
                self._open_since[place, record.key or b""] = record.value is not None
        except ReadOutOfRange:
            return {letter.id: True for letter in letters}
        looked_at = {letter.id: self._open_since.get((letter.place, letter.id.encode())) for letter in letters}
        return {letter_id: is_open for letter_id, is_open in looked_at.items() if is_open is not None}

    def _is_outdated(self, known: LetterPlaces, keys: Collection[bytes]) -> bool:
        """Whether something has come under these keys since, or the topic is another one by now."""
        connection, read_to = self._environment.connection, known.read_to
        try:
            since = read_to_end(connection, list(read_to), start=read_to, pass_over=pass_over)
            return any(record.key in keys for record in since)
        except ReadOutOfRange:
            return True

    def whole(self, fetcher: RecordFetcher, letter: OpenLetter) -> DeadLetter | None:
        """The letter with the record that it holds, as it was read; ``None`` where compaction has removed it since.

        Until then it is read here whatever has come after it: what stands now is said by :meth:`changed`.
        """
        record = fetcher.at(letter.place.topic, letter.place.number, letter.offset)
        if record is None or record.value is None:
            return None
        return self._environment.codec.decode(record.value, DeadLetter)

    def _newest(self, partitions: Sequence[Partition]) -> list[OpenLetter]:
        newest: dict[bytes, OpenLetter] = {}
        for record in read_to_end(self._environment.connection, partitions, pass_over=pass_over):
            self._read_to[Partition(record.topic, record.partition)] = record.offset + 1
            key = record.key or b""
            before = newest.get(key)
            if record.value is None:
                if before is None or before.place.number == record.partition:
                    newest.pop(key, None)
                continue
            try:
                letter = self._read(record)
            except Unreadable:
                self.unreadable += 1
                continue
            if before is None or before.letter.last_at <= letter.letter.last_at:
                newest[key] = letter
        return list(newest.values())

    def _read(self, record: Record) -> OpenLetter:
        letter = self._environment.codec.decode(record.value or b"", DeadLetter)
        holds = self._holds(letter)
        return OpenLetter(
            letter=replace(letter, record_value=None),
            place=Partition(record.topic, record.partition),
            offset=record.offset,
            waits=waiting_amount(holds),
            decides=isinstance(holds, Command) and holds.operation.is_decision,
        )

    def _holds(self, letter: DeadLetter) -> ChangeOrderObserved | TargetCommand | None:
        kind = self._kind(letter)
        if kind is None or letter.record_value is None:
            return None
        try:
            return self._environment.codec.decode(letter.record_value, kind)
        except Unreadable:
            return None

    def _kind(self, letter: DeadLetter) -> type[ChangeOrderObserved | TargetCommand] | None:
        if letter.stage == MAPPER:
            return ChangeOrderObserved
        return COMMAND_TYPES.get(self._systems.get(letter.topic, ""))


def by_id_or_prefix(letters: Iterable[OpenLetter], text: str) -> OpenLetter:
    """The letter with this id, or the only one whose id begins so. Raises ``Refused``."""
    fitting = [letter for letter in letters if letter.id == text] or [
        letter for letter in letters if len(text) >= _LEAST_PREFIX and letter.id.startswith(text)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Refused(f"{text} is the beginning of {len(fitting)} letters: write more of it")
    raise Refused(f"there is no open letter {text}: it was settled, or never was; see `cor letters list`")


def takes_decision(open_letter: OpenLetter, letters: Iterable[OpenLetter], entry: LedgerEntry | None) -> bool:
    """Whether a decision about the letter means anything; the writer would pass over any other.

    One that was rejected asks nothing, unless it was a decision that failed. A change order that waits for a decision
    gets one by any of its letters where the letter that asked is gone. ``letters`` are all that are open.
    """
    if entry is None:
        return False
    if entry.review is None:
        return open_letter.asks and open_letter.id in entry.letters
    return open_letter.asks or asking_letter(letters, entry) is None


def asking_letter(letters: Iterable[OpenLetter], entry: LedgerEntry) -> OpenLetter | None:
    """The first open letter that asks for a decision about this change order at this target."""
    return next((letter for letter in letters if letter.asks and letter.letter.origin_id == entry.origin_id), None)


def remapping(environment: Environment) -> Remapper:
    """What maps letters and events again."""
    topics = target_topics(environment.connection, environment.prefix)
    records = DecisionRecords(environment.codec, environment.prefix, topics)
    return Remapper(environment.codec, records, environment.prefix)


def event_in(environment: Environment, letter: DeadLetter) -> ChangeOrderObserved | None:
    """The event that a letter of the mapper holds, if it can be read."""
    if letter.stage != MAPPER or letter.record_value is None:
        return None
    try:
        return environment.codec.decode(letter.record_value, ChangeOrderObserved)
    except Unreadable:
        return None


def command_in(remapper: Remapper, letter: DeadLetter) -> TargetCommand | None:
    """The command that a letter of a writer holds, if it can be read."""
    try:
        return remapper.command_of(letter)
    except CannotRedrive:
        return None
