"""What has to hold of a target in CINX: the purchase order, that it may be changed, and the names of its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from operations.check.targets.answers import Answer, Answers, ProvenWrong
from operations.check.targets.codes import Names, prove_names
from operations.check.targets.history import Wanted
from operations.stated_codes import COST_CODE
from relay.clients.cinx import CinxClient, CostList, PurchaseOrder
from relay.clients.http.terms import CallTerms
from relay.domain.routes import CinxTarget
from workers.cinx_submitter.cache.lookups import CostLookup, NoEntry
from workers.cinx_submitter.plan.checks import why_unchangeable

_REMEDY = "Add it in CINX, or map it in cost_codes_file or cost_codes of the route."
_PLACE = ("purchase_order",)


class CinxCompany:
    """One company, as its targets are proven."""

    def __init__(self, answers: Answers, client: CinxClient, terms: CallTerms) -> None:
        self._answers, self._client, self._terms = answers, client, terms

    def prove(self, target: CinxTarget, wanted: Callable[[], Wanted]) -> Iterator[str]:
        """What is so, a part at a time. Raises ``ProvenWrong`` for the first thing that is not."""
        order = self._order(target.destination.purchase_order)
        vendor = order.vendor.name or order.vendor.number
        yield f"purchase order {order.number}{f' of {vendor}' if vendor else ''} may be changed"
        codes = Names("cost code", wanted().cost_codes, (), _REMEDY, COST_CODE)
        said = prove_names(codes, self._cost_codes)
        if said is not None:
            yield said

    def _order(self, number: str) -> PurchaseOrder:
        listed = self._answers.ask(("orders", number), partial(self._client.purchase_orders, number, terms=self._terms))
        if len(listed.value) != 1:
            count = "no purchase order" if not listed.value else f"{len(listed.value)} purchase orders"
            raise ProvenWrong(_PLACE, f"CINX has {count} numbered exactly {number!r}", listed.exchange)
        guid = listed.value[0].guid
        shown = self._answers.ask(("order", guid), partial(self._client.purchase_order, guid, terms=self._terms))
        if shown.value is None:
            raise ProvenWrong(_PLACE, f"CINX lists purchase order {number} and does not show it", shown.exchange)
        refusal = why_unchangeable(number, shown.value)
        if refusal is not None:
            raise ProvenWrong(_PLACE, f"{refusal.fact}. {refusal.remedy}", shown.exchange)
        return shown.value

    def _cost_codes(self) -> Answer[Callable[[str], str | None]]:
        read = partial(self._client.cost_list, CostList.MATERIAL_COST_CODES, terms=self._terms)
        answer = self._answers.ask("codes", read)
        return Answer(partial(_fault, CostLookup.of(answer.value)), answer.exchange)


def _fault(lookup: CostLookup, text: str) -> str | None:
    found = lookup.find(text)
    if found is NoEntry.SEVERAL:
        return "fits several"
    return "not known" if found is NoEntry.MISSING else None
