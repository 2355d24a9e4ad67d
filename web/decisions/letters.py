"""What is done about open items: one of them, or all that fit a filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from operations.decisions import shown_marks
from operations.errors import Refused, WrongUsage
from operations.letters.comparison import compare, named_records, read_sides
from operations.letters.decide import decide
from operations.letters.details import LetterDetails, letter_details
from operations.letters.filter import Filter
from operations.letters.follow_up import FollowedUp, assign, note, snooze
from operations.letters.proposals import MadeAt, propose
from operations.letters.redrive import redrive
from operations.letters.settle import settle_shown
from operations.reports.home import amounts_behind
from operations.reports.items_page import AT_ONCE
from operations.reports.open_items import OpenItem, item_of, places_beside, read_open_item
from operations.reports.tables import moment_of
from operations.times import NOT_KEPT, can_be_kept
from relay.domain.commands import Operation
from relay.engine.topics import LETTERS
from web import formats
from web.decisions.form_decisions import REFUSALS, DecidedRow, FormDecisions, Writing
from web.decisions.forms import Submitted
from web.decisions.submission import NOTHING_KEPT, Act, FieldProblem, Kept, act, known, why_of
from web.pages.attention import chosen_items
from web.site import render, site_of
from web.words import VERBS, WORDS

_RATE = 50.0
"""Letters a second that are sent again, as the command does it."""
_FOLLOW_UPS = ("assign", "note", "snooze", "wake")
_OF_A_GROUP = ("redrive", "settle", "assign")
_GONE = "It changed since you looked: nothing was done with it."


def one(request: Request) -> HTMLResponse:
    """One open item, with a form for each thing that can be done."""
    known(request)
    return _one(request, request.query_params.get("id", ""), NOTHING_KEPT, 200)


def _one(request: Request, letter_id: str, kept: Kept, status: int) -> HTMLResponse:
    decisions, user = known(request)
    environment = decisions.environment()
    with moment_of(site_of(request).store) as tables:
        places = places_beside(tables, letter_id, environment.name(LETTERS))
    try:
        details = letter_details(environment, letter_id, places)
    except REFUSALS as error:
        raise Refused(f"{kept.sentence} {error}".strip()) from error
    site = site_of(request)
    with moment_of(site.store) as tables:
        item = read_open_item(tables, details.open_letter.id) or item_of(details.open_letter)
        about = [f"{details.open_letter.mark} {details.open_letter.id}"]
        forms = _forms(decisions, user, (*details.choices, *_FOLLOW_UPS), about, [item], site.clock())
        return render(
            request,
            "decide_letter",
            tables,
            status=status,
            item=item,
            letter=details.letter,
            forms=forms,
            kept=kept,
            user=user,
            sides=_sides(details),
            record=next(iter(named_records(details.letter.sides)), ""),
            second_person={one.value for one in decisions.environment().configuration.second_person},
        )


def _sides(details: LetterDetails) -> tuple[list[str], list[tuple[str, ...]]] | None:
    sides = read_sides(details.letter.sides)
    return compare(sides) if sides else None


def group(request: Request) -> HTMLResponse:
    """All open items of a filter, with forms for what can be done about all of them."""
    known(request)
    return _group(request, None, NOTHING_KEPT, 200)


def _group(request: Request, only: Sequence[str] | None, kept: Kept, status: int) -> HTMLResponse:
    """``only``: the letters of a form that was not taken."""
    decisions, user = known(request)
    site = site_of(request)
    with moment_of(site.store) as tables:
        items = chosen_items(request, tables) if only is None else _items_of(tables, only)
        marks = shown_marks(tables, [item.letter_id for item in items])
        shown = [item for item in items if item.letter_id in marks][:AT_ONCE]
        about = [f"{marks[item.letter_id]} {item.letter_id}" for item in shown]
        forms = _forms(decisions, user, _OF_A_GROUP, about, shown, site.clock()) if shown else []
        return render(
            request,
            "decide_group",
            tables,
            status=status,
            items=shown,
            count=len(items),
            forms=forms,
            kept=kept,
            user=user,
        )


def _items_of(tables: Any, only: Sequence[str]) -> list[OpenItem]:
    return [item for letter_id in only if (item := read_open_item(tables, letter_id))]


def _forms(
    decisions: FormDecisions,
    user: str,
    actions: Sequence[str],
    about: Sequence[str],
    items: Sequence[OpenItem],
    at: datetime,
) -> list[tuple[str, Any, str]]:
    """Each with its action, and what its button says."""
    key, now = decisions.key, at.timestamp()
    return [(action, key.form(user, action, about, now), button(action, items)) for action in actions]


def button(action: str, items: Sequence[OpenItem]) -> str:
    """Verb, count and money: ``Send again: 38 change orders, Owner 112,400.00 USD``. What moves no money names none."""
    if action in _FOLLOW_UPS and len(items) == 1:
        return VERBS[action]
    keys = {item.change_order_key for item in items}
    whole = None not in keys and len(keys) == len(items)
    what = WORDS["change_orders_few"] if whole else WORDS["open_items_few"]
    if len(items) == 1:
        what = WORDS["one_change_order"] if whole else WORDS["one_open_item"]
    money = "; ".join(
        f"{WORDS[f'{side}_short'] + ' ' if side else ''}{formats.sums(told.known)}"
        + (f" and {told.unknown} {WORDS['unknown']}" if told.unknown else "")
        for side, told in amounts_behind(items).items()
    )
    return f"{VERBS[action]}: {len(items)} {what}" + (f", {money}" if action not in _FOLLOW_UPS else "")


async def submit(request: Request) -> Response:
    """A form about one open item, or several."""
    action = request.path_params["action"]
    if action not in _ACTS:
        raise HTTPException(404)
    return await act(request, action, _acting(request, _ACTS[action]), _shown_again)


def _acting(request: Request, made: Callable[[Request, Writing, Submitted], list[DecidedRow]]) -> Act:
    return lambda writing, form: made(request, writing, form)


def _shown_again(request: Request, form: Submitted, kept: Kept, status: int) -> Response:
    letters = list(form.shown)
    return _one(request, letters[0], kept, status) if len(letters) == 1 else _group(request, letters, kept, status)


def _redrive(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    why, shown = why_of(form), form.shown
    results = redrive(writing(), (), Filter(), as_is=False, rate=_RATE, who=form.user, why=why, shown=shown)
    rows = [DecidedRow(about=one.letter.id, words=f"{one.result}: {one.words}", number=one.number) for one in results]
    return _with_gone(rows, shown)


def _settle(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    why = why_of(form)
    results = settle_shown(writing(), form.shown, who=form.user, why=why)
    return _with_gone(
        [DecidedRow(about=one.letter.id, words=one.words, number=one.number) for one in results], form.shown
    )


def _with_gone(rows: list[DecidedRow], shown: dict[str, str]) -> list[DecidedRow]:
    told = {row.about for row in rows}
    return rows + [DecidedRow(about=one, words=_GONE, number=None) for one in shown if one not in told]


def _adopt(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    record = form.text("remote_id")
    if not record:
        raise FieldProblem("remote_id", "Name the record that is right: Procore's by id, CINX's by number.")
    return _decide(writing, form, Operation.ADOPT, record)


def _resubmit(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    return _decide(writing, form, Operation.RESUBMIT, None)


def _decide(writing: Writing, form: Submitted, operation: Operation, record: str | None) -> list[DecidedRow]:
    """Carried out, or proposed where a second person is wanted."""
    why, (letter_id,) = why_of(form), form.shown
    said, environment = {"who": form.user, "why": why}, writing()
    if operation in environment.configuration.second_person:
        made_at = MadeAt.PAGE
        proposed = propose(environment, letter_id, operation, record, **said, made_at=made_at, shown=form.shown)
        return [DecidedRow(about=letter_id, words="proposed", number=proposed.number)]
    made = decide(environment, letter_id, operation, record, **said, shown=form.shown)
    return [DecidedRow(about=letter_id, words=operation.value, number=made.number)]


def _assign(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    return _followed(
        "to", lambda: assign(writing(), list(form.shown), form.text("to"), who=form.user, shown=form.shown)
    )


def _note(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    return _followed(
        "note", lambda: note(writing(), list(form.shown), form.text("note"), who=form.user, shown=form.shown)
    )


def _snooze(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    until = moment_in(form.text("until"), "until", site_of(request).zone.name)
    if until is None:
        raise FieldProblem("until", "Say until when.")
    return _followed("until", lambda: snooze(writing(), list(form.shown), until, who=form.user, shown=form.shown))


def _wake(request: Request, writing: Writing, form: Submitted) -> list[DecidedRow]:
    return _followed("", lambda: snooze(writing(), list(form.shown), None, who=form.user, shown=form.shown))


def _followed(field: str, made: Callable[[], list[FollowedUp]]) -> list[DecidedRow]:
    try:
        done = made()
    except WrongUsage as error:
        raise FieldProblem(field, str(error)) from error
    return [DecidedRow(about=one.letter.id, words="recorded", number=one.number) for one in done]


def moment_in(text: str, field: str, zone: str) -> datetime | None:
    """What a field for a time says, in the page's zone if it names none. Raises ``FieldProblem`` for anything else."""
    if not text:
        return None
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise FieldProblem(field, "A time is written like 2026-10-31T14:05.") from None
    at = said if said.tzinfo else said.replace(tzinfo=ZoneInfo(zone))
    if not can_be_kept(at):
        raise FieldProblem(field, f"That {NOT_KEPT}.")
    return at


_ACTS = {
    "redrive": _redrive,
    "settle": _settle,
    "adopt": _adopt,
    "resubmit": _resubmit,
    "assign": _assign,
    "note": _note,
    "snooze": _snooze,
    "wake": _wake,
}
