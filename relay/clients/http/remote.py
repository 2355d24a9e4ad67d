"""One HTTP exchange with a remote system."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import httpx
import structlog

from relay.clients.http import log_events
from relay.clients.http.clock import running_seconds
from relay.clients.http.failures import AnswerTooLarge, FailureFactory
from relay.clients.http.hosts import Proxy
from relay.clients.http.messages import Request, Response
from relay.clients.http.redaction import Redactor
from relay.clients.http.terms import CallTerms
from relay.clients.http.transport import OWN_CONNECTION, DeadlineTransport, InFlightRequest, underway
from relay.clients.rate import Governor, Ungoverned
from relay.domain.failures import CallFailure, Throttled

_log = structlog.get_logger(__name__)

# They write whole URLs and headers, and CINX keeps a token in the path.
_TALKATIVE = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)


_MAX_THROTTLED_RETRIES = 3  # Refusals that a paused listing waits out; more mean that the limits are misjudged.


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What is counted about one request.

    ``failure`` is the name of the failure's class, as the status alone tells it: the client of the
    remote may know better, and take a 404 for a plain answer.
    """

    remote: str
    tenant: str
    operation: str
    status: int | None
    failure: str | None
    seconds: float


OnCall = Callable[[CallReport], None]


def _ignore(report: CallReport) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """What every client needs besides its addresses and credentials; all of it has defaults.

    ``deadline``: seconds for a whole request, from the wait for a connection to the last byte
    of the answer. ``proxy``: what the remote is reached by, where not directly. ``step``: seconds
    for a connection to be made or to become free. ``keepalive``: seconds an idle connection is
    kept. ``largest_answer``: bytes, decompressed. ``clock``: see
    :func:`relay.clients.http.clock.running_seconds`. ``transport`` replaces the network in tests.
    """

    tenant: str = ""
    deadline: float = 60.0
    step: float = 10.0
    keepalive: float = 15.0
    connections: int = 16
    proxy: Proxy | None = None
    largest_answer: int = 256 * 1024 * 1024
    governor: Governor = field(default_factory=Ungoverned)
    on_call: OnCall = _ignore
    clock: Callable[[], float] = running_seconds
    transport: httpx.BaseTransport | None = None
    redactor: Redactor = field(default_factory=Redactor)


