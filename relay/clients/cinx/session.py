"""Signed exchanges with CINX, and what its refusals mean.

Source: CINX API docs, "Introduction", "User Authentication".
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from urllib.parse import quote

from relay.clients.cinx.envelope import Envelope, read_envelope
from relay.clients.cinx.subscription import Subscription, choose
from relay.clients.http.messages import Request, Response, get
from relay.clients.http.redaction import HIDDEN, basic_credentials
from relay.clients.http.remote import ClientOptions, RemoteHttp
from relay.clients.http.secret import Secret, read_secret
from relay.clients.http.terms import CallTerms
from relay.clients.rate.refusal import stated_wait
from relay.domain.failures import CallFailure, TenantBlocked

VERSION = "/2.0"
TOKEN_PLACE = "{api_token}"  # noqa: S105 - where the token goes, not a token
_WAIT_UNSTATED = 60.0
"""Seconds to wait where a refusal states none."""
_SHORTEST_TOKEN = 4
"""Characters below which a token is not cut out of answers: it would take other text with it."""

_SEE_ELSEWHERE = frozenset({300, 302, 303})
_REDIRECTED = "CINX redirects elsewhere, which is never followed: correct base_url of the account"
_CREDENTIALS = (
    "the login is refused: check the e-mail address and the password of this account, and whether "
    "the company's CINX subscription is still valid"
)


class Session:
    """Signs each call and puts the company's token into its path. Thread-safe.

    Paths are written with ``{api_token}``; the token enters only in the request itself, so that no
    call object, operation name or message can hold it. It is also cut out of what comes back.
    """

    def __init__(
        self, remote: RemoteHttp, options: ClientOptions, *, email: str, password: Secret, api_token: Secret | None
    ) -> None:
        self.remote = remote
        self._redactor = options.redactor
        self._email = email
        self._password = password
        self._configured = api_token
        self._discovered: str | None = None
        self._lock = threading.Lock()

    def exchange(self, call: Request, terms: CallTerms) -> Response:
        """Any answer whose HTTP status is neither 401 nor a redirect.

        That of a company's call comes without the token in its body.
        """
        try:
            signed = self._signed(call, terms)
        except CallFailure:
            self.remote.release(terms)
            raise
        answer = self.remote.exchange(signed, terms)
        if answer.status == 401:
            reason = self.remote.failures.sentence(answer)
            words = f"{_CREDENTIALS} ({reason})" if reason else _CREDENTIALS
            raise self.remote.failures.blocked(answer, call, words)
        if 300 <= answer.status < 400:
            raise self._redirected(call, answer)
        return self._without_token(answer) if TOKEN_PLACE in call.path else answer

    def _redirected(self, call: Request, answer: Response) -> CallFailure:
        """The failure that a redirect means: it answers nothing, but a write's result may be said to lie elsewhere."""
        if answer.status in _SEE_ELSEWHERE and not call.reading:
            return self.remote.failures.unknown(answer, call, "CINX says to look elsewhere for what became of it")
        return self.remote.failures.blocked(answer, call, _REDIRECTED)

    def envelope(self, call: Request, terms: CallTerms) -> Envelope:
        """The envelope of an answer that is good in all three places; raises what any other means."""
        answer = self.exchange(call, terms)
        return self.good(call, answer, self.opened(call, answer))

    def opened(self, call: Request, answer: Response) -> Envelope | None:
        """The envelope, or ``None``. Rows that are no objects leave a write in doubt."""
        try:
            return read_envelope(answer)
        except ValueError as error:
            words = f"the rows of the answer are not readable ({error})"
            raise self.remote.failures.unknown(answer, call, words) from None

    def good(self, call: Request, answer: Response, envelope: Envelope | None) -> Envelope:
        """The envelope if nothing in the answer is an error."""
        if envelope is None:
            self.remote.check(call, answer)
            raise self.remote.failures.unknown(answer, call, "the answer is not readable as CINX's envelope")
        failure = self.failure(call, answer, envelope)
        if failure:
            raise failure
        return envelope

    def failure(self, call: Request, answer: Response, envelope: Envelope) -> CallFailure | None:
        """What the worst of the three layers means, or ``None`` where all are good."""
        code, words = envelope.row_failure or (200, "")
        for outer in (envelope.code, answer.status):
            if not 200 <= outer < 300:
                code, words = outer, envelope.message or words
        worst = replace(answer, status=code)
        if code == 401:
            return self.remote.failures.blocked(worst, call, f"{_CREDENTIALS} ({words})" if words else _CREDENTIALS)
        if code == 429:
            wait = stated_wait(answer.headers, answer.body)
            return self.remote.failures.throttled(worst, call, _WAIT_UNSTATED if wait is None else wait, words)
        return self.remote.failures.of_status(worst, call, words)

    def subscriptions(self, terms: CallTerms) -> list[Subscription]:
        """The subscriptions that the user may use: one row per company ("User Authentication")."""
        call = get(f"{VERSION}/subs", "subscriptions")
        rows = self.envelope(call, terms).rows
        subscriptions = [Subscription.read(row.data) for row in rows]
        self._redactor.know(*(subscription.api_token for subscription in subscriptions if subscription.api_token))
        return subscriptions

    def subscription(self, terms: CallTerms) -> Subscription:
        """The company's own subscription. Raises ``TenantBlocked`` where it is missing or not valid."""
        subscriptions, configured = self.subscriptions(terms), self._configured_token()
        try:
            chosen = choose(subscriptions, configured)
        except TenantBlocked as blocked:  # It names companies and reasons in CINX's own words.
            raise TenantBlocked(self.remote.failures.cleaned(blocked.message)) from None
        with self._lock:
            self._discovered = chosen.api_token
        return chosen

    def _signed(self, call: Request, terms: CallTerms) -> Request:
        password = read_secret(self._password)
        login = basic_credentials(self._email, password)
        self._redactor.know(password, login)
        headers = {**call.headers, "Authorization": f"Basic {login}", "Accept": "application/json"}
        configured = self._configured_token()  # Known before anything is sent: any answer may quote it.
        path = call.path
        if TOKEN_PLACE in path:
            path = path.replace(TOKEN_PLACE, quote(configured or self._discovered_token(terms), safe=""))
        return replace(call, path=path, headers=headers)

    def _configured_token(self) -> str | None:
        if self._configured is None:
            return None
        token = read_secret(self._configured)
        self._redactor.know(token)
        return token

    def _discovered_token(self, terms: CallTerms) -> str:
        if self._discovered is None:
            self.subscription(CallTerms(lane=terms.lane, pause=terms.pause))
        if self._discovered is None:
            raise TenantBlocked("cinx: the company's API token is not known")
        return self._discovered

    def _without_token(self, answer: Response) -> Response:
        token = self._configured_token() or self._discovered
        if not token or len(token) < _SHORTEST_TOKEN:
            return answer
        pattern = re.compile(re.escape(token.encode()), re.IGNORECASE)
        return replace(answer, body=pattern.sub(HIDDEN.encode(), answer.body))


def in_company(path: str) -> str:
    """A path of the company: ``/2.0/sub/{api_token}`` and what follows."""
    return f"{VERSION}/sub/{TOKEN_PLACE}{path}"
