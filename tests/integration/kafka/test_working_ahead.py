"""A stage that maps the next batch while the last one commits, while members of its group come and go."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.local import Kafka
from relay.engine.configuration.live import LiveConfiguration
from relay.engine.kafka import Connection, Outgoing, Partition, PlainWriter, Polled, Record, read_to_end
from relay.engine.record_codec import record_codec
from relay.engine.settings import Settings
from relay.engine.stages.context import StageContext
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.stages.transform import Transformed, TransformingStage
from relay.engine.telemetry.health import Health
from relay.engine.telemetry.metrics import Metrics

PATIENCE = 120.0
RECORDS = 600
PARTITIONS = 4
CONFIGURATION = """
accounts:
  constructiononline:
    acme: {email: relay@acme.example, password_file: secret, api_key_file: secret}
"""


class Copy:
    """Writes each record once more."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def follow(self, polled: Polled) -> None:
        pass

    def transform(self, records: Sequence[Record]) -> Transformed | None:
        if not records:
            return None
        return Transformed(outgoing=[Outgoing(self._topic, None, one.value) for one in records], committed=lambda: None)


def copied(connection: Connection, topic: str) -> Counter[bytes | None]:
    return Counter(record.value for record in read_to_end(connection, [Partition(topic, 0)]))


def awaited(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.05)


def test_each_record_is_written_once_while_members_come_and_go(
    tmp_path: Path,
    kafka: Kafka,
    connection: Connection,
    make_topic: Callable[..., str],
    begin: Callable[..., None],
    prefix: str,
) -> None:
    (tmp_path / "secret").write_text("sandbox-password", encoding="utf-8")
    (tmp_path / "cor.yaml").write_text(CONFIGURATION, encoding="utf-8")
    source, target = make_topic("in", PARTITIONS), make_topic("out")
    begin(f"{prefix}copy", source, PARTITIONS)
    with PlainWriter(connection) as writer:
        for number in range(RECORDS):
            writer.send(Outgoing(source, None, b"%d" % number, number % PARTITIONS))
        writer.flush()

    @contextmanager
    def member(instance: str | None) -> Iterator[None]:
        settings = Settings(
            kafka_bootstrap_servers=kafka.bootstrap_servers,
            config=tmp_path / "cor.yaml",
            topic_prefix=prefix,
            instance=instance,
        )
        context = StageContext(
            settings=settings,
            configuration=LiveConfiguration(tmp_path / "cor.yaml"),
            connection=connection,
            codec=record_codec(),
            stop=threading.Event(),
            health=Health(),
            metrics=Metrics(),
        )
        stage = TransformingStage(
            context,
            name="copy",
            topics=[source],
            transformer=Copy(target),
            before=CrashPoint.MAPPER_BEFORE_COMMIT,
            max_records=3,
            ahead=True,
        )
        thread = threading.Thread(target=stage.run)
        thread.start()
        try:
            yield
        finally:
            context.stop.set()
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def reaches(count: int) -> None:
        awaited(lambda: len(copied(connection, target)) >= count, f"{count} of {RECORDS} records")

    with ExitStack() as first, ExitStack() as second:
        first.enter_context(member("one"))
        reaches(30)
        second.enter_context(member(None))  # The group changes while batches are under way.
        reaches(150)
        second.close()
        reaches(300)
        second.enter_context(member("two"))
        reaches(400)
        reaches(RECORDS)
    assert set(copied(connection, target).values()) == {1}
