"""Follows change orders, or takes their current state. A service of your own can begin like this.

    pip install -r requirements.txt
    python subscriber.py changes --kafka localhost:9092 --registry http://localhost:8081 --store changes.json
    python subscriber.py current --kafka localhost:9092 --schemas schemas/versions --store current.json

`changes` reads every event from the beginning (the backfill) and goes on with what comes. `current` reads the newest
event of each change order, drops what did not come, and goes on, too. Both keep what they know in a JSON file, where a
service would have its database; `--once` ends them when everything that was there at their start is read.

It needs nothing of Change Order Relay but its schemas: from the registry, or, where the relay works without one, from
its folder `schemas/versions`. What the topics promise stands in `docs/contract/index.html`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import UnsupportedCodecError

OBSERVED, CURRENT = "change-orders.observed.v1", "change-orders.current.v1"


class Decoder:
    """Reads both wire formats: with the schema's id in the registry, or with its fingerprint."""

    def __init__(self, registry: str | None = None, folder: Path | None = None) -> None:
        self.registry = registry
        self.folder = folder
        self.schemas: dict[bytes, Any] = {}
        for file in folder.glob("ChangeOrderObserved/*.avsc") if folder else ():
            schema = json.loads(file.read_text(encoding="utf-8"))
            digest = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
            self.schemas[b"\xc3\x01" + bytes.fromhex(digest)] = parse_schema(schema)

    def decode(self, data: bytes) -> dict[str, Any]:
        """The event: ``00`` and four bytes of id, or ``C3 01`` and eight of fingerprint, then Avro.

        Amounts are ``Decimal``, with four places.
        """
        size = 5 if data[0] == 0 else 10
        head, body = data[:size], BytesIO(data[size:])
        if head not in self.schemas:
            self.schemas[head] = self.find(head)
        event: Any = schemaless_reader(body, self.schemas[head], None)
        return dict(event)

    def find(self, head: bytes) -> Any:
        """The schema that the first bytes of a record name. Ends the program where it cannot be had."""
        if head[0] != 0:
            sys.exit(
                f"No schema is known with the fingerprint {head[2:].hex()}: name the folder schemas/versions of the "
                "release that writes this topic (--schemas)."
            )
        number = int.from_bytes(head[1:], "big")
        if self.registry is None:
            sys.exit(f"The record was written with a schema registry (id {number}): name its address (--registry).")
        with urlopen(f"{self.registry}/schemas/ids/{number}") as answer:  # noqa: S310 - an address of our own
            return parse_schema(json.loads(json.load(answer)["schema"]))


class Store:
    """What is known of each change order, by key; in a file that is replaced as a whole."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.orders: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def save(self) -> None:
        written = self.file.with_suffix(".new")
        written.write_text(json.dumps(self.orders, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        written.replace(self.file)

    def total(self) -> Decimal:
        """What all change orders come to for the client, exactly."""
        prices = (order["client_price"] for order in self.orders.values() if not order["deleted"])
        return sum((Decimal(price) for price in prices if price is not None), Decimal("0.0000"))


def entry(event: dict[str, Any]) -> dict[str, Any]:
    """What this service wants to know of a change order. An amount is text in JSON: a float would not be exact."""
    order = event["change_order"]
    price = order["client_price"]
    return {
        "sequence": event["sequence"],
        "deleted": event["change"] == "deleted",
        "status": order["status"],
        "title": order["title"],
        "client_price": None if price is None else str(price),
    }


def changed(store: Store, decoder: Decoder, record: Any) -> str:
    """Takes one event over. What comes twice, or late, changes nothing: the store knows a sequence at least as high.

    A deleted change order keeps its entry, so that an older event that is read again does not bring it back.
    """
    key, event = record.key.decode(), decoder.decode(record.value)
    known = store.orders.get(key)
    if known is not None and known["sequence"] >= event["sequence"]:
        return f"{key} {event['sequence']} seen before"
    store.orders[key] = found = entry(event)
    return f"{key} {event['sequence']} {event['change']}: {found['title']}, {found['client_price']}"


def now(store: Store, decoder: Decoder, record: Any) -> str:
    """Takes over how a change order stands now. A record without a value (a tombstone): it was deleted."""
    key = record.key.decode()
    if record.value is None:
        store.orders.pop(key, None)
        return f"{key} deleted"
    store.orders[key] = found = entry(decoder.decode(record.value))
    return f"{key} {found['sequence']} {found['status']}: {found['title']}, {found['client_price']}"


def consumer_of(kafka: str, group: str | None) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=kafka,
        group_id=group,
        isolation_level="read_committed",  # Without it events of aborted transactions would show, too.
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )


def batches(consumer: KafkaConsumer, *, once: bool) -> Iterator[list[Any]]:
    """What comes, poll by poll; an empty list each second in which nothing does. ``once``: up to today's ends."""
    ends: dict[TopicPartition, int] = {}
    while True:
        polled = consumer.poll(timeout_ms=1000)
        yield [record for records in polled.values() for record in records]
        if once and consumer.assignment():
            ends = ends or consumer.end_offsets(list(consumer.assignment()))
            if all(consumer.position(partition) >= end for partition, end in ends.items()):
                return


