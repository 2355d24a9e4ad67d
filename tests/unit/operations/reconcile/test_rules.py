"""The arithmetic and the rules of a report, without tables and remotes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from operations.errors import WrongUsage
from operations.reconcile.amounts import Amounts, gross
from operations.reconcile.books import OurHolding, Place, Record, SourceShare
from operations.reconcile.causes import Cause
from operations.reconcile.compare import Compared, Entry, compare
from operations.reconcile.cut_off import cut_off, month_span
from operations.reconcile.entries import NONE_TOLD, entries_of
from operations.reconcile.evidence import Evidence, ToldOutcome, Why, evidence
from operations.reconcile.records import record_of
from operations.reconcile.source_shares import NOT_ITEMIZED, UNDIVIDED, merged, source_shares_of, why_nowhere
from operations.reconcile.statement import ContractStatement, sides_of
from relay.domain.change_order import ChangeOrder, Item, Status
from relay.domain.events import ChangeOrderObserved
from relay.domain.mapping.events import map_event, why_none_is_asked
from relay.domain.outcomes import OutcomeKind
from relay.domain.routes import RouteMode, Routing
from tests.unit.workers.views.tables import AT, CODEC, ROUTING, observed
from workers.views.shares import NO_TARGET

CINX = Place(side="cost", system="cinx", account="acme", contract="PO-7")
PRIME = Place(side="owner", system="procore", account="acme", project="315", contract="44023")


def event(**more: Any) -> ChangeOrderObserved:
    return CODEC.decode(observed("17", 0, **more).value or b"", ChangeOrderObserved)


def money(approved: object = 0, pending: object = 0) -> Amounts:
    return Amounts(approved=Decimal(str(approved)), pending=Decimal(str(pending)))


def share(place: Place, amount: str, **more: Any) -> SourceShare:
    says = money(amount)
    made = SourceShare(
        key="constructiononline:acme:17",
        number="CO-17",
        title="t",
        place=place,
        target="steel",
        origin_id="cor:constructiononline:acme:17:steel",
        currency="USD",
        status="approved",
        amount=Decimal(amount),
        says=says,
        seen=says,
        status_meant="approved",
        items=2,
        event=None,
        since=AT,
    )
    return replace(made, **more)


def holding(place: Place, amount: str, **more: Any) -> OurHolding:
    made = OurHolding(
        origin_id="cor:constructiononline:acme:17:steel",
        key="constructiononline:acme:17",
        target="steel",
        system=place.system,
        account=place.account,
        project=place.project,
        contract=place.contract,
        held=money(amount),
        total=Decimal(amount),
        status="approved",
        currency="USD",
        at=AT,
    )
    return replace(made, **more)


def there(place: Place, amount: str, **more: Any) -> Record:
    made = Record(
        record_id="598",
        number="022",
        title="t",
        place=place,
        origin_id="cor:constructiononline:acme:17:steel",
        currency="USD",
        status=Status.APPROVED,
        status_raw="approved",
        total=Decimal(amount),
        read_at=AT + timedelta(hours=1),
    )
    return replace(made, **more)


def compared(place: Place, said: str, written: str, held: str, found: Evidence, **more: Any) -> Compared:
    entry = Entry(
        place=place,
        shares=(share(place, said),),
        written=holding(place, written),
        records=(there(place, held, **more),),
        evidence=found,
    )
    return compare(entry, lambda _: Why(cause=Cause.NO_RULE, sentence=""))


SETTLED = Evidence(why=None)


def test_what_was_seen_pending_and_is_approved_now_was_not_ordered_and_is_in_transit() -> None:
    """Its status now says nothing of why what was seen is not there."""
    was = event()
    was = replace(was, change_order=replace(was.change_order, status=Status.PENDING))
    moved = share(CINX, "100", status="approved", seen=money(0, 100), status_meant=None, event=was)
    entry = Entry(place=CINX, shares=(moved,), written=None, records=(), evidence=SETTLED)
    found = {item.cause: item for item in compare(entry, lambda _: Why(cause=Cause.NO_RULE, sentence="")).items}
    assert {cause: item.effect for cause, item in found.items()} == {
        Cause.IN_TRANSIT: money(-100, 100),
        Cause.NOT_ORDERED: money(0, -100),
    }


def test_a_cent_for_each_line_is_rounding_at_cinx_alone() -> None:
    (item,) = compared(CINX, "100.01", "100.00", "100.00", SETTLED).items
    assert (item.cause, item.effect) == (Cause.ROUNDING, money("-0.01"))
    assert compared(CINX, "100.03", "100.00", "100.00", SETTLED).unexplained is not None
    at_procore = compared(PRIME, "100.01", "100.00", "100.00", SETTLED)
    assert not at_procore.items
    assert at_procore.unexplained is not None
    assert at_procore.unexplained.difference == money("-0.01")


def test_half_a_cent_is_rounded_as_it_was_written() -> None:
    item = Item(item_id="1", quantity=Decimal("0.5"), unit_cost=Decimal("0.25"), cost=Decimal("0.125"))
    shown = ChangeOrder(change_order_id="g", status=Status.DRAFT, cost=Decimal("0.125"), items=(item,))
    record = record_of(shown, CINX, origin_id=holding(CINX, "0").origin_id, read_at=AT, changed_at=None)
    assert record.held == money("0.13")
    (entry,) = entries_of(
        [], {"o": holding(CINX, "0.12")}, [record], lambda _: CINX, lambda *_: NONE_TOLD, lambda _: {}
    )
    assert entry.held == money("0.12")


def test_what_was_written_after_it_was_last_read_is_in_transit() -> None:
    (item,) = compared(PRIME, "100", "100", "60", SETTLED, read_at=AT - timedelta(hours=1)).items
    assert (item.cause, item.effect) == (Cause.IN_TRANSIT, money(-40))


@pytest.mark.parametrize(("read_after", "in_transit"), [(-1, True), (1, False)])
def test_what_was_written_and_is_not_there_is_in_transit_until_that_account_is_read(
    read_after: int,
    in_transit: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    entry = Entry(
        place=PRIME,
        shares=(share(PRIME, "100"),),
        written=holding(PRIME, "100"),
        records=(),
        evidence=SETTLED,
        last_read=AT + timedelta(hours=read_after),
    )
    found = compare(entry, lambda _: Why(cause=Cause.NO_RULE, sentence=""))
    assert [item.cause for item in found.items] == ([Cause.IN_TRANSIT] if in_transit else [])
    assert (found.unexplained is None) == in_transit


def test_silence_is_a_cause_for_an_hour_and_no_longer() -> None:
    seen = event()
    soon = evidence([], "o", seen, last_read=seen.observed_at + timedelta(minutes=59))
    assert soon.why is not None
    assert soon.why.cause is Cause.IN_TRANSIT
    assert evidence([], "o", seen, last_read=seen.observed_at + timedelta(hours=2)).why is None


def test_nobody_is_blamed_where_what_was_written_is_not_known() -> None:
    entry = Entry(
        place=PRIME,
        shares=(share(PRIME, "100"),),
        written=replace(holding(PRIME, "100"), total=None),
        records=(there(PRIME, "60"),),
        evidence=SETTLED,
    )
    found = compare(entry, lambda _: Why(cause=Cause.NO_RULE, sentence=""))
    assert not found.items
    assert found.unexplained is not None


def test_nobody_is_blamed_where_it_is_not_known_what_is_there() -> None:
    assert not compared(PRIME, "100", "100", "60", SETTLED, total=None).items
    assert not compared(PRIME, "100", "100", "60", SETTLED, total=None, read_at=AT - timedelta(hours=1)).items
    assert compared(PRIME, "100", "100", "60", SETTLED, total=None, deleted=True).items


def test_an_amount_that_cannot_be_told_is_not_the_one_that_was_written() -> None:
    """The price is not that of one piece: what quantity and price come to says nothing."""
    item = Item(item_id="1", quantity=Decimal(2), unit_cost=Decimal(50), cost=None)
    shown = ChangeOrder(change_order_id="g", status=Status.APPROVED, cost=None, items=(item,))
    record = record_of(shown, CINX, origin_id=holding(CINX, "0").origin_id, read_at=AT, changed_at=None)
    (entry,) = entries_of([], {"o": holding(CINX, "100")}, [record], lambda _: CINX, lambda *_: NONE_TOLD, lambda _: {})
    assert [one.total for one in entry.records] == [None]


def test_what_is_withdrawn_and_left_is_left_by_rule_and_what_is_gone_is_nothing() -> None:
    withdrawn = Evidence(why=None, withdrawn_at=AT)
    (item,) = compared(PRIME, "0", "100", "100", withdrawn).items
    assert (item.cause, item.effect) == (Cause.LEFT, money(100))
    gone = compared(PRIME, "0", "100", "100", withdrawn, deleted=True)
    assert not gone.items
    assert gone.unexplained is None


def test_amounts_that_are_not_itemized_are_told_from_items_that_nothing_takes() -> None:
    shown = event().change_order
    header = replace(event(), change_order=replace(shown, client_price=Decimal("100.01")))
    left = [one for one in source_shares_of(header, ROUTING) if one.target in (NO_TARGET, NOT_ITEMIZED)]
    causes = {(one.place.side, why_nowhere(one, ROUTING).cause): one.amount for one in left}
    assert causes == {("owner", Cause.NOT_ITEMIZED): Decimal("0.01"), ("cost", Cause.NO_RULE): Decimal(20)}
    whole = replace(event(), change_order=replace(shown, client_price=Decimal(500)))
    (owner,) = [
        one for one in source_shares_of(whole, ROUTING) if one.place.side == "owner" and one.target == UNDIVIDED
    ]
    assert (owner.amount, why_nowhere(owner, ROUTING).cause) == (Decimal(500), Cause.NOT_ITEMIZED)


@pytest.mark.parametrize(
    ("routing", "cause"),
    [
        (ROUTING, Cause.NO_RULE),
        (Routing(routes=(replace(ROUTING.routes[0], mode=RouteMode.OBSERVE),)), Cause.NOT_LIVE),
        (Routing(routes=(replace(ROUTING.routes[0], targets=()),)), Cause.NOT_ROUTED),
        (Routing(routes=()), Cause.NOT_ROUTED),
    ],
)
def test_no_target_is_asked_for_its_payload_to_say_why_none_takes_something(
    routing: Routing, cause: Cause, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of thousands of change orders that was most of what a month took."""
    left = next(one for one in source_shares_of(event(), ROUTING) if one.target == NO_TARGET)
    whole = why_nowhere(left, routing)
    decision = map_event(event(), routing, AT)
    # What one target refuses says nothing of what none takes.
    of_the_whole = [one for one in decision.refusals if one.origin_id is None]
    assert why_none_is_asked(event(), routing) == [*of_the_whole, *decision.skips]
    monkeypatch.setattr("relay.domain.mapping.events.for_target", None)
    assert (why_nowhere(left, routing), whole.cause) == (whole, cause)


