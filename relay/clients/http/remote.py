"""One HTTP exchange with a remote system."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlencode

import httpx
import structlog

from relay.clients.http import log_events
from relay.clients.http.body import LARGEST_ERROR_BODY, read_body
from relay.clients.http.clock import running_seconds
from relay.clients.http.failures import FailureFactory
from relay.clients.http.hosts import Proxy
from relay.clients.http.messages import Request, Response
from relay.clients.http.redaction import Redactor
from relay.clients.http.terms import CallTerms
from relay.clients.http.transport import OWN_CONNECTION, DeadlineTransport, InFlightRequest, underway
from relay.clients.rate import Governor, Ungoverned
from relay.domain.failures import CallFailure, Throttled

_log = structlog.get_logger(__name__)

LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes, far above any documented page. A process needs about twelve times as much memory."""

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

OnSend = Callable[[str], None]
"""Takes method and address of a request before it is sent; they may hold secrets. What it raises is raised on."""

OnExchange = Callable[[str, Response | None], None]
"""Takes method and address of a request, which may hold secrets, and its answer, or ``None`` where there was none."""


def _uncounted(report: CallReport) -> None:
    pass


def _unannounced(sent: str) -> None:
    pass


def _unheard(sent: str, answer: Response | None) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """What every client needs besides its addresses and credentials; all of it has defaults.

    ``deadline``: seconds for a whole request, from the wait for a connection to the last byte
    of the answer. ``proxy``: what the remote is reached by, where not directly. ``step``: seconds
    for a connection to be made or to become free. ``keepalive``: seconds an idle connection is
    kept. ``largest_answer``: bytes, decompressed. ``reads_only``: nothing but reading and logging in goes out, whoever
    asks for it. ``clock``: see
    :func:`relay.clients.http.clock.running_seconds`. ``transport`` replaces the network in tests;
    it calls :func:`~relay.clients.http.transport.mark_sent`.
    """

    tenant: str = ""
    deadline: float = 60.0
    step: float = 10.0
    keepalive: float = 15.0
    connections: int = 16
    proxy: Proxy | None = None
    largest_answer: int = LARGEST_ANSWER
    reads_only: bool = False
    governor: Governor = field(default_factory=Ungoverned)
    on_call: OnCall = _uncounted
    on_send: OnSend = _unannounced
    on_exchange: OnExchange = _unheard
    clock: Callable[[], float] = running_seconds
    transport: httpx.BaseTransport | None = None
    redactor: Redactor = field(default_factory=Redactor)


