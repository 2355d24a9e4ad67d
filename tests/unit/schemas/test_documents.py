from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastavro.schema import parse_schema

import schemas
from relay.domain.record_types import RECORD_TYPES
from relay.engine import topics
from schemas import NAMESPACE, RECORDS, published, schema, schema_text
from tests.unit.schemas.record_parts import records_in


def fields(record: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, inner in records_in(schema(record)).items():
        for field in inner["fields"]:
            yield f"{name}.{field['name']}", field


@pytest.mark.parametrize("record", RECORDS)
def test_every_record_and_field_is_documented_in_a_sentence(record: str) -> None:
    documented = [(name, inner.get("doc", "")) for name, inner in records_in(schema(record)).items()]
    documented += [(name, field.get("doc", "")) for name, field in fields(record)]
    assert [name for name, text in documented if not text.endswith((".", "}."))] == []


@pytest.mark.parametrize("record", RECORDS)
def test_every_file_is_complete_in_itself_and_in_the_namespace(record: str) -> None:
    parsed = parse_schema(schema(record))
    assert isinstance(parsed, dict)
    assert parsed["name"] == f"{NAMESPACE}.{record}"


@pytest.mark.parametrize("record", RECORDS)
def test_what_may_be_missing_has_null_first_and_null_as_its_default(record: str) -> None:
    unions = [(name, field) for name, field in fields(record) if isinstance(field["type"], list)]
    assert [name for name, field in unions if field["type"][0] != "null" or field.get("default", 0) is not None] == []


@pytest.mark.parametrize("record", RECORDS)
def test_no_number_is_a_float(record: str) -> None:
    assert "float" not in schema_text(record)
    assert "double" not in schema_text(record)


def test_the_folder_holds_the_known_records_and_no_other() -> None:
    folder = Path(schemas.__file__).parent
    assert {file.stem for file in folder.glob("*.avsc")} == set(RECORDS)
    assert {file.name for file in (folder / "versions").iterdir()} == set(RECORDS)


@pytest.mark.parametrize("record", RECORDS)
def test_versions_are_numbered_from_one_without_a_gap(record: str) -> None:
    assert [version.version for version in published(record)] == list(range(1, len(published(record)) + 1))


def test_every_topic_has_a_record_and_every_record_a_topic() -> None:
    assert {topic.record for topic in topics.ALL} == set(RECORDS)


def test_every_record_has_a_dataclass_and_every_dataclass_a_record() -> None:
    assert set(RECORD_TYPES) == set(RECORDS)


def test_an_unknown_record_is_named() -> None:
    with pytest.raises(KeyError, match="Invoice"):
        schema("Invoice")


def test_the_files_are_found_where_the_package_is_no_folder(tmp_path: Path) -> None:
    root = Path(schemas.__file__).parent.parent
    archive = tmp_path / "installed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in (root / "schemas").rglob("*"):
            if file.suffix in {".py", ".avsc"}:
                packed.write(file, file.relative_to(root))
    program = (
        "import json, schemas; "
        "print(json.dumps([schemas.__file__, [len(schemas.published(one)) for one in schemas.RECORDS]]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(archive)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    where, counts = json.loads(ran.stdout)
    assert where.startswith(str(archive))
    assert all(count >= 1 for count in counts)
