"""A Procore that shows change orders otherwise than the simulated one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay.clients.native_json.records import NativeRecord
from relay.clients.procore import PotentialChangeOrder
from relay.clients.procore.change_orders import PotentialChangeOrders

Members = dict[str, Any]


def shown_as(monkeypatch: pytest.MonkeyPatch, otherwise: Callable[[Members], Members]) -> None:
    """From now on a record that is shown has the members that ``otherwise`` makes of its own."""
    show = PotentialChangeOrders.show

    def changed(*about: Any, **terms: Any) -> PotentialChangeOrder:
        native = show(*about, **terms).native
        return PotentialChangeOrder.read(NativeRecord(native.raw, otherwise(dict(native.data))))

    monkeypatch.setattr(PotentialChangeOrders, "show", changed)


def without_lines(shown: Members) -> Members:
    """The record without a word about its lines."""
    return {name: value for name, value in shown.items() if name != "line_items"}
