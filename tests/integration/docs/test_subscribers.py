"""The examples of subscribers, each with the packages that it names, on topics as the relay makes them."""

from __future__ import annotations

import json
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.local import Kafka
from operations.mock.history import history
from operations.mock.publish import publish
from relay.domain.events import Change, ChangeOrderObserved
from relay.engine.kafka import Cluster, Connection, Outgoing, Partition, PlainWriter
from relay.engine.record_codec import record_codec
from relay.engine.topics import CURRENT, OBSERVED
from tests.conftest import MakeTopic
from tests.integration.docs.example_builds import EXAMPLES, java_subscriber, node_subscriber, python_subscriber

SCHEMAS = EXAMPLES.parents[1] / "schemas" / "versions"
ORDERS, SEED, PARTITIONS = 40, 7, 2
LANGUAGES: dict[str, Callable[[], list[str]]] = {
    "python": python_subscriber,
    "java": java_subscriber,
    "node": node_subscriber,
}
STALE = "constructiononline:mock:1"

pytestmark = pytest.mark.timeout(600)  # The first run on a machine fetches packages.


@dataclass(frozen=True, slots=True)
class Topics:
    """A published history: under which prefix, what names the schemas, and its events in the order of their writing."""

    prefix: str
    kafka: str
    schemas: tuple[str, ...]
    events: tuple[ChangeOrderObserved, ...]

    def newest(self) -> dict[str, ChangeOrderObserved]:
        return {event.key: event for event in self.events}


def events(prefix: str) -> tuple[ChangeOrderObserved, ...]:
    """What ``cor mock`` publishes under a prefix, without what was aborted."""
    batches = history(
        ORDERS, SEED, partitions=PARTITIONS, name=lambda topic: topic.name(prefix), encode=record_codec().encode
    )
    told = (told for batch in batches if not batch.aborted for told in batch.told)
    return tuple(one.record for one in told if one.topic is OBSERVED)


EVENT = events("")[0]


