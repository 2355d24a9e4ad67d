"""Holds and releases by form."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.audit import now
from operations.errors import Refused
from operations.holds.hold import make_hold, release_hold
from operations.reports.statements import read_holds
from operations.reports.tables import moment_of
from relay.domain.control import Subject
from web.decisions.form_decisions import DecidedRow, Writing
from web.decisions.forms import Submitted
from web.decisions.letters import moment_in
from web.decisions.submission import NOTHING_KEPT, FieldProblem, Kept, act, known, why_of
from web.site import render, site_of

_ANY = "any"
"""What the form of a hold is about: what is written in it."""


def hold(request: Request) -> HTMLResponse:
    """What is to be held."""
    known(request)
    return _hold(request, NOTHING_KEPT, 200)


def _hold(request: Request, kept: Kept, status: int) -> HTMLResponse:
    decisions, user = known(request)
    site = site_of(request)
    with moment_of(site.store) as tables:
        return render(
            request,
            "decide_hold",
            tables,
            status=status,
            form=decisions.key.form(user, "hold", [_ANY], site.clock().timestamp()),
            kinds=[kind.value for kind in Subject],
            kind=request.query_params.get("kind", Subject.CHANGE_ORDER.value),
            named=request.query_params.get("named", ""),
            kept=kept,
            user=user,
        )


async def submit_hold(request: Request) -> Response:
    """The form of a hold."""
    zone = site_of(request).zone.name

    def made(writing: Writing, form: Submitted) -> list[DecidedRow]:
        return _make(writing, form, zone)

    return await act(request, "hold", made, lambda asked, form, kept, status: _hold(asked, kept, status))


def _make(writing: Writing, form: Submitted, zone: str) -> list[DecidedRow]:
    why, until = why_of(form), moment_in(form.text("until"), "until", zone)
    if until is not None and until <= now():
        raise FieldProblem("until", "That is past: a hold that has ended holds nothing.")
    if not form.text("named"):
        raise FieldProblem("named", "Say what is to be held.")
    try:
        kind = Subject(form.text("kind"))
    except ValueError:
        raise FieldProblem("kind", "Choose one of these.") from None
    try:
        # The form's own id: sent twice, it is one hold.
        written = make_hold(
            writing(), kind, form.text("named"), until=until, who=form.user, why=why, hold_id=form.form_id
        )
    except Refused as error:
        raise FieldProblem("named", str(error)) from error
    return [DecidedRow(about=written.hold.hold_id, words="held", number=written.number)]


def release(request: Request) -> HTMLResponse:
    """A hold that is to end."""
    known(request)
    return _release(request, request.query_params.get("id", ""), NOTHING_KEPT, 200)


def _release(request: Request, hold_id: str, kept: Kept, status: int) -> HTMLResponse:
    decisions, user = known(request)
    site = site_of(request)
    with moment_of(site.store) as tables:
        holds = read_holds(tables, site.clock(), site.name_of_target)
        found = next((one for one in holds if one.hold_id == hold_id), None)
        if found is None:
            raise HTTPException(404, f"{kept.sentence} No such hold stands any more.".strip())
        form = decisions.key.form(user, "release", [hold_id], site.clock().timestamp())
        return render(request, "decide_release", tables, status=status, hold=found, form=form, kept=kept, user=user)


async def submit_release(request: Request) -> Response:
    """The form of a release."""

    def made(writing: Writing, form: Submitted) -> list[DecidedRow]:
        why = why_of(form)
        written = release_hold(writing(), form.about[0], who=form.user, why=why)
        return [DecidedRow(about=written.hold.hold_id, words="released", number=written.number)]

    return await act(
        request, "release", made, lambda asked, form, kept, status: _release(asked, form.about[0], kept, status)
    )
