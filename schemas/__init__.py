"""The contracts of the topics, and what turns records into bytes and back.

Every topic's record is an Avro schema (``<Record>.avsc``) and a dataclass that says the same; a
test holds them equal. Which dataclass that is, the codec is told: this package imports nothing of
ours. Published versions stay under ``versions/``: bytes that were ever written can be read for ever.

To change a record, change its dataclass and its schema, see what ``cor schemas check`` says, and
publish: copy the schema to ``versions/<Record>/<next number>.avsc`` and write its golden file. A
new field needs a default; a published file never changes, its documentation excepted.

* :class:`Codec` encodes and decodes.
* :func:`schema` and :func:`schema_text` give a record's schema to other tools, :func:`published` its versions.
* :func:`incompatibilities` says what breaks compatibility; :class:`schemas.registry.Registry` registers. What it asks
  the registry with is a third of this package's start, so that who has none does not import it.
"""

from __future__ import annotations

from schemas.catalog import NAMESPACE, RECORDS, Published, Schema, published, schema, schema_text
from schemas.codec import Codec, SchemaSource
from schemas.compatibility import Break, Incompatibility, all_incompatibilities, breaks, incompatibilities, unpublished
from schemas.failures import (
    UNKNOWN_SCHEMA,
    UNREADABLE,
    UNWRITABLE,
    RegistryFailure,
    RegistryRefused,
    RegistryUnreachable,
    SchemaNotRegistered,
    SchemaRefused,
    Unreadable,
    Unwritable,
)

__all__ = [
    "NAMESPACE",
    "RECORDS",
    "UNKNOWN_SCHEMA",
    "UNREADABLE",
    "UNWRITABLE",
    "Break",
    "Codec",
    "Incompatibility",
    "Published",
    "RegistryFailure",
    "RegistryRefused",
    "RegistryUnreachable",
    "Schema",
    "SchemaNotRegistered",
    "SchemaRefused",
    "SchemaSource",
    "Unreadable",
    "Unwritable",
    "all_incompatibilities",
    "breaks",
    "incompatibilities",
    "published",
    "schema",
    "schema_text",
    "unpublished",
]
