"""Records to bytes on a topic, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar, cast

from schemas import catalog, framing
from schemas.canonical import fingerprint
from schemas.failures import UNKNOWN_SCHEMA, Unreadable, Unwritable
from schemas.reading import Read, reader
from schemas.refusal import refused
from schemas.resolution import Translate, translation
from schemas.writing import writer

T = TypeVar("T")


class SchemaSource(Protocol):
    """Where schemas have ids. :class:`schemas.registry.Registry` is one."""

    def id_of(self, topic: str, record: str) -> int:
        """The id under which the current schema of ``record`` is registered for ``topic``."""

    def schema_of(self, schema_id: int) -> catalog.Schema:
        """The schema with this id."""


class Codec:
    """Writes one wire format and reads both. Thread-safe.

    A schema is looked up in the registry once, when the first record comes that needs it.
    """

    def __init__(self, record_types: Mapping[str, type], registry: SchemaSource | None = None) -> None:
        """``record_types``: the dataclass of each record, by its schema's name.

        Written is Confluent's format where there is a ``registry``, otherwise Avro's single-object
        encoding, which needs none: the schemas are those that this package ships.
        """
        self._record_types = record_types
        self._registry = registry
        self._writers: dict[type, Callable[[Any], bytes]] = {}
        self._frames: dict[tuple[str, str], bytes] = {}
        self._decoders: dict[tuple[bytes, type], Callable[[bytes], Any]] = {}

    def encode(self, record: Any, topic: str) -> bytes:
        """The bytes of ``record`` for ``topic``.

        Raises :class:`schemas.failures.Unwritable` for a value that the schema cannot hold (nothing
        is ever rounded), and where a registry is used ``RegistryUnreachable`` and
        ``SchemaNotRegistered``.
        """
        name = type(record).__name__
        frame = self._frames.get((name, topic)) or self._frame(name, topic)
        try:
            return frame + self._writer(type(record))(record)
        except Exception as error:  # whatever the written-out code meets, a value is what is wrong
            raise refused(record, error) from error

    def decode(self, data: bytes, kind: type[T]) -> T:
        """The record of ``kind`` in ``data``, whichever format and published version wrote it.

        Raises :class:`schemas.failures.Unreadable` for anything else, and ``RegistryUnreachable``
        where the schema has to be asked for and cannot.
        """
        frame = framing.frame_of(data)
        decoder = self._decoders.get((frame, kind)) or self._decoder(frame, kind)
        try:
            return cast(T, decoder(data))
        except Exception as error:  # damaged bytes can fail in any way, and all mean the same
            raise Unreadable(
                f"these {len(data)} bytes are no readable {kind.__name__}: {type(error).__name__}: {error}; they are "
                "damaged, or something else than this product wrote them"
            ) from error

    def _frame(self, record: str, topic: str) -> bytes:
        if record not in self._record_types:
            raise Unwritable(record, "", "there is no schema for this record")
        if self._registry is None:
            frame = framing.single_object(fingerprint(catalog.schema(record)))
        else:
            frame = framing.confluent(self._registry.id_of(topic, record))
        self._frames[record, topic] = frame
        return frame

    def _writer(self, kind: type) -> Callable[[Any], bytes]:
        if kind not in self._writers:
            self._writers[kind] = writer(self._record_types[kind.__name__], catalog.schema(kind.__name__))
        return self._writers[kind]

    def _decoder(self, frame: bytes, kind: type) -> Callable[[bytes], Any]:
        written = self._written(frame)
        decoder = _decoder(
            reader(kind, catalog.schema(kind.__name__)), translation(catalog.schema(kind.__name__), written), len(frame)
        )
        self._decoders[frame, kind] = decoder
        return decoder

    def _written(self, frame: bytes) -> catalog.Schema:
        """The schema that a frame names."""
        schema_id = framing.schema_id(frame)
        if schema_id is None:
            return _shipped(framing.fingerprint(frame))
        if self._registry is None:
            raise Unreadable(
                f"these bytes name schema {schema_id} of a schema registry, and none is configured; set "
                "COR_SCHEMA_REGISTRY_URL to the registry that they were written with",
                reason=UNKNOWN_SCHEMA,
            )
        return self._registry.schema_of(schema_id)


def _shipped(mark: bytes) -> catalog.Schema:
    published = catalog.by_fingerprint().get(mark)
    if published is None:
        raise Unreadable(
            f"these bytes were written with a schema of fingerprint {mark.hex()}, which this release does not know; "
            "a newer release, or something else than this product, wrote them",
            reason=UNKNOWN_SCHEMA,
        )
    return published.schema


def _decoder(read: Read, translate: Translate | None, start: int) -> Callable[[bytes], Any]:
    def direct(data: bytes) -> Any:
        record, end = read(data, start)
        if end != len(data):
            raise ValueError(f"the record ends at byte {end} of {len(data)}")
        return record

    def translated(data: bytes) -> Any:
        body = translate(data[start:]) if translate else data
        record, _ = read(body, 0)
        return record

    return translated if translate else direct
