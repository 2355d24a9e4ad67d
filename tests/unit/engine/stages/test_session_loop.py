"""What every kind of stage does alike: sessions, how long Kafka is waited for, and what health is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from producers.cinx.stage import poll_cinx
from producers.constructiononline.stage import poll_constructiononline
from producers.procore.stage import poll_procore
from relay.domain.failures import Fatal
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.kafka import CommitFailed, Connection, Generation, GroupReader, KafkaUnreachable, Polled
from relay.engine.letters import LetterTopic
from relay.engine.mapping.decision_records import TargetTopics
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages import session_loop
from relay.engine.stages.context import Stage, StageContext
from relay.engine.stages.session_loop import SessionLoop, Turn
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics
from schemas import RegistryUnreachable
from workers import mapper as mapper_module
from workers.cinx_submitter.stage import cinx_submitter
from workers.dead_letters import stage as keeper_module
from workers.procore_writer.stage import procore_writer

STAGES: Mapping[str, Callable[[StageContext], Stage]] = {
    "mapper": mapper_module.mapper,
    "dead-letters": keeper_module.dead_letters,
    "procore-writer": procore_writer,
    "cinx-submitter": cinx_submitter,
    "poll-constructiononline": poll_constructiononline,
    "poll-procore": poll_procore,
    "poll-cinx": poll_cinx,
}

CONFIGURATION = """
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
"""

EMPTY = Polled(records={}, generation=Generation("group", 1))
UNJOINED = Polled(records={}, generation=Generation("group"))


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Stop(threading.Event):
    """A wait for it takes no time and moves the clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self._clock.now += timeout or 0.0
        return self.is_set()


class Reader:
    """A member of a group whose broker answers or does not. Notes what happens to it."""

    def __init__(self, story: list[str], error: Exception | None = None) -> None:
        self._story = story
        self.error = error
        self.read_everything = True

    def make(self, *_: object, **__: object) -> Reader:
        self._story.append("join")
        if self.error is not None:
            raise self.error
        return self

    def has_read_everything(self) -> bool:
        return self.read_everything

    def close(self) -> None:
        self._story.append("leave")


class Turns:
    """A session with a script of turns of a second each. An exception in it is raised; its end stops the stage."""

    def __init__(self, room: Room, script: list[Turn | Exception]) -> None:
        self._room = room
        self._story = room.story
        self._script = script

    def open(self, reader: GroupReader, resources: ExitStack) -> Turns:
        self._story.append("open")
        resources.callback(self._story.append, "close")
        return self

    def turn(self) -> Turn:
        self._room.clock.now += 1
        taken = self._script.pop(0)
        if not self._script:
            self._room.stop.set()
        if isinstance(taken, Exception):
            raise taken
        self._story.append("turn")
        return taken

    def finish(self) -> None:
        self._story.append("finish")


