"""Hashes say the same for the same content, and only for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.domain.commands import ProcoreLine, ProcorePayload
from relay.domain.ledger_facts import item_of, line_part
from relay.domain.procore_content import Mark, read_mark
from tests.unit.workers.procore_writer.fake_procore import LINES, PAYLOADS, FakeProcore, command
from workers.procore_writer.content import links, parts
from workers.procore_writer.plan import elements
from workers.procore_writer.situation import PlanContext, is_package_rule

LINE = ProcoreLine(item_id="1", position=1, description="Rebar", amount=Decimal("100.00"), cost_code="03-210")


@pytest.mark.parametrize(
    "same",
    [
        replace(LINE, amount=Decimal(100)),
        replace(LINE, position=7),
        replace(LINE, description=" Rebar\r\n"),
        replace(LINE, unit="EA"),
        replace(LINE, quantity=Decimal(3), unit_cost=Decimal(7)),
    ],
)
def test_what_makes_no_difference_at_procore_makes_none_here(same: ProcoreLine) -> None:
    assert parts.line_hash(same) == parts.line_hash(LINE)


@pytest.mark.parametrize(
    "other",
    [
        replace(LINE, amount=Decimal("100.01")),
        replace(LINE, description="Rebars"),
        replace(LINE, cost_code="03-300"),
        replace(LINE, line_item_type="S"),
        replace(LINE, quantity=Decimal(4), unit_cost=Decimal(25)),
    ],
)
def test_what_makes_a_difference_is_noticed(other: ProcoreLine) -> None:
    assert parts.line_hash(other) != parts.line_hash(LINE)


@pytest.mark.parametrize(
    ("quantity", "unit_cost", "amount", "calculated"),
    [
        ("12", "450", "5400.00", True),
        ("12.5", "8.99", "112.38", True),
        ("3", "0.333", "1.00", False),  # How many places Procore keeps of a unit cost is not documented.
        ("1", "0.005", "0.01", False),  # Half a cent: remotes round it either way.
        ("2", "50", "100.01", False),
        ("99999999999999.9999", "99999999999999.9999", "1", False),
    ],
)
def test_quantity_and_cost_count_where_they_certainly_make_the_amount(
    quantity: str, unit_cost: str, amount: str, *, calculated: bool
) -> None:
    line = replace(LINE, quantity=Decimal(quantity), unit_cost=Decimal(unit_cost), amount=Decimal(amount))
    assert parts.is_calculated(line) is calculated


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_a_lines_part_leads_back_to_its_item(line: ProcoreLine) -> None:
    assert item_of(line_part(line.item_id)) == line.item_id


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.integers(0, 2**62), st.text(), st.none() | st.text())
def test_a_mark_is_read_as_it_was_written(
    installation: str, key: str, sequence: int, content: str, part: str | None
) -> None:
    mark = Mark(installation=installation, idempotency_key=key, sequence=sequence, content=content, part=part)
    assert read_mark(mark.text()) == mark


@pytest.mark.parametrize("text", [None, "", "erp:7", "[]", "{}", '{"src":"erp","rev":3}', '{"idempotency_key":7}'])
def test_somebody_elses_words_are_no_mark(text: str | None) -> None:
    assert read_mark(text) is None


@settings(max_examples=60, deadline=None)
@given(PAYLOADS)
def test_the_mark_never_counts_as_content(content: ProcorePayload) -> None:
    first, second = (
        PlanContext(change, content, None, None, FakeProcore().facts)
        for change in (command(content, 1), command(content, 2))
    )
    marks = [{"title": content.title, "origin_data": elements.header_mark(s, "pending")} for s in (first, second)]
    assert marks[0] != marks[1]
    assert elements.bytes_hash(marks[0]) == elements.bytes_hash(marks[1])


@pytest.mark.parametrize(
    ("rule", "usable"),
    [("none", True), ("per_change_order", True), ("existing:61", True), ("existing", False), ("existing:x", False)],
)
def test_rules_for_packages(rule: str, *, usable: bool) -> None:
    assert is_package_rule(rule) is usable


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.procore.com", "https://app.procore.com"),
        ("https://sandbox.procore.com", "https://sandbox.procore.com"),
        ("https://api-monthly.procore.com", "https://app-monthly.procore.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_pages_are_on_the_host_that_belongs_to_the_api(api: str, web: str) -> None:
    assert links.web_url(api) == web
