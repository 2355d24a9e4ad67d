"""Whatever the documentation leaves open: a change order is ordered once, and its next revision changes it."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.world import World, command, line, payload

SETTINGS: list[dict[str, Any]] = [
    {"unpaged_lists": "whole"},
    {"unpaged_lists": "first_page"},
    {"unpaged_lists": "paged", "offset_counts": "pages_from_1"},
    {"numbers_as_text": True, "separators": True, "booleans_as_text": True},
    {"escaped_texts": True},
    {"upper_guids": True},
    {"days_with_time": True},
    {"envelope": "old", "error_http": "ok"},
    {"keep_references": False},
    {"references_in_lists": False},
    {"reference_spelling": "links"},
    {"pending_shape": "row_0", "job_seconds": 2},
    {"pending_shape": "row_200_queued", "job_seconds": 2},
    {"pending_shape": "unknown_job", "job_seconds": 2},
]
TEXT = 'Beam 3" & <plate>'


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_it_is_ordered_once_and_changed_while_it_is_open(world: World, settings: dict[str, Any]) -> None:
    for number in range(55):
        world.company.people("create_poco", po="PO-123", description=f"Theirs {number}", items=[{"quantity": 1}])
    world.company.settings(**settings)
    first = command(content=payload(line("1", "1200.5", description=TEXT), line("2", "18.4", "10")))
    (end,) = world.run(first)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    second = command(content=payload(line("1", "1200.5", "2", description=TEXT), line("3", "7.25", "4")), sequence=2)
    (end,) = world.run(second)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    (poco,) = world.company.made()
    ordered = {one["description"]: int(one["quantity"]) for one in poco["items"]}
    assert ordered == {TEXT: 2, "Item 2": 0, "Item 3": 4}
    assert (world.company.sent("POST"), world.company.sent("PUT")) == (1, 1)


MUTUAL: list[list[dict[str, Any]]] = [
    [
        {"field": "purchase_order.cinx_guid", "nullable": False, "data_type": "guid", "enforce": True, "mutual": True},
        {"field": "items.job_cost.material_cost_code_name", "nullable": False, "data_type": "string", "mutual": True},
        {
            "field": "items.job_cost.cinx_material_cost_code_guid",
            "nullable": False,
            "data_type": "guid",
            "mutual": True,
        },
    ],
    [{"field": "purchase_order", "nullable": False, "data_type": "object", "enforce": True}],
    [{"field": "items.date_need_by", "nullable": True, "data_type": "date", "enforce": True}],
]


@pytest.mark.parametrize("required", MUTUAL)
def test_a_poco_is_ordered_whatever_form_the_template_requires_fields_in(
    world: World, required: list[dict[str, Any]]
) -> None:
    world.company.people("set_template", name="poco", row={"required_post": required})
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    assert all(None not in one.values() for job in world.company.company.jobs.values() for one in job.payload["items"])
