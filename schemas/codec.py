"""Records to bytes on a topic, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol, TypeVar, cast

from fastavro import schemaless_writer
from fastavro.read import SchemaResolutionError

from schemas import catalog, framing
from schemas.byte_check import MOST_ENTRIES, Check, byte_check
from schemas.conversion import Misfit, record_conversion
from schemas.failures import UNKNOWN_SCHEMA, Unreadable, Unwritable
from schemas.resolution import row_reader, wire_schema

T = TypeVar("T")

# What damaged bytes meet, or those of a foreign schema. A lack of memory is none of it: the bytes may be good.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    SchemaResolutionError,
    TypeError,
    ValueError,
)


class SchemaSource(Protocol):
    """Where schemas have ids. :class:`schemas.registry.Registry` is one."""

    def id_of(self, topic: str, published: catalog.Published) -> int:
        """The id under which this version of a record's schema is registered for ``topic``."""

    def schema_of(self, schema_id: int) -> catalog.Schema:
        """The schema with this id."""


_Encode = Callable[[Any], bytes]
_ToRow = Callable[[Any], dict[str, Any]]
"""A record's values by the names of its schema's fields."""


@dataclass(frozen=True, slots=True)
class _Writing:
    """The newest version that may be written, by record, and what writes so. Replaced as a whole."""

    at_most: Mapping[str, int]
    encoders: dict[tuple[type, str], _Encode]


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
        self._writing = _Writing({}, {})
        self._decoders: dict[tuple[bytes, type], Callable[[bytes], Any]] = {}

    def write_at_most(self, versions: Mapping[str, int]) -> None:
        """From now on writes each record that is named in the newest published version up to the one given.

        What that version does not know is left away. Others are written in their newest version.
        """
        self._writing = _Writing(dict(versions), {})

    def encode(self, record: Any, topic: str) -> bytes:
        """The bytes of ``record`` for ``topic``.

        Raises :class:`schemas.failures.Unwritable` for a value that the schema cannot hold (nothing
        is ever rounded), and where a registry is used ``RegistryUnreachable`` and
        ``SchemaNotRegistered``.
        """
        kind, writing = type(record), self._writing
        encoder = writing.encoders.get((kind, topic)) or self._encoder(kind, topic, writing)
        try:
            return encoder(record)
        except Misfit as misfit:
            raise Unwritable(kind.__name__, misfit.path, misfit.why) from None

    def decode(self, data: bytes, kind: type[T]) -> T:
        """The record of ``kind`` in ``data``, whichever format and published version wrote it.

        Raises :class:`schemas.failures.Unreadable` for anything else, and ``RegistryUnreachable``
        where the schema has to be asked for and cannot.
        """
        frame = framing.frame_of(data)
        decoder = self._decoders.get((frame, kind)) or self._decoder(frame, kind)
        try:
            return cast(T, decoder(data))
        except _DAMAGE as error:
            raise Unreadable(
                f"these {len(data)} bytes are no readable {kind.__name__}: {type(error).__name__}: {error}; they are "
                "damaged, or something else than this product wrote them"
            ) from error

    def _encoder(self, kind: type, topic: str, writing: _Writing) -> _Encode:
        name = kind.__name__
        if self._record_types.get(name) is not kind:
            raise Unwritable(name, "", "there is no schema for this record")
        newest = catalog.published(name)[-1]
        version = _newest_up_to(writing.at_most.get(name, newest.version), name)
        if self._registry is None:
            frame = framing.single_object(version.schema)
        else:
            frame = framing.confluent(self._registry.id_of(topic, version))
        to_row = record_conversion(kind, catalog.NAMESPACE).to_avro
        if version == newest:
            encoder = _row_encoder(frame, newest.schema, to_row)
        else:
            encoder = _row_encoder(frame, version.schema, _reduced(to_row, newest.schema, version.schema))
        writing.encoders[kind, topic] = encoder
        return encoder

    def _decoder(self, frame: bytes, kind: type) -> Callable[[bytes], Any]:
        read = row_reader(catalog.schema(kind.__name__), self._written(frame))
        from_row = record_conversion(kind, catalog.NAMESPACE).from_avro
        start = len(frame)

        def decode(data: bytes) -> Any:
            return from_row(read(data, start))

        self._decoders[frame, kind] = decode
        return decode

    def _written(self, frame: bytes) -> catalog.Schema:
        """The schema that a frame names."""
        schema_id = framing.schema_id_in(frame)
        if schema_id is None:
            return _shipped(framing.fingerprint_in(frame))
        if self._registry is None:
            raise Unreadable(
                f"these bytes name schema {schema_id} of a schema registry, and none is configured; set "
                "COR_SCHEMA_REGISTRY_URL to the registry that they were written with",
                reason=UNKNOWN_SCHEMA,
            )
        return self._registry.schema_of(schema_id)


def _row_encoder(frame: bytes, schema: catalog.Schema, to_row: _ToRow) -> _Encode:
    written = wire_schema(schema)
    check, start = byte_check(written), len(frame)

    def encode(record: Any) -> bytes:
        row, target = to_row(record), BytesIO()
        target.write(frame)
        schemaless_writer(target, written, row, strict=True)
        data = target.getvalue()
        if len(data) > MOST_ENTRIES:  # Each entry takes a byte: of a smaller one nobody has to count them.
            _refuse_many(check, data, start)
        return data

    return encode


def _refuse_many(check: Check, data: bytes, start: int) -> None:
    """Nobody would read it again. Raises ``Misfit``."""
    try:
        check(data, start)
    except ValueError as error:
        raise Misfit(f"cannot be read again: {error}") from None


def _reduced(to_row: _ToRow, newest: catalog.Schema, earlier: catalog.Schema) -> _ToRow:
    """Rows as a reader of the earlier schema would find them: Avro's own rules say what that is."""
    whole, read = _row_encoder(b"", newest, to_row), row_reader(earlier, newest)
    return lambda record: read(whole(record), 0)


def _newest_up_to(version: int, record: str) -> catalog.Published:
    every = catalog.published(record)
    return every[min(max(version, 1), len(every)) - 1]


def _shipped(mark: bytes) -> catalog.Schema:
    published = catalog.by_fingerprint().get(mark)
    if published is None:
        raise Unreadable(
            f"these bytes were written with a schema of fingerprint {mark.hex()}, which this release does not know; "
            "a newer release, or something else than this product, wrote them",
            reason=UNKNOWN_SCHEMA,
        )
    return published.schema
