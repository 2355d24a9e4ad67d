"""Whether the project that a route starts at is there."""

from __future__ import annotations

from functools import partial

from operations.check.targets.answers import Answers, ProvenWrong
from operations.check.targets.procore import ProcoreCompany
from relay.clients.cinx import CinxClient
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.procore import ProcoreClient
from relay.domain.routes import Source
from relay.domain.sources import constructiononline

_PLACE = ("project",)


def prove_source(source: Source, answers: Answers) -> str:
    """What is so. Raises ``ProvenWrong``, ``Unanswered`` and ``CallsSpent``."""
    client, project = answers.remote.client, source.project or ""
    match client:
        case ConstructionOnlineClient():
            return _listed(project, answers, client)
        case ProcoreClient():
            return _shown(project, ProcoreCompany(answers, client, answers.remote.terms))
        case CinxClient():
            return _of_company(project, answers, client)


def _listed(project: str, answers: Answers, client: ConstructionOnlineClient) -> str:
    answer = answers.ask("projects", partial(client.projects, terms=answers.remote.terms))
    for record in answer.value:
        if constructiononline.record_id(record.data) == project:
            return str(record.data.get("NAME") or "without a name")
    raise ProvenWrong(_PLACE, _missing(project, len(answer.value)), answer.exchange)


def _shown(project: str, company: ProcoreCompany) -> str:
    if not project.isdecimal():
        raise ProvenWrong(_PLACE, f"{project!r} is no id of a Procore project", None)
    company.prove_project(int(project), "project")
    return "may be seen"


def _of_company(project: str, answers: Answers, client: CinxClient) -> str:
    answer = answers.ask("projects", partial(client.projects, terms=answers.remote.terms))
    for row in answer.value.rows:
        if project in (row.guid, row.number):
            return row.name or "without a name"
    raise ProvenWrong(_PLACE, _missing(project, len(answer.value.rows)), answer.exchange)


def _missing(project: str, count: int) -> str:
    return f"the account sees {count} projects, and {project!r} is not among them"
