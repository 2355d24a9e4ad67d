"""Follows the control topic for all stages of a process, and states there what they say of themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import structlog

from relay.clients.http.clock import running_seconds
from relay.domain.control import Control, Member, living, read_by_all
from relay.domain.guest_use import lent_use
from relay.domain.mapping import in_milliseconds
from relay.domain.person_holds import about, hold_sentence
from relay.domain.rate_use import MinuteUse
from relay.engine.control.membership import STATED_EVERY, ControlView, Membership, Wanted
from relay.engine.control.topic_state import ControlFold, Standing
from relay.engine.kafka import Connection, KafkaFailure, Outgoing, Partition, PartitionFollower, PlainWriter, Record
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics
from relay.engine.topics import CONTROL
from schemas import RegistryFailure
from schemas.codec import Codec

_log = structlog.get_logger(__name__)

_LONGEST_PAUSE = 1.0
"""Seconds between two looks at the topic, at most; a quarter of the send window where that is less."""

_AFTER_FAILURE = 1.0
_GOODBYE = 5.0
"""Seconds that its last look may take; a member that has not said goodbye counts as living for minutes."""
_FAILURES_OF_A_LOOK = (KafkaFailure, RegistryFailure)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutProcess:
    """What is the same in every statement of this process. ``routes`` is asked each time."""

    instance: str
    release: str
    reads: dict[str, int]
    routes: Callable[[], str]


@dataclass(slots=True)
class _Stated:
    """What was stated last of a stage, and when on the running clock."""

    wanted: Wanted
    routes: str
    at: float


class ControlFollower:
    """Reads the topic to its end when it is entered, then follows it on a thread of its own until it is left.

    ``window``: seconds after which what was read counts as old. Entering raises what Kafka or the registry met.
    Statements are plain records of an idempotent producer: each stands for itself, and the next one is never far.
    ``codec`` writes, from entering on, what every member that states anything can read.
    """

    def __init__(
        self,
        connection: Connection,
        codec: Codec,
        prefix: str,
        about: AboutProcess,
        *,
        window: float,
        metrics: Metrics,
        clock: Callable[[], float] = running_seconds,
    ) -> None:
        self._connection = connection
        self._codec = codec
        self._topic = CONTROL.name(prefix)
        self._about = about
        self._pause = min(_LONGEST_PAUSE, window / 4)
        self._metrics = metrics
        self._clock = clock
        self._reader = PartitionFollower(connection, Partition(self._topic, 0))
        self._fold = ControlFold(codec, self._count_foreign)
        self._writer: PlainWriter | None = None
        self._members: dict[str, Membership] = {}
        self._stated: dict[str, _Stated] = {}
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._view = ControlView()
        self._standing = Standing()
        self._earlier: dict[str, int] = {}
        metrics.control_age.set_function(lambda: self._clock() - self._view.read_at)

    def __enter__(self) -> Self:
        try:
            self._read()
        except BaseException:
            self._close()
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._news.set()
        self._thread.join(_GOODBYE)
        if not self._thread.is_alive():  # Else it holds the clients still; its statements age.
            self._say_goodbye()
            self._close()

    def member(self, stage: str) -> Membership:
        """The part of a stage; asked for once more, it is the same. Any thread may ask."""
        member = self._members.get(stage)
        if member is None:
            member = self._members[stage] = Membership(stage, lambda: self._view, self._news.set)
            self._news.set()
        return member

    def lent(self, stage: str, account: str) -> tuple[MinuteUse, ...]:
        """What guests have used, in the last hour, of the stage's share of an account, while no member of it lived."""
        return lent_use(self._standing.members(), account, stage, datetime.now(UTC))

    @property
    def standing(self) -> Standing:
        """What stood on the topic when it was last read."""
        return self._standing

    # -- the follower's thread

    def _run(self) -> None:
        while not self._stop.is_set():
            pause = self._pause
            try:
                self._read()
                if self._state_members():
                    self._read()  # What is owned counts once its statement has been read over.
            except _FAILURES_OF_A_LOOK as error:
                _log.warning(events.CONTROL_NOT_FOLLOWED, message=str(error))
                pause = _AFTER_FAILURE
            except Exception:  # noqa: BLE001 - whatever it is, what was read grows old, and writers stop by themselves
                _log.exception(events.CONTROL_NOT_FOLLOWED)
                pause = _AFTER_FAILURE
            self._news.wait(pause)
            self._news.clear()

    def _read(self) -> None:
        """Reads the topic to its end as it is now."""
        asked_at = self._clock()
        for record in self._reader.news():
            self._fold.add(record)
        offset = self._reader.position
        if offset != self._standing.offset:
            before, self._standing = self._standing, self._fold.standing(offset)
            self._tell(before, self._standing)
        self._write_what_all_read()  # At each look: who has not stated anything for long does not count.
        standing = self._standing
        self._view = ControlView(
            holds=standing.holds, pilots=standing.pilots(), polls=standing.polls(), offset=offset, read_at=asked_at
        )

    def _tell(self, before: Standing, now: Standing) -> None:
        for hold_id in now.holds.keys() - before.holds.keys():
            hold = now.holds[hold_id]
            _log.warning(events.PEOPLE_HOLD, hold=hold_id, subject=about(hold), message=hold_sentence(hold))
        for hold_id in before.holds.keys() - now.holds.keys():
            _log.info(events.PEOPLE_HOLD_RELEASED, hold=hold_id)
        self._metrics.people_holds.set(len(now.holds))

    def _write_what_all_read(self) -> None:
        """Members of an earlier release go on beside this one, and it can be gone back to until the last is gone."""
        members = living(self._standing.members(), datetime.now(UTC))
        common, newest = read_by_all(members), self._about.reads
        earlier = {record: common[record] for record in newest if common.get(record, newest[record]) < newest[record]}
        if earlier == self._earlier:
            return
        self._codec.write_at_most(earlier)
        self._earlier = earlier
        behind = [f"{one.stage} of {one.instance} ({one.release})" for one in members if _is_behind(one, newest)]
        _log.info(
            events.VERSIONS_WRITTEN,
            earlier=earlier,
            message=f"records are written as {', '.join(behind)} can read them"
            if behind
            else "every record is written in its newest version",
        )

    # -- statements

    def _state_members(self) -> bool:
        """States what has changed, and what is a minute old; returns whether there was anything."""
        routes, now = self._about.routes(), self._clock()
        due = [(member, member.wanted) for member in list(self._members.values())]
        due = [(member, wanted) for member, wanted in due if self._is_due(member.stage, wanted, routes, now)]
        if not due:
            return False
        places = self._write(self._statement(member.stage, wanted, routes) for member, wanted in due)
        for (member, wanted), (_, offset) in zip(due, places, strict=True):
            self._stated[member.stage] = _Stated(wanted, routes, now)
            member.stated(wanted, offset, now)
        return True

    def _is_due(self, stage: str, wanted: Wanted, routes: str, now: float) -> bool:
        """Statements, our own and others', are no news: else each would call for the next."""
        stated = self._stated.get(stage)
        if stated is None or now - stated.at >= STATED_EVERY:
            return True
        obeys_news = wanted.obeys > stated.wanted.obeys and self._standing.news > stated.wanted.obeys
        return obeys_news or wanted.owns != stated.wanted.owns or routes != stated.routes

    def _statement(self, stage: str, wanted: Wanted, routes: str) -> Outgoing:
        control = Control(
            member=Member(
                stage=stage,
                instance=self._about.instance,
                release=self._about.release,
                reads=self._about.reads,
                routes=routes,
                control_offset=wanted.obeys,
                owns=tuple(sorted(wanted.owns)),
                at=in_milliseconds(datetime.now(UTC)),
                calls={},
            )
        )
        return Outgoing(self._topic, control.key.encode(), self._codec.encode(control, self._topic), 0)

    def _write(self, statements: Iterable[Outgoing]) -> list[tuple[Partition, int]]:
        """Raises a ``KafkaFailure``; then the statements are written again."""
        try:
            if self._writer is None:
                self._writer = PlainWriter(self._connection)
            for statement in statements:
                self._writer.send(statement)
            return self._writer.flush()
        except BaseException:
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()
            raise

    def _say_goodbye(self) -> None:
        keys = [f"member:{stage}:{self._about.instance}" for stage in self._stated]
        try:
            if keys:
                self._write(Outgoing(self._topic, key.encode(), None, 0) for key in keys)
        except _FAILURES_OF_A_LOOK as error:
            _log.warning(events.CONTROL_NOT_FOLLOWED, message=f"members that ended could not say so: {error}")

    def _close(self) -> None:
        self._reader.close()
        if self._writer is not None:
            with suppress(KafkaFailure):
                self._writer.close()

    def _count_foreign(self, record: Record) -> None:
        self._metrics.records_foreign.labels("control", record.topic).inc()


def _is_behind(member: Member, newest: Mapping[str, int]) -> bool:
    return any(version < newest.get(record, 0) for record, version in member.reads.items())
