"""A POCO that was read is confirmed as the change order's own: compared, and kept in the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping

from relay.clients.cinx import Poco
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import CinxFact, LedgerFact
from relay.domain.sources.native_values import label_of
from relay.engine.writer.adapter import Accepted, Reject
from workers.cinx_submitter.calls.context import CallContext
from workers.cinx_submitter.document.content import held_lines, poco_name, readable
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.situation import LINES, PART, earlier
from workers.cinx_submitter.written import shown_fields

_LINES_TOLD = 10
"""Lines that the sentence of a letter lists; the rest is in its sides."""


def confirm(call: CallContext, poco: Poco, parts: Mapping[str, str]) -> Accepted:
    """Takes the POCO as the change order's; with a refusal where its lines are not what ``parts`` say was sent."""
    remote = ledger_facts(call, poco)
    if LINES not in parts:
        return Accepted(remote=remote)
    if held_lines(poco) == parts[LINES]:
        return Accepted(parts={PART: parts[PART]}, remote=remote, shown=shown_fields(poco))
    return Accepted(remote=remote, refusal=read_back_differs(poco))


def read_back_differs(poco: Poco) -> Reject:
    """The refusal of a POCO that is ours and says something else than what was sent."""
    lines = "; ".join(
        f"{line.quantity} x {line.unit_price} {readable(line.description)}" for line in poco.lines[:_LINES_TOLD]
    )
    return reject(
        "read_back_differs",
        f"POCO {poco_name(poco)} is in CINX, but its lines are not what was sent; there it says: {lines}. Compare the "
        "two and correct it in CINX, then settle this letter; sent again, the letter has the relay correct it while "
        "it is open.",
    )


def ledger_facts(call: CallContext, poco: Poco) -> dict[str, str]:
    """The facts that the ledger keeps of the POCO from now on; the cached view of the purchase order is dropped."""
    call.cache.views.drop(call.order)
    return {
        CinxFact.GUID: poco.guid,
        CinxFact.NUMBER: poco.number or label_of(poco.name) or "",
        CinxFact.URL: _page(call, poco),
        CinxFact.LINES: held_lines(poco),
        CinxFact.STATE: poco.workflow_status or "",
        CinxFact.EARLIER: _earlier(call.task.entry, poco.guid),
        CinxFact.MARK: "",
        LedgerFact.REBUILT: "",
    }


def _page(call: CallContext, poco: Poco) -> str:
    page = call.account.poco_page
    return page.replace("{guid}", poco.guid).replace("{number}", poco.number or "") if page else ""


def _earlier(entry: LedgerEntry | None, latest: str) -> str:
    pocos = dict(earlier(entry))
    before = entry.remote.get(CinxFact.GUID) if entry else None
    if entry is not None and before is not None:
        pocos[before] = entry.remote.get(CinxFact.NUMBER, "")
    pairs = [(guid, number) for guid, number in pocos.items() if guid != latest]
    return json.dumps(pairs) if pairs else ""
