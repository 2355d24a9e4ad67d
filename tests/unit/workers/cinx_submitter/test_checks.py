"""What is refused before anything is asked of CINX."""

from __future__ import annotations

from decimal import Decimal

import pytest

from relay.engine.writer.adapter import Reject
from tests.unit.workers.cinx_submitter import made
from workers.cinx_submitter.plan.checks import check_payload
from workers.cinx_submitter.refusals import PlanStopped


@pytest.mark.parametrize(
    ("price", "quantity"),
    [(Decimal(5), Decimal("NaN")), (Decimal("Infinity"), Decimal(1)), (Decimal(5), Decimal(0))],
)
def test_a_line_without_a_number_to_order_is_refused(price: Decimal, quantity: Decimal) -> None:
    """A record cannot hold the first two; were one to get this far, it is not sent."""
    with pytest.raises(PlanStopped) as stopped:
        check_payload(made.payload(made.line("1", price, quantity)))
    assert isinstance(stopped.value.plan, Reject)
    assert stopped.value.plan.reason == "cinx.quantity_invalid"
