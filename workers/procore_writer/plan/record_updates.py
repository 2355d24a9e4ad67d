"""What the calls for one change order alone write: the record by its id, and what it is to say.

Planned here and made in :mod:`workers.procore_writer.calls`. ``content`` is what an intent keeps the hash of, so that
different bytes are noticed; its form outlives releases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.procore_writer.plan.elements import Json


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """Fields of a potential change order. ``has_lines`` of one that is claimed: lines that people typed are in it."""

    pco_id: int
    fields: Json
    has_lines: bool | None = None

    @property
    def content(self) -> Json:
        claimed: Json = {} if self.has_lines is None else {"has_lines": self.has_lines}
        return {"pco_id": self.pco_id, "fields": self.fields, **claimed}


@dataclass(frozen=True, slots=True)
class PackageUpdate:
    """Fields of a package. ``has_lines`` of one that is claimed: lines that people typed are in it."""

    package_id: int
    fields: Json
    has_lines: bool | None = None

    @property
    def content(self) -> Json:
        claimed: Json = {} if self.has_lines is None else {"has_lines": self.has_lines}
        return {"package_id": self.package_id, "fields": self.fields, **claimed}


@dataclass(frozen=True, slots=True)
class LineUpdates:
    """Lines of a potential change order to create or change, as elements of a sync."""

    pco_id: int
    updates: Sequence[Json]

    @property
    def content(self) -> Json:
        return {"pco_id": self.pco_id, "updates": self.updates}


@dataclass(frozen=True, slots=True)
class LineRemoval:
    """A line to delete: by its id, or by its origin id where the ledger does not know that. ``part`` is empty for a
    line that a person typed.
    """

    pco_id: int
    part: str
    line_id: str | None
    origin_id: str

    @property
    def content(self) -> Json:
        return {"pco_id": self.pco_id, "part": self.part, "line_id": self.line_id, "origin_id": self.origin_id}


RecordUpdate = OrderUpdate | PackageUpdate | LineUpdates | LineRemoval
"""Something to be written to one change order; ``content`` is everything that is sent, as plain JSON."""
