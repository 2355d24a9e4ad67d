"""One turn of a stage that consumes, transforms and produces."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from relay.engine.configuration.live import LiveConfiguration
from relay.engine.kafka import (
    CommitFailed,
    Connection,
    Generation,
    GroupReader,
    Outgoing,
    Partition,
    Polled,
    Record,
    Transactions,
)
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.stages.transform import Transformed, TransformSession
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics

BEFORE = """
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
"""
AFTER = BEFORE + "    harbor: {email: relay@harbor.example, password_file: secret, api_key_file: secret}\n"


class Reader:
    """While it waits for records, the configuration file changes."""

    is_joining = False

    def __init__(self, file: Path) -> None:
        self._file = file

    def poll(self, timeout_s: float) -> Polled:
        self._file.write_text(AFTER, encoding="utf-8")
        return Polled(records={}, generation=Generation("mapper", 1))


class Seeing:
    """Notes which accounts are configured when records are transformed."""

    def __init__(self, configuration: LiveConfiguration) -> None:
        self._configuration = configuration
        self.seen: list[set[str]] = []

    def follow(self, polled: Polled) -> None:
        pass

    def transform(self, records: Sequence[Record]) -> Transformed | None:
        self.seen.append(set(self._configuration.current.accounts()))
        return None


def context_of(tmp_path: Path) -> StageContext:
    (tmp_path / "secret").write_text("sandbox-password", encoding="utf-8")
    file = tmp_path / "cor.yaml"
    file.write_text(BEFORE, encoding="utf-8")
    return StageContext(
        settings=Settings(kafka_bootstrap_servers="127.0.0.1:1", config=file),
        configuration=LiveConfiguration(file),
        connection=cast(Connection, None),
        codec=record_codec(),
        stop=threading.Event(),
        health=Health(),
        metrics=Metrics(),
    )


def test_records_are_transformed_by_the_file_as_it_was_when_they_were_written(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    transformer = Seeing(context.configuration)
    session = TransformSession(
        context,
        name="mapper",
        reader=cast(GroupReader, Reader(tmp_path / "cor.yaml")),
        transactions=cast(Transactions, None),
        transformer=transformer,
        before=CrashPoint.MAPPER_BEFORE_COMMIT,
    )
    assert session.turn().quiet
    assert transformer.seen == [{"constructiononline:acme", "constructiononline:harbor"}]


# -- working ahead

PLACE = Partition("in", 0)
PATIENCE = 20.0


class Batches:
    """Gives one record a poll, as many as there are; notes how long it was to wait for them.

    ``polling`` is called at each poll; ``joining`` says whether the next one joins the group anew.
    """

    def __init__(
        self,
        count: int,
        *,
        then: Exception | None = None,
        polling: Callable[[], None] = lambda: None,
        joining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._left = deque(range(count))
        self._then = then
        self._polling = polling
        self._joining = joining
        self.waits: list[float] = []

    @property
    def is_joining(self) -> bool:
        return self._joining()

    def poll(self, timeout_s: float) -> Polled:
        self._polling()
        self.waits.append(timeout_s)
        generation = Generation("mapper", 1, "member")
        if not self._left:
            if self._then is not None:
                raise self._then
            return Polled(records={}, generation=generation)
        offset = self._left.popleft()
        return Polled({PLACE: [Record(*PLACE, offset, None, None, (), 0)]}, generation)


class Log:
    """What happens in which order. Commits of offsets that are named wait until they are let go, or fail."""

    def __init__(self, *, slow: int | None = None, failing: int | None = None) -> None:
        self.seen: list[str] = []
        self._slow = slow
        self._failing = failing
        self.let_go = threading.Event()
        self._sending: list[str] = []

    # the transformer

    def follow(self, polled: Polled) -> None:
        pass

    def transform(self, records: Sequence[Record]) -> Transformed | None:
        if not records:
            return None
        number = records[0].offset
        self.seen.append(f"mapped {number}")
        if self._slow is not None and number == self._slow + 1:
            self.let_go.set()  # Only this ends the commit before it.
        return Transformed(
            outgoing=[Outgoing("out", None, str(number).encode())], committed=lambda: self.seen.append(f"told {number}")
        )

    # the transactions

    @contextmanager
    def transaction(self) -> Iterator[Log]:
        yield self
        number = self._sending.pop()
        if number == str(self._slow) and not self.let_go.wait(PATIENCE):
            self.seen.append("nobody worked meanwhile")
        if number == str(self._failing):
            raise CommitFailed("the group has moved on")
        self.seen.append(f"stands {number}")

    def send(self, outgoing: Outgoing) -> None:
        number = (outgoing.value or b"").decode()
        self.seen.append(f"sent {number}")
        self._sending.append(number)

    def offsets(self, offsets: Mapping[Partition, int], group: str, generation: Generation) -> None:
        assert generation.number == 1


@pytest.fixture
def session_of(tmp_path: Path) -> Iterator[Callable[..., TransformSession]]:
    opened: list[TransformSession] = []

    def made(reader: Batches, log: Log, *, ahead: bool = True) -> TransformSession:
        session = TransformSession(
            context_of(tmp_path),
            name="mapper",
            reader=cast(GroupReader, reader),
            transactions=cast(Transactions, log),
            transformer=log,
            before=CrashPoint.MAPPER_BEFORE_COMMIT,
            ahead=ahead,
        )
        opened.append(session)
        return session

    yield made
    for session in opened:
        session.close()


SessionOf = Callable[..., TransformSession]


def test_the_next_batch_is_mapped_while_the_last_one_commits_and_sent_once_that_stands(session_of: SessionOf) -> None:
    log = Log(slow=0)
    session = session_of(Batches(2), log)
    assert not session.turn().quiet
    assert not session.turn().quiet
    session.finish()
    order = [log.seen.index(what) for what in ("mapped 0", "mapped 1", "stands 0", "told 0", "sent 1", "stands 1")]
    assert order == sorted(order), log.seen
    assert log.seen[-1] == "told 1"


@pytest.mark.parametrize("joins", [True, False])
def test_a_batch_stands_before_a_poll_that_joins_the_group_anew(session_of: SessionOf, *, joins: bool) -> None:
    log = Log(slow=0)

    def joining() -> bool:
        if joins:
            log.let_go.set()
        return joins

    session = session_of(Batches(2, polling=lambda: log.seen.append("polled"), joining=joining), log)
    session.turn()
    session.turn()
    second = log.seen.index("polled", log.seen.index("polled") + 1)
    assert ("stands 0" in log.seen[:second]) is joins, log.seen


def test_nothing_is_sent_of_a_batch_whose_predecessor_does_not_stand(session_of: SessionOf) -> None:
    log = Log(slow=0, failing=0)
    session = session_of(Batches(2), log)
    session.turn()
    with pytest.raises(CommitFailed):
        session.turn()
    session.close()
    assert "mapped 1" in log.seen
    assert "sent 1" not in log.seen


def test_a_turn_that_finds_nothing_is_quiet_only_when_nothing_is_under_way(session_of: SessionOf) -> None:
    log, reader = Log(), Batches(1)
    session = session_of(reader, log)
    assert not session.turn().quiet
    assert not session.turn().quiet, "it ended what was under way"
    assert log.seen[-1] == "told 0"
    assert session.turn().quiet
    assert reader.waits == [1.0, 0.0, 1.0], "a commit under way is not kept waiting for records"


def test_what_is_under_way_is_ended_where_reading_ends_the_session(session_of: SessionOf) -> None:
    log = Log()
    session = session_of(Batches(1, then=RuntimeError("no offset")), log)
    session.turn()
    with pytest.raises(RuntimeError, match="no offset"):
        session.turn()
    session.close()
    assert log.seen[-1] == "told 0"


def test_without_working_ahead_a_turn_ends_with_its_commit(session_of: SessionOf) -> None:
    log = Log()
    session = session_of(Batches(1), log, ahead=False)
    session.turn()
    assert log.seen == ["mapped 0", "sent 0", "stands 0", "told 0"]
