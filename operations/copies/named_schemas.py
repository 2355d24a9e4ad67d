"""What the ids in a copy's records mean, which stands in a schema registry and not in Kafka's topics.

Bytes without an id (Avro's single objects) name schemas that every release ships: they need none of this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from operations.environment import Environment, registry_of
from operations.errors import Refused
from relay.domain.ledger import InboxRecord
from relay.domain.letters import DeadLetter
from relay.domain.record_types import RECORD_TYPES
from relay.engine.topics import AUDIT, NAMES, Topic
from schemas import Codec, Schema, Unreadable, published
from schemas.catalog import called, record_of
from schemas.compatibility import read_alike
from schemas.framing import CONFLUENT_BYTES, frame_of, schema_id_in, single_object

_SHOWN = 5
"""Ids that a message tells about one by one."""


def _of_letter(letter: DeadLetter) -> bytes | None:
    return letter.record_value


def _of_inbox(record: InboxRecord) -> bytes | None:
    return None if record.waiting is None else record.waiting.command


_HOLDING: Mapping[str, tuple[type, Callable[[Any], bytes | None]]] = {
    "DeadLetter": (DeadLetter, _of_letter),
    "InboxRecord": (InboxRecord, _of_inbox),
}
"""Records that hold another one byte for byte, with the id that it was written with; that may stand nowhere else."""


class NamedSchemas:
    """The schemas that records name, each asked for when it is met first."""

    def __init__(self, environment: Environment) -> None:
        self._codec = environment.codec
        self._registry = registry_of(environment.settings)
        self._found: dict[int, Schema | None] = {}

    @property
    def unknown(self) -> tuple[int, ...]:
        """Ids that the registry does not hold, or that are none of ours there: what names them nobody can read."""
        return tuple(sorted(number for number, schema in self._found.items() if schema is None))

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each id with the text of its schema."""
        for number, schema in sorted(self._found.items()):
            if schema is not None:
                yield number, json.dumps(schema, separators=(",", ":"))

    def see(self, topic: Topic, value: bytes | None) -> None:
        """Notes what a record of ``topic`` names.

        Raises ``RegistryUnreachable`` or its ``RegistryRefused``, and ``Refused`` where no registry is named and the
        record is one that was written with one.
        """
        if value is None or not self._readable(topic.record, value):
            return
        kind, held = _HOLDING.get(topic.record, (None, None))
        if kind is None or held is None:
            return
        with suppress(Unreadable):
            inner = held(self._codec.decode(value, kind))
            if inner is not None:
                self._readable(None, inner)

    def _readable(self, record: str | None, data: bytes) -> bool:
        try:
            number = schema_id_in(frame_of(data))
        except Unreadable:
            return False
        if number is None:
            return True
        if self._registry is None and record is not None and _is(self._codec, record, data):
            raise Refused(
                f"records name schema {number} of a schema registry, and none is configured: a copy without what its "
                "ids mean cannot be read. Set COR_SCHEMA_REGISTRY_URL to the registry that they were written with"
            )
        if number not in self._found:
            self._found[number] = self._asked(number)
        return self._found[number] is not None

    def _asked(self, number: int) -> Schema | None:
        if self._registry is None:
            return None
        try:
            schema = self._registry.schema_of(number)
        except Unreadable:
            return None
        return schema if record_of(schema) else None


def refuse_other_meanings(environment: Environment, schemas: Mapping[int, Schema]) -> None:
    """Raises ``Refused`` where the registry that the settings name gives these ids another meaning, or none.

    Raises ``SchemaNotRegistered`` where it lacks what a restore itself writes with, ``RegistryUnreachable`` or its
    ``RegistryRefused`` where it cannot be asked. Nothing may be written before.
    """
    registry = registry_of(environment.settings)
    if registry is None:
        if schemas:
            raise Refused(
                f"records of the copy name schemas of a schema registry ({', '.join(map(str, schemas))}), and none is "
                "configured: nobody could read what is put back. Nothing was written. Set COR_SCHEMA_REGISTRY_URL to a "
                "registry that holds them under these ids"
            )
        return
    others = []
    for number, schema in sorted(schemas.items()):
        there: Schema | None = None
        with suppress(Unreadable):  # It holds nothing under this id, or nothing of ours.
            there = registry.schema_of(number)
        if there is None or not read_alike(schema, there):
            others.append(f"{number} is {called(schema)} in the copy, {called(there) if there else 'nothing'} there")
    if others:
        more = f"; and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise Refused(
            f"the schema registry at {registry.url} gives ids another meaning than the records of the copy "
            f"({'; '.join(others[:_SHOWN])}{more}): what is put back could not be read. Nothing was written. Put the "
            "content of the registry back first, ids included: from a copy of its own, or from the lines `schema` of "
            "this one (docs/operating.md, 'Backup and restore'). `cor schemas register` alone gives ids anew"
        )
    for topic in (NAMES, AUDIT):  # Else the new ids of the topics could not be written down at the end.
        registry.id_of(environment.name(topic), published(topic.record)[-1])


def _is(codec: Codec, record: str, data: bytes) -> bool:
    """Whether the bytes behind an id are a whole record of ours; else something else than this product wrote them."""
    for version in published(record):
        with suppress(Unreadable):
            codec.decode(single_object(version.schema) + data[CONFLUENT_BYTES:], RECORD_TYPES[record])
            return True
    return False
