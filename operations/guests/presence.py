"""What a guest states of its calls on the control topic, and what it finds there: other guests, and who is away."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final

import structlog

from operations.audit import now
from operations.environment import Environment, codec_of, connection_of, names_kafka
from operations.guests.noted_use import noted_use
from operations.holds.standing import ControlReader
from operations.survey.calls import Calls
from relay.clients.http.clock import running_seconds
from relay.clients.rate import GuestRate, SharedRate
from relay.domain.control import Control, Member
from relay.domain.failures import Fatal
from relay.domain.guest_use import COUNTS_FOR, GUEST, away, calls_of, calls_stated, counted_since, guests_of
from relay.domain.mapping import in_milliseconds
from relay.engine.kafka import Cluster, KafkaFailure, Outgoing, PlainWriter
from relay.engine.settings import Settings
from relay.engine.telemetry import events
from relay.engine.topics import CONTROL
from schemas import RegistryFailure, Unreadable

_log = structlog.get_logger(__name__)

LOOK_EVERY: Final = 5.0
"""Seconds. Two guests that begin together know of each other's calls by then: two or three of a company."""

_FAILURES: Final = (KafkaFailure, RegistryFailure, Unreadable, Fatal)


class Presence:
    """One command at one account. It connects before the first call, and is used up with :meth:`close`.

    Where the topic cannot be read or written, the command keeps to the guests' own share.
    """

    def __init__(
        self, key: str, own: SharedRate, lenders: Mapping[str, SharedRate], settings: Settings, calls: Calls
    ) -> None:
        self._key = key
        self._lenders = lenders
        self._settings = settings
        self._calls = calls
        self.instance = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
        self.rate = GuestRate(own, lenders, self._present)
        self._topic: _ControlTopic | None = None
        self._due = float("-inf")
        self._lending: frozenset[str] = frozenset()
        self._stated: dict[str, int] = {}
        self._ended: list[Member] = []
        self._lent: tuple[float | None, datetime | None] = (None, None)

    def close(self) -> None:
        """States what was used, and ends the connections."""
        if self._topic is not None and not self._calls.unheard:
            try:
                self._state(self._topic, now())
            except _FAILURES as failure:
                self._give_up(failure)
        self._disconnect()

    def _present(self, moment: float) -> frozenset[str]:
        """The stages whose shares are a guest's now."""
        if moment >= self._due and not self._calls.unheard:
            self._due = moment + LOOK_EVERY
            try:
                self._look(moment, now())
            except _FAILURES as failure:
                self._give_up(failure)
        return self._lending

    def _look(self, moment: float, at: datetime) -> None:
        if self._topic is None:
            if not names_kafka(self._settings):
                self._calls.unheard = True
                return
            self._topic = _ControlTopic(self._settings)
        members = self._topic.members()
        for guest in guests_of(members, self._key, at):
            if guest.instance != self.instance:
                ended = moment - (at - guest.at).total_seconds()
                self.rate.count_guest(guest.instance, calls_of(guest, self._key), ended, moment)
        # The clock of this machine may be wrong: the group is asked as well.
        absent = frozenset(stage for stage in away(members, self._lenders, at) if not self._topic.has_members(stage))
        for stage in absent - self._lending:
            used = noted_use(self._topic.environment, self._key, stage)
            self._lenders[stage].restore(used, moment, at)
        self._lending = absent
        self._ended = [one for one in members if one.stage == GUEST and at - one.at >= COUNTS_FOR]
        self._state(self._topic, at)

    def _state(self, topic: _ControlTopic, at: datetime) -> None:
        """States the calls, if there are others than was stated; statements that no longer count are taken away."""
        moment = running_seconds()
        calls = calls_stated(self._key, self.rate.made(moment))
        self._note_lent(moment, at)
        if calls == self._stated or not any(calls.values()):
            return
        statement = Member(
            stage=GUEST,
            instance=self.instance,
            release=version("change-order-relay"),
            reads={},
            routes="",
            control_offset=0,
            owns=(self._key,),
            at=in_milliseconds(at),
            calls=calls,
            calls_since=in_milliseconds(counted_since(self._lent[1] or at)),
        )
        topic.write(statement, self._ended)
        self._stated, self._ended = calls, []

    def _note_lent(self, moment: float, at: datetime) -> None:
        """When the last call in a stage's share was; told once for each, so that no step of a clock moves it."""
        lent_until = self.rate.lent_until()
        if lent_until is not None and lent_until != self._lent[0]:
            self._lent = (lent_until, at - timedelta(seconds=max(0.0, moment - lent_until)))

    def _give_up(self, failure: Exception) -> None:
        self._calls.unheard, self._lending = True, frozenset()
        _log.warning(events.CONTROL_NOT_FOLLOWED, message=f"what commands use of {self._key} is not told: {failure}")
        self._disconnect()

    def _disconnect(self) -> None:
        topic, self._topic = self._topic, None
        if topic is not None:
            topic.close()


class _ControlTopic:
    """The topic, as a command reads and writes it. Making it raises ``TopicsMissing`` or another ``KafkaFailure``."""

    def __init__(self, settings: Settings) -> None:
        self.environment = Environment(settings, connection_of(settings), codec_of(settings))
        self.environment.counts([CONTROL])
        self._reader = ControlReader(self.environment)
        self._writer: PlainWriter | None = None
        self._cluster = Cluster(self.environment.connection)

    def has_members(self, stage: str) -> bool:
        """Whether the stage's group has any, whatever they state."""
        return bool(self._cluster.members(f"{self.environment.prefix}{stage}"))

    def members(self) -> list[Member]:
        return self._reader.look().members()

    def write(self, statement: Member, ended: Iterable[Member]) -> None:
        if self._writer is None:
            self._writer = PlainWriter(self.environment.connection)
        name, codec = self.environment.name(CONTROL), self.environment.codec
        control = Control(member=statement)
        self._writer.send(Outgoing(name, control.key.encode(), codec.encode(control, name), 0))
        for member in ended:
            self._writer.send(Outgoing(name, Control(member=member).key.encode(), None, 0))
        self._writer.flush()

    def close(self) -> None:
        self._reader.close()
        self._cluster.close()
        if self._writer is not None:
            with suppress(KafkaFailure):
                self._writer.close()
