"""What a POCO of CINX says, and whose it is by our mark in its external references."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from relay.clients.cinx import ExternalReference, Poco, PocoLine, PocoRow, Template, reference_values
from relay.clients.native_json.json_text import render
from relay.domain.cinx_content import (
    CinxMark,
    ContentLine,
    ReferenceType,
    content_hash_of,
    lines_hash,
    read_cinx_mark,
    unescaped,
)
from relay.domain.sources.cinx import CANCELLED, DECLINED, IN_PROCESS
from workers.cinx_submitter.situation import PlanContext

Json = dict[str, Any]

_MOST_SIDES = 10
"""POCOs that a letter shows beside the change order; a person compares no more."""


def content_line(line: PocoLine) -> ContentLine:
    """What is compared of a line."""
    return ContentLine(description=line.description, quantity=line.quantity, unit_price=line.unit_price)


def held_lines(poco: Poco) -> str:
    """The hash of a POCO's lines."""
    return lines_hash(map(content_line, poco.lines))


def held_content(poco: Poco) -> str:
    """The hash of a POCO's lines and its description."""
    return content_hash_of(poco.description, map(content_line, poco.lines))


def mark_of(references: tuple[ExternalReference, ...]) -> CinxMark | None:
    """Our mark among external references; ``None`` where there is none."""
    return read_cinx_mark(reference_values(references))


def is_ours(kind: str | None) -> bool:
    """Whether a reference of this type is part of our mark."""
    return (kind or "").strip().casefold() in set(ReferenceType)


def is_open(poco: Poco) -> bool:
    """Whether a POCO may still be changed: neither locked nor past its first status."""
    return not poco.locked and poco.workflow_status in (None, IN_PROCESS)


def is_dead(poco: Poco | PocoRow) -> bool:
    """Whether nothing will be delivered on a POCO."""
    return poco.workflow_status == DECLINED or poco.procurement_status == CANCELLED


def poco_name(poco: Poco) -> str:
    """The number of a POCO in a sentence."""
    return poco.number or poco.name or poco.guid


def state_words(poco: Poco) -> str:
    """The state of a POCO in a sentence."""
    words = [poco.workflow_status or "of unknown status", "locked" if poco.locked else "not locked"]
    return ", ".join(filter(None, [*words, poco.procurement_status]))


def readable(text: str | None) -> str | None:
    """Text of CINX for people; ``None`` for ``None``."""
    return text and unescaped(text)


def side(poco: Poco) -> str:
    """A POCO as JSON text for the person who has to decide."""
    mark = mark_of(poco.references)
    shown = {
        "side": "cinx",
        "number": poco.number,
        "description": readable(poco.description),
        "cinx_guid": poco.guid,
        "workflow_status": poco.workflow_status,
        "procurement_status": poco.procurement_status,
        "locked": poco.locked,
        "made_by": poco.submitter_email,
        "made_for": mark.origin_id if mark else None,
        "revision": mark.sequence if mark else None,
        "external_references": {
            reference.type: readable(reference.value) for reference in poco.references if not is_ours(reference.type)
        },
        "items": [_line_side(line) for line in poco.lines],
    }
    return render(shown).decode()


def _line_side(line: PocoLine) -> dict[str, object]:
    return {
        "description": readable(line.description),
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "cost_code": readable(line.job_cost.cost_code),
    }


def sides(ours: str, pocos: Iterable[Poco]) -> tuple[str, ...]:
    """The sides of a question: ours first, then the POCOs of CINX."""
    return (ours, *map(side, list(pocos)[:_MOST_SIDES]))


def references_field(template: Template) -> str | None:
    """The template's field for external references, ``None`` without one.

    It was ``links`` until September 2019 (CINX API docs, "PO Change Orders").
    """
    return next((name for name in ("external_references", "links") if name in template.paths), None)


def our_references(context: PlanContext, content: str) -> list[Json]:
    """Our mark as external references.

    CINX does not save one without all three members, and keeps one of each type.
    """
    command = context.command
    values = (
        (ReferenceType.ORIGIN, "Change order of origin", command.origin_id),
        (ReferenceType.KEY, "Key of the submission", command.idempotency_key),
        (ReferenceType.SEQUENCE, "Revision of the change order", str(command.sequence)),
        (ReferenceType.INSTALLATION, "Change Order Relay installation", context.facts.installation),
        (ReferenceType.CONTENT, "Hash of what was written", content),
    )
    return [{"type": kind.value, "description": words, "value": value} for kind, words, value in values]
