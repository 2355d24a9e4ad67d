"""The calls of the writer by name, and who may share one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Final

from relay.clients.procore import MOST_ELEMENTS
from relay.engine.writer.adapter import PlannedCall
from workers.procore_writer.plan.elements import Json, bytes_hash
from workers.procore_writer.plan.record_updates import RecordUpdate
from workers.procore_writer.plan.written_records import (
    ORDER,
    PACKAGE,
    REQUEST,
    element_records,
    update_records,
)
from workers.procore_writer.situation import PlanContext

_UNLIMITED = 10_000
"""Tasks that may wait for one reading call; it costs the same however many they are."""


class Step(StrEnum):
    """The calls by name. Their order here says nothing; see :attr:`writes` and :func:`may_be_repeated`."""

    COST_CODES = "cost_codes"
    LINE_ITEM_TYPES = "line_item_types"
    UNITS = "units"
    REASONS = "change_reasons"
    SURVEY = "survey"
    OWNER = "owner"
    OWNERS = "owners"
    SEARCH = "search"
    TIERS = "tiers"
    RECOGNISE = "recognise"
    FIND_PACKAGE = "find_package"
    FIND_HIDDEN = "find_hidden"
    FIND_ABOVE = "find_above"
    LIST_LINES = "list_lines"
    LOOK = "look"
    MAP_AGAIN = "map_again"
    STILL_THERE = "still_there"
    HEADER = "header"
    LINES = "lines"
    REMOVE_LINE = "remove_line"
    REQUEST = "request"
    CLAIM = "claim"
    CLAIM_PACKAGE = "claim_package"
    UPDATE_PACKAGE = "update_package"
    REASON = "reason"
    PACKAGE = "package"

    @property
    def writes(self) -> bool:
        """Whether the call changes something at Procore; all others only read."""
        return self in _WRITING


_WRITING = frozenset(
    (Step.HEADER, Step.LINES, Step.REMOVE_LINE, Step.REQUEST, Step.CLAIM, Step.CLAIM_PACKAGE, Step.UPDATE_PACKAGE,
     Step.REASON, Step.PACKAGE)
)  # fmt: skip


_KINDS: Final = {Step.HEADER: ORDER, Step.REQUEST: REQUEST, Step.PACKAGE: PACKAGE}
"""The records behind elements."""


def may_be_repeated(step: str) -> bool:
    """Whether a call may be made again although its outcome is unknown: all but the creation of a package, which has
    no sync by origin id.
    """
    return step != Step.PACKAGE.value


def read_call(context: PlanContext, step: Step, subject: object, element: object = None) -> PlannedCall:
    """A reading step; every plan that needs the same ``subject`` shares it."""
    return PlannedCall(
        step=step.value,
        batch=f"{context.command.account}/{subject}",
        element=element,
        most=_UNLIMITED,
        writes=step.writes,
    )


def contract_call(context: PlanContext) -> str:
    """What names the contract in a batch."""
    return context.command.destination.name


def sync_call(context: PlanContext, step: Step, element: Json, sent: Mapping[str, str]) -> PlannedCall:
    """An element of a sync of the contract's change orders or requests, up to 1000 in a call."""
    batch = f"{context.command.account}/{contract_call(context)}"
    return PlannedCall(
        step=step.value,
        batch=f"{batch}/{context.command.origin_id}" if context.alone else batch,
        element=element,
        parts=sent,
        bytes_hash=bytes_hash(element),
        most=1 if context.alone else MOST_ELEMENTS,
        records=partial(element_records, context, _KINDS[step], element, sent),
    )


def creation_call(context: PlanContext, step: Step, element: Json, sent: Mapping[str, str]) -> PlannedCall:
    """The creation of a record of this change order alone."""
    return PlannedCall(
        step=step.value,
        batch=f"{context.command.account}/{context.command.origin_id}",
        element=element,
        parts=sent,
        bytes_hash=bytes_hash(element),
        records=partial(element_records, context, _KINDS[step], element, sent),
    )


def update_call(context: PlanContext, step: Step, update: RecordUpdate, sent: Mapping[str, str]) -> PlannedCall:
    """An update of one record of this change order."""
    return PlannedCall(
        step=step.value,
        batch=f"{context.command.account}/{context.command.origin_id}",
        element=update,
        parts=sent,
        bytes_hash=bytes_hash(update.content),
        records=partial(update_records, context, update, sent),
    )
