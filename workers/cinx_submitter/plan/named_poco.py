"""Which POCO a person means, and why it must not stand for the change order."""

from __future__ import annotations

from collections.abc import Iterable

from relay.clients.cinx import Poco, PocoRow
from relay.domain.text_folding import folded
from relay.engine.writer.adapter import NeedsReview, Reject
from workers.cinx_submitter.document.content import mark_of, poco_name, sides
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.required_reads import listed_pocos, view_of
from workers.cinx_submitter.situation import PlanContext

_MOST_SIDES = 10
"""POCOs that a letter shows, the latest; a person compares no more."""


def is_named(name: str, number: str | None) -> bool:
    """Whether ``name`` is this number, however it is written."""
    return number is not None and folded(name) == folded(number)


def may_be_named(name: str, row: PocoRow) -> bool:
    """Whether ``name`` may be the POCO of a list's row, which may show no more of a number than its end."""
    return any(folded(name).endswith(folded(shown)) for shown in (row.number, row.name) if shown)


def not_found(context: PlanContext, name: str) -> Reject:
    """The rejection of a name that no POCO of the purchase order has, or several."""
    return reject(
        "adopt_not_found",
        f"Purchase order {context.order} has no single POCO {name!r}. Name it by its full number (as PO123-01) or its "
        "CINX guid, and say `cor letters adopt` again.",
    )


def foreign(context: PlanContext, poco: Poco) -> Reject | None:
    """The rejection of a POCO of another purchase order, change order or installation; ``None`` for any other."""
    number = poco.purchase_order.number
    if number is not None and number != context.order:
        return reject(
            "adopt_wrong_order",
            f"POCO {poco_name(poco)} belongs to purchase order {number}, not to {context.order}: name one of this "
            "purchase order.",
        )
    mark = mark_of(poco.references)
    if mark is None or (
        mark.origin_id == context.command.origin_id and mark.installation in (None, context.facts.installation)
    ):
        return None
    return reject(
        "origin_id_owned",
        f"POCO {poco_name(poco)} was made by the relay (installation {mark.installation!r}) for the change order "
        f"{mark.origin_id}. It cannot stand for {context.command.origin_id} too.",
    )


def asked_again(context: PlanContext, name: str) -> NeedsReview | None:
    """The question anew, where the named POCO was read and must not be taken; ``None`` where it was not read yet.

    Raises ``PlanStopped`` to read what the question shows.
    """
    cached = context.facts.fresh_pocos.get(name)
    if cached is None:
        return None
    refusal = not_found(context, name) if cached.poco is None else foreign(context, cached.poco)
    if refusal is None:
        return None
    held = context.entry is not None and context.entry.review is not None
    pocos = listed_pocos(context, _in_question(context, view_of(context).pocos))
    shown = sides(our_side(context), pocos)
    return NeedsReview(reason=refusal.reason, sentence=refusal.sentence, sides=shown, held=held)


def _in_question(context: PlanContext, rows: Iterable[PocoRow]) -> list[str]:
    """The guids of POCOs without a mark of ours, and of this change order's."""
    marked = ((row.guid, mark_of(row.references)) for row in rows)
    return [guid for guid, mark in marked if mark is None or mark.origin_id == context.command.origin_id][-_MOST_SIDES:]
