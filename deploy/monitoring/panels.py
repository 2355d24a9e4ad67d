"""What Grafana's JSON says of a panel, from the little that tells one panel from another."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Literal

Json = dict[str, Any]

COLUMNS = 24
SOURCE: Json = {"type": "prometheus", "uid": "${source}"}
"""The data source that the dashboard's first variable chooses."""

RUNBOOK = "docs/operating.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """``stat``: a number, red from ``red`` on; ``timeseries``: lines. ``heading`` is the runbook's."""

    title: str
    kind: Literal["stat", "timeseries"]
    queries: tuple[tuple[str, str], ...]
    tells: str
    heading: str
    unit: str = "short"
    red: float | None = None
    red_below: float | None = None
    width: int = 6

    def document(self, number: int, column: int, row: int) -> Json:
        """The panel at its place in the grid."""
        return {
            "id": number,
            "title": self.title,
            "type": self.kind,
            "description": f"{self.tells} Runbook: {RUNBOOK}#{self.heading}",
            "datasource": SOURCE,
            "gridPos": {"h": self.height, "w": self.width, "x": column, "y": row},
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": self._options(),
            "targets": [_target(letter, query) for letter, query in zip(ascii_uppercase, self.queries, strict=False)],
        }

    @property
    def height(self) -> int:
        return 4 if self.kind == "stat" else 8

    def _defaults(self) -> Json:
        # A number that nobody has written is no alarm, and no well-being either.
        return {"unit": self.unit, "noValue": "none", "color": self._color(), "thresholds": self._thresholds()}

    def _color(self) -> Json:
        return {"mode": "thresholds" if self.kind == "stat" else "palette-classic"}

    def _thresholds(self) -> Json:
        steps: list[Json] = [{"color": "red" if self.red_below is not None else "green", "value": None}]
        if self.red_below is not None:
            steps.append({"color": "green", "value": self.red_below})
        if self.red is not None:
            steps.append({"color": "red", "value": self.red})
        return {"mode": "absolute", "steps": steps}

    def _options(self) -> Json:
        if self.kind == "stat":
            return {"colorMode": "background", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}
        return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}


def _target(letter: str, query: tuple[str, str]) -> Json:
    expression, legend = query
    return {"refId": letter, "datasource": SOURCE, "expr": expression, "legendFormat": legend}


def laid_out(panels: tuple[Panel, ...]) -> list[Json]:
    """From left to right, a new row where one is full; panels of a row have one height."""
    documents: list[Json] = []
    column, row, height = 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        if column + panel.width > COLUMNS:
            column, row = 0, row + height
        documents.append(panel.document(number, column, row))
        column, height = column + panel.width, panel.height
    return documents
