"""Reads a POCO that is to stand for the change order, or that may be gone, and says what becomes of the ledger."""

from __future__ import annotations

from dataclasses import replace

from relay.clients.cinx import Poco
from relay.domain.ledger import LedgerEntry
from relay.domain.ledger_facts import CinxFact, LedgerFact
from relay.engine.writer.adapter import Accepted, ReadDone
from workers.cinx_submitter.cache.cache import CachedPoco
from workers.cinx_submitter.calls.confirm import confirm, ledger_facts
from workers.cinx_submitter.calls.context import CallContext, Results
from workers.cinx_submitter.document.content import is_open, mark_of, poco_name
from workers.cinx_submitter.document.fields import is_guid
from workers.cinx_submitter.plan.named_poco import foreign, is_named, may_be_named
from workers.cinx_submitter.situation import MARK_DUE, PART, poco_guids
from workers.cinx_submitter.steps import AdoptPoco

_FORGOTTEN = dict.fromkeys(
    (CinxFact.GUID, CinxFact.NUMBER, CinxFact.URL, CinxFact.LINES, CinxFact.STATE, CinxFact.EARLIER, CinxFact.MARK), ""
)


def adopt(call: CallContext) -> Results:
    """Reads the POCO that the plan names and accepts it as the change order's.

    Planning goes on without one that does not exist; one of another purchase order, change order or installation is
    rejected. A person who has named either is asked again.
    """
    wanted = call.element
    if not isinstance(wanted, AdoptPoco):
        raise TypeError("no POCO is planned to be adopted")
    poco = _read(call, wanted.name)
    if poco is None:
        return _not_there(call, wanted)
    refusal = foreign(call.plan_context, poco)
    if refusal is not None:
        return _ask_again(call, wanted.name, poco) if wanted.named_by_person else call.same_for_all(refusal)
    accepted = _accepted(call, wanted, poco)
    due = {CinxFact.MARK: MARK_DUE} if wanted.made_by_others and _can_be_marked(poco) else {}
    remote, entry = {**accepted.remote, **due}, call.task.entry
    # What the ledger knows of may be the command's own doing, however late it is found.
    unsent = call.task.intent is None and (entry is None or LedgerFact.REBUILT in entry.remote)
    was_there = wanted.was_there and unsent and PART in accepted.parts
    return call.same_for_all(
        replace(accepted, remote=remote, was_there=was_there, written=_is_new(wanted, poco, entry))
    )


def _is_new(wanted: AdoptPoco, poco: Poco, entry: LedgerEntry | None) -> bool:
    """Whether a write has to tell of it: it was not the change order's before, or we wrote it and do not know it."""
    if wanted.is_adoption:
        return True
    if entry is None or not entry.was_sent:
        return False
    is_known = poco.guid in poco_guids(entry)
    return not is_known or (wanted.is_compared and LedgerFact.REBUILT not in entry.remote)


def _accepted(call: CallContext, wanted: AdoptPoco, poco: Poco) -> Accepted:
    if not wanted.is_compared:
        parts = {} if wanted.counts_as is None else {PART: wanted.counts_as}
        return Accepted(parts=parts, remote=ledger_facts(call, poco))
    return confirm(call, poco, wanted.parts)


def _not_there(call: CallContext, wanted: AdoptPoco) -> Results:
    if wanted.named_by_person:
        return _ask_again(call, wanted.name, None)
    call.cache.views.drop(call.order)
    return call.same_for_all(ReadDone())


def _ask_again(call: CallContext, name: str, poco: Poco | None) -> Results:
    """Caches what the name stands for, from which planning sees that the person has to be asked again."""
    call.cache.views.drop(call.order)
    call.cache.command_pocos.put((call.command.command_id, name), CachedPoco(poco))
    return call.same_for_all(ReadDone())


def _read(call: CallContext, name: str) -> Poco | None:
    """The POCO of a guid, or of a number among those of the purchase order; ``None`` for none and for several."""
    if is_guid(name):
        return call.read_poco(name.lower(), call.first)
    orders = call.client.purchase_orders(call.order.number, terms=call.first)
    if len(orders) != 1:
        return None
    rows = call.client.pocos_of(orders[0].guid, number=call.order.number, terms=call.further).rows
    guids = [row.guid for row in rows if may_be_named(name, row)]
    pocos = [poco for poco in map(call.read_poco, guids) if poco is not None and is_named(name, poco_name(poco))]
    return pocos[0] if len(pocos) == 1 else None


def _can_be_marked(poco: Poco) -> bool:
    return mark_of(poco.references) is None and is_open(poco)


def forget(call: CallContext) -> Results:
    """Reads the change order's POCOs and, if none exists any more, strikes them from the ledger."""
    terms = call.first
    for guid in poco_guids(call.task.entry):
        if call.read_poco(guid, terms) is not None:
            return call.same_for_all(ReadDone())
        terms = call.further
    return call.same_for_all(Accepted(removed=frozenset({PART}), remote=_FORGOTTEN))
