"""Which failure an exception of httpx or a status code is, by what may be done about it.

A call that only reads has no unknown outcome: whatever becomes of it, nothing was applied.
So where a write would be ``Ambiguous``, a read is ``Unavailable``; ``status`` tells a refused
connection (``None``) from a remote that answers with faults.
"""

from __future__ import annotations

import ssl
from enum import Enum, auto

import httpx

from relay.clients.http.body import LARGEST_ERROR_BODY, AnswerTooLarge, UnaskedCompression
from relay.clients.http.error_text import error_sentence
from relay.clients.http.messages import Request, Response
from relay.clients.http.redaction import Redactor
from relay.domain.failures import (
    Ambiguous,
    CallFailure,
    Denied,
    Rejected,
    TenantBlocked,
    Throttled,
    Unavailable,
)

_LONGEST_QUOTE = 4000
_LONGEST_MESSAGE = 4096
"""Characters: what follows a remote's words still says what became of the call, within what a failure keeps."""


class _Verdict(Enum):
    NOT_SENT = auto()
    UNKNOWN = auto()
    UNSENDABLE = auto()


# Keyed by httpx's exception tree; the nearest ancestor decides, so a new leaf falls to its branch.
_EXCEPTIONS: dict[type[BaseException], tuple[_Verdict, str]] = {
    httpx.ConnectError: (_Verdict.NOT_SENT, "no connection could be made"),
    ssl.SSLError: (_Verdict.UNKNOWN, "the encrypted connection failed"),
    httpx.ConnectTimeout: (_Verdict.NOT_SENT, "no connection was made in time"),
    httpx.PoolTimeout: (_Verdict.NOT_SENT, "no connection became free in time"),
    httpx.ProxyError: (_Verdict.NOT_SENT, "the proxy refused the connection"),
    httpx.WriteTimeout: (_Verdict.UNKNOWN, "the request could not be sent in time"),
    httpx.ReadTimeout: (_Verdict.UNKNOWN, "no complete answer came in time"),
    httpx.WriteError: (_Verdict.UNKNOWN, "the connection broke while sending"),
    httpx.ReadError: (_Verdict.UNKNOWN, "the connection broke before the answer was complete"),
    httpx.CloseError: (_Verdict.UNKNOWN, "the connection did not close properly"),
    httpx.RemoteProtocolError: (_Verdict.UNKNOWN, "the answer broke off or was not HTTP"),
    httpx.DecodingError: (_Verdict.UNKNOWN, "the answer's compression is damaged"),
    UnaskedCompression: (_Verdict.UNKNOWN, "the answer is compressed in a way that was not asked for"),
    AnswerTooLarge: (_Verdict.UNKNOWN, "the answer is larger than COR_LARGEST_ANSWER permits"),
    httpx.UnsupportedProtocol: (_Verdict.UNSENDABLE, "the base URL is neither http nor https"),
    httpx.InvalidURL: (_Verdict.UNSENDABLE, "the URL is not valid"),
    httpx.LocalProtocolError: (_Verdict.UNSENDABLE, "the request is not valid HTTP"),
    httpx.HTTPError: (_Verdict.UNKNOWN, "the call failed"),
    Exception: (_Verdict.UNKNOWN, "the call failed"),
}

_REDIRECTED = "the remote redirects elsewhere, which is never followed: correct the base URL in the settings"
_REFUSED = frozenset({400, 402, 405, 406, 410, 411, 412, 413, 414, 415, 417, 422, 423, 424, 431})
_DENIED = frozenset({401, 403, 404})


