"""Our mark on a POCO: external references, each of a type of its own."""

from __future__ import annotations

from typing import Any

from relay.clients.cinx import Template
from relay.domain.cinx_content import ReferenceType
from workers.cinx_submitter.situation import Situation

Json = dict[str, Any]


def references_field(template: Template) -> str | None:
    """Where the template has them: ``links`` until September 2019 (CINX API docs, "PO Change Orders")."""
    return next((name for name in ("external_references", "links") if name in template.paths), None)


def references(s: Situation, content: str) -> list[Json]:
    """Our mark. CINX does not save an entry without all three members, and keeps one of each type."""
    command = s.command
    values = (
        (ReferenceType.ORIGIN, "Change order of origin", command.origin_id),
        (ReferenceType.KEY, "Key of the submission", command.idempotency_key),
        (ReferenceType.SEQUENCE, "Revision of the change order", str(command.sequence)),
        (ReferenceType.INSTALLATION, "Change Order Relay installation", s.known.installation),
        (ReferenceType.CONTENT, "Hash of what was written", content),
    )
    return [{"type": kind.value, "description": words, "value": value} for kind, words, value in values]
