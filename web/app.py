"""The application: addresses, the headers of every answer, and what is said where something fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from operations.errors import Refused
from operations.reconcile.causes import title_of
from operations.reports.no_tables import NoTables
from operations.wording import system_name
from relay.domain.routes import Routing
from relay.engine.settings import Settings
from web import formats
from web.decisions import proposals
from web.decisions.addresses import addresses
from web.decisions.form_decisions import REFUSALS, form_decisions_of
from web.exports import TooMuchForAFile
from web.pages import attention, change_order, home, log, month, search, system, writes
from web.read_months import ReadMonths
from web.site import Site
from web.words import WORDS
from workers.views.store import store_of

_HEADINGS: Final = {
    400: "That was not taken",
    403: "That is not for you",
    405: "That was not taken",
    409: "That was not taken",
    413: "That was not taken",
    415: "That was not taken",
}
_HERE = Path(__file__).parent
_HEADERS = {
    # No script at all, nothing from elsewhere, in nobody's frame; forms lead here alone.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # What it shows is nobody's to keep on a shared machine.
    "Cache-Control": "no-store",
}


@cache
def templates() -> Templates:
    """The templates, compiled, with the words and formats that all of them use. Whatever data says, it is text."""
    made = Templates(
        loader=PackageLoader("web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"words": WORDS, "formats": formats}
    made.filters |= {
        "name_of": formats.name_of,
        "money": formats.money,
        "sums": formats.sums,
        "status": formats.status,
        "state": formats.state,
        "operations": formats.operations,
        "reason": formats.reason,
        "records": formats.records,
        "verb": formats.verb,
        "system": system_name,
        "cause": title_of,
    }
    for name in made.list_templates():  # Compiled before anybody waits for it.
        made.get_template(name)
    return made


def application(
    settings: Settings,
    zone: str = "UTC",
    clock: Callable[[], datetime] | None = None,
    routes: Callable[[], Routing] | None = None,
    months: ReadMonths | None = None,
) -> Starlette:
    """The page of one installation. Raises ``Fatal`` where ``COR_VIEWS_URL`` cannot name its tables, or
    ``COR_WEB_KEY_FILE`` holds no key.
    """
    store = store_of(settings)
    decisions = form_decisions_of(settings)
    site = Site(
        store=store,
        templates=templates(),
        zone=formats.Zone(zone),
        clock=clock or (lambda: datetime.now(UTC)),
        routes=routes or _no_routes,
        decider_of=decisions.user_of if decisions else lambda request: None,
        months=months or ReadMonths(),
    )
    app = Starlette(
        routes=[
            Route("/", home.page, name="home"),
            Route("/search", search.page, name="search"),
            Route("/change-orders", change_order.page, name="change_order"),
            Route("/attention", attention.page, name="attention"),
            Route("/attention.{form:str}", attention.export, name="attention_export"),
            Route("/log", log.page, name="log"),
            Route("/log.{form:str}", log.export, name="log_export"),
            Route("/projects", month.page, name="month"),
            Route("/projects.{form:str}", month.export, name="month_export"),
            Route("/writes", writes.page, name="writes"),
            Route("/writes.{form:str}", writes.export, name="writes_export"),
            Route("/decisions", proposals.page, name="decisions"),
            *(addresses() if decisions is not None else ()),
            Route("/system", system.page, name="system"),
            Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_with_headers)],
        exception_handlers={**dict.fromkeys(REFUSALS, _refused), HTTPException: _not_there, Exception: _failed},
    )
    app.state.site = site
    app.state.decisions = decisions
    return app


async def _with_headers(request: Request, following: Callable[[Request], Awaitable[Response]]) -> Response:
    answer = await following(request)
    answer.headers.update(_HEADERS)
    return answer


def _no_routes() -> Routing:
    raise Refused("what goes where cannot be told here: the page was started without routes (COR_CONFIG)")


def _refused(request: Request, error: Exception) -> HTMLResponse:
    """What is to be shown or done is not there, or not reached: said in a sentence, with nothing made up."""
    if isinstance(error, NoTables):
        return _message(request, 503, "There is nothing to show yet", str(error))
    return _message(request, 503, "That cannot be done or shown now", str(error))


def _not_there(request: Request, error: Any) -> HTMLResponse:
    is_file = isinstance(error, TooMuchForAFile)
    heading = "That is too much for one file" if is_file else _HEADINGS.get(error.status_code, "There is no such page")
    return _message(request, error.status_code, heading, str(error.detail))


def _failed(request: Request, error: Exception) -> HTMLResponse:
    return _message(
        request, 500, "The page itself has failed", f"Report it: {type(error).__name__} at {request.url.path}."
    )


def _message(request: Request, code: int, heading: str, sentence: str) -> HTMLResponse:
    site: Site = request.app.state.site
    page = site.templates.get_template("message.html")
    text = page.render(request=request, heading=heading, sentence=sentence, site=site, screen="", read=None, query="")
    answer = HTMLResponse(text, code)
    answer.headers.update(_HEADERS)
    return answer
