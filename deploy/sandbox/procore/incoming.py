"""One call on its way to a handler: its parameters, its body, and what it may touch.

Sources: Procore docs, "Error Reference", "Using Sync Actions"; the published endpoint reference (which status each
endpoint documents for a project that is not valid or not permitted). Query and body are one space of parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final, TypeVar

from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.errors import JSON_TYPE, NO_PERMISSION, NOT_VALID, ApiError
from deploy.sandbox.procore.journal import Actor
from deploy.sandbox.procore.oauth import Token
from deploy.sandbox.procore.records import Contract, ContractKind, Document, Pco, Project
from deploy.sandbox.procore.rendering import render
from deploy.sandbox.procore.stores import Documents
from deploy.sandbox.shell import Answer, Call

NOT_FOUND: Final = "Not found"
D = TypeVar("D", bound=Document)

TEXTS: Final = {401: NOT_VALID, 403: NO_PERMISSION, 404: NOT_FOUND}


@dataclass(frozen=True)
class Incoming:
    """What a handler gets."""

    company: Company
    call: Call
    token: Token
    ids: tuple[int, ...]
    denied: int
    """The documented status where rights are missing: 401, 403 or 404."""
    random: Random
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """As whom the call acts."""
        return Actor("api", self.token.user)

    def optional(self, name: str) -> int | None:
        """An id of query or body; raises ApiError if it is no number."""
        value: Any = self.call.query.get(name, self.body.get(name))
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise ApiError(400, {name: ["is not a number"]})
        return value

    def required(self, name: str) -> int:
        """The same; raises ApiError also if it is missing."""
        value = self.optional(name)
        if value is None:
            raise ApiError(400, {name: ["is required"]})
        return value

    def attributes(self, name: str) -> Mapping[str, Any]:
        """The object of the body that holds a record's attributes; raises ApiError."""
        value = self.body.get(name)
        if not isinstance(value, dict):
            raise ApiError(400, {name: ["is required and must be an object"]})
        return value

    def refused(self) -> ApiError:
        """The error for something that is unknown, not permitted or not visible."""
        setting = self.company.settings.unpermitted
        status = self.denied if setting == "documented" else int(setting)
        return ApiError(status, TEXTS[status])

    def project(self, project_id: int | None = None) -> Project:
        """The permitted project of path, query or body; raises ApiError."""
        wanted = self.required("project_id") if project_id is None else project_id
        project = self.company.projects.get(wanted)
        if project is None or not project.permitted:
            raise self.refused()
        if self.call.method != "GET" and not project.writable:
            raise ApiError(403, NO_PERMISSION)
        return project

    def contract(self, project: Project, kind: ContractKind | None = None) -> Contract:
        """The contract of query or body in that project; raises ApiError."""
        return self.contract_of(project, self.required("contract_id"), kind)

    def contract_of(self, project: Project, contract_id: int, kind: ContractKind | None = None) -> Contract:
        """A contract in that project; raises ApiError."""
        contract = self.company.contracts.get(contract_id)
        right = contract is not None and contract.project_id == project.id and kind in (None, contract.kind)
        if contract is None or not right or contract.deleted_at is not None:
            raise ApiError(404, NOT_FOUND)
        return contract

    def pco(self, project: Project) -> Pco:
        """The PCO of the path in that project; raises ApiError."""
        return within(project, self.company.pcos, self.ids[0])


def within(project: Project, store: Documents[D], record_id: int) -> D:
    """The living record in that project; raises ApiError."""
    record = store.get(record_id)
    if record is None or record.project_id != project.id:
        raise ApiError(404, NOT_FOUND)
    return record


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return Answer(status, render(value), {"Content-Type": JSON_TYPE, **(headers or {})}, gzip=True)


def body_of(call: Call) -> Mapping[str, Any]:
    """The JSON object of a call that has a body; raises ApiError."""
    if call.method in ("GET", "HEAD", "DELETE") or not call.body:
        return {}
    if "json" not in call.headers.get("content-type", "").lower():
        raise ApiError(406, "Not Acceptable: the content type must be application/json")
    try:
        value = json.loads(call.body, parse_float=Decimal, parse_constant=no_constant)
    except ValueError:
        raise ApiError(400, "There was a problem in the JSON you submitted") from None
    if not isinstance(value, dict):
        raise ApiError(400, "The body must be a JSON object")
    return value


def no_constant(name: str) -> Any:
    """Refuses ``NaN`` and the infinities, which JSON does not have."""
    raise ValueError(name)


Handler = Callable[[Incoming], Answer]