def test_an_amount_that_the_source_does_not_state_is_unknown() -> None:
    shown = replace(event().change_order, client_price=None, items=())
    (owner,) = [
        one for one in source_shares_of(replace(event(project="9"), change_order=shown), ROUTING) if one.unknown
    ]
    assert owner.place.side == "owner"


def test_what_the_source_states_now_is_known_and_what_it_states_no_more_is_not() -> None:
    known = share(PRIME, "100")
    unknown = replace(share(PRIME, "0"), amount=None, unknown=True)
    assert [one.unknown for one in merged([unknown], [known])] == [False]
    assert [one.unknown for one in merged([known], [unknown])] == [True]
    assert [one.unknown for one in merged([unknown], [])] == [False]
    assert [one.unknown for one in merged([unknown], None)] == [True]


def test_no_sum_goes_across_currencies_or_sides() -> None:
    usd = compared(PRIME, "100", "100", "100", SETTLED)
    contracts = [
        ContractStatement(place=place, currency=currency, stated=_stated(), compared=(usd,))
        for place, currency in ((PRIME, "USD"), (PRIME, "CAD"), (CINX, "USD"))
    ]
    sides = sides_of(contracts, {})
    assert [(side.side, side.currency, side.held) for side in sides] == [
        ("owner", "CAD", money(100)),
        ("owner", "USD", money(100)),
        ("cost", "USD", money(100)),
    ]


