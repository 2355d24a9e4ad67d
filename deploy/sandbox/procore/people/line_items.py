"""Line items as people type them in and edit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deploy.sandbox.procore import lines
from deploy.sandbox.procore.company import Company, NoSuchRecord
from deploy.sandbox.procore.journal import Actor, as_row
from deploy.sandbox.procore.people.office import Body, Office, Operation, whole
from deploy.sandbox.procore.records import Line, Pco

Row = dict[str, Any]


def type_in(company: Company, pco: Pco, attributes: Body, actor: Actor) -> Line:
    """A line of a PCO; ``cost_code`` and ``line_item_type`` may name them by their codes."""
    return lines.create(company, pco, resolved(company, pco, attributes), actor)


def resolved(company: Company, pco: Pco, attributes: Body) -> Row:
    """The attributes with ids in place of codes; raises NoSuchRecord."""
    values = dict(attributes)
    if "cost_code" in values:
        full = values.pop("cost_code")
        own = (one for one in company.cost_codes.values() if one.project_id == pco.project_id)
        values["cost_code_id"] = one_id([one.id for one in own if one.full_code == full], f"cost code {full}")
    if "line_item_type" in values:
        code = values.pop("line_item_type")
        types = company.catalog.line_item_types.values()
        values["line_item_type_id"] = one_id([one.id for one in types if one.code == code], f"line item type {code}")
    return values


def one_id(found: list[int], what: str) -> int:
    """The only id; raises NoSuchRecord."""
    if not found:
        raise NoSuchRecord(f"there is no {what}")
    return found[0]


def add_line(office: Office, body: Body) -> Row:
    """The PCO, ``line`` with its attributes."""
    return as_row(type_in(office.company, office.pco(body), body["line"], office.actor(body)))


def line_of(office: Office, body: Body) -> tuple[Pco, Line]:
    """The line that ``line`` names by id or by ``origin_id``, and its PCO; raises NoSuchRecord."""
    company = office.company
    named = body.get("line")
    by_origin = company.lines.with_origin(named) if isinstance(named, str) else None
    line = by_origin if isinstance(named, str) else company.lines.rows.get(whole(body, "line"))
    if line is None:
        raise NoSuchRecord(f"there is no line item {named!r}")
    return company.pcos.rows[line.pco_id], line


def edit_line(office: Office, body: Body) -> Row:
    """``line`` (id or ``origin_id``), ``set`` of its attributes."""
    pco, line = line_of(office, body)
    values = resolved(office.company, pco, body.get("set", {}))
    return as_row(lines.change(office.company, pco, line, values, office.actor(body)))


def delete_line(office: Office, body: Body) -> Row:
    """``line`` (id or ``origin_id``)."""
    pco, line = line_of(office, body)
    lines.delete(office.company, pco, line, office.actor(body))
    return as_row(line)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "add_line": add_line,
    "edit_line": edit_line,
    "delete_line": delete_line,
}
