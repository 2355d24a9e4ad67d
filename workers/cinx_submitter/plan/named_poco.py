"""Which POCO a person means, and why it may not stand for the change order."""

from __future__ import annotations

from collections.abc import Iterable

from relay.clients.cinx import Poco, PocoRow
from relay.engine.writer.adapter import NeedsReview, Reject
from workers.cinx_submitter.document.content import mark_of, poco_name, sides
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.required_reads import contents, view_of
from workers.cinx_submitter.situation import PlanContext

_MOST = 10
"""POCOs that are told of."""


def is_named(name: str, number: str | None) -> bool:
    """Whether a person means this number."""
    return number is not None and name.casefold() == number.casefold()


def may_be_named(name: str, row: PocoRow) -> bool:
    """A list may show no more of a number than its end."""
    return any(name.casefold().endswith(one.casefold()) for one in (row.number, row.name) if one)


def not_found(context: PlanContext, name: str) -> Reject:
    """No POCO, or several, are called so."""
    return reject(
        "adopt_not_found",
        f"Purchase order {context.order} has no single POCO {name!r}. Name it by its full number (as PO123-01) or its "
        "CINX guid, and say `cor letters adopt` again.",
    )


def foreign(context: PlanContext, poco: Poco) -> Reject | None:
    """A POCO of another purchase order, change order or installation is never taken."""
    number = poco.purchase_order.number
    if number is not None and number != context.order:
        return reject(
            "adopt_wrong_order",
            f"POCO {poco_name(poco)} belongs to purchase order {number}, not to {context.order}: name one of this "
            "purchase order.",
        )
    mark = mark_of(poco.references)
    if mark is None or (
        mark.origin_id == context.command.origin_id and mark.installation in (None, context.known.installation)
    ):
        return None
    return reject(
        "origin_id_owned",
        f"POCO {poco_name(poco)} was made by the relay (installation {mark.installation!r}) for the change order "
        f"{mark.origin_id}. It cannot stand for {context.command.origin_id} too.",
    )


def asked_again(context: PlanContext, name: str) -> NeedsReview | None:
    """The question stays open where what was named has been looked at and may not be taken. Raises ``Halt``."""
    shown = context.known.poco(name)
    if shown is None:
        return None
    why = not_found(context, name) if shown.poco is None else foreign(context, shown.poco)
    if why is None:
        return None
    held = context.entry is not None and context.entry.review is not None
    told = contents(context, _in_question(context, view_of(context).pocos))
    return NeedsReview(reason=why.reason, sentence=why.sentence, sides=sides(our_side(context), told), held=held)


def _in_question(context: PlanContext, rows: Iterable[PocoRow]) -> list[str]:
    """What is nobody's, or this change order's."""
    marked = ((row.guid, mark_of(row.references)) for row in rows)
    return [guid for guid, mark in marked if mark is None or mark.origin_id == context.command.origin_id][-_MOST:]
