"""Whether the targets hold what they must: nothing missing, nothing doubled, nothing more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from deploy.demo.expectation import Expected, Line
from deploy.demo.holdings import Held


@dataclass
class Place:
    """One contract or purchase order: what must be there and what is."""

    system: str
    name: str
    wanted: int = 0
    found: int = 0
    lines: int = 0
    total: Decimal = Decimal(0)
    differences: list[str] = field(default_factory=list)


def judge(
    expected: Mapping[str, Expected], held: Collection[Held], void: Collection[str] = ()
) -> dict[tuple[str, str], Place]:
    """By system and place. ``void``: origin ids of what was deleted at the source, void where it is there."""
    places: dict[tuple[str, str], Place] = {}
    by_origin: dict[str | None, list[Held]] = defaultdict(list)
    for one in held:
        by_origin[one.origin_id].append(one)
        place = _place(places, one.system, one.place)
        place.found += 1
        place.lines += len(one.lines)
        if one.origin_id not in expected:
            _explain(place, one, void)
        elif one.status != "void":
            place.total += sum((line.amount for line in one.lines), Decimal(0))
    for wanted in expected.values():
        place = _place(places, wanted.system, wanted.place)
        place.wanted += 1
        place.differences += _differences(wanted, by_origin[wanted.origin_id])
    return places


def _place(places: dict[tuple[str, str], Place], system: str, name: str) -> Place:
    return places.setdefault((system, name), Place(system, name))


def _explain(place: Place, one: Held, void: Collection[str]) -> None:
    """A record that the source no longer calls for."""
    if one.origin_id in void and one.status == "void":
        place.wanted += 1
    else:
        place.differences.append(f"expected: no such record\nfound: {one.number} {one.title!r}, {one.origin_id}")


def _differences(wanted: Expected, found: list[Held]) -> list[str]:
    if len(found) != 1:
        return [f"expected: {wanted.origin_id} once in {wanted.place}\nfound: {len(found)} times"]
    one = found[0]
    pairs = [
        ("place", wanted.place, one.place),
        ("title", wanted.title, one.title),
        ("status", wanted.status, one.status),
        ("package", wanted.package, one.package),
        *_line_pairs(wanted.lines, one.lines),
    ]
    if wanted.system == "cinx":
        pairs = [pair for pair in pairs if pair[0] != "title"]  # a POCO has a description only
    return [
        f"{wanted.origin_id}, {name}\nexpected: {must}\nfound: {is_}"
        for name, must, is_ in pairs
        if must is not None and must != is_
    ]


def _line_pairs(wanted: Iterable[Line], found: Iterable[Line]) -> list[tuple[str, object, object]]:
    """Lines by text, amount and cost code, each as often as it must be there; the order does not matter."""
    must, is_ = Counter(map(_comparable, wanted)), Counter(map(_comparable, found))
    return [("lines", sorted((must - is_).elements()), sorted((is_ - must).elements()))]


def _comparable(line: Line) -> tuple[str, str, str]:
    return line.text, f"{line.amount:.2f}", line.cost_code or ""
