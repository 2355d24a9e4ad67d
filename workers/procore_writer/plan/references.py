"""The ids behind the codes, types and units of lines, out of the cached lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from relay.domain.commands import ProcoreLine
from relay.engine.writer.adapter import PlannedCall, Reject
from workers.procore_writer.cache.lookups import Found, Lookup, Value
from workers.procore_writer.content import parts
from workers.procore_writer.content.parts import line_name
from workers.procore_writer.plan.steps import Step, read_call
from workers.procore_writer.situation import PlanContext


@dataclass(frozen=True, slots=True)
class WantedReference:
    """A reference of a line: the field that it becomes, the text, and where it is looked up."""

    field: str
    text: str
    step: Step
    lookup: Lookup | None
    subject: object
    reason: str
    noun: str
    remedy: str


def resolve(
    context: PlanContext, lines: Iterable[ProcoreLine]
) -> Mapping[str, Mapping[str, Value]] | PlannedCall | Reject:
    """The ids of every line by item id; or the list that has to be read first; or a refusal."""
    codes_by_item: dict[str, Mapping[str, Value]] = {}
    for line in lines:
        codes: dict[str, Value] = {}
        for wanted in _wanted(context, line):
            value = _value(context, line, wanted)
            if isinstance(value, PlannedCall | Reject):
                return value
            codes[wanted.field] = value
        codes_by_item[line.item_id] = codes
    return codes_by_item


def _wanted(context: PlanContext, line: ProcoreLine) -> Iterator[WantedReference]:
    project = context.command.destination.project_id
    if line.cost_code:
        yield WantedReference(
            "cost_code_id",
            line.cost_code,
            Step.COST_CODES,
            context.facts.cost_codes,
            project,
            "procore.cost_code_unknown",
            "cost code",
            f"Add it to the cost codes of project {project} in Procore, or map it in cost_codes_file or "
            "cost_codes of the route.",
        )
    if line.line_item_type:
        yield WantedReference(
            "line_item_type_id",
            line.line_item_type,
            Step.LINE_ITEM_TYPES,
            context.facts.line_item_types,
            project,
            "procore.line_item_type_unknown",
            "line item type",
            "Correct line_item_type of the route's target or target_type in its cost_codes_file, or add the type to "
            "the company in Procore.",
        )
    unit = parts.line_content(line).unit
    if unit is not None:
        yield WantedReference(
            "uom",
            unit,
            Step.UNITS,
            context.facts.units,
            "company",
            "procore.unit_unknown",
            "unit of measure",
            "Add it to the company's units of measure in Procore, or correct it in the source system.",
        )


def _value(context: PlanContext, line: ProcoreLine, wanted: WantedReference) -> Value | PlannedCall | Reject:
    if wanted.lookup is None:
        return read_call(context, wanted.step, wanted.subject)
    value = wanted.lookup.find(wanted.text)
    if not isinstance(value, Found):
        return value
    if not wanted.lookup.fresh:
        return read_call(context, wanted.step, wanted.subject)
    return _refusal(line, wanted, value)


def _refusal(line: ProcoreLine, wanted: WantedReference, outcome: Found) -> Reject:
    name = line_name(line)
    if outcome is Found.SEVERAL:
        words = f"The {wanted.noun} {wanted.text!r} of {name} fits several entries of Procore's list; name it in full."
        return Reject(reason=wanted.reason.replace("unknown", "ambiguous"), sentence=f"{words} {wanted.remedy}")
    words = f"Procore does not know the {wanted.noun} {wanted.text!r} of {name}."
    return Reject(reason=wanted.reason, sentence=f"{words} {wanted.remedy}")