class RemoteHttp:
    """Exchanges with one host of a remote system. Thread-safe.

    It never follows a redirect, keeps no cookies, and lets no secret into what it raises.
    """

    def __init__(self, name: str, base_url: str, wiring: ClientOptions) -> None:
        _silence_the_wire()
        self.verdicts = FailureFactory(name, wiring.redactor)
        self._name = name
        self._wiring = wiring
        self._base_url = base_url.rstrip("/")
        self._client = httpx.Client(
            transport=wiring.transport or _network(wiring, base_url),
            headers={"Accept-Encoding": "gzip", "User-Agent": "change-order-relay"},
            timeout=httpx.Timeout(wiring.deadline, connect=wiring.step, pool=wiring.step),
            follow_redirects=False,
        )
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def exchange(self, call: Request, terms: CallTerms) -> Response:
        """Sends ``call`` and reads its answer, whatever its status code.

        Raises ``Unavailable`` where nothing was applied, ``Ambiguous`` where nobody knows,
        ``Rejected`` where the request itself is impossible, and ``Throttled`` for 429, for 503
        with a time, and where the governor does not admit the call. A reading call whose terms
        have a pause waits out a few refusals, so that a long listing need not start anew; not its
        first request, with which nothing is lost: the caller can then keep in mind how long to wait.
        """
        for _ in range(_MAX_THROTTLED_RETRIES):
            try:
                return self._exchange_once(call, terms)
            except Throttled as throttled:
                if terms.pause is None or terms.admitted or not call.reading:
                    raise
                terms.pause(throttled.wait_seconds)
        return self._exchange_once(call, terms)

    def _exchange_once(self, call: Request, terms: CallTerms) -> Response:
        self._admit(call, terms)
        governor, clock = self._wiring.governor, self._wiring.clock
        passage = InFlightRequest(clock() + self._wiring.deadline, terms.not_after, clock)
        ticket = governor.begin(clock(), terms.lane)
        started = time.monotonic()
        try:
            answer = self._send(call, passage)
        except BaseException as error:
            governor.unanswered(ticket, clock(), sent=passage.sent)
            if isinstance(error, CallFailure):
                self._report(call, error.status, error, started)
            raise
        throttled = self._learn(call, answer, ticket)
        self._report(call, answer.status, throttled or self.verdicts.of_status(answer, call), started)
        if throttled:
            raise throttled
        return answer

    def release(self, terms: CallTerms) -> None:
        """Gives back the slot of a call that is not made after all."""
        if terms.admitted:
            self._wiring.governor.release(terms.lane)

    def check(self, call: Request, answer: Response) -> Response:
        """``answer`` if it is 2xx; otherwise raises the failure that its status means."""
        failure = self.verdicts.of_status(answer, call)
        if failure:
            raise failure
        return answer

    def json(self, call: Request, answer: Response) -> Any:
        """The answer's JSON. An unreadable one leaves the outcome of a write unknown."""
        try:
            return answer.json()
        except ValueError as error:
            words = f"the answer is not readable JSON ({error})"
            raise self.verdicts.unknown(answer, call, words) from None

    def _admit(self, call: Request, terms: CallTerms) -> None:
        if terms.admitted:
            return
        governor, clock = self._wiring.governor, self._wiring.clock
        while (wait := governor.acquire(clock(), terms.lane)) > 0:
            if terms.pause is None:
                raise self.verdicts.budget_spent(call, wait)
            terms.pause(wait)

    def _send(self, call: Request, passage: InFlightRequest) -> Response:
        if passage.window_closed():
            raise self.verdicts.unavailable(call, "the send window has closed; nothing was sent")
        # A transport of a test does not say when it sends: from here on it may have.
        passage.sent = self._wiring.transport is not None
        try:
            with underway(passage):
                return self._read(call, passage)
        except Exception as error:  # noqa: BLE001 - whatever a transport raises has to be told apart
            sent = passage.sent if self._wiring.transport is None else None
            # The original exception and its request hold the URL and the credentials.
            raise self.verdicts.of_exception(error, call, sent=sent) from None

    def _read(self, call: Request, passage: InFlightRequest) -> Response:
        with self._client.stream(
            call.method,
            self._base_url + call.path,
            params=list(call.query) or None,
            headers=dict(call.headers),
            content=call.body,
            extensions={OWN_CONNECTION: call.own_connection},
        ) as response:
            body = self._body(response, passage)
            return Response(status=response.status_code, headers=response.headers, body=body)

    def _body(self, response: httpx.Response, passage: InFlightRequest) -> bytes:
        pieces, size = [], 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > self._wiring.largest_answer:
                raise AnswerTooLarge
            if passage.left(None) is None:
                raise httpx.ReadTimeout("the time for the whole call is up")
            pieces.append(piece)
        return b"".join(pieces)

    def _learn(self, call: Request, answer: Response, ticket: int) -> CallFailure | None:
        governor, now = self._wiring.governor, self._wiring.clock()
        if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
            wait = governor.refused(ticket, answer.headers, answer.body, now)
            return self.verdicts.throttled(answer, call, wait)
        governor.answered(ticket, answer.headers, now)
        return None

    def _report(self, call: Request, status: int | None, failure: CallFailure | None, started: float) -> None:
        wiring = self._wiring
        report = CallReport(
            remote=self._name,
            tenant=wiring.tenant,
            operation=call.operation,
            status=status,
            failure=type(failure).__name__ if failure else None,
            seconds=time.monotonic() - started,
        )
        wiring.on_call(report)
        _write_log(report, failure)


def _write_log(report: CallReport, failure: CallFailure | None) -> None:
    seen = {
        "remote": report.remote,
        "tenant": report.tenant,
        "operation": report.operation,
        "status": report.status,
        "seconds": round(report.seconds, 3),
    }
    if failure is None:
        _log.debug(log_events.CALL_ENDED, **seen)
    else:
        _log.info(log_events.CALL_FAILED, failure=report.failure, message=failure.message, **seen)


def _network(wiring: ClientOptions, base_url: str) -> httpx.BaseTransport:
    return DeadlineTransport(
        connections=wiring.connections,
        keepalive_expiry=wiring.keepalive,
        proxy=wiring.proxy.url_for(base_url) if wiring.proxy else None,
    )


def _silent(record: logging.LogRecord) -> bool:
    return False


def _silence_the_wire() -> None:
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_silent)  # adding the same one again changes nothing
