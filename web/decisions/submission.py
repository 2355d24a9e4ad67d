"""The way of every form: who sends it, whether it is one of ours, what was done, and where one is led then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from operations.reports.tables import moment_of
from web.decisions.form_decisions import REFUSALS, DecidedRow, FormDecisions, Writing
from web.decisions.forms import Submitted, read_form, require_same_site, submitted
from web.site import render, site_of

_LONGEST_TEXT = 2000


class FieldProblem(Exception):
    """What was written in a field cannot be taken. ``field``: its name; the message says why, and what to write."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A form that was not taken, as its screen shows it again: what was written, and what is wrong with which field."""

    action: str = ""
    field: str = ""
    sentence: str = ""
    written: Mapping[str, str] | None = None

    def value(self, action: str, field: str, otherwise: str = "") -> str:
        """What stands in a field."""
        return (self.written or {}).get(field, otherwise) if action == self.action else otherwise

    def problem(self, action: str, field: str) -> str:
        """What is wrong with it."""
        return self.sentence if (action, field) == (self.action, self.field) else ""


NOTHING_KEPT = Kept()

Act = Callable[[Writing, Submitted], list[DecidedRow]]
Show = Callable[[Request, Submitted, Kept, int], Response]
"""The screen of a form again, with a status."""


def decisions_of(request: Request) -> FormDecisions | None:
    """What makes decisions here; ``None`` where none are made."""
    decisions: FormDecisions | None = request.app.state.decisions
    return decisions


def known(request: Request) -> tuple[FormDecisions, str]:
    """What makes decisions here, and who asks. Raises ``HTTPException`` where nobody is known, or may decide."""
    decisions = decisions_of(request)
    if decisions is None:
        raise HTTPException(404)
    user = decisions.user_of(request)
    if user is None:
        raise HTTPException(
            403,
            "Decisions are made under a name, and nobody has said who you are. Come through the proxy with its login; "
            "COR_WEB_PROXY and COR_WEB_USER_HEADER say which one is believed.",
        )
    return decisions, user


async def act(request: Request, action: str, acting: Act, show: Show) -> Response:
    """Takes a form: it is proven, carried out once, and answered with what became of each row."""
    decisions, user = known(request)
    require_same_site(request)
    form = submitted(decisions.key, user, action, await read_form(request), site_of(request).clock().timestamp())
    return await run_in_threadpool(_carried_out, request, decisions, form, acting, show)


def _carried_out(request: Request, decisions: FormDecisions, form: Submitted, acting: Act, show: Show) -> Response:
    try:
        rows = decisions.decide(form.form_id, lambda writing: acting(writing, form))
    except FieldProblem as problem:
        kept = Kept(action=form.action, field=problem.field, sentence=str(problem), written=form.written)
        return show(request, form, kept, 422)
    except REFUSALS as error:
        return show(request, form, Kept(action=form.action, sentence=str(error), written=form.written), 409)
    numbers = [row.number for row in rows if row.number is not None]
    if len(numbers) == len(rows):
        return RedirectResponse(request.url_for("decision", numbers=ranges(numbers)).path, 303)
    return answered(request, form, rows, 200 if numbers else 409)


def answered(request: Request, form: Submitted, rows: Sequence[DecidedRow], status: int) -> Response:
    """Row by row."""
    numbers = [row.number for row in rows if row.number is not None]
    with moment_of(site_of(request).store) as tables:
        given: dict[str, Any] = {"rows": rows, "action": form.action, "done": len(numbers), "ranges": ranges(numbers)}
        return render(request, "decided_rows", tables, status=status, **given)


def why_of(form: Submitted) -> str:
    """The reason. Raises ``FieldProblem`` where there is none, or a novel."""
    why = form.text("why")
    if not why:
        raise FieldProblem("why", "Say why: it is kept for whoever asks later.")
    if len(why) > _LONGEST_TEXT:
        raise FieldProblem("why", f"At most {_LONGEST_TEXT} characters.")
    return why


def ranges(numbers: Sequence[int]) -> str:
    """``118-120,125``."""
    counter = count()
    runs = [list(run) for _, run in groupby(sorted(numbers), lambda number: number - next(counter))]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def numbers_in(text: str, most: int) -> list[int]:
    """What :func:`ranges` wrote. Raises ``HTTPException`` for anything else, and for more than ``most``."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True) and len(part) < 30):
            raise HTTPException(404, f"{text[:50]!r} names no decision.")
        start, end = int(first), int(last or first)
        if end - start >= most or len(found) + end - start >= most:
            raise HTTPException(404, f"At most {most} decisions are shown at once.")
        found += range(start, end + 1)
    return found
