"""A POCO in the making."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from relay.clients.cinx import Template
from workers.cinx_submitter.situation import Situation

Flat = dict[str, Any]
"""Values by dotted path."""

_NAMES_ITSELF = ("cinx_guid", "items.cinx_guid")


@dataclass(slots=True)
class Draft:
    """A document in the making: values by dotted path, those of items without ``items.``."""

    s: Situation
    template: Template
    changes: str | None
    header: Flat = field(default_factory=dict)
    items: list[Flat] = field(default_factory=list)

    def has(self, path: str) -> bool:
        """Whether the template knows the field. What is changed is named whether or not it says so."""
        return path in self.template.paths or path in _NAMES_ITSELF
