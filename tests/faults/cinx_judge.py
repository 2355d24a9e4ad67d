"""What must hold of CINX, whatever happened, judged by what the company holds and what it was asked."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from relay.domain.cinx_content import CinxMark
from relay.domain.commands import CinxCommand, Operation
from relay.domain.outcomes import OutcomeKind
from tests.faults import cinx_told
from tests.faults.cinx_evidence import (
    Evidence,
    Row,
    is_declined,
    jobs_of,
    mark_in,
    marks_of,
    orders_of,
    pocos_of,
    worth_of,
)
from tests.faults.harness import HTTP_DEADLINE, SEND_WINDOW, UNDER_WAY

REFUSALS = {401, 403, 404, 429}
"""Statuses with which CINX says that it has taken nothing."""


def judge(evidence: Evidence) -> None:
    """Raises AssertionError, with what was found."""
    for rule in RULES:
        rule(evidence)


def each_command_ends_once(evidence: Evidence) -> None:
    """Exactly one terminal outcome for each."""
    ends = Counter(one.command_id or "" for one in evidence.outcomes if one.kind.is_terminal)
    written = Counter(one.command_id for one in evidence.commands)
    assert ends == written, f"ended too often: {ends - written}; without an end: {written - ends}"


def nothing_is_ordered_twice(evidence: Evidence) -> None:
    """At most one POCO for one change order, purchase order and sequence."""
    marks = marks_of(evidence.state)
    ordered = Counter(
        (mark.origin_id, poco["purchase_order"]["number"], mark.sequence)
        for poco in pocos_of(evidence.state)
        if (mark := marks.get(poco["cinx_guid"]))
    )
    assert all(count == 1 for count in ordered.values()), f"ordered twice: {ordered.most_common(3)}"


def nothing_is_sent_again_by_itself(evidence: Evidence) -> None:
    """A submission that may have been taken goes out once for each command that asks for it."""
    asked = Counter(one.idempotency_key for one in evidence.commands)
    sent = Counter(_mark(row).key or "" for row in _writes(evidence) if row["method"] == "POST")
    assert sent <= asked, f"sent again: {sent - asked}"


def nothing_is_sent_while_another_is_in_doubt(evidence: Evidence) -> None:
    """What a purchase order was asked before is certain, or decided by a person, before it is asked again."""
    for order, writes in _by_order(evidence).items():
        for earlier, later in pairwise(writes):
            if _mark(earlier).key != _mark(later).key:
                what = f"{order}: request {later['n']} was sent at {later['at']} while request {earlier['n']}"
                _assert_certain(what, earlier, later, _certain_since(evidence, order, earlier))


def _assert_certain(what: str, earlier: Row, later: Row, since: datetime | None) -> None:
    sent_at = _moment(later["at"])
    assert since is not None, f"{what} was in doubt, and ever is"
    assert since <= sent_at, f"{what} was in doubt until {since}"
    applied_at = _moment(earlier["applied_at"] or earlier["at"])
    assert applied_at <= sent_at, f"{what} was still on its way until {applied_at}"


def _certain_since(evidence: Evidence, order: str, request: Row) -> datetime | None:
    """When the command of a request ended; if a person was asked, when the person decided.

    Where CINX keeps the relay's references, whatever appears late is told apart, and nobody need wait for the person.
    A change that went out again was looked for before, once it could no longer arrive, and the POCO was as it had been.
    """
    begun, key = _moment(request["at"]), _mark(request).key
    if _went_out_again(evidence, request):
        return begun + timedelta(seconds=HTTP_DEADLINE)
    asking = {one.command_id for one in evidence.commands if one.idempotency_key == key}
    ends = [one for one in evidence.outcomes if one.kind.is_terminal and one.command_id in asking and one.at >= begun]
    if not ends:
        return None
    end = min(ends, key=lambda one: one.at)
    if end.kind is not OutcomeKind.NEEDS_REVIEW or _keeps_references(evidence.state, order):
        return end.at
    decided = (at for origin_id, at in evidence.decisions if origin_id == end.origin_id and at >= end.at)
    return min(decided, default=None)


def _went_out_again(evidence: Evidence, request: Row) -> bool:
    key, changes = _mark(request).key, (row for row in _writes(evidence) if row["method"] == "PUT")
    again = (row for row in changes if _mark(row).key == key and row["n"] > request["n"])
    return request["method"] == "PUT" and any(again)


def nothing_is_lost(evidence: Evidence) -> None:
    """What the newest command wants is so in CINX, or there is an open letter about it."""
    ends = {one.command_id: one for one in evidence.outcomes if one.kind.is_terminal}
    asked = {letter.origin_id for letter in evidence.letters}
    for origin_id, newest in _newest(evidence.commands).items():
        end = ends[newest.command_id]
        if end.kind in (OutcomeKind.APPLIED, OutcomeKind.UNCHANGED):
            _assert_it_is_ordered(evidence, newest)
        elif end.kind is OutcomeKind.WITHDRAWN:
            assert not orders_of(evidence.state, origin_id), f"{origin_id} is withdrawn, and there is a POCO of it"
        else:
            assert origin_id in asked, f"{origin_id} ended as {end.kind} ({end.reason}), and there is no letter"


def _assert_it_is_ordered(evidence: Evidence, one: CinxCommand) -> None:
    """All POCOs of a change order together order what it says, but for what a vendor has declined."""
    orders = orders_of(evidence.state, one.origin_id)
    assert orders, f"{one.origin_id} is said to be ordered, and there is no POCO of it"
    if one.payload is None or any(map(is_declined, orders)):
        return
    wanted = sum((line.quantity * line.unit_price for line in one.payload.lines), Decimal(0))
    held = sum((worth_of(poco["items"]) for poco in orders), Decimal(0))
    assert held == wanted, f"{one.origin_id} wants {wanted}, and its POCOs {orders} say {held}"


def what_is_told_is_there(evidence: Evidence) -> None:
    """The POCOs that an outcome names exist, on the purchase order of its command."""
    orders = {poco["cinx_guid"]: poco["purchase_order"]["number"] for poco in pocos_of(evidence.state)}
    commands = {one.command_id: one for one in evidence.commands}
    for told in evidence.outcomes:
        if told.kind is OutcomeKind.APPLIED:
            named = {orders.get(record.remote_id) for record in told.remote}
            wanted = commands[told.command_id or ""].destination.purchase_order
            assert named == {wanted}, f"{told.command_id} is said to be ordered on {wanted}, and names {named}"


def peoples_pocos_are_left_alone(evidence: Evidence) -> None:
    """What a person has made is never changed, and stands for no change order."""
    theirs = {poco["cinx_guid"] for poco in pocos_of(evidence.state) if poco["created_by"] == "person"}
    changed = {job["payload"].get("cinx_guid") for job in jobs_of(evidence.state)} & theirs
    assert not changed, f"POCOs of people were changed: {changed}"
    told = {record.remote_id for one in evidence.outcomes for record in one.remote} & theirs
    assert not told, f"POCOs of people were taken for the relay's: {told}"


def nothing_is_begun_under_a_hold(evidence: Evidence) -> None:
    """From when ``cor hold`` has said who obeys it, nothing leaves for what it is about.

    But for a call that was under way then: it is intended already, and leaves within the send window.
    """
    under_way = timedelta(seconds=SEND_WINDOW) + UNDER_WAY
    commands = {one.origin_id: one for one in evidence.commands}
    for row in evidence.history:
        if row["method"] in ("POST", "PUT"):
            begun, command = _moment(row["at"]), commands[_mark(row).origin_id]
            for held in evidence.holds:
                is_free = not held.bars(command) or begun <= held.since + under_way or begun >= held.until
                assert is_free, f"request {row['n']} for {command.origin_id} was begun at {begun} under {held}"


RULES = (
    each_command_ends_once,
    nothing_is_ordered_twice,
    nothing_is_sent_again_by_itself,
    nothing_is_sent_while_another_is_in_doubt,
    nothing_is_lost,
    what_is_told_is_there,
    peoples_pocos_are_left_alone,
    nothing_is_begun_under_a_hold,
    *cinx_told.RULES,
)


def _keeps_references(state: Row, order: str) -> bool:
    """Whether the purchase order has a POCO that shows what the relay has marked it with."""
    return any(mark_in(poco) for poco in pocos_of(state) if poco["purchase_order"]["number"] == order)


# -- what the company was asked


def _writes(evidence: Evidence) -> list[Row]:
    """The requests that may have been taken, in the order in which they came."""
    rows = sorted(evidence.history, key=lambda row: int(row["n"]))
    return [row for row in rows if row["method"] in ("POST", "PUT") and not _was_refused(row)]


def _was_refused(row: Row) -> bool:
    return bool(row["answered"]) and row["status"] in REFUSALS


def _mark(row: Row) -> CinxMark:
    mark = mark_in(json.loads(row["body"]))
    assert mark is not None, f"request {row['n']} carries no mark of the relay: {row['body']}"
    return mark


def _by_order(evidence: Evidence) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in _writes(evidence):
        named = json.loads(row["body"]).get("purchase_order")
        if named:  # Without one, references alone are written.
            found[named["number"]].append(row)
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _newest(commands: Iterable[CinxCommand]) -> dict[str, CinxCommand]:
    """Of one version the last that was written: a person's decision comes after what it is about."""
    wanted = [one for one in commands if one.operation is not Operation.VERIFY]
    return {one.origin_id: one for one in sorted(wanted, key=lambda one: one.version)}
