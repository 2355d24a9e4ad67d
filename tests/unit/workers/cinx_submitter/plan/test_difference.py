"""What is ordered on top, and what an open POCO is changed to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from relay.clients.cinx import Poco
from relay.domain.cinx_content import ContentLine, content_hash_of, lines_hash
from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.document.content import content_line
from workers.cinx_submitter.document.lines import WantedLine
from workers.cinx_submitter.plan.difference import difference, paired

PRICES = st.decimals(min_value=-500, max_value=500, places=2)
QUANTITIES = st.decimals(min_value=-20, max_value=20, places=1).filter(bool)
NAMES = st.sampled_from(["Rebar", "Conduit", "Chandelier"])
LINES = st.builds(
    lambda place, name, quantity, price: WantedLine(
        items=(str(place),), description=name, quantity=quantity, unit_price=price
    ),
    st.integers(1, 5),
    NAMES,
    QUANTITIES,
    PRICES,
)
WANTED = st.lists(LINES, max_size=5)


def held(lines: Iterable[WantedLine], *, attributes: bool, **more: str) -> Poco:
    items = []
    for place, line in enumerate(lines):
        marks = [{"name": "change-order-relay-item", "value": " ".join(line.items)}] if attributes else []
        guid = f"44444444-0000-4000-8000-00000000000{place}"
        items.append(factories.item(line.description, line.quantity, line.unit_price, cinx_guid=guid, attributes=marks))
    return factories.poco(*items, **more)


def money(lines: Iterable[WantedLine]) -> Decimal:
    return sum((line.quantity * line.unit_price for line in lines), Decimal(0))


@given(wanted=WANTED, before=st.lists(WANTED, max_size=3), attributes=st.booleans())
def test_what_is_held_and_the_difference_are_together_what_is_wanted(
    wanted: list[WantedLine],
    before: list[list[WantedLine]],
    attributes: bool,  # noqa: FBT001 - Hypothesis
) -> None:
    pocos = [held(lines, attributes=attributes) for lines in before]
    missing = difference(wanted, pocos, factories.order())
    assert money(missing) + sum(map(money, before), Decimal(0)) == money(wanted)
    assert all(line.quantity for line in missing)


@given(wanted=WANTED, attributes=st.booleans())
def test_what_is_held_already_makes_no_difference(wanted: list[WantedLine], attributes: bool) -> None:  # noqa: FBT001 - Hypothesis
    assert difference(wanted, [held(wanted, attributes=attributes)], factories.order()) == []


@given(wanted=WANTED)
def test_what_was_declined_or_cancelled_is_not_held(wanted: list[WantedLine]) -> None:
    declined = held(wanted, attributes=True, workflow_status="DECLINED")
    cancelled = held(wanted, attributes=True, procurement_status="CANCELLED")
    assert money(difference(wanted, [declined, cancelled], factories.order())) == money(wanted)


@given(wanted=WANTED, before=WANTED, attributes=st.booleans())
def test_a_change_names_every_line_of_the_open_poco_once(
    wanted: list[WantedLine],
    before: list[WantedLine],
    attributes: bool,  # noqa: FBT001 - Hypothesis
) -> None:
    """So that together they say what is wanted."""
    poco = held(before, attributes=attributes)
    lines = paired(wanted, poco, factories.order())
    assert money(lines) == money(wanted)
    named = [line.guid for line in lines if line.guid]
    assert sorted(named) == sorted(line.guid for line in poco.lines if line.guid)


@given(lines=WANTED)
def test_content_is_the_same_in_any_order_and_spelling(lines: list[WantedLine]) -> None:
    content = [line.content for line in lines]
    turned = [
        ContentLine(
            description=f"  {(line.description or '').upper()} ",
            quantity=None if line.quantity is None else line.quantity * 1,
            unit_price=None if line.unit_price is None else line.unit_price.normalize(),
        )
        for line in reversed(content)
    ]
    assert lines_hash(content) == lines_hash(turned)
    assert content_hash_of("Footing ", content) == content_hash_of("footing", turned)


@given(lines=WANTED)
def test_what_is_read_back_is_recognised(lines: list[WantedLine]) -> None:
    poco = held(lines, attributes=False)
    assert lines_hash(map(content_line, poco.lines)) == lines_hash(line.content for line in lines)


@given(lines=st.lists(LINES, min_size=1), more=st.decimals(min_value="0.01", max_value=5, places=2))
def test_another_amount_is_another_content(lines: list[WantedLine], more: Decimal) -> None:
    content = [line.content for line in lines]
    first = content[0]
    assert first.unit_price is not None
    changed = ContentLine(description=first.description, quantity=first.quantity, unit_price=first.unit_price + more)
    assert lines_hash(content) != lines_hash([changed, *content[1:]])


@given(wanted=WANTED, attributes=st.booleans())
def test_the_noise_of_binary_numbers_makes_no_difference(wanted: list[WantedLine], attributes: bool) -> None:  # noqa: FBT001 - Hypothesis
    noise = Decimal("1.0000000000000021")
    said = [replace(line, quantity=line.quantity * noise, unit_price=line.unit_price / noise) for line in wanted]
    assert difference(wanted, [held(said, attributes=attributes)], factories.order()) == []
