"""What is refused before anything is asked of CINX."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.workers.cinx_submitter import factories
from workers.cinx_submitter.plan.checks import refused_payload


@pytest.mark.parametrize(
    ("price", "quantity"),
    [(Decimal(5), Decimal("NaN")), (Decimal("Infinity"), Decimal(1)), (Decimal(5), Decimal(0))],
)
def test_a_line_without_a_number_to_order_is_refused(price: Decimal, quantity: Decimal) -> None:
    """A record cannot hold the first two; were one to get this far, it is not sent."""
    refusal = refused_payload(factories.payload(factories.line("1", price, quantity)))
    assert refusal is not None
    assert refusal.reason == "cinx.quantity_invalid"
