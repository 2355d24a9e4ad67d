"""Where a route says what stands at its targets for the source's codes: in the file, or in its spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from relay.engine.configuration.cost_codes_file import Row, read_sheet
from relay.engine.configuration.document import Document, Place, dotted

COST_CODE: Final = "cost_code"
LINE_ITEM_TYPE: Final = "line_item_type"

_COLUMNS: Final = {COST_CODE: "target_code", LINE_ITEM_TYPE: "target_type"}
"""By what an entry of a crosswalk states the column of a spreadsheet that does."""


class StatedCodes:
    """What is stated in one configuration, at one moment. ``document``: its file."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._sheets: dict[Path, Sequence[Row]] = {}

    def place_of(self, route: int, what: str, text: str) -> str | None:
        """File, line and key that make ``text`` a cost code or line item type of the route with this position.

        Where nothing stands for a code, it is sent as the source writes it: then the row is meant in which something
        should. ``None``: it comes from neither.
        """
        return next(self._places(route, what, text), None)

    def _places(self, route: int, what: str, text: str) -> Iterator[str]:
        content = self._document.content["routes"][route]
        for at, entry in enumerate(content.get("crosswalk") or ()):
            if entry.get(what) == text:
                yield self._in_file(("routes", route, "crosswalk", at, what))
        column = _COLUMNS[what]
        rows = list(self._rows(content))
        yield from (f"{file}:{row.line}: {column}" for file, row in rows if row.cells[column] == text)
        if what != COST_CODE:
            return
        codes: Mapping[str, Any] = content.get("cost_codes") or {}
        yield from (self._in_file(("routes", route, "cost_codes", code)) for code, to in codes.items() if to == text)
        yield from (
            f"{file}:{row.line}: {column}"
            for file, row in rows
            if row.cells["code"] == text and not row.cells[column] and text not in codes
        )

    def _rows(self, route: Mapping[str, Any]) -> Iterator[tuple[Path, Row]]:
        if not (named := route.get("cost_codes_file")):
            return
        file = Path(self._document.file).parent / named
        if file not in self._sheets:
            self._sheets[file] = read_sheet(file).rows
        yield from ((file, row) for row in self._sheets[file])

    def _in_file(self, place: Place) -> str:
        return f"{self._document.file}:{self._document.line(place)}: {dotted(place)}"
