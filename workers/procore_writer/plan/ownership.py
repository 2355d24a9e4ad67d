"""Whose a record is: nobody's, ours, another installation's, or another system's."""

from __future__ import annotations

from relay.domain.identity import root_of
from relay.domain.procore_content import read_mark
from relay.engine.writer.adapter import Reject
from workers.procore_writer.situation import PlanContext

OWNED = "procore.origin_id_owned"


def is_foreign_mark(context: PlanContext, origin_data: str | None) -> bool:
    """Whether another installation says that it wrote the record."""
    mark = read_mark(origin_data)
    return mark is not None and mark.installation != context.facts.installation


def is_ours_elsewhere(context: PlanContext, origin_id: str) -> bool:
    """Whether it is another change order of ours."""
    return root_of(origin_id) is not None and origin_id != context.command.origin_id


def owned_by_other(context: PlanContext, record: str, origin_data: str | None) -> Reject:
    """Another installation of the relay writes this record."""
    mark = read_mark(origin_data)
    name = mark.installation if mark else ""
    return Reject(
        reason=OWNED,
        sentence=f"The {record} of contract {context.command.destination.contract_id} is written by another "
        f"installation of the relay ({name!r}; this one is {context.facts.installation!r}). Two must not write the "
        "same change order: end the route in one of them.",
    )


def owned_by_stranger(context: PlanContext, record: str, origin_id: str) -> Reject:
    """Another system's key is in the field that is ours elsewhere."""
    return Reject(
        reason=OWNED,
        sentence=f"The {record} of contract {context.command.destination.contract_id} carries the external id "
        f"{origin_id!r} of another system, perhaps an ERP connector, which is never overwritten. If this change order "
        "is another one, set existing: create on the route; otherwise release the record in the other system.",
    )