class RemoteHttp:
    """Exchanges with one host of a remote system. Thread-safe.

    It never follows a redirect, keeps no cookies, and lets no secret into what it raises.
    """

    def __init__(self, name: str, base_url: str, options: ClientOptions) -> None:
        _silence_the_wire()
        self.failures = FailureFactory(name, options.redactor)
        self._name = name
        self._options = options
        self._base_url = base_url.rstrip("/")
        self._client = httpx.Client(
            transport=options.transport or _network(options, base_url),
            headers={"Accept-Encoding": "gzip", "User-Agent": "change-order-relay"},
            timeout=httpx.Timeout(options.deadline, connect=options.step, pool=options.step),
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

        Raises ``Unavailable`` where nothing was applied, ``Ambiguous`` where that is unknown,
        ``Rejected`` where the request itself is impossible, and ``Throttled`` for 429, for 503
        with a time, and where the governor does not admit the call. A 503 to what must not be sent
        twice is answered with its failure, ``Ambiguous``, though the governor waits. A reading call whose terms
        have a pause waits out a few refusals, so that a long listing need not start anew; not its
        first request, with which nothing is lost: the caller can then keep in mind how long to wait.
        """
        for _ in range(_MAX_THROTTLED_RETRIES):
            try:
                return self._exchange_once(call, terms)
            except Throttled as throttled:
                if terms.pause is None or terms.admitted or not call.reading:
                    raise
                try:
                    terms.pause(throttled.wait_seconds)
                except Throttled:  # It is not waited for so long: what the remote said is why.
                    raise throttled from None
        return self._exchange_once(call, terms)

    def _exchange_once(self, call: Request, terms: CallTerms) -> Response:
        if self._options.reads_only and not call.reading:
            raise PermissionError(f"{self._name}: {call.operation} would write, and this client only reads")
        self._options.on_send(f"{call.method} {self._address(call)}")
        self._admit(call, terms)
        governor, clock = self._options.governor, self._options.clock
        request = InFlightRequest(clock() + self._options.deadline, terms.not_after, clock)
        ticket = governor.begin(clock(), terms.lane)
        started = time.monotonic()
        try:
            answer = self._send(call, request)
        except BaseException as error:
            governor.unanswered(ticket, clock(), sent=request.sent)
            if isinstance(error, CallFailure):
                self._report(call, error.status, error, started)
            raise
        throttled = self._learn(call, answer, ticket)
        failure = throttled or self.failures.of_status(answer, call)
        self._report(call, answer.status, failure, started)
        if throttled:
            raise throttled
        return replace(answer, failure=failure)

    def release(self, terms: CallTerms) -> None:
        """Gives back the slot of a call that is not made after all."""
        if terms.admitted:
            self._options.governor.release(terms.lane)

    def check(self, call: Request, answer: Response) -> Response:
        """``answer`` if it is 2xx; otherwise raises the failure that its status means."""
        failure = answer.failure or self.failures.of_status(answer, call)
        if failure:
            raise failure
        return answer

    def json(self, call: Request, answer: Response) -> Any:
        """The answer's JSON. An unreadable one leaves the outcome of a write unknown."""
        try:
            return answer.json()
        except ValueError as error:
            words = f"the answer is not readable JSON ({error})"
            raise self.failures.unknown(answer, call, words) from None

    def _admit(self, call: Request, terms: CallTerms) -> None:
        if terms.admitted:
            return
        governor, clock = self._options.governor, self._options.clock
        while (wait := governor.acquire(clock(), terms.lane)) > 0:
            if terms.pause is None:
                raise self.failures.budget_spent(call, wait)
            terms.pause(wait)

    def _send(self, call: Request, request: InFlightRequest) -> Response:
        if request.window_closed():
            raise self.failures.unavailable(call, "the send window has closed; nothing was sent")
        sent = f"{call.method} {self._base_url}{call.path}"
        answer = None
        try:
            with underway(request):
                wired = self._wired(call)
                sent = f"{wired.method} {wired.url}"
                answer = self._read(wired, request)
                return answer
        except Exception as error:  # noqa: BLE001 - whatever a transport raises has to be told apart
            # The original exception and its request hold the URL and the credentials.
            raise self.failures.of_exception(error, call, sent=request.sent) from None
        finally:
            self._options.on_exchange(sent, answer)

    def _address(self, call: Request) -> str:
        query = f"?{urlencode(call.query)}" if call.query else ""
        return f"{self._base_url}{call.path}{query}"

    def _wired(self, call: Request) -> httpx.Request:
        return self._client.build_request(
            call.method,
            self._base_url + call.path,
            params=list(call.query) or None,
            headers=dict(call.headers),
            content=call.body,
            extensions={OWN_CONNECTION: call.own_connection},
        )

    def _read(self, wired: httpx.Request, request: InFlightRequest) -> Response:
        def check_time() -> None:
            if request.left(None) is None:
                raise httpx.ReadTimeout("the time for the whole call is up")

        with contextlib.closing(self._client.send(wired, stream=True)) as response:
            most = self._options.largest_answer
            body = read_body(
                _raw(response),
                response.headers.get("content-encoding", ""),
                largest=most if response.is_success else min(most, LARGEST_ERROR_BODY),
                cut=not response.is_success,
                check_time=check_time,
            )
            return Response(
                status=response.status_code, headers=response.headers, body=body, phrase=response.reason_phrase
            )

    def _learn(self, call: Request, answer: Response, ticket: int) -> CallFailure | None:
        governor, now = self._options.governor, self._options.clock()
        if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
            wait = governor.refused(ticket, answer.headers, answer.body, now)
            # 503 may come from something between, behind which a creation was taken: that would make a second one.
            may_be_taken = answer.status == 503 and call.own_connection and not call.reading
            return None if may_be_taken else self.failures.throttled(answer, call, wait)
        governor.answered(ticket, answer.headers, now)
        return None

    def _report(self, call: Request, status: int | None, failure: CallFailure | None, started: float) -> None:
        options = self._options
        report = CallReport(
            remote=self._name,
            tenant=options.tenant,
            operation=call.operation,
            status=status,
            failure=type(failure).__name__ if failure else None,
            seconds=time.monotonic() - started,
        )
        options.on_call(report)
        _write_log(report, failure)


def _write_log(report: CallReport, failure: CallFailure | None) -> None:
    fields = {
        "remote": report.remote,
        "tenant": report.tenant,
        "operation": report.operation,
        "status": report.status,
        "seconds": round(report.seconds, 3),
    }
    if failure is None:
        _log.debug(log_events.CALL_ENDED, **fields)
    else:
        _log.info(log_events.CALL_FAILED, failure=report.failure, message=failure.message, **fields)


def _raw(response: httpx.Response) -> Iterable[bytes]:
    """The body as it comes over the wire: httpx would unfold every compression that the answer names."""
    return cast("httpx.SyncByteStream", response.stream)


def _network(options: ClientOptions, base_url: str) -> httpx.BaseTransport:
    return DeadlineTransport(
        connections=options.connections,
        keepalive_expiry=options.keepalive,
        proxy=options.proxy.url_for(base_url) if options.proxy else None,
    )


def _silent(record: logging.LogRecord) -> bool:
    return False


def _silence_the_wire() -> None:
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_silent)  # adding the same one again changes nothing
