"""The rules: what is done where there is a choice. The safest is the default.

A rule may stand at a route, for all its targets, or at one target, where it goes before the route's.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from relay.domain.commands import CinxRules, ProcoreRules
from relay.domain.routes import Amount, NoItems
from relay.engine.configuration.sections import Section, keys_of

_PACKAGE_ID = re.compile(r"existing:\s*([1-9]\d{0,18})")


def _read_package(value: Any) -> str:
    if value in ("none", "per_change_order"):
        return str(value)
    if isinstance(value, dict) and set(value) == {"existing"}:
        value = f"existing:{value['existing']}"
    found = _PACKAGE_ID.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("none, per_change_order or {existing: ID} with the package's numeric id")
    return f"existing:{found[1]}"


Existing = Literal["letter", "adopt", "create"]
Undo = Literal["letter", "void", "leave"]


class CommonRules(Section):
    """Rules of every target."""

    existing: Existing | None = None
    amount: Amount | None = None


class ProcoreOnlyRules(Section):
    """Rules that only Procore targets know."""

    person_edit: Literal["letter", "keep_theirs", "overwrite"] | None = None
    number: Literal["leave_to_remote", "suffix", "letter"] | None = None
    package: Annotated[str, BeforeValidator(_read_package)] | None = None
    approved_change: Literal["letter", "reopen"] | None = None


class CinxOnlyRules(Section):
    """Rules that only CINX targets know."""

    cinx_later: Literal["letter", "further"] | None = None
    cinx_quantity: Literal["absolute", "delta"] | None = None
    cinx_no_items: NoItems | None = None
    lines: Literal["new", "by_item", "by_cost_code", "by_description"] | None = None


class RouteRules(CommonRules, ProcoreOnlyRules, CinxOnlyRules):
    """All rules, as a route may state them. At CINX nothing can be voided or left: always a letter."""

    on_delete: Undo | None = None
    on_withdraw: Undo | None = None


class ProcoreTargetRules(CommonRules, ProcoreOnlyRules):
    """The rules of a Procore target."""

    on_delete: Undo | None = None
    on_withdraw: Undo | None = None


class CinxTargetRules(CommonRules, CinxOnlyRules):
    """The rules of a CINX target. Once something was sent there, undoing it is a person's work."""

    on_delete: Literal["letter"] | None = None
    on_withdraw: Literal["letter"] | None = None


ONLY_FOR: dict[str, str] = {
    **dict.fromkeys([*keys_of(ProcoreOnlyRules), "on_delete", "on_withdraw"], "procore"),
    **dict.fromkeys(keys_of(CinxOnlyRules), "cinx"),
}
"""Rules that have an effect for one target system only, when they stand at a route."""

_CINX_NAMES = {"later": "cinx_later", "quantity": "cinx_quantity"}


def procore_rules(route: RouteRules, target: ProcoreTargetRules) -> ProcoreRules:
    """What holds for a Procore target: its own word, else the route's, else the default."""
    names = ("existing", "person_edit", "number", "package", "on_delete", "on_withdraw", "approved_change")
    return ProcoreRules(**_stated({name: name for name in names}, target, route))


def cinx_rules(route: RouteRules, target: CinxTargetRules) -> CinxRules:
    """What holds for a CINX target. ``on_delete`` and ``on_withdraw`` stay ``letter``."""
    names = ("existing", "lines", "quantity", "later")
    return CinxRules(**_stated({name: _CINX_NAMES.get(name, name) for name in names}, target, route))


def _stated(keys: dict[str, str], *sections: Section) -> dict[str, str]:
    """By rule name what the first section says that says anything."""
    stated: dict[str, str] = {}
    for name, key in keys.items():
        words = [word for section in sections if (word := getattr(section, key)) is not None]
        if words:
            stated[name] = str(words[0])
    return stated
