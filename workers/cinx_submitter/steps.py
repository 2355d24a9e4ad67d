"""The calls of the submitter by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from relay.domain.ledger_facts import CinxPart
from relay.domain.writes.remote_writes import WriteOperation, WrittenRecord
from relay.engine.writer.adapter import PlannedCall
from workers.cinx_submitter.situation import KIND, PlanContext


class Step(StrEnum):
    """All but the last three only read.

    ``SUBMIT`` is never repeated by itself, ``MODIFY`` and ``MARK`` only after reading. The names of these three stand
    in intents and must not change.
    """

    START = "start"
    ORDER = "purchase_order"
    REFERENCES = "references"
    POCO = "poco"
    JOB = "job"
    FIND = "find"
    ADOPT = "take"
    FORGET = "forget"
    SUBMIT = "submit"
    MODIFY = "modify"
    MARK = "mark"


def read_call(context: PlanContext, step: Step, subject: str, element: object = None) -> PlannedCall:
    """A reading step, shared by all change orders that need the same ``subject``."""
    return PlannedCall(step=step.value, batch=f"{context.command.account}/{subject}", element=element, writes=False)


def single_call(context: PlanContext, step: Step, element: object = None) -> PlannedCall:
    """A reading step of this change order alone."""
    return read_call(context, step, context.command.origin_id, element)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPoco:
    """The POCO that is to stand for the change order; ``name`` is its guid or its number.

    ``parts``: what was sent, which it is compared with; empty: it is accepted whatever it says. ``counts_as``: the
    hash of the payload that it counts as saying, without comparison. ``made_by_others``: made outside the relay, so
    that it is to get our references. ``was_there``: it carries our mark for this very revision, so that the command
    has changed nothing if it says so.
    """

    name: str
    parts: Mapping[str, str] = field(default_factory=dict)
    counts_as: str | None = None
    named_by_person: bool = False
    made_by_others: bool = False
    was_there: bool = False

    @property
    def is_adoption(self) -> bool:
        """Whether the POCO was not the change order's before."""
        return self.named_by_person or self.made_by_others

    @property
    def is_compared(self) -> bool:
        """Whether the lines have to be what was sent; a person's word, or a payload that it counts as, stands above."""
        return self.counts_as is None and not self.named_by_person


def adopt_call(context: PlanContext, wanted: AdoptPoco) -> PlannedCall:
    """The reading of the POCO that is to stand for the change order."""
    if wanted.is_adoption:
        operation = WriteOperation.ADOPTED
    else:
        operation = WriteOperation.UPDATED if wanted.name in context.guids else WriteOperation.CREATED
    record = WrittenRecord(kind=KIND, parts={CinxPart.POCO: ""}, operation=operation)
    return replace(single_call(context, Step.ADOPT, wanted), records=lambda: (record,))