def _stated() -> Any:
    from operations.reconcile.books import StatedAmounts  # noqa: PLC0415

    return StatedAmounts()


def test_gross_does_not_net() -> None:
    assert gross([money(500, -3), money(-500, 3)]) == money(1000, 6)


@pytest.mark.parametrize(
    ("kind", "reason", "cause"),
    [
        (OutcomeKind.REJECTED, "procore.cost_code_unknown", Cause.OPEN_ITEM),
        (OutcomeKind.REJECTED, "procore.remainder", Cause.NOT_ITEMIZED),
        (OutcomeKind.NEEDS_REVIEW, "procore.in_doubt", Cause.IN_DOUBT),
        (OutcomeKind.NEEDS_REVIEW, "procore.person_edit", Cause.OPEN_ITEM),
        (OutcomeKind.SKIPPED, "route.dry_run", Cause.NOT_LIVE),
        (OutcomeKind.SKIPPED, "route.before_since", Cause.BEFORE_SINCE),
        (OutcomeKind.REJECTED, "route.missing", Cause.NOT_ROUTED),
        (OutcomeKind.HELD, "on_hold", Cause.ON_HOLD),
        (OutcomeKind.HELD, "unavailable", Cause.WAITING),
        (OutcomeKind.SUBMITTED, "cinx.job_started", Cause.WAITING),
    ],
)
def test_an_outcome_of_the_newest_revision_names_the_cause(kind: OutcomeKind, reason: str, cause: Cause) -> None:
    told = ToldOutcome(kind=kind, at=AT, sequence=1_000, origin_id="o", reason=reason, sentence="s", letter_id="l")
    why = evidence([told], "o", event()).why
    assert why is not None
    assert why.cause is cause
    older = evidence([replace(told, sequence=999)], "o", event()).why
    assert older is not None
    assert older.cause is (cause if kind is OutcomeKind.NEEDS_REVIEW else Cause.IN_TRANSIT)
    if cause is Cause.OPEN_ITEM and kind is OutcomeKind.REJECTED:
        closed = evidence([told], "o", event(), closed={"l"}).why
        assert closed is not None
        assert closed.cause is Cause.CLOSED


