"""The spelling and the fingerprint of a schema by which it is recognised (Avro specification, 'Parsing Canonical Form
for Schemas' and 'Schema Fingerprints').
"""

from __future__ import annotations

from typing import Any

from fastavro.schema import fingerprint as text_fingerprint
from fastavro.schema import to_parsing_canonical_form


def canonical_form(schema: dict[str, Any]) -> str:
    """Without docs, defaults and logical types: what decides how bytes are read."""
    return str(to_parsing_canonical_form(schema))


def fingerprint(schema: dict[str, Any]) -> bytes:
    """CRC-64-AVRO over the canonical form, in the order of the wire: eight bytes, little-endian."""
    return bytes.fromhex(text_fingerprint(canonical_form(schema), "CRC-64-AVRO"))