class Room:
    """A stage's surroundings without Kafka and without time."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, *, patience: float = 60, once: bool = False
    ) -> None:
        self.clock = Clock()
        self.stop = Stop(self.clock)
        self.story: list[str] = []
        self.reader = Reader(self.story)
        monkeypatch.setattr(session_loop, "time", self.clock)
        monkeypatch.setattr(session_loop, "GroupReader", self.reader.make)
        file = folder / "cor.yaml"
        (folder / "secret").write_text("sandbox-password", encoding="utf-8")
        file.write_text(CONFIGURATION, encoding="utf-8")
        self.context = StageContext(
            settings=Settings(kafka_bootstrap_servers="127.0.0.1:1", config=file, patience=patience),
            configuration=LiveConfiguration(file),
            connection=cast(Connection, None),
            codec=record_codec(),
            stop=self.stop,
            health=Health(),
            metrics=Metrics(),
            once=once,
        )

    def run(self, *script: Turn | Exception) -> None:
        loop = SessionLoop(self.context, name="stage", topics=["topic"])
        loop.run(Turns(self, list(script)).open)


def turn(polled: Polled = EMPTY, *, quiet: bool = True) -> Turn:
    return Turn(polled=polled, partitions=3, quiet=quiet)


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize(
    "error", [KafkaUnreachable("nobody answers"), RegistryUnreachable("the registry is away")], ids=repr
)
def test_every_stage_waits_for_cor_patience_and_then_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, error: Exception
) -> None:
    room = Room(monkeypatch, tmp_path, patience=40)
    room.reader.error = error
    for module in (mapper_module, keeper_module):
        monkeypatch.setattr(
            module, "target_topics", lambda *_: TargetTopics(partitions={}, letters=LetterTopic(partitions=1))
        )
    with pytest.raises(type(error), match=str(error)):
        STAGES[name](room.context).run()
    assert room.stop.waits == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0], "it ends with the first failure after 40 s"


def test_without_patience_the_first_failure_ends_the_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = Room(monkeypatch, tmp_path, patience=0)
    with pytest.raises(KafkaUnreachable):
        room.run(turn(), KafkaUnreachable("away"), turn())
    assert room.stop.waits == []


def test_a_turn_that_succeeds_is_waited_after_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = Room(monkeypatch, tmp_path, patience=10)
    away = KafkaUnreachable("away")
    room.run(away, away, away, turn(), away, away, away, turn())
    assert room.stop.waits == [0.5, 1.0, 2.0, 0.5, 1.0, 2.0]


def test_a_stage_that_is_stopped_while_it_waits_ends_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = Room(monkeypatch, tmp_path, patience=5)
    room.run(turn(), KafkaUnreachable("away"))
    assert room.story == ["join", "open", "turn", "close", "leave"]


def test_a_session_settles_closes_and_leaves_in_this_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = Room(monkeypatch, tmp_path)
    room.run(turn(), turn())
    assert room.story == ["join", "open", "turn", "turn", "finish", "close", "leave"]
    assert room.context.health.waiting() == ["stage"], "it is ready no more"


def test_an_uncertain_commit_begins_a_new_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = Room(monkeypatch, tmp_path)
    room.run(CommitFailed("uncertain"), turn())
    assert room.story == ["join", "open", "close", "leave", "join", "open", "turn", "finish", "close", "leave"]


@pytest.mark.parametrize("error", [Fatal("no place to go on from"), ValueError("a mistake")], ids=repr)
def test_what_cannot_be_waited_for_ends_the_stage_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    room = Room(monkeypatch, tmp_path)
    with pytest.raises(type(error)):
        room.run(error, turn())
    assert room.story == ["join", "open", "close", "leave"]


@dataclass(frozen=True)
class Idleness:
    """A turn, how the stage runs, and whether two such turns let a process with ``--once`` end."""

    settled: bool
    polled: Polled = EMPTY
    quiet: bool = True
    once: bool = False
    read_everything: bool = False


@pytest.mark.parametrize(
    "case",
    [
        Idleness(settled=True),
        Idleness(settled=False, quiet=False),
        Idleness(settled=False, polled=UNJOINED),
        Idleness(settled=False, once=True),
        Idleness(settled=True, once=True, read_everything=True),
    ],
    ids=str,
)
def test_idle_is_a_member_with_nothing_to_do_and_once_nothing_to_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: Idleness
) -> None:
    room = Room(monkeypatch, tmp_path, once=case.once)
    room.reader.read_everything = case.read_everything
    room.run(turn(case.polled, quiet=case.quiet), turn(case.polled, quiet=case.quiet))
    assert room.context.health.settled() is case.settled


def test_a_stage_is_ready_while_it_is_a_member(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = Room(monkeypatch, tmp_path)
    ready: list[bool] = []

    class Watched(Turns):
        def turn(self) -> Turn:
            ready.append(not room.context.health.waiting())
            return super().turn()

    turns = Watched(room, [turn(UNJOINED), turn(), turn()])
    room.context.health.expect("stage")
    SessionLoop(room.context, name="stage", topics=["topic"]).run(turns.open)
    assert ready == [False, False, True]


def test_what_is_owned_is_told_while_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = Room(monkeypatch, tmp_path)
    told: list[float | None] = []

    def note() -> None:
        told.append(room.context.metrics.registry.get_sample_value("cor_partitions_owned", {"stage": "stage"}))

    class Watched(Turns):
        def open(self, reader: GroupReader, resources: ExitStack) -> Turns:
            note()
            return super().open(reader, resources)

        def turn(self) -> Turn:
            note()
            return super().turn()

    away = KafkaUnreachable("away")
    turns = Watched(room, [turn(UNJOINED), turn(), away, turn(UNJOINED), turn()])
    SessionLoop(room.context, name="stage", topics=["topic"]).run(turns.open)
    note()
    # Each session is opened, then each of its turns begins.
    assert told == [None, None, None, 3, 0, 0, 0, 0], "a stage that waits for Kafka owns nothing"
