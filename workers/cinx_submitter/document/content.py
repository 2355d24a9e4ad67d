"""What a POCO read from CINX says, and whose it is."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from relay.clients.cinx import ExternalReference, Poco, PocoLine, PocoRow, Template, reference_values
from relay.clients.native_json.json_text import render
from relay.clients.native_json.values import Members
from relay.domain.cinx_content import CinxMark, ContentLine, ReferenceType, content_hash_of, lines_hash, read_cinx_mark
from workers.cinx_submitter.situation import PlanContext

IN_PROCESS = "IN-PROCESS"
_DEAD_WORKFLOW = ("DECLINED",)
_DEAD_PROCUREMENT = ("CANCELLED",)


def content_line(line: PocoLine) -> ContentLine:
    """What counts of a line."""
    return ContentLine(description=line.description, quantity=line.quantity, unit_price=line.unit_price)


def held_lines(poco: Poco) -> str:
    """The hash of its lines."""
    return lines_hash(map(content_line, poco.lines))


def held_content(poco: Poco) -> str:
    """The hash of its lines and its description."""
    return content_hash_of(poco.description, map(content_line, poco.lines))


def mark_of(references: tuple[ExternalReference, ...]) -> CinxMark | None:
    """Our mark, or ``None``."""
    return read_cinx_mark(reference_values(references))


def is_ours(kind: str | None) -> bool:
    """Whether a reference of this type is part of our mark."""
    return (kind or "").strip().casefold() in set(ReferenceType)


def is_open(poco: Poco) -> bool:
    """Whether it may still be changed: neither locked nor past its first status."""
    return not poco.locked and poco.workflow_status in (None, IN_PROCESS)


def is_dead(poco: Poco | PocoRow) -> bool:
    """Whether nothing will be delivered on it."""
    return poco.workflow_status in _DEAD_WORKFLOW or poco.procurement_status in _DEAD_PROCUREMENT


def submitter_of(poco: Poco) -> str | None:
    """The e-mail address of who made it, where CINX says so."""
    return Members(poco.native.data).inner("submitter").text("email")


def poco_name(poco: Poco) -> str:
    """As people know it."""
    return poco.number or poco.name or poco.guid


def state_words(poco: Poco) -> str:
    """Its state, for people."""
    words = [poco.workflow_status or "of unknown status", "locked" if poco.locked else "not locked"]
    return ", ".join(filter(None, [*words, poco.procurement_status]))


def readable(text: str | None) -> str | None:
    """Text of CINX for people: without the escapes of HTML, which may have been escaped again."""
    found = text or ""
    while found != (plain := html.unescape(found)):
        found = plain
    return text and found


def side(poco: Poco) -> str:
    """What CINX holds, as JSON text for whoever has to decide."""
    mark = mark_of(poco.references)
    shown = {
        "side": "cinx",
        "number": poco.number,
        "description": readable(poco.description),
        "cinx_guid": poco.guid,
        "workflow_status": poco.workflow_status,
        "procurement_status": poco.procurement_status,
        "locked": poco.locked,
        "made_by": submitter_of(poco),
        "made_for": mark.origin_id if mark else None,
        "revision": mark.sequence if mark else None,
        "external_references": {one.type: readable(one.value) for one in poco.references if not is_ours(one.type)},
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
    """Ours first, then what CINX holds."""
    return (ours, *map(side, list(pocos)[:10]))


Json = dict[str, Any]


def references_field(template: Template) -> str | None:
    """Where the template has them: ``links`` until September 2019 (CINX API docs, "PO Change Orders")."""
    return next((name for name in ("external_references", "links") if name in template.paths), None)


def references(context: PlanContext, content: str) -> list[Json]:
    """Our mark. CINX does not save an entry without all three members, and keeps one of each type."""
    command = context.command
    values = (
        (ReferenceType.ORIGIN, "Change order of origin", command.origin_id),
        (ReferenceType.KEY, "Key of the submission", command.idempotency_key),
        (ReferenceType.SEQUENCE, "Revision of the change order", str(command.sequence)),
        (ReferenceType.INSTALLATION, "Change Order Relay installation", context.known.installation),
        (ReferenceType.CONTENT, "Hash of what was written", content),
    )
    return [{"type": kind.value, "description": words, "value": value} for kind, words, value in values]