def follow_changes(consumer: KafkaConsumer, topic: str, store: Store, decoder: Decoder, *, once: bool) -> None:
    """Every event, from the beginning where the group is new. Saved before it is committed: a crash reads it twice."""
    consumer.subscribe([topic])
    for records in batches(consumer, once=once):
        for record in records:
            print(changed(store, decoder, record), flush=True)
        if records:
            store.save()
            consumer.commit()


def take_current(consumer: KafkaConsumer, topic: str, store: Store, decoder: Decoder, *, once: bool) -> None:
    """The newest event of each change order, always from the beginning; without a group, since all of it is read.

    A key that is stored and did not come was deleted so long ago that its tombstone is gone, too.
    """
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    came: set[str] = set()
    for records in batches(consumer, once=True):
        for record in records:
            print(now(store, decoder, record), flush=True)
            came.add(record.key.decode())
    for key in sorted(store.orders.keys() - came):
        del store.orders[key]
        print(f"{key} gone", flush=True)
    store.save()
    for records in () if once else batches(consumer, once=False):
        for record in records:
            print(now(store, decoder, record), flush=True)
        if records:
            store.save()


def main(words: Iterable[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("what", choices=["changes", "current"])
    arguments.add_argument("--kafka", required=True, metavar="HOST:PORT")
    arguments.add_argument("--registry", metavar="URL")
    arguments.add_argument("--schemas", type=Path, metavar="FOLDER", help="schemas/versions of the relay")
    arguments.add_argument("--prefix", default="", help="what COR_TOPIC_PREFIX is at the relay")
    arguments.add_argument("--group", default="my-service", help="of `changes`")
    arguments.add_argument("--store", type=Path, required=True, metavar="FILE")
    arguments.add_argument("--once", action="store_true", help="end when what was there at the start is read")
    given = arguments.parse_args(None if words is None else list(words))
    decoder, store = Decoder(given.registry, given.schemas), Store(given.store)
    consumer = consumer_of(given.kafka, given.group if given.what == "changes" else None)
    try:
        if given.what == "changes":
            follow_changes(consumer, given.prefix + OBSERVED, store, decoder, once=given.once)
        else:
            take_current(consumer, given.prefix + CURRENT, store, decoder, once=given.once)
    except UnsupportedCodecError as error:
        sys.exit(f"{error}. There are records from before the topics were kept in gzip: pip install lz4, too.")
    consumer.close()
    living = sum(not order["deleted"] for order in store.orders.values())
    print(f"{living} change orders, {store.total()} in all")


if __name__ == "__main__":
    main()