class FailureFactory:
    """Makes the failures of one remote system. What they say holds no secret. Thread-safe."""

    def __init__(self, remote: str, redactor: Redactor) -> None:
        self.remote = remote
        self._redactor = redactor

    def of_exception(self, error: Exception, call: Request, *, sent: bool) -> CallFailure:
        """The failure behind an exception. ``sent``: whether a byte of the request may have left; until then any
        exception is harmless.
        """
        verdict, words = _nearest(type(error))
        message = self._message(call, words)
        if isinstance(error, AnswerTooLarge) and call.reading:
            # It would be as large the next time; waiting does not help.
            return Rejected(f"{self.remote}.answer_too_large", message)
        if verdict is _Verdict.UNSENDABLE and not sent:
            return Rejected(f"{self.remote}.unsendable", message)
        if verdict is _Verdict.NOT_SENT or not sent:
            return Unavailable(f"{message}; nothing was sent, the same request goes out again later")
        return self._unknown(call, message)

    def of_status(self, answer: Response, call: Request, words: str = "") -> CallFailure | None:
        """The failure behind a status code, or ``None`` for 2xx. ``words``: in place of the body's own.

        429, and 503 with a time to what may be sent twice, are not decided here: their waiting time is the governor's.
        What 401, 403 and 404 mean is for the client of the remote to say; here they are ``Denied``.
        """
        if answer.is_success:
            return None
        sentence = words or self.sentence(answer)
        if 300 <= answer.status < 400:
            return self.rejected(answer, call, "redirected", _REDIRECTED)
        if answer.status in _DENIED:
            return self.denied(answer, call, sentence)
        if answer.status in _REFUSED:
            return self.rejected(answer, call, "rejected", sentence)
        return self.unknown(answer, call, sentence)

    def sentence(self, answer: Response) -> str:
        """The remote's own words about an error, without any secret, in one line of at most 500 characters."""
        return error_sentence(answer.body, self._redactor.clean)

    def cleaned(self, text: str) -> str:
        """A remote's own words without any secret, for what is reported although the call went well.

        At most 4,096 characters of them: first cut to many times that, for the time that cleaning takes, and cut short
        afterwards, since half a secret would not be recognised.
        """
        return self._redactor.clean(text[:LARGEST_ERROR_BODY])[:_LONGEST_MESSAGE]

    def unavailable(self, call: Request, words: str) -> Unavailable:
        """The failure of a call of which nothing was sent."""
        return Unavailable(self._message(call, words))

    def unknown(self, answer: Response | None, call: Request, words: str) -> CallFailure:
        """The failure of a call that may have been applied; for a reading call that does not matter."""
        return self._unknown(call, self._message(call, words, answer), answer)

    def rejected(self, answer: Response, call: Request, reason: str, words: str) -> Rejected:
        """The failure of a request that the remote refuses for good. ``reason`` is without the name of the remote."""
        return Rejected(
            f"{self.remote}.{reason}",
            self._message(call, words, answer),
            remote_answer=self._quoted(answer),
            status=answer.status,
        )

    def denied(self, answer: Response, call: Request, words: str) -> Denied:
        """The failure of a call for which a right is missing; a probe tells whose."""
        message = self._message(call, words, answer)
        return Denied(message, remote_answer=self._quoted(answer), status=answer.status)

    def blocked(self, answer: Response, call: Request, words: str) -> TenantBlocked:
        """The failure of every call of the tenant until a person acts. ``words`` say what to do."""
        message = self._message(call, words, answer)
        return TenantBlocked(message, remote_answer=self._quoted(answer), status=answer.status)

    def throttled(self, answer: Response, call: Request, wait_seconds: float, words: str = "") -> Throttled:
        """The failure of a call that the remote asks to make later."""
        return Throttled(
            self._message(call, words or self.sentence(answer) or "too many requests", answer),
            wait_seconds=wait_seconds,
            remote_answer=self._quoted(answer),
            status=answer.status,
        )

    def budget_spent(self, call: Request, wait_seconds: float) -> Throttled:
        """The failure of a call that our own governor holds back; nothing was sent."""
        words = f"the rate budget is spent for {wait_seconds:.1f} s"
        return Throttled(self._message(call, words), wait_seconds=wait_seconds)

    def _unknown(self, call: Request, message: str, answer: Response | None = None) -> CallFailure:
        quoted = self._quoted(answer) if answer else ""
        status = answer.status if answer else None
        if call.reading:
            return Unavailable(message, remote_answer=quoted, status=status)
        doubt = f"{message}; whether it was applied is unknown until it is read back"
        return Ambiguous(doubt, remote_answer=quoted, status=status)

    def _message(self, call: Request, words: str, answer: Response | None = None) -> str:
        status = f" ({answer.status})" if answer else ""
        return self.cleaned(f"{self.remote}: {call.operation}{status}: {words or 'no reason given'}")

    def _quoted(self, answer: Response) -> str:
        # First cleaned, then cut: a secret cut in two would not be recognised.
        return self._redactor.clean(answer.beginning)[:_LONGEST_QUOTE]


def _nearest(kind: type[BaseException]) -> tuple[_Verdict, str]:
    return next(_EXCEPTIONS[ancestor] for ancestor in kind.__mro__ if ancestor in _EXCEPTIONS)
