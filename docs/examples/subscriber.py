"""Prints change orders as they are observed. A service of your own can begin like this.

    python subscriber.py --kafka localhost:9092 --registry http://localhost:8081

    pip install "kafka-python[lz4]" fastavro

It needs these two packages (the relay compresses with LZ4), and nothing of Change Order Relay but its schemas: from the
registry, or from its folder `schemas/versions`, which `--schemas` names where this file stands alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form
from kafka import KafkaConsumer

TOPIC = "change-orders.observed.v1"
SHIPPED = Path(__file__).resolve().parent.parent.parent / "schemas" / "versions"


class Decoder:
    """Reads both wire formats: with the schema's id in the registry, or with its fingerprint."""

    def __init__(self, registry: str | None, folder: Path = SHIPPED) -> None:
        self.registry = registry
        self.folder = folder
        self.schemas: dict[bytes, Any] = {}
        for file in folder.glob("ChangeOrderObserved/*.avsc"):
            schema = json.loads(file.read_text(encoding="utf-8"))
            digest = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
            self.schemas[b"\xc3\x01" + bytes.fromhex(digest)] = parse_schema(schema)

    def decode(self, data: bytes) -> dict[str, Any]:
        """The event: ``00`` and four bytes of id, or ``C3 01`` and eight of fingerprint, then Avro."""
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
                f"No schema in {self.folder} has the fingerprint {head[2:].hex()}: name the folder schemas/versions of "
                "the release that writes this topic (--schemas)."
            )
        number = int.from_bytes(head[1:], "big")
        if self.registry is None:
            sys.exit(f"The record was written with a schema registry (id {number}): name its address (--registry).")
        with urlopen(f"{self.registry}/schemas/ids/{number}") as answer:  # noqa: S310 - an address of our own
            return parse_schema(json.loads(json.load(answer)["schema"]))


def main() -> None:
    """Reads for ever. What was handled is committed; what is handled twice has the same ``event_id``."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kafka", required=True)
    arguments.add_argument("--registry")
    arguments.add_argument("--schemas", type=Path, default=SHIPPED, help="the folder schemas/versions of the relay")
    arguments.add_argument("--topic", default=TOPIC)
    arguments.add_argument("--group", default="my-service")
    given = arguments.parse_args()
    decoder = Decoder(given.registry, given.schemas)
    consumer = KafkaConsumer(
        given.topic,
        bootstrap_servers=given.kafka,
        group_id=given.group,
        isolation_level="read_committed",  # Without it events of aborted transactions would show, too.
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    for record in consumer:
        event = decoder.decode(record.value)
        order = event["change_order"]
        print(f"{record.key.decode()} {event['sequence']} {event['change']}: {order['title']}, {order['client_price']}")
        consumer.commit()


if __name__ == "__main__":
    main()
