"""Golden files: for every published version its canonical form, its fingerprint, and one record's bytes.

Run as ``python -m tests.unit.schemas.golden_files`` it writes those that are not there yet, and
never changes one that is: bytes that stood on a topic once must be readable for ever.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay.engine.record_codec import record_codec
from schemas import RECORDS, Published, Schema, published
from tests.unit.schemas.samples import SAMPLES

FOLDER = Path(__file__).parent / "golden"
SCHEMA_ID = 258


@dataclass(frozen=True, slots=True)
class OneSchema:
    """A registry that holds one schema, under :data:`SCHEMA_ID`."""

    schema: Schema
    asked: list[Published] = field(default_factory=list)

    def id_of(self, topic: str, published: Published) -> int:
        self.asked.append(published)
        return SCHEMA_ID

    def schema_of(self, schema_id: int) -> Schema:
        assert schema_id == SCHEMA_ID
        return self.schema


def path_of(version: Published) -> Path:
    return FOLDER / version.record / f"{version.version}.json"


def golden(version: Published) -> dict[str, Any]:
    """What the golden file of the newest version of a record holds."""
    sample = SAMPLES[version.record]
    return {
        "canonical": version.canonical,
        "fingerprint": version.fingerprint.hex(),
        "single_object": record_codec().encode(sample, "topic").hex(),
        "confluent": record_codec(OneSchema(version.schema)).encode(sample, "topic").hex(),
    }


def write_missing() -> None:
    """Writes the file of each newest version that has none."""
    for version in (published(record)[-1] for record in RECORDS):
        path = path_of(version)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(golden(version), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_missing()
