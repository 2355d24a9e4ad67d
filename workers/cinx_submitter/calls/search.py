"""Looks for the POCO that a submission has made, among those that were not there before."""

from __future__ import annotations

from dataclasses import dataclass

from relay.clients.cinx import Poco
from relay.clients.http.terms import CallTerms
from relay.domain.cinx_content import CinxMark
from relay.domain.ledger import Intent
from workers.cinx_submitter.calls.context import CallContext
from workers.cinx_submitter.calls.take import same_content
from workers.cinx_submitter.document.content import is_dead, mark_of, submitter_of
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.situation import CONTENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """``ours`` carry the submission's key. ``alike`` say what was sent and carry no mark of the relay.

    ``marked``: the purchase order shows that CINX keeps our references, so that whatever appears there late is known
    for what it is.
    """

    marked_ours: tuple[Poco, ...] = ()
    unmarked_matches: tuple[Poco, ...] = ()
    new_pocos: tuple[Poco, ...] = ()
    keeps_references: bool = False


def search(calling: CallContext, intent: Intent, terms: CallTerms) -> SearchResult:
    """What is new on the purchase order since the intent was made."""
    before = OrderSnapshot.read(intent.before)
    listing = calling.client.pocos_of(before.order, number=calling.order.number, terms=terms)
    ours, alike, fresh = [], [], []
    marked = any(mark_of(row.references) is not None for row in listing.rows)
    for row in listing.rows:
        if row.guid in before.pocos or _is_of_another(calling, mark_of(row.references)):
            continue
        poco = calling.read_poco(row.guid)
        # Either of the two may leave them out.
        mark = None if poco is None else mark_of(poco.references) or mark_of(row.references)
        if poco is None or _is_of_another(calling, mark):
            continue
        fresh.append(poco)
        if mark is not None:
            ours.append(poco)
        elif same_content(poco, intent.parts.get(CONTENT)) and before.whole and _may_be_ours(calling, poco):
            alike.append(poco)
    if ours:
        calling.cache.keeping.put(calling.command.account, value=True)
    marked = marked or bool(ours)
    return SearchResult(
        marked_ours=tuple(ours), unmarked_matches=tuple(alike), new_pocos=tuple(fresh), keeps_references=marked
    )


def _is_of_another(calling: CallContext, mark: CinxMark | None) -> bool:
    """Another change order's, another submission's, or another installation's."""
    if mark is None:
        return False
    command = calling.command
    ours = (mark.origin_id, mark.key) == (command.origin_id, command.idempotency_key)
    return not ours or mark.installation not in (None, calling.installation)


def _may_be_ours(calling: CallContext, poco: Poco) -> bool:
    """Made by our user, as far as CINX says; not where this account is known to keep references."""
    if calling.cache.keeping.get(calling.command.account) or is_dead(poco):
        return False
    submitter = submitter_of(poco)
    return submitter is None or submitter.casefold() == calling.account.email.casefold()