@pytest.fixture(scope="module", params=["single-object", "confluent"])
def topics(request: pytest.FixtureRequest, kafka: Kafka, cluster: Cluster) -> Iterator[Topics]:
    """In each wire format."""
    prefix = f"t{uuid.uuid4().hex[:10]}-"
    schemas = ("--schemas", str(SCHEMAS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COR_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
        patch.delenv("COR_SCHEMA_REGISTRY_URL", raising=False)
        if request.param == "confluent":
            url = request.getfixturevalue("registry_url")
            patch.setenv("COR_SCHEMA_REGISTRY_URL", url)
            schemas = ("--registry", url)
        publish(ORDERS, SEED, prefix=prefix, partitions=PARTITIONS)
    yield Topics(prefix, kafka.bootstrap_servers, schemas, events(prefix))
    cluster.delete([topic for topic in cluster.topics() if topic.startswith(prefix)])


def entry(event: ChangeOrderObserved) -> dict[str, Any]:
    price = event.change_order.client_price
    return {
        "sequence": event.sequence,
        "deleted": event.change is Change.DELETED,
        "status": event.change_order.status.value,
        "title": event.change_order.title,
        "client_price": None if price is None else f"{price:.4f}",
    }


def lines(command: list[str], topics: Topics, what: str, store: Path, *more: str) -> list[str]:
    """What a subscriber prints that ends when everything is read."""
    words = [*command, what, "--kafka", topics.kafka, "--prefix", topics.prefix, "--store", str(store), "--once", *more]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def told(events: tuple[ChangeOrderObserved, ...]) -> list[str]:
    return sorted(
        f"{event.key} {event.sequence} {event.change.value}: {event.change_order.title}, {entry(event)['client_price']}"
        for event in events
    )


def total(orders: dict[str, dict[str, Any]]) -> str:
    living = [order for order in orders.values() if not order["deleted"]]
    return f"{len(living)} change orders, {sum(Decimal(order['client_price']) for order in living):.4f} in all"


def read(store: Path) -> Any:
    return json.loads(store.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_change_is_taken_over_once(language: str, topics: Topics, cluster: Cluster, tmp_path: Path) -> None:
    """From the beginning, deletions too, and nothing of aborted transactions; what is read again changes nothing."""
    command, store, group = LANGUAGES[language](), tmp_path / "changes.json", f"{topics.prefix}{language}"
    expected = {key: entry(event) for key, event in topics.newest().items()}
    assert any(order["deleted"] for order in expected.values())

    printed = lines(command, topics, "changes", store, *topics.schemas, "--group", group)
    assert sorted(printed[:-1]) == told(topics.events)
    assert read(store) == expected
    assert printed[-1] == total(expected)
    partitions = [Partition(OBSERVED.name(topics.prefix), number) for number in range(PARTITIONS)]
    assert set(cluster.lag(group, partitions).values()) <= {0, 1}, "but for the marker at a transaction's end"

    if topics.schemas[0] == "--schemas":  # The store knows nothing of wire formats.
        again = lines(command, topics, "changes", store, *topics.schemas, "--group", f"{group}-again")
        assert sorted(again[:-1]) == sorted(f"{event.key} {event.sequence} seen before" for event in topics.events)
        assert read(store) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_current_state_is_what_is_there_and_no_more(language: str, topics: Topics, tmp_path: Path) -> None:
    """What was deleted is gone, and so is what is stored and does not come any more."""
    store = tmp_path / "current.json"
    stale = {"sequence": 1, "deleted": False, "status": "approved", "title": "Long gone", "client_price": "1.0000"}
    store.write_text(json.dumps({STALE: stale}), encoding="utf-8")
    newest = topics.newest()
    expected = {key: entry(event) for key, event in newest.items() if event.change is not Change.DELETED}

    printed = lines(LANGUAGES[language](), topics, "current", store, *topics.schemas)
    assert read(store) == expected
    assert f"{STALE} gone" in printed
    assert {f"{key} deleted" for key in newest.keys() - expected.keys()} <= set(printed)
    assert printed[-1] == total(expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_schema_it_is_said_what_to_name(language: str, topics: Topics, tmp_path: Path) -> None:
    words = [*LANGUAGES[language](), "current", "--kafka", topics.kafka, "--prefix", topics.prefix, "--once"]
    done = subprocess.run([*words, "--store", str(tmp_path / "x.json")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert topics.schemas[0] in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert "\tat " not in done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_goes_on_with_what_comes(
    language: str, kafka: Kafka, connection: Connection, make_topic: MakeTopic, tmp_path: Path
) -> None:
    key, value = EVENT.key.encode(), record_codec().encode(EVENT, CURRENT.base)
    topic = make_topic(CURRENT.base, compression_type="gzip")
    place = ["--prefix", topic.removesuffix(CURRENT.base), "--schemas", str(SCHEMAS)]
    words = [
        *LANGUAGES[language](),
        "current",
        "--kafka",
        kafka.bootstrap_servers,
        *place,
        "--store",
        str(tmp_path / "now.json"),
    ]
    with (
        PlainWriter(connection) as writer,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            for value_now, said in (
                (value, f"{EVENT.sequence} pending"),
                (None, "deleted"),
                (value, "pending"),
            ):
                writer.send(Outgoing(topic, key, value_now))
                writer.flush()
                assert said in process.stdout.readline()
        finally:
            watchdog.cancel()
            process.kill()


@pytest.mark.parametrize("language", ["python", "node"])
def test_records_from_before_the_topics_were_kept_in_gzip(
    language: str, kafka: Kafka, connection: Connection, make_topic: MakeTopic, tmp_path: Path
) -> None:
    """The relay sends LZ4. Python's client says what it needs for that; the others bring it (Java's always did)."""
    key, value = EVENT.key.encode(), record_codec().encode(EVENT, CURRENT.base)
    topic = make_topic(CURRENT.base)
    with PlainWriter(connection) as writer:
        writer.send(Outgoing(topic, key, value))
        writer.flush()
    place = ["--prefix", topic.removesuffix(CURRENT.base), "--schemas", str(SCHEMAS), "--once"]
    words = [
        *LANGUAGES[language](),
        "current",
        "--kafka",
        kafka.bootstrap_servers,
        *place,
        "--store",
        str(tmp_path / "now.json"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, "pip install lz4" in done.stderr) == ((1, True) if language == "python" else (0, False))
    assert "Traceback" not in done.stderr


def test_the_environment_of_python_holds_what_the_requirements_name() -> None:
    """Nothing else came to it, so that nothing else can be what makes the example work."""
    python, *_ = python_subscriber()
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    installed = {f"{one['name']}=={one['version']}" for one in json.loads(listed.stdout)}
    named = {
        line for line in (EXAMPLES / "python/requirements.txt").read_text().splitlines() if not line.startswith("#")
    }
    assert {one for one in installed if not one.startswith(("pip==", "setuptools=="))} == named
