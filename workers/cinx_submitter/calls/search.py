"""Searches for the POCO that a submission has made, among those that were not there before."""

from __future__ import annotations

from dataclasses import dataclass

from relay.clients.cinx import Poco
from relay.domain.cinx_content import CinxMark
from workers.cinx_submitter.calls.context import CallContext
from workers.cinx_submitter.calls.open_import import OpenImport
from workers.cinx_submitter.document.content import held_content, is_dead, mark_of
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.situation import CONTENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """The POCOs that are new on the purchase order and may be ours.

    ``marked_ours`` carry the submission's key; ``unmarked_matches`` say what was sent and carry no mark of the relay.
    ``keeps_references``: the purchase order shows that CINX keeps our references, so that what appears there late is
    recognised.
    """

    marked_ours: tuple[Poco, ...] = ()
    unmarked_matches: tuple[Poco, ...] = ()
    new_pocos: tuple[Poco, ...] = ()
    keeps_references: bool = False


def search(open_import: OpenImport) -> SearchResult:
    """Reads every POCO that has appeared on the purchase order since the intent was made.

    Raises ``Rejected`` or ``Denied`` where CINX does not show them, and what any other reading call raises.
    """
    call, content = open_import.call, open_import.intent.parts.get(CONTENT)
    before = OrderSnapshot.unpack(open_import.intent.before)
    listing = call.client.pocos_of(before.order, number=call.order.number, terms=open_import.next_terms)
    ours, matches, new = [], [], []
    for row in listing.rows:
        if row.guid in before.pocos or _is_of_another(call, mark_of(row.references)):
            continue
        poco = call.read_poco(row.guid)
        # Either of the two may leave the references out.
        mark = None if poco is None else mark_of(poco.references) or mark_of(row.references)
        if poco is None or _is_of_another(call, mark):
            continue
        new.append(poco)
        if mark is not None:
            ours.append(poco)
        elif held_content(poco) == content and before.whole and _may_be_ours(call, poco):
            matches.append(poco)
    if ours:
        call.cache.keeps_references.put(call.command.account, value=True)
    return SearchResult(
        marked_ours=tuple(ours),
        unmarked_matches=tuple(matches),
        new_pocos=tuple(new),
        keeps_references=bool(ours) or any(mark_of(row.references) is not None for row in listing.rows),
    )


def _is_of_another(call: CallContext, mark: CinxMark | None) -> bool:
    """Whether the mark is another change order's, another submission's, or another installation's."""
    if mark is None:
        return False
    command = call.command
    ours = (mark.origin_id, mark.key) == (command.origin_id, command.idempotency_key)
    return not ours or mark.installation not in (None, call.installation)


def _may_be_ours(call: CallContext, poco: Poco) -> bool:
    """Whether our user made it, as far as CINX says; never where this account is known to keep references."""
    if call.cache.keeps_references.get(call.command.account) or is_dead(poco):
        return False
    submitter = poco.submitter_email
    return submitter is None or submitter.casefold() == call.account.email.casefold()
