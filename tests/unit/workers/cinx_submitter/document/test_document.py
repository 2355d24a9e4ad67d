"""The JSON of a POCO after the live template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clients.cinx import Template
from relay.domain.commands import CinxPayload
from relay.engine.writer.adapter import Reject
from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.document.document import Document, compose
from workers.cinx_submitter.document.fields import typed
from workers.cinx_submitter.document.lines import wanted_lines
from workers.cinx_submitter.refusals import PlanStopped
from workers.cinx_submitter.situation import PlanContext


def composed(content: CinxPayload, live: Any = None, **more: Any) -> Document:
    facts = factories.cached(live=live, codes=factories.cost_codes("03-300", "05-120"))
    context = PlanContext(factories.command(content), None, None, facts)
    assert facts.template is not None
    return compose(context, facts.template, factories.order(), wanted_lines(context, factories.order()), **more)


def paths(value: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield before + name, inner
            yield from paths(inner, f"{before}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, before)


def test_a_new_poco_has_a_procurement_status_whatever_the_template_requires() -> None:
    """CINX: a POCO must have one."""
    blank = factories.template({**factories.SKELETON, "procurement_status": ""})
    assert composed(factories.payload(), blank).element["procurement_status"] == "NOT ORDERED"
    assert "procurement_status" not in composed(factories.payload(), blank, changes=factories.POCO).element


LINES = st.builds(
    factories.line,
    st.integers(1, 99).map(str),
    st.decimals(min_value=-(10**6), max_value=10**6, places=4),
    st.decimals(min_value=1, max_value=10**4, places=4),
    cost_code=st.sampled_from([None, "03-300"]),
    unit=st.sampled_from([None, "yd", "EA"]),
)
PAYLOADS = st.builds(
    lambda lines, number, title: factories.payload(*lines, number=number, title=title),
    st.lists(LINES, min_size=1, max_size=4),
    st.none() | st.text(max_size=5),
    st.none() | st.text(max_size=5),
)


@given(content=PAYLOADS)
def test_no_null_is_sent_and_nothing_that_the_template_does_not_have(content: CinxPayload) -> None:
    document = composed(content)
    members = list(paths(document.element))
    assert {path for path, _ in members} <= factories.template().paths
    assert all(value is not None for _, value in members)
    assert len(document.element["items"]) == len(content.lines)


@given(content=PAYLOADS)
def test_amounts_are_those_of_the_change_order_to_the_last_digit(content: CinxPayload) -> None:
    items = composed(content).element["items"]
    sent = sum(item["quantity"] * item["unit_price"] for item in items)
    assert sent == sum(line.quantity * line.unit_price for line in content.lines)


def required(path: str, **more: Any) -> dict[str, Any]:
    return {"field": path, "nullable": False, "data_type": "string", "enforce": True, **more}


def test_required_fields_are_filled_with_the_templates_own_defaults() -> None:
    wanted = [required(path) for path in ("delivery.country", "items.price_uom", "allow_substitutes")]
    element = composed(factories.payload(), factories.template(required_post=wanted)).element
    assert (element["delivery"]["country"], element["items"][0]["price_uom"]) == ("USA", "E")
    assert element["allow_substitutes"] is True


def test_one_of_several_alternatives_is_enough() -> None:
    either = required("purchase_order.number", mutual=["purchase_order.number", "purchase_order.cinx_guid"])
    skeleton = {**factories.SKELETON, "purchase_order": {"cinx_guid": None}}
    element = composed(factories.payload(), factories.template(skeleton, required_post=[either])).element
    assert element["purchase_order"] == {"cinx_guid": factories.ORDER}


@pytest.mark.parametrize(
    "entry", [required("delivery.attention"), required("delivery.attention", mutual=["items.nothing"])]
)
def test_a_required_field_without_a_value_is_refused_by_name(entry: dict[str, Any]) -> None:
    with pytest.raises(PlanStopped) as stopped:
        composed(factories.payload(), factories.template(required_post=[entry]))
    assert isinstance(stopped.value.plan, Reject)
    assert stopped.value.plan.reason == "cinx.required_field_missing"
    assert "delivery.attention" in stopped.value.plan.sentence


@pytest.mark.parametrize("changes", [None, factories.POCO])
def test_a_field_that_is_required_but_may_be_empty_is_left_out_since_a_null_clears(changes: str | None) -> None:
    wanted = [required("delivery.attention", nullable=True), required("items.date_need_by", nullable=True)]
    element = composed(factories.payload(), factories.template(required_post=wanted), changes=changes).element
    assert "delivery" not in element
    assert all("date_need_by" not in item for item in element["items"])


def test_a_required_field_that_the_template_shows_empty_has_its_documented_default() -> None:
    skeleton = {**factories.SKELETON, "delivery": {"country": None, "location_type": None}}
    wanted = [required("delivery.country"), required("delivery.location_type"), required("items.taxes.taxable")]
    element = composed(factories.payload(), factories.template(skeleton, required_post=wanted)).element
    assert element["delivery"] == {"country": "USA", "location_type": "JOB SITE"}
    assert all(item["taxes"] == {"taxable": True} for item in element["items"])


def test_a_templates_default_has_the_fields_type_however_the_template_writes_it() -> None:
    skeleton = {**factories.SKELETON, "allow_substitutes": "1", "taxes": {"taxable": "0"}}
    wanted = [required("allow_substitutes", data_type="bool"), required("taxes.taxable", data_type="bool")]
    element = composed(factories.payload(), factories.template(skeleton, required_post=wanted)).element
    assert (element["allow_substitutes"], element["taxes"]) == (True, {"taxable": False})


def test_without_options_in_the_template_the_documented_spelling_is_sent() -> None:
    fields = {"delivery.location_type": " fabrication shop", "procurement_status": "Back-Ordered"}
    element = composed(factories.payload(fields=fields), factories.template(field_options={})).element
    assert element["delivery"]["location_type"] == "FABRICATION SHOP"
    assert element["procurement_status"] == "BACK-ORDERED"
    odd = composed(
        factories.payload(fields={"delivery.location_type": "BRANCH"}), factories.template(field_options={})
    ).element
    assert odd["delivery"]["location_type"] == "BRANCH"


def test_a_required_object_is_given_with_any_of_its_members() -> None:
    live = factories.template(required_post=[required("purchase_order", data_type="object")])
    assert composed(factories.payload(), live).element["purchase_order"]["cinx_guid"] == factories.ORDER


def test_a_field_that_is_not_enforced_may_be_missing() -> None:
    live = factories.template(required_post=[required("delivery.attention", enforce=False)])
    assert "delivery" not in composed(factories.payload(), live).element


def test_references_go_under_the_name_that_the_template_has() -> None:
    skeleton = {name: value for name, value in factories.SKELETON.items() if name != "external_references"}
    element = composed(
        factories.payload(), factories.template({**skeleton, "links": [{"type": None, "value": None}]})
    ).element
    assert {one["type"] for one in element["links"]} >= {"change-order-relay", "change-order-relay-key"}


def test_the_items_own_cost_code_goes_before_the_routes() -> None:
    lines = (factories.line("1", Decimal(5), cost_code="05-120"), factories.line("2", Decimal(5)))
    fields = {"items.job_cost.material_cost_code_name": "03-300"}
    items = composed(factories.payload(*lines, fields=fields)).element["items"]
    codes = [one["job_cost"]["cinx_material_cost_code_guid"] for one in items]
    assert codes == [f"{factories.CODE[:-1]}1", f"{factories.CODE[:-1]}0"]


def test_a_change_names_the_poco_and_leaves_what_it_does_not_name() -> None:
    live = factories.template(required_post=[required("delivery.country")], required_put=[required("cinx_guid")])
    element = composed(factories.payload(), live, changes=factories.POCO).element
    assert element["cinx_guid"] == factories.POCO
    assert "delivery" not in element


@given(text=st.text(max_size=12))
def test_a_configured_text_becomes_a_value_of_the_fields_type_or_a_letter(text: str) -> None:
    live = factories.template(
        required_post=[required("items.quantity", data_type="real"), required("x", data_type="int")]
    )
    for path, kind in (("items.quantity", Decimal), ("allow_substitutes", bool), ("dates.need_by", str), ("x", int)):
        value = value_or_refusal(live, path, text)
        assert isinstance(value, kind) or value == "cinx.field_invalid"


def value_or_refusal(live: Template, path: str, text: str) -> object:
    try:
        return typed(live, path, text)
    except PlanStopped as stopped:
        return stopped.plan.reason if isinstance(stopped.plan, Reject) else stopped.plan


def test_a_text_is_refused_only_beyond_a_limit_that_cinx_states() -> None:
    stated = [{"field": "items.description", "nullable": True, "data_type": "string (40)", "enforce": False}]
    live = factories.template(required_post=stated)
    long = factories.payload(factories.line("1", Decimal(5), description="x" * 41), description="y" * 5000)
    assert len(composed(long).element["description"]) == 5000
    with pytest.raises(PlanStopped) as stopped:
        composed(long, live)
    assert isinstance(stopped.value.plan, Reject)
    assert stopped.value.plan.reason == "cinx.text_too_long"
    assert "at most 40" in stopped.value.plan.sentence
