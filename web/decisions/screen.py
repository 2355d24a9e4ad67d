"""What waits for a second person, and what came of a decision."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.decisions import follow, read_recorded
from operations.letters.decide import Decided
from operations.letters.proposals import approve, decline, is_same_person
from operations.reports.statements import ShownProposal, read_proposals
from operations.reports.tables import moment_of
from web.decisions.desk import DecidedRow, Desk, Writing
from web.decisions.forms import Form, Submitted
from web.decisions.letters import button
from web.decisions.submission import NOTHING_KEPT, Kept, act, known, numbers_in, why_of
from web.pages.screen import render, site_of

MOST = 500
"""Decisions that are followed at once."""


def page(request: Request) -> HTMLResponse:
    """The proposals that stand; with forms for whom the proxy knows."""
    return _page(request, NOTHING_KEPT, 200)


def _page(request: Request, kept: Kept, status: int) -> HTMLResponse:
    site = site_of(request)
    user = site.desk.user_of(request) if site.desk else None
    with moment_of(site.store) as tables:
        proposals = read_proposals(tables)
        forms = {}
        if site.desk is not None and user is not None:
            forms = {one.proposal_id: _forms(site.desk, user, one, site.clock().timestamp()) for one in proposals}
        return render(
            request,
            "decisions",
            tables,
            status=status,
            proposals=proposals,
            waiting=sum(one.item is not None for one in proposals),
            forms=forms,
            kept=kept,
            user=user,
        )


def _forms(desk: Desk, user: str, one: ShownProposal, now: float) -> list[tuple[str, Form, str]]:
    about = [f"{one.stated_at} {one.proposal_id}"]
    decline_form = ("decline", desk.key.form(user, "decline", about, now), "")
    is_own = not one.is_typed and is_same_person(one.person, user)
    if one.item is None or is_own:
        return [decline_form]
    return [("approve", desk.key.form(user, "approve", about, now), button(one.action, [one.item])), decline_form]


async def submit_approval(request: Request) -> Response:
    """The form of an approval."""

    def made(writing: Writing, form: Submitted) -> list[DecidedRow]:
        ((proposal_id, stated_at),) = form.shown.items()
        done = approve(writing(), proposal_id, who=form.user, why=form.text("why"), shown_at=stated_at)
        words = "sent" if isinstance(done, Decided) else "it stands under your name now, and waits for another person"
        return [DecidedRow(about=proposal_id, words=words, number=done.number)]

    return await act(request, "approve", made, _shown_again)


async def submit_decline(request: Request) -> Response:
    """The form of a refusal."""

    def made(writing: Writing, form: Submitted) -> list[DecidedRow]:
        (proposal_id,) = form.shown
        why = why_of(form)
        done = decline(writing(), proposal_id, who=form.user, why=why)
        return [DecidedRow(about=proposal_id, words="declined", number=done.number)]

    return await act(request, "decline", made, _shown_again)


def _shown_again(request: Request, form: Submitted, kept: Kept, status: int) -> Response:
    return _page(request, kept, status)


def followed(request: Request) -> HTMLResponse:
    """Decisions by their numbers, and what came of each."""
    desk, _ = known(request)
    numbers = numbers_in(request.path_params["numbers"], MOST)
    environment = desk.environment()
    recorded = read_recorded(environment, numbers)
    with moment_of(site_of(request).store) as tables:
        decisions = follow(environment, tables, recorded)
        return render(request, "decided", tables, decisions=decisions, asked=len(numbers))
