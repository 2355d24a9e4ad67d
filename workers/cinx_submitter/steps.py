"""The calls of the submitter by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relay.engine.writer.adapter import PlannedCall
from workers.cinx_submitter.situation import PlanContext


class Step(StrEnum):
    """The first group only reads. ``SUBMIT`` is never repeated by itself, ``MODIFY`` and ``MARK`` only after
    reading.
    """

    START = "start"
    ORDER = "purchase_order"
    REFERENCES = "references"
    POCO = "poco"
    JOB = "job"
    FIND = "find"
    TAKE = "take"
    FORGET = "forget"
    SUBMIT = "submit"
    MODIFY = "modify"
    MARK = "mark"


def read_call(context: PlanContext, step: Step, subject: str, element: object = None) -> PlannedCall:
    """A reading step; everybody who wants to know about the same ``subject`` shares it."""
    return PlannedCall(step=step.value, batch=f"{context.command.account}/{subject}", element=element, writes=False)


def single_call(context: PlanContext, step: Step, element: object = None) -> PlannedCall:
    """A reading step of this change order alone."""
    return read_call(context, step, context.command.origin_id, element)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPoco:
    """``name``: guid, or number. ``parts``: what it must say (see ``parts_of``); empty: whatever it says.

    ``covers``: the part it counts as saying, without comparison. ``adopting``: a person has named it.
    ``strange``: somebody else has made it, so that it is to get our references.
    """

    name: str
    parts: Mapping[str, str] = field(default_factory=dict)
    counts_as: str | None = None
    adopting: bool = False
    made_by_others: bool = False
