"""Where people's operations take place, and how their bodies are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deploy.sandbox.procore.company import Company, NoSuchRecord
from deploy.sandbox.procore.journal import Actor
from deploy.sandbox.procore.oauth import Desk
from deploy.sandbox.procore.rates import Budget
from deploy.sandbox.procore.records import Contract, Document, Package, Pco, Request
from deploy.sandbox.shell import Refused

Body = Mapping[str, Any]
KINDS: Final = ("pco", "request", "package")


@dataclass(frozen=True)
class Office:
    """A company with its login desk and its request limits."""

    company: Company
    desk: Desk
    budget: Budget

    def actor(self, body: Body) -> Actor:
        """The person who acts: ``by``, or the first of the company."""
        first = next((one for one in self.company.catalog.people if one != self.company.service_user), 0)
        return Actor("person", whole(body, "by", first))

    def contract(self, body: Body) -> Contract:
        """The contract that ``contract`` names by id; raises NoSuchRecord."""
        return self.company.contract(whole(body, "contract"))

    def document(self, body: Body) -> Pco | Request | Package:
        """The change order that the body names; raises NoSuchRecord or Refused."""
        kind = body.get("kind", "pco")
        if kind not in KINDS:
            raise Refused(f"kind is one of {KINDS}, not {kind!r}")
        company = self.company
        stores = {"pco": company.pcos, "request": company.requests, "package": company.packages}
        store: Any = stores[kind]
        if "id" in body:
            record = store.get(whole(body, "id"))
        elif "origin_id" in body:
            record = store.with_origin(text(body, "origin_id"))
        else:
            record = store.with_number(whole(body, "contract"), text(body, "number"))
        if not isinstance(record, Document):
            raise NoSuchRecord(f"there is no {kind} {naming(body)}")
        return record  # type: ignore[return-value]  # each store holds one of the three

    def pco(self, body: Body) -> Pco:
        """The PCO that the body names; raises NoSuchRecord or Refused."""
        record = self.document({**body, "kind": "pco"})
        if not isinstance(record, Pco):
            raise NoSuchRecord(f"there is no PCO {naming(body)}")
        return record


Operation = Callable[[Office, Body], Any]


def naming(body: Body) -> dict[str, Any]:
    """What a body names a change order by."""
    return {name: body[name] for name in ("id", "origin_id", "contract", "number") if name in body}


def whole(body: Body, name: str, default: int | None = None) -> int:
    """A required id or count of the body; raises Refused."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{name} must be a whole number, not {value!r}")
    return value


def text(body: Body, name: str, default: str | None = None) -> str:
    """A required text of the body; raises Refused."""
    value = body.get(name, default)
    if not isinstance(value, str) or not value:
        raise Refused(f"{name} must be a text, not {value!r}")
    return value
