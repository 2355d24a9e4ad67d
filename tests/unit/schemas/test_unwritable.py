from __future__ import annotations

import dataclasses
import decimal
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from relay.domain.change_order import ChangeOrder, Item
from relay.domain.events import ChangeOrderObserved
from relay.engine.record_codec import record_codec
from schemas import Unwritable
from tests.unit.schemas.samples import CHANGE_ORDER, INBOX, LEDGER, NAME, OBSERVED

CODEC = record_codec()


def observed(**changes: Any) -> ChangeOrderObserved:
    return dataclasses.replace(OBSERVED, change_order=dataclasses.replace(CHANGE_ORDER, **changes))


def refusal(record: Any) -> Unwritable:
    with pytest.raises(Unwritable) as caught:
        CODEC.encode(record, "t")
    return caught.value


def read_back(record: ChangeOrderObserved) -> ChangeOrder:
    return CODEC.decode(CODEC.encode(record, "t"), ChangeOrderObserved).change_order


@pytest.mark.parametrize(
    "amount",
    [
        "0.00001",
        "1.23456",
        "-2.00005",
        "100000000000000",
        "-100000000000000.0",
        "99999999999999.99999",
        "1E+20",
        "1E-20",
        "1E+999999",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
    ],
)
def test_an_amount_that_does_not_fit_exactly_is_refused_and_never_rounded(amount: str) -> None:
    error = refusal(observed(cost=Decimal(amount)))
    assert error.field == "change_order.cost"
    assert amount in error.message
    assert "decimal(18,4)" in error.message
    assert error.reason == "record.unwritable"


@pytest.mark.parametrize(
    "amount",
    ["1.23400000000", "99999999999999.9999", "-99999999999999.9999", "1E+3", "-0.0", "0E-30", "12E-4", "0E+30"],
)
def test_an_amount_that_fits_is_the_same_amount_afterwards(amount: str) -> None:
    assert read_back(observed(cost=Decimal(amount))).cost == Decimal(amount)


def test_the_callers_decimal_context_has_no_say() -> None:
    with decimal.localcontext(decimal.Context(prec=3, rounding=decimal.ROUND_UP)):
        assert read_back(observed(cost=Decimal("12345678.9012"))).cost == Decimal("12345678.9012")


def test_the_place_inside_lists_is_named() -> None:
    items = (Item(item_id="1"), Item(item_id="2", tax=Decimal("0.12345")))
    assert refusal(observed(items=items)).field == "change_order.items[1].tax"


def test_the_place_inside_a_table_is_named() -> None:
    parts: dict[str, Any] = {"header": None}
    assert refusal(dataclasses.replace(LEDGER, parts=parts)).field == "parts['header']"


@pytest.mark.parametrize(
    ("record", "field", "words"),
    [
        (dataclasses.replace(OBSERVED, observed_at=datetime(2026, 1, 1)), "observed_at", "without a zone"),  # noqa: DTZ001
        (dataclasses.replace(OBSERVED, sequence=2**63), "sequence", "64 bits"),
        (dataclasses.replace(OBSERVED, sequence=-(2**63) - 1), "sequence", "64 bits"),
        (observed(title="half a \ud83d pair"), "change_order.title", "lone surrogate"),
        (observed(status="executed"), "change_order.status", "not one of draft, pending"),
        (observed(cost=12.5), "change_order.cost", "not of the field's type (money)"),
        (dataclasses.replace(NAME, name=None), "name", "not of the field's type (text)"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, raw="text"), "raw", "not of the field's type (bytes)"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, change_order=NAME), "change_order", "not a ChangeOrder"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, defects=7), "defects", "is 7"),  # type: ignore[arg-type]
        (dataclasses.replace(INBOX, waiting=5), "waiting", "not a Waiting"),  # type: ignore[arg-type]
    ],
)
def test_a_value_that_the_schema_cannot_hold_is_named_with_the_reason(record: Any, field: str, words: str) -> None:
    error = refusal(record)
    assert error.field == field
    assert words in error.message
    assert type(record).__name__ in error.message


@pytest.mark.parametrize(
    ("record", "field", "words"),
    [
        (dataclasses.replace(OBSERVED, sequence=1.0), "sequence", "not of the field's type (long)"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, sequence="1"), "sequence", "not of the field's type (long)"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, echo="yes"), "echo", "not of the field's type (boolean)"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, observed_at=0), "observed_at", "not of the field's type (instant)"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, defects="text"), "defects", "is 'text'"),  # type: ignore[arg-type]
        (dataclasses.replace(OBSERVED, defects=("whole", "\ud83d")), "defects[1]", "lone surrogate"),
        (dataclasses.replace(LEDGER, remote=()), "remote", "is ()"),  # type: ignore[arg-type]
        (dataclasses.replace(LEDGER, remote={"\ud83d": "v"}), "remote (a key)", "lone surrogate"),
        (dataclasses.replace(LEDGER, remote={1: "v"}), "remote (a key)", "not of the field's type (text)"),  # type: ignore[dict-item]
        (dataclasses.replace(LEDGER, remote={"k": None}), "remote['k']", "not of the field's type (text)"),  # type: ignore[dict-item]
        (dataclasses.replace(LEDGER, letters=("l",) * 150_001), "letters", "at most 150000"),
        (
            dataclasses.replace(OBSERVED, sequence=10**5000),
            "sequence",
            "too long to be shown, which needs more than 64 bits",
        ),
        (dataclasses.replace(OBSERVED, defects=(10**5000,)), "defects[0]", "not of the field's type (text)"),  # type: ignore[arg-type]
        (observed(cost=Decimal("1" * 100_000)), "change_order.cost", "1..., which does not fit decimal(18,4)"),
        (observed(items=(None,)), "change_order.items[0]", "not a Item"),
        (observed(status=None), "change_order.status", "not one of draft, pending"),
        (observed(status=[]), "change_order.status", "not one of draft, pending"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_a_general_avro_library_would_let_pass_is_named(record: Any, field: str, words: str) -> None:
    error = refusal(record)
    assert (error.field, words in error.message) == (field, True), error.message


def test_a_record_of_another_kind_with_the_same_fields_is_refused() -> None:
    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class NameRecord:
        name: str
        stands_for: str
        recorded_at: datetime

    stranger = NameRecord(name=NAME.name, stands_for=NAME.stands_for, recorded_at=NAME.recorded_at)
    assert "no schema" in refusal(stranger).message


def test_a_record_without_a_schema_is_refused() -> None:
    assert "no schema" in refusal(Item(item_id="1")).message


def test_what_is_finer_than_a_millisecond_is_cut_off() -> None:
    seen = datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=UTC)
    event = dataclasses.replace(OBSERVED, observed_at=seen)
    read = CODEC.decode(CODEC.encode(event, "t"), ChangeOrderObserved)
    assert read.observed_at == seen.replace(microsecond=678_000)
    assert read.observed_at.tzinfo is UTC
