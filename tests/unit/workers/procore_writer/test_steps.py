from __future__ import annotations

import pytest

from workers.procore_writer.calls.table import READERS, WRITERS
from workers.procore_writer.plan.record_updates import (
    LineRemoval,
    LineUpdates,
    OrderUpdate,
    PackageUpdate,
    RecordUpdate,
)
from workers.procore_writer.plan.steps import Step, may_be_repeated


def test_every_step_has_one_handler_of_its_kind() -> None:
    assert set(READERS) == {step.value for step in Step if not step.writes}
    assert set(WRITERS) == {step.value for step in Step if step.writes}


def test_only_the_creation_of_a_package_is_never_repeated() -> None:
    assert [step for step in Step if not may_be_repeated(step)] == [Step.PACKAGE]


@pytest.mark.parametrize(
    ("update", "content"),
    [
        (OrderUpdate(7, {"a": 1}), {"pco_id": 7, "fields": {"a": 1}}),
        (OrderUpdate(7, {}, has_lines=False), {"pco_id": 7, "fields": {}, "has_lines": False}),
        (PackageUpdate(7, {"a": 1}), {"package_id": 7, "fields": {"a": 1}}),
        (PackageUpdate(7, {}, has_lines=True), {"package_id": 7, "fields": {}, "has_lines": True}),
        (LineUpdates(7, [{"a": 1}]), {"pco_id": 7, "updates": [{"a": 1}]}),
        (LineRemoval(7, "line:1", None, "o"), {"pco_id": 7, "part": "line:1", "line_id": None, "origin_id": "o"}),
    ],
)
def test_what_intents_keep_the_hash_of_has_the_form_of_earlier_releases(
    update: RecordUpdate, content: dict[str, object]
) -> None:
    assert update.content == content
