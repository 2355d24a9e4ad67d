from __future__ import annotations

import json
from typing import Any

import pytest

from relay.domain.record_types import RECORD_TYPES
from relay.engine.record_codec import record_codec
from schemas import RECORDS, Published, published
from tests.unit.schemas.golden_files import FOLDER, OneSchema, golden, path_of
from tests.unit.schemas.samples import SAMPLES

EVERY = [version for record in RECORDS for version in published(record)]


def name_of(version: Published) -> str:
    return f"{version.record}-{version.version}"


def kept(version: Published) -> dict[str, Any]:
    path = path_of(version)
    assert path.exists(), "publish its golden file too: python -m tests.unit.schemas.golden_files"
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("version", EVERY, ids=name_of)
def test_a_published_schema_never_changes(version: Published) -> None:
    assert version.canonical == kept(version)["canonical"]
    assert version.fingerprint.hex() == kept(version)["fingerprint"]


@pytest.mark.parametrize("record", RECORDS)
def test_the_newest_version_writes_the_same_bytes_as_ever(record: str) -> None:
    version = published(record)[-1]
    assert golden(version) == kept(version)


@pytest.mark.parametrize("version", EVERY, ids=name_of)
def test_the_bytes_of_every_version_are_read_in_both_formats(version: Published) -> None:
    kind: type[object] = RECORD_TYPES[version.record]
    codec = record_codec(OneSchema(version.schema))
    for form in ("single_object", "confluent"):
        read = codec.decode(bytes.fromhex(kept(version)[form]), kind)
        assert isinstance(read, kind)
        if version is published(version.record)[-1]:
            assert read == SAMPLES[version.record]


def test_no_golden_file_is_left_over() -> None:
    assert set(FOLDER.rglob("*.json")) == {path_of(version) for version in EVERY}
