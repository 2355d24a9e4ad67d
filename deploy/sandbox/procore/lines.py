"""Creating, changing and deleting line items.

Source: the published endpoint reference, "Potential Change Order Line Items" (``manual`` keeps the amount,
``calculated`` is quantity times unit cost; the unit must be in the company's list; a code that is not budgeted
may create a budget line item).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from deploy.sandbox.procore import tiers
from deploy.sandbox.procore.attributes import Attributes
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.documents import refuse, submitted, without_blank_origin
from deploy.sandbox.procore.errors import TAKEN, Invalid, Messages
from deploy.sandbox.procore.journal import Actor
from deploy.sandbox.procore.records import ZERO, Line, Pco
from deploy.sandbox.procore.shapes import LINE

Values = dict[str, Any]

LOCKED: Final = "The schedule of values of an approved change order cannot be edited"
NUMBERS: Final = ("amount", "quantity", "unit_cost")


def create(company: Company, pco: Pco, attributes: Attributes, actor: Actor) -> Line:
    """A new last line of ``pco``; raises Invalid."""
    values = checked(company, pco, None, attributes)
    values.setdefault("extended_type", "manual" if "amount" in values else "calculated")
    now, position = company.now(), len(company.lines.of(pco.id)) + 1
    new = Line(id=company.next_id(), pco_id=pco.id, position=position, created_at=now, updated_at=now, **values)
    new.amount = amount_of(company, new)
    line = company.lines.add(new)
    company.journal.note(actor, "created", line)
    settle(company, pco, line)
    return line


def change(company: Company, pco: Pco, line: Line, attributes: Attributes, actor: Actor) -> Line:
    """Sets what was submitted and leaves the rest; raises Invalid."""
    values = checked(company, pco, line, attributes)
    changed = {name: value for name, value in values.items() if getattr(line, name) != value}
    company.lines.change(line, {**values, "updated_at": company.now()})
    line.amount = amount_of(company, line)
    company.journal.note(actor, "changed", line, changed)
    settle(company, pco, line)
    return line


def delete(company: Company, pco: Pco, line: Line, actor: Actor) -> None:
    """Takes a line away; raises Invalid if the PCO is locked."""
    refuse(lock_faults(company, pco))
    company.lines.remove(line)
    company.journal.note(actor, "deleted", line)
    settle(company, pco, None)


def settle(company: Company, pco: Pco, line: Line | None) -> None:
    """What a line's change does around it."""
    if company.settings.line_edit_moves_parent:
        company.pcos.change(pco, {"updated_at": company.now()})
    if line is not None and line.cost_code_id is not None:
        key = (pco.project_id, line.cost_code_id, line.line_item_type_id)
        company.budget_lines.setdefault(key, company.now())


def amount_of(company: Company, line: Line) -> Decimal:
    """The line's amount by its extended type."""
    if line.extended_type == "manual":
        return line.amount
    places = Decimal(1).scaleb(-company.settings.amount_decimals)
    return (line.quantity * line.unit_cost).quantize(places, ROUND_HALF_UP)


def lock_faults(company: Company, pco: Pco) -> Messages:
    """What approval forbids."""
    return {"base": [LOCKED]} if tiers.lines_locked(company, pco) else {}


def checked(company: Company, pco: Pco, line: Line | None, attributes: Attributes) -> Values:
    """The values to store; raises Invalid."""
    reading = submitted(company, attributes, LINE)
    values = without_blank_origin(reading.values)
    messages = lock_faults(company, pco) | reading.messages
    messages |= wbs_values(company, pco, values)
    messages |= reference_faults(company, pco, line, values)
    other = company.lines.with_origin(values["origin_id"]) if values.get("origin_id") else None
    if other is not None and other is not line:
        messages["origin_id"] = [TAKEN]
    refuse(messages)
    return {name: ZERO if value is None and name in NUMBERS else value for name, value in values.items()}


def wbs_values(company: Company, pco: Pco, values: Values) -> Messages:
    """Replaces a work breakdown code by the two codes that it is made of."""
    wanted = values.pop("wbs_code_id", None)
    if wanted is None:
        return {}
    for (cost_code_id, type_id), known in company.wbs_codes.items():
        if known == wanted and company.cost_codes[cost_code_id].project_id == pco.project_id:
            values.update(cost_code_id=cost_code_id, line_item_type_id=type_id)
            return {}
    return {"wbs_code_id": ["must exist"]}


def reference_faults(company: Company, pco: Pco, line: Line | None, values: Values) -> Messages:
    """Units, codes and types must exist where the PCO is."""
    messages: Messages = {}
    code = company.cost_codes.get(values.get("cost_code_id") or 0)
    if values.get("cost_code_id") is not None and (code is None or code.project_id != pco.project_id):
        messages["cost_code_id"] = ["must exist"]
    required = company.settings.line_cost_code_required
    if required and values.get("cost_code_id", line.cost_code_id if line else None) is None:
        messages["cost_code_id"] = ["can't be blank"]
    if values.get("line_item_type_id") not in (None, *company.catalog.line_item_types):
        messages["line_item_type_id"] = ["must exist"]
    if values.get("tax_code_id") not in (None, *company.catalog.tax_codes):
        messages["tax_code_id"] = ["must exist"]
    if values.get("uom") and values["uom"] not in company.catalog.uoms.values():
        messages["uom"] = ["is not included in the list"]
    return messages


def line_of(company: Company, pco: Pco, line_id: int) -> Line:
    """The PCO's line; raises Invalid."""
    line = company.lines.get(pco.id, line_id)
    if line is None:
        raise Invalid({"id": ["Entity with this ID not found"]})
    return line
