"""Cost codes, phases, categories and tax groups of a POCO, out of CINX's lists."""

from __future__ import annotations

from relay.clients.cinx import CostEntry, CostList
from workers.cinx_submitter.cache.lookups import NOUNS, NoEntry
from workers.cinx_submitter.refusals import PlanStopped, stop_rejected
from workers.cinx_submitter.situation import PlanContext
from workers.cinx_submitter.steps import Step, read_call


def resolve(context: PlanContext, which: CostList, text: str, where: str) -> CostEntry:
    """The entry of the list that ``text`` names.

    ``where`` it stands is for the sentence. Raises ``PlanStopped`` to read the list, or with a rejection.
    """
    lookup = context.facts.lists.get(which)
    if lookup is None:
        raise PlanStopped(read_call(context, Step.REFERENCES, which.value, which))
    entry = lookup.find(text)
    if not isinstance(entry, NoEntry):
        return entry
    if not lookup.fresh:
        raise PlanStopped(read_call(context, Step.REFERENCES, which.value, which))
    noun, name = NOUNS[which]
    if entry is NoEntry.SEVERAL:
        raise stop_rejected(
            f"{name}_ambiguous",
            f"CINX has several entries for the {noun} {text!r} of {where}. Make its name or reference id unique there, "
            "or name another on the route, then send this letter again.",
        )
    raise stop_rejected(
        f"{name}_unknown",
        f"CINX does not know the {noun} {text!r} of {where}. Add it to the company's job costing in CINX (as a name or "
        f"reference id), or map it on the route{_remedy(which)}, then send this letter again.",
    )


def _remedy(which: CostList) -> str:
    return " in cost_codes_file or under cost_codes" if which is CostList.MATERIAL_COST_CODES else ""
