"""A POCO of CINX becomes the change order's own: read back, compared, and remembered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from relay.clients.cinx import Poco
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import CinxFact
from relay.engine.writer.adapter import Accepted, ReadDone, Reject
from workers.cinx_submitter.cache.cache import CachedPoco
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.document.content import held_content, held_lines, is_open, mark_of, poco_name, readable
from workers.cinx_submitter.document.fields import is_guid
from workers.cinx_submitter.plan.named_poco import foreign, is_named, may_be_named
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.situation import LINES, MARK_DUE, PART, earlier
from workers.cinx_submitter.steps import AdoptPoco


def adopt(calling: CallContext) -> Results:
    """Reads the POCO that is named, and takes it if it may be taken."""
    wanted = calling.element
    if not isinstance(wanted, AdoptPoco):
        raise TypeError("nothing is named that could be taken")
    poco = _find(calling, wanted.name)
    why = foreign(calling.plan_context, poco) if poco is not None else None
    if wanted.adopting and (poco is None or why is not None):
        return _misnamed(calling, wanted.name, poco)
    if poco is None:
        calling.cache.views.drop(calling.order)
        return calling.same_for_all(ReadDone())
    if why is not None:
        return calling.same_for_all(why)
    if wanted.counts_as is not None or wanted.adopting:
        parts = {} if wanted.counts_as is None else {PART: wanted.counts_as}
        taken = Accepted(parts=parts, remote=facts(calling, poco))
    else:
        taken = confirm(calling, poco, wanted.parts)
    due = mark_if_open(poco) if wanted.made_by_others else {}
    return calling.same_for_all(replace(taken, remote={**taken.remote, **due}))


def _find(calling: CallContext, name: str) -> Poco | None:
    """By its guid; by its number among those of the purchase order."""
    if is_guid(name):
        return calling.read_poco(name.lower(), calling.first)
    orders = calling.client.purchase_orders(calling.order.number, terms=calling.first)
    if len(orders) != 1:
        return None
    rows = calling.client.pocos_of(orders[0].guid, number=calling.order.number, terms=calling.further).rows
    hints = [row.guid for row in rows if may_be_named(name, row)]
    found = [poco for poco in map(calling.read_poco, hints) if poco is not None and is_named(name, poco_name(poco))]
    return found[0] if len(found) == 1 else None


def _misnamed(calling: CallContext, name: str, poco: Poco | None) -> Results:
    """Planning asks the person again."""
    calling.cache.views.drop(calling.order)
    calling.cache.looks.put((calling.command.command_id, name), CachedPoco(poco))
    return calling.same_for_all(ReadDone())


def mark_if_open(poco: Poco) -> dict[str, str]:
    """The fact that the POCO's references are still to be written, where they can be."""
    return {CinxFact.MARK: MARK_DUE} if mark_of(poco.references) is None and is_open(poco) else {}


def confirm(calling: CallContext, poco: Poco, said: Mapping[str, str]) -> Accepted:
    """The POCO is ours. Whether it says what was sent is compared line by line."""
    remote = facts(calling, poco)
    if LINES not in said:
        return Accepted(remote=remote)
    if held_lines(poco) == said[LINES]:
        return Accepted(parts={PART: said[PART]}, remote=remote)
    return Accepted(remote=remote, refusal=differs(poco))


def differs(poco: Poco) -> Reject:
    """It is ours, and says something else than what was sent."""
    lines = "; ".join(f"{line.quantity} x {line.unit_price} {readable(line.description)}" for line in poco.lines[:10])
    return reject(
        "read_back_differs",
        f"POCO {poco_name(poco)} is in CINX, but its lines are not what was sent; there it says: {lines}. Compare the "
        "two and correct it in CINX, then settle this letter; sent again, the letter has the relay correct it while "
        "it is open.",
    )


def facts(calling: CallContext, poco: Poco) -> dict[str, str]:
    """What the ledger remembers of it from now on."""
    calling.cache.views.drop(calling.order)
    entry = calling.task.entry
    return {
        CinxFact.GUID: poco.guid,
        CinxFact.NUMBER: poco.number or poco.name or "",
        CinxFact.URL: _page(calling, poco),
        CinxFact.LINES: held_lines(poco),
        CinxFact.STATE: poco.workflow_status or "",
        CinxFact.EARLIER: _earlier(entry, poco.guid),
        CinxFact.MARK: "",
    }


def _page(calling: CallContext, poco: Poco) -> str:
    page = calling.account.poco_page
    return page.replace("{guid}", poco.guid).replace("{number}", poco.number or "") if page else ""


def _earlier(entry: LedgerEntry | None, latest: str) -> str:
    known = earlier(entry)
    before = entry.remote.get(CinxFact.GUID) if entry else None
    if entry is not None and before is not None:
        known.append((before, entry.remote.get(CinxFact.NUMBER, "")))
    known = [(guid, number) for guid, number in dict(known).items() if guid != latest]
    return json.dumps(known) if known else ""


def forget(calling: CallContext) -> Results:
    """POCOs that somebody deleted are known no longer, once all of them are gone."""
    entry = calling.task.entry
    guids = [*(guid for guid, _ in earlier(entry)), (entry.remote.get(CinxFact.GUID, "") if entry else "")]
    terms = calling.first
    for guid in filter(None, guids):
        if calling.read_poco(guid, terms) is not None:
            return calling.same_for_all(ReadDone())
        terms = calling.further
    blank = dict.fromkeys(
        (CinxFact.GUID, CinxFact.NUMBER, CinxFact.URL, CinxFact.LINES, CinxFact.STATE, CinxFact.EARLIER, CinxFact.MARK),
        "",
    )
    return calling.same_for_all(Accepted(removed=frozenset({PART}), remote=blank))


def same_content(poco: Poco, content: str | None) -> bool:
    """Whether it says exactly this, description and lines."""
    return content is not None and held_content(poco) == content
