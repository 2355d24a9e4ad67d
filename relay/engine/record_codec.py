"""The product's codec: :class:`schemas.Codec` with the record types of the domain."""

from __future__ import annotations

from relay.domain.record_types import RECORD_TYPES
from schemas import Codec, SchemaSource


def record_codec(registry: SchemaSource | None = None) -> Codec:
    """Returns a codec for every record of the product.

    It writes Confluent's wire format where there is a registry, otherwise Avro's single-object
    encoding, and reads both.
    """
    return Codec(RECORD_TYPES, registry)
