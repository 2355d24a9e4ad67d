"""CHANGELOG.md names what there is, and every version of a schema."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relay.engine.settings import Settings, variable
from relay.engine.telemetry.metrics import MetricName
from relay.engine.topics import ALL
from schemas import catalog

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RECORDS = sorted({topic.record for topic in ALL})


@pytest.mark.parametrize("record", RECORDS)
def test_the_newest_version_of_each_schema_is_told(record: str) -> None:
    assert re.search(rf"`{record}` {len(catalog.published(record))}\b", PAGE)


def test_no_version_is_told_that_was_not_published() -> None:
    told = re.findall(r"`([A-Z]\w+)` (\d+)", PAGE)
    assert len(told) > 10
    assert [(record, number) for record, number in told if int(number) > len(catalog.published(record))] == []


def test_every_topic_setting_and_metric_that_is_named_exists() -> None:
    known = {
        *(topic.base for topic in ALL),
        *(variable(field) for field in Settings.model_fields),
        *(name.value for name in MetricName),
    }
    named = set(re.findall(r"`(change-orders\.[a-z.-]+\.v\d+|COR_[A-Z_]+|cor_[a-z_]+)[`=]", PAGE))
    assert len(named) > 10
    assert named - known == set()


def test_the_form_is_that_of_keep_a_changelog() -> None:
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", section) for section in sections[1:])
    kinds = {"To do when updating", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", PAGE, re.MULTILINE)) <= kinds
