"""The README's subscriber works as it stands, with both wire formats."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import Kafka
from relay.engine.kafka import Connection, Outgoing, PlainWriter
from relay.engine.record_codec import record_codec
from schemas import Codec, Registry
from tests.conftest import MakeTopic
from tests.unit.schemas.samples import SAMPLES

SUBSCRIBER = Path(__file__).parents[3] / "docs" / "examples" / "subscriber.py"
EVENT = SAMPLES["ChangeOrderObserved"]


def confluent(registry: str, topic: str) -> Codec:
    Registry(registry).register(topic, "ChangeOrderObserved")
    return record_codec(Registry(registry))


def single_object(registry: str, topic: str) -> Codec:
    return record_codec()


@pytest.mark.parametrize("codec_of", [confluent, single_object])
def test_the_subscriber_prints_what_was_observed(
    kafka: Kafka,
    connection: Connection,
    registry_url: str,
    make_topic: MakeTopic,
    codec_of: Callable[[str, str], Codec],
) -> None:
    topic = make_topic("observed")
    value = codec_of(registry_url, topic).encode(EVENT, topic)
    with PlainWriter(connection) as writer:
        writer.send(Outgoing(topic, b"constructiononline:acme:498099", value))
        writer.flush()
    assert first_line(kafka, registry_url, topic).startswith("constructiononline:acme:498099 ")


def test_without_a_schema_the_subscriber_says_what_to_name(tmp_path: Path) -> None:
    """It was copied elsewhere, without the schemas; nothing of a traceback is shown."""
    copied = tmp_path / "deep" / "er" / "subscriber.py"
    copied.parent.mkdir(parents=True)
    shutil.copy(SUBSCRIBER, copied)
    program = f"import sys; sys.path.insert(0, {str(copied.parent)!r}); import subscriber; subscriber.Decoder(None)"
    for data, words in ((b"\xc3\x01" + bytes(8), "--schemas"), (b"\x00\x00\x00\x00\x07", "--registry")):
        done = subprocess.run(
            [sys.executable, "-c", f"{program}.decode({data!r})"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def first_line(kafka: Kafka, registry: str, topic: str) -> str:
    """What the example prints first."""
    command = [sys.executable, "-u", str(SUBSCRIBER), "--kafka", kafka.bootstrap_servers, "--registry", registry]
    with subprocess.Popen(
        [*command, "--topic", topic, "--group", topic], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            return process.stdout.readline()
        finally:
            process.kill()
