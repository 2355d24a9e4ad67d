"""From an approved change order to a confirmed POCO, in every spelling that CINX may answer with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from relay.domain.commands import Operation
from relay.domain.outcomes import OutcomeKind
from tests.contract.workers.cinx_submitter.company import references, total
from tests.contract.workers.cinx_submitter.world import World, command, line, payload


def test_an_approved_change_order_becomes_one_poco_with_its_mark(world: World) -> None:
    one = command()
    (end,) = world.run(one)
    assert end.kind is OutcomeKind.APPLIED
    (poco,) = world.company.made()
    assert total(poco) == Decimal(304)
    marks = references(poco)
    assert marks["change-order-relay"] == one.origin_id
    assert marks["change-order-relay-key"] == one.idempotency_key
    assert marks["change-order-relay-sequence"] == "1"
    (remote,) = end.remote
    assert (remote.kind, remote.remote_id, remote.number) == ("poco", poco["cinx_guid"], poco["number"])


def test_every_reference_has_a_description_since_cinx_may_not_keep_one_without(world: World) -> None:
    world.run(command())
    (poco,) = world.company.made()
    assert all(one["type"] and one["description"] and one["value"] for one in poco["external_references"])


def test_a_submission_is_told_with_its_job_before_it_is_confirmed(world: World) -> None:
    one = command()
    world.run(one)
    assert [outcome.kind for outcome in world.outcomes(one)] == [OutcomeKind.SUBMITTED, OutcomeKind.APPLIED]
    (job,) = world.company.company.jobs
    submitted = world.outcomes(one)[0]
    assert submitted.reason == "cinx.job_started"
    assert [(record.kind, record.remote_id) for record in submitted.remote] == [("job", job)]


def test_what_is_applied_costs_no_call_when_it_is_mapped_again(world: World) -> None:
    world.run(command())
    before = len(world.company.requests)
    (end,) = world.run(command(mapped=5))
    assert end.kind is OutcomeKind.UNCHANGED
    assert len(world.company.requests) == before


def test_a_page_for_people_is_linked_where_it_is_configured() -> None:
    world = World(poco_page="https://cinx.example/pocos/{guid}")
    (end,) = world.run(command())
    (poco,) = world.company.made()
    assert end.remote[0].url == f"https://cinx.example/pocos/{poco['cinx_guid']}"
    world.close()


def test_a_lump_sum_is_one_line(world: World) -> None:
    world.run(command(content=payload(line("lump", "4950.25", cost_code=None))))
    (poco,) = world.company.made()
    assert (len(poco["items"]), total(poco)) == (1, Decimal("4950.25"))


def test_negative_and_zero_amounts_are_ordered_as_they_are(world: World) -> None:
    world.run(command(content=payload(line("1", "-250.5"), line("2", "0"))))
    (poco,) = world.company.made()
    assert sorted(item["unit_price"] for item in poco["items"]) == [Decimal("-250.5"), Decimal(0)]


def test_a_unit_is_named_in_the_text_since_the_price_is_per_piece(world: World) -> None:
    world.run(command(content=payload(line("1", "142.5", "12", unit="yd"))))
    (poco,) = world.company.made()
    assert (poco["items"][0]["description"], poco["items"][0]["price_uom"]) == ("Item 1 (unit: yd)", "E")


def test_false_and_zero_are_sent_and_nulls_are_not(world: World) -> None:
    fields = {"allow_substitutes": "false", "taxes.taxable": "no", "items.taxes.tax_rate": "0"}
    world.run(command(content=payload(fields=fields)))
    (job,) = world.company.company.jobs.values()
    assert (job.payload["allow_substitutes"], job.payload["taxes"]["taxable"]) == (False, False)
    assert job.payload["items"][0]["taxes"]["tax_rate"] == 0
    assert "None" not in repr(job.payload)


def test_names_that_the_route_sets_become_the_guids_of_the_lists(world: World) -> None:
    fields = {"job_cost_defaults.phase_name": "First Floor", "taxes.tax_group_name": "TAX-03"}
    (end,) = world.run(command(content=payload(fields=fields)))
    assert end.kind is OutcomeKind.APPLIED
    (poco,) = world.company.made()
    assert poco["detail"]["job_cost_defaults"]["phase_name"] == "First Floor"
    assert poco["detail"]["taxes"]["tax_group_name"] == "TAX-03"


def test_a_cost_code_is_found_by_the_code_that_the_other_system_has_for_it(world: World) -> None:
    world.company.people("add_row", list="material-cost-codes", row={"name": "09-900 Paint", "reference_id": "371"})
    world.run(command(content=payload(line("1", "5", cost_code="371"))))
    (poco,) = world.company.made()
    assert poco["items"][0]["job_cost"]["material_cost_code"] == "09-900 Paint"


def test_options_are_sent_in_their_exact_spelling(world: World) -> None:
    world.run(command(content=payload(fields={"delivery.location_type": "warehouse", "items.price_uom": "e"})))
    (poco,) = world.company.made()
    assert poco["detail"]["delivery"]["location_type"] == "WAREHOUSE"


SPELLINGS: list[dict[str, Any]] = [
    {"envelope": "old"},
    {"total_count": "true"},
    {"error_http": "ok"},
    {"reference_spelling": "external_references"},
    {"reference_spelling": "links"},
    {"references_in_lists": False},
    {"list_number": "full"},
    {"number_base": "number"},
    {"offset_counts": "pages"},
    {"order": "shuffle"},
    {"booleans_as_text": True},
    {"numbers_as_text": True},
    *({"job_id_place": place} for place in ("response.job_id", "rows.job_id", "rows.cinx_id")),
    *(
        {"pending_shape": shape, "job_seconds": 40}
        for shape in ("empty_rows", "row_102", "row_without_status", "row_null_status", "unknown_job")
    ),
    {"job_status_plain": False},
    {"job_status_sub": False},
    {"poco_late_seconds": 50},
    {"job_seconds": 300},
    {"keep_references": False},
    {"keep_references": False, "poco_late_seconds": 15},
]


@pytest.mark.parametrize("settings", SPELLINGS, ids=lambda settings: ",".join(f"{k}={v}" for k, v in settings.items()))
@pytest.mark.parametrize("synchronous", [False, True], ids=["job", "synchronous"])
def test_whatever_cinx_leaves_open_one_poco_is_made_and_found(
    settings: dict[str, Any],
    synchronous: bool,  # noqa: FBT001 - pytest
) -> None:
    world = World(synchronous=synchronous)
    world.company.settings(**settings)
    world.company.people("create_poco", po="PO-123", items=[{"quantity": 1, "unit_price": 5, "description": "By hand"}])
    one = command()
    (end,) = world.run(one)
    assert end.kind is OutcomeKind.APPLIED, end.sentence
    (poco,) = world.company.made()
    assert world.entry(one).remote["poco_guid"] == poco["cinx_guid"]
    assert world.company.sent("POST") == 1
    world.close()


def test_a_purchase_order_with_hundreds_of_pocos_is_read_to_the_end(world: World) -> None:
    for number in range(130):
        items = [{"quantity": 1, "unit_price": number, "description": f"By hand {number}"}]
        world.company.people("create_poco", po="PO-123", description=f"CO {number}", items=items)
    (end,) = world.run(command())
    assert end.kind is OutcomeKind.APPLIED
    assert len(world.company.made()) == 1


def test_a_changed_template_version_is_followed_after_an_hour(world: World) -> None:
    world.run(command("1"))
    row = dict(world.company.company.templates.rows["poco"])
    row["doc_info"] = {**row["doc_info"], "version": "2.0"}
    world.company.people("set_template", name="poco", row=row)
    world.pass_time(4000)
    (end,) = world.run(command("2", payload(description="Another")))
    assert end.kind is OutcomeKind.APPLIED
    template = world.adapter.cache.templates.get("acme")
    assert template is not None
    assert template.version == "2.0"


def test_a_withdrawal_overtakes_what_waits(world: World) -> None:
    world.settle()
    before = len(world.company.requests)
    approved, withdrawn = command(sequence=1), command(sequence=2, operation=Operation.WITHDRAW)
    ends = world.run(approved, withdrawn)
    assert [end.kind for end in ends] == [OutcomeKind.SUPERSEDED, OutcomeKind.WITHDRAWN]
    assert len(world.company.requests) == before


@pytest.mark.parametrize("characters", [4_001, 60_000])
def test_a_text_is_as_long_as_it_is_where_cinx_states_no_limit(world: World, characters: int) -> None:
    (end,) = world.run(
        command(content=payload(line("1", "5", description="x" * characters), description="y" * characters))
    )
    assert end.kind is OutcomeKind.APPLIED
    (job,) = world.company.company.jobs.values()
    assert (len(job.payload["description"]), len(job.payload["items"][0]["description"])) == (characters, characters)
