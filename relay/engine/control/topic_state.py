"""What stands on the control topic: the newest record of each key, and what becomes of those that are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog

from relay.domain.control import Control, KeyWord, Member, PersonHold, PollRequest, word_of
from relay.domain.person_holds import AnyHold, UnreadableHold, hold_id_of, tenant_of_key
from relay.engine.kafka import Record
from relay.engine.kafka.foreign_records import tell_foreign
from relay.engine.telemetry import events
from schemas import Unreadable
from schemas.codec import Codec

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stood on the topic before ``offset``.

    ``values`` are the readable records by key, ``holds`` people's holds by id, those that cannot be read among them.
    ``unreadable_members`` are keys of statements that this release cannot read, ``unreadable_pilots`` of pilots.
    ``news`` is the offset behind the newest record that is no member's statement.
    """

    values: Mapping[str, Control] = field(default_factory=dict)
    holds: Mapping[str, AnyHold] = field(default_factory=dict)
    unreadable_members: frozenset[str] = frozenset()
    unreadable_pilots: frozenset[str] = frozenset()
    offset: int = 0
    news: int = 0

    def members(self) -> list[Member]:
        """What every instance of a stage has stated last."""
        return [value.member for value in self.values.values() if value.member is not None]

    def pilots(self) -> frozenset[tuple[str, str]]:
        """The route's label and the key of each change order that is carried before its route is live."""
        stated = (value.pilot for value in self.values.values() if value.pilot is not None)
        return frozenset((pilot.route, pilot.change_order_key) for pilot in stated)

    def polls(self) -> dict[str, PollRequest]:
        """Wishes that an account be looked at, by account as ``{system}:{account}``."""
        wishes = (value.poll for value in self.values.values() if value.poll is not None)
        return {f"{wish.system}:{wish.account}": wish for wish in wishes}

    def key_of(self, hold_id: str) -> str | None:
        """The key under which a hold stands."""
        hold = self.holds.get(hold_id)
        if hold is None:
            return None
        return Control(hold=hold).key if isinstance(hold, PersonHold) else _key_of(hold)


def _key_of(hold: UnreadableHold) -> str:
    return f"hold:{hold.hold_id}:{hold.tenant}" if hold.tenant else f"hold:{hold.hold_id}"


class ControlFold:
    """Folds records of the topic, in their order. ``on_foreign`` is called for each that is passed over.

    A record under a key that nothing of ours writes is passed over, with an error in the log. A hold that cannot be
    read holds. Anything else that cannot be read counts as absent, with an error in the log.
    """

    def __init__(self, codec: Codec, on_foreign: Callable[[Record], None] = lambda record: None) -> None:
        self._codec = codec
        self._on_foreign = on_foreign
        self._values: dict[str, Control] = {}
        self._holds: dict[str, AnyHold] = {}
        self._unreadable_members: set[str] = set()
        self._unreadable_pilots: set[str] = set()
        self._news = 0

    def add(self, record: Record) -> None:
        """Takes the next record of the topic."""
        word = word_of(record.key)
        if word is None:
            self._pass_over(record)
            return
        key = (record.key or b"").decode()
        if word is not KeyWord.MEMBER:
            self._news = record.offset + 1
        self._forget(word, key)
        if record.value is None:
            return
        try:
            self._put(word, key, self._read(record.value, key))
        except Unreadable as error:
            self._put_unreadable(word, key, record, error.message)

    def standing(self, offset: int) -> Standing:
        """What stands before ``offset``, up to which the topic was read."""
        return Standing(
            values=MappingProxyType(dict(self._values)),
            holds=MappingProxyType(dict(self._holds)),
            unreadable_members=frozenset(self._unreadable_members),
            unreadable_pilots=frozenset(self._unreadable_pilots),
            offset=offset,
            news=self._news,
        )

    def _read(self, value: bytes, key: str) -> Control:
        control = self._codec.decode(value, Control)
        try:
            says = control.key
        except ValueError as error:
            raise Unreadable(str(error)) from None
        if says != key:
            raise Unreadable(f"it is about {says}")
        return control

    def _put(self, word: KeyWord, key: str, control: Control) -> None:
        self._values[key] = control
        if control.hold is not None:
            self._holds[control.hold.hold_id] = control.hold

    def _put_unreadable(self, word: KeyWord, key: str, record: Record, why: str) -> None:
        _log.error(
            events.CONTROL_UNREADABLE,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=key,
            message=why,
        )
        if word is KeyWord.HOLD:
            self._holds[hold_id_of(key)] = UnreadableHold(
                hold_id=hold_id_of(key),
                tenant=tenant_of_key(key),
                since=record.written_at,
                place=f"{record.topic}[{record.partition}] at offset {record.offset}",
                why=why,
            )
        elif word is KeyWord.MEMBER:
            self._unreadable_members.add(key)
        elif word is KeyWord.PILOT:
            self._unreadable_pilots.add(key)

    def _forget(self, word: KeyWord, key: str) -> None:
        self._values.pop(key, None)
        self._unreadable_members.discard(key)
        self._unreadable_pilots.discard(key)
        if word is KeyWord.HOLD:
            self._holds.pop(hold_id_of(key), None)

    def _pass_over(self, record: Record) -> None:
        self._on_foreign(record)
        tell_foreign(record)
