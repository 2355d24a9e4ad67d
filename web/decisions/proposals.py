"""Proposals: what waits for a second person, who approves or declines it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.letters.decide import Decided
from operations.letters.proposals import approve, decline, is_same_person
from operations.reports.statements import ShownProposal, read_proposals
from operations.reports.tables import moment_of
from web.decisions.form_decisions import DecidedRow, FormDecisions, Writing
from web.decisions.forms import Form, Submitted
from web.decisions.letters import button
from web.decisions.submission import NOTHING_KEPT, Kept, act, decisions_of, why_of
from web.site import render, site_of


def page(request: Request) -> HTMLResponse:
    """The proposals that stand; with forms for whom the proxy knows."""
    return _page(request, NOTHING_KEPT, 200)


def _page(request: Request, kept: Kept, status: int) -> HTMLResponse:
    site = site_of(request)
    decisions = decisions_of(request)
    user = decisions.user_of(request) if decisions else None
    with moment_of(site.store) as tables:
        proposals = read_proposals(tables)
        forms = {}
        if decisions is not None and user is not None:
            forms = {one.proposal_id: _forms(decisions, user, one, site.clock().timestamp()) for one in proposals}
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


def _forms(decisions: FormDecisions, user: str, one: ShownProposal, now: float) -> list[tuple[str, Form, str]]:
    about = [f"{one.stated_at} {one.proposal_id}"]
    key = decisions.key
    decline_form = ("decline", key.form(user, "decline", about, now), "")
    is_own = not one.is_typed and is_same_person(one.person, user)
    if one.item is None or is_own:
        return [decline_form]
    return [("approve", key.form(user, "approve", about, now), button(one.action, [one.item])), decline_form]


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