def test_a_month_ends_where_its_people_are() -> None:
    span = month_span("2026-10", "America/Chicago")
    assert span.begins == datetime(2026, 10, 1, 5, tzinfo=UTC)
    assert span.ends == datetime(2026, 11, 1, 5, tzinfo=UTC) - timedelta(milliseconds=1)
    assert month_span("2026-12", "UTC").ends.year == 2026
    for day in ("2026-10-31", "20261031", "2026-W44-6", " 2026-10-31 "):
        assert cut_off(day, "America/Chicago") == span.ends
    assert cut_off("20261031T12", "UTC") == datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert cut_off("2026-10-31T23:59:00-05:00", "UTC") == datetime(2026, 11, 1, 4, 59, tzinfo=UTC)
    for wrong in ("2026-13", "2026-1", "October", "9999-12", "0001-01"):
        with pytest.raises(WrongUsage):
            month_span(wrong, "UTC")
    with pytest.raises(WrongUsage):
        cut_off("yesterday", "UTC")


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "Asia/Tokyo"])
def test_a_time_that_some_zones_have_no_utc_of_is_refused_in_every_zone(zone: str) -> None:
    for month in ("0001-01", "1969-12", "9999-12"):
        with pytest.raises(WrongUsage, match="not between 1970 and 9999"):
            month_span(month, zone)
    for day in ("0001-01-01", "9999-12-31", "9999-12-31T23:59", "0001-01-01T00:00+09:00"):
        with pytest.raises(WrongUsage, match="not between 1970 and 9999"):
            cut_off(day, zone)
    assert month_span("9998-12", zone).ends.year in (9998, 9999)
    assert cut_off("9998-12-31", zone) == month_span("9998-12", zone).ends
