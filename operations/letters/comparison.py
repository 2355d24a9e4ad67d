"""Both sides of a doubt beside each other: what is wanted, and what the remote holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from operations.wording import amount
from relay.domain.cinx_content import comparable
from relay.domain.json_object import object_in

Side = Mapping[str, object]

_WANTED = "change order"
"""The name of the side that is ours; a side without a name is ours if it is the first of several."""

_NAME = "side"
_LINES = "items"
_NOTHING: tuple[object, ...] = (None, "", [], {})


def compare(sides: Sequence[Side]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Lays sides beside each other: names of the columns, and a row for each thing that at least one of them says."""
    names = dict.fromkeys(name for side in sides for name in side if name not in (_NAME, _LINES))
    rows = [(name.replace("_", " "), *(_worded(side.get(name)) for side in sides)) for name in names]
    return ["what", *_columns(sides)], [row for row in (*rows, *_lines(sides)) if set(row[1:]) != {"-"}]


def read_sides(texts: Sequence[str]) -> list[Side] | None:
    """The sides as objects; ``None`` where one of them is none."""
    sides = [object_in(text, Decimal) for text in texts]
    told: list[Side] = [side for side in sides if side is not None]
    return told if len(told) == len(sides) else None


def named_records(texts: Sequence[str]) -> list[str]:
    """How the records that come into question are named to ``adopt``: CINX's by number, Procore's by id.

    CINX's sides may be shown only because they are there: those count that were made for it, or say what is wanted.
    """
    sides = read_sides(texts) or []
    wanted = next((_folded(side) for side in sides if side.get(_NAME) == _WANTED), None)
    numbers = [side.get("number") or side["cinx_guid"] for side in sides if _fits(side, wanted)]
    return [str(name) for name in (*numbers, *(side.get("id") for side in sides)) if name not in _NOTHING]


def _fits(side: Side, wanted: str | None) -> bool:
    return "cinx_guid" in side and (bool(side.get("made_for")) or _folded(side) == wanted)


def _folded(side: Side) -> str:
    return comparable(str(side.get("description") or ""))


def _columns(sides: Sequence[Side]) -> list[str]:
    ours = [_is_ours(side, first=number == 0 and len(sides) > 1) for number, side in enumerate(sides)]
    several = ours.count(False) > 1
    numbers = iter(range(1, len(sides) + 1))
    return ["wanted" if own else f"there ({next(numbers)})" if several else "there" for own in ours]


def _is_ours(side: Side, *, first: bool) -> bool:
    return side.get(_NAME) == _WANTED if _NAME in side else first


def _lines(sides: Sequence[Side]) -> list[tuple[str, ...]]:
    """Lines with the same text beside each other."""
    tables = [_by_text(side.get(_LINES)) for side in sides]
    texts = dict.fromkeys(text for table in tables for text in table)
    return [(f"line: {text}", *("; ".join(table.get(text, ["-"])) for table in tables)) for text in texts]


def _by_text(lines: object) -> dict[str, list[str]]:
    by_text: dict[str, list[str]] = {}
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict):
            by_text.setdefault(str(line.get("description") or "?"), []).append(_line(line))
    return by_text


def _line(line: Side) -> str:
    times = f"{_worded(line.get('quantity'))} x {_money(line.get('unit_price'))}"
    details = (line.get(name) for name in ("currency", "cost_code"))
    return ", ".join([times, *(str(detail) for detail in details if detail not in _NOTHING)])


def _money(value: object) -> str:
    return amount(Decimal(value)) if isinstance(value, int | Decimal) else _worded(value)


def _worded(value: object) -> str:
    if value in _NOTHING:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dict):
        return ", ".join(
            _worded(member) if len(value) == 1 else f"{name}: {_worded(member)}" for name, member in value.items()
        )
    if isinstance(value, list):
        return "; ".join(map(_worded, value))
    return str(value)
