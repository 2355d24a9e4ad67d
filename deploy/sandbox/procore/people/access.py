"""What an administrator does to the app, and what a test arranges about tokens and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deploy.sandbox.procore.journal import as_row
from deploy.sandbox.procore.mishaps import KINDS, Mishap
from deploy.sandbox.procore.people.office import Body, Office, Operation, text, whole
from deploy.sandbox.procore.records import Side
from deploy.sandbox.shell import Refused

Row = dict[str, Any]


def disconnect_app(office: Office, body: Body) -> Row:
    """The app is uninstalled: every call answers 403."""
    office.company.connected = False
    return {"connected": False}


def connect_app(office: Office, body: Body) -> Row:
    """The app is installed again."""
    office.company.connected = True
    return {"connected": True}


def block_project(office: Office, body: Body) -> Row:
    """``project``; ``how``: ``unpermitted`` (default) or ``read_only``."""
    project, how = office.company.project(whole(body, "project")), body.get("how", "unpermitted")
    if how not in ("unpermitted", "read_only"):
        raise Refused(f"how is unpermitted or read_only, not {how!r}")
    project.permitted, project.writable = how == "read_only", False
    return as_row(project)


def permit_project(office: Office, body: Body) -> Row:
    """``project`` is on the list of the service account, with all rights."""
    project = office.company.project(whole(body, "project"))
    project.permitted = project.writable = True
    return as_row(project)


def set_tiers(office: Office, body: Body) -> Row:
    """``project``, ``side`` (``commitment`` or ``prime``), ``tiers``; lowered only without change orders."""
    company, project = office.company, office.company.project(whole(body, "project"))
    side, tiers = text(body, "side"), whole(body, "tiers")
    if side not in project.tiers or tiers not in (1, 2, 3):
        raise Refused("side is commitment or prime, tiers are 1, 2 or 3")
    kind: Side = "prime" if side == "prime" else "commitment"
    own = [one.id for one in company.contracts.values() if one.project_id == project.id and one.side == kind]
    used = any(True for one in own for store in (company.pcos, company.packages) for _ in store.of_contract(one))
    if tiers < project.tiers[kind] and used:
        raise Refused("tiers cannot be lowered while there are change orders")
    project.tiers[kind] = tiers
    return as_row(project)


def expire_tokens(office: Office, body: Body) -> Row:
    """All tokens end at once."""
    return {"ended": office.desk.revoke_all()}


def refuse_credentials(office: Office, body: Body) -> Row:
    """The client's secret is not accepted any more; ``refused: false`` accepts it again."""
    office.desk.refusing = bool(body.get("refused", True))
    return {"refused": office.desk.refusing}


def authorize(office: Office, body: Body) -> Row:
    """A person (``by``) allows the app to act for them; returns the ``code``."""
    return {"code": office.desk.code(office.actor(body).user)}


def spend_requests(office: Office, body: Body) -> Row:
    """Another client of the same app sends requests: ``hourly`` and ``spike`` (0)."""
    now = office.company.now()
    office.budget.spend(now, whole(body, "hourly", 0), whole(body, "spike", 0))
    return dict(office.budget.dump(now))


def applies(office: Office, body: Body) -> list[Row]:
    """The changes of what has ``origin_id``, in their order, with what was stored by each; changes nothing."""
    return office.company.journal.of(text(body, "origin_id"))


def spoil(office: Office, body: Body) -> Row:
    """``origin_id``; its next ``times`` (1) sync elements are ``how``: ``rejected`` (with ``messages`` per field),
    ``mislaid`` (stored, but neither an entity nor an error) or ``skipped`` (not even stored).
    """
    how, messages = text(body, "how", "rejected"), body.get("messages", {"base": ["cannot be saved"]})
    if how not in KINDS:
        raise Refused(f"how is one of {KINDS}, not {how!r}")
    waiting = office.company.mishaps.arrange(text(body, "origin_id"), Mishap(how, messages), whole(body, "times", 1))
    return {"waiting": waiting}


def counts(office: Office, body: Body) -> Row:
    """How many living records of each kind there are, and how many changes so far; changes nothing."""
    company = office.company
    return {
        "potential_change_orders": company.pcos.living(),
        "change_order_requests": company.requests.living(),
        "change_order_packages": company.packages.living(),
        "line_items": len(company.lines.rows),
        "changes": len(company.journal.entries),
    }


OPERATIONS: Final[Mapping[str, Operation]] = {
    "disconnect_app": disconnect_app,
    "connect_app": connect_app,
    "block_project": block_project,
    "permit_project": permit_project,
    "set_tiers": set_tiers,
    "expire_tokens": expire_tokens,
    "refuse_credentials": refuse_credentials,
    "authorize": authorize,
    "spend_requests": spend_requests,
    "spoil": spoil,
    "applies": applies,
    "counts": counts,
}
