"""Packages, created once and changed by their ids."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from relay.clients.procore import (
    Package,
)
from relay.clients.procore.sync import refused_whole
from relay.domain.commands import ProcoreCommand
from relay.domain.failures import CallFailure, Rejected
from relay.engine.writer.adapter import Accepted, Refuse, Result, Send, Task, Unknown
from workers.procore_writer.calls.context import Calling, Results, body_of
from workers.procore_writer.finding import package_facts
from workers.procore_writer.letters import readback, refusals
from workers.procore_writer.plan import elements
from workers.procore_writer.plan.elements import Json
from workers.procore_writer.situation import Fact, Situation


def create_package(calling: Calling) -> Results:
    """Creates one package; never repeated while its outcome is unknown."""
    task, send = next(calling.pairs())
    where = calling.destination
    try:
        shown = calling.client.packages.create(
            where.project_id,
            where.contract_id,
            body_of(send),
            idempotency_key=calling.batch.idempotency_key,
            terms=calling.write_terms,
        )
    except Rejected as rejected:
        if refusals.says_origin_taken(rejected):
            # An earlier request of ours came through after all: the contract is listed.
            return calling.everybody(Unknown(message=rejected.message, remote_answer=rejected.remote_answer))
        return calling.everybody(_refused(calling, task, body_of(send), rejected))
    return calling.everybody(package_accepted(calling, calling.situation(task), send, body_of(send), shown))


def update_package(calling: Calling) -> Results:
    """Changes one package."""
    task, send = next(calling.pairs())
    element = body_of(send)
    fields = cast("Json", element["fields"])
    try:
        shown = send_update(calling, cast("int", element["package_id"]), fields)
    except Rejected as rejected:
        return calling.everybody(_refused(calling, task, fields, rejected))
    return calling.everybody(package_accepted(calling, calling.situation(task), send, fields, shown))


def _refused(calling: Calling, task: Task[ProcoreCommand], fields: Json, rejected: Rejected) -> Refuse:
    return refusals.of_order(calling.situation(task), refused_whole(rejected), fields)


def send_update(calling: Calling, package_id: int, fields: Json, *, admitted: bool = True) -> Package:
    """Sends changed fields of a package."""
    where = calling.destination
    return calling.client.packages.update(
        where.project_id,
        package_id,
        fields,
        contract_id=where.contract_id,
        idempotency_key=calling.batch.idempotency_key,
        terms=replace(calling.write_terms, admitted=admitted),
    )


def package_accepted(calling: Calling, s: Situation, send: Send, fields: Json, shown: Package) -> Result:
    """The package as it is now, compared with what was sent."""
    losses = list(readback.package_losses(fields, shown))
    if any(one.field not in shown.native.data for one in losses):
        # Which view a create answers is not documented; the list's has no description.
        losses = list(readback.package_losses(fields, _shown_whole(calling, shown)))
    lost = {one.part for one in losses}
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.put_package(shown)
    facts = package_facts(calling, shown)
    if "title" in fields and s.tiers == 1:
        facts[Fact.FIELDS] = elements.owned_fields(s)
    return Accepted(
        parts={part: wanted for part, wanted in send.parts.items() if part not in lost},
        remote=facts,
        refusal=readback.refusal_of(losses),
    )


def _shown_whole(calling: Calling, shown: Package) -> Package:
    where = calling.destination
    try:
        return calling.client.packages.show(
            where.project_id, shown.id, contract_id=where.contract_id, terms=calling.further()
        )
    except CallFailure:
        return shown
