"""Access tokens of a service account.

Source: Procore docs, "OAuth 2.0 Client Credentials", "OAuth 2.0 Endpoints". A token lives for the
stated ``expires_in`` (5400 s today); there is no refresh token, a new one is asked for.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog

from relay.clients.http import log_events
from relay.clients.http.messages import Request, Response
from relay.clients.http.redaction import Redactor
from relay.clients.http.remote import RemoteHttp
from relay.clients.http.secret import Secret, read_secret
from relay.clients.http.terms import NO_WAIT
from relay.clients.native_json.values import Members
from relay.domain.failures import CallFailure

_log = structlog.get_logger(__name__)

_DOCUMENTED_LIFETIME = 5400.0
_LONGEST_LIFETIME = 86_400  # Whoever states more, or nothing at all, does not mean seconds.
_MARGIN_SHARE = 0.1  # With 10 % of its life left a token is renewed; long before it could fail a call,
_LONGEST_MARGIN = 300.0  # but not so early that a short-lived one would be renewed all the time.
_PAUSE_AFTER_FAILURE = 30.0  # Between tries while the old token still holds.
_TOKEN_TEXT = re.compile(r"[\x21-\x7e]+")

_CREDENTIALS = (
    "the login service refuses the client id or secret: check both, whether they belong to this "
    "environment's login URL, and whether the app still exists"
)
_ADDRESS = "the login service does not know the token address: check the login URL of this account"


@dataclass(frozen=True, slots=True)
class Token:
    """``expires`` and ``renew`` (when to look for the next one) are moments on the clients' clock."""

    text: str
    expires: float
    renew: float


class TokenSource:
    """Keeps one token fresh for all threads; only one of them asks for a new one at a time.

    While a token still holds, its renewal never makes another thread wait, and a login service
    that does not answer fails no call.
    """

    def __init__(
        self,
        remote: RemoteHttp,
        *,
        client_id: Secret,
        client_secret: Secret,
        redactor: Redactor,
        clock: Callable[[], float],
        tenant: str = "",
    ) -> None:
        self._remote = remote
        self._client_id = client_id
        self._client_secret = client_secret
        self._redactor = redactor
        self._clock = clock
        self._tenant = tenant
        self._renewing = threading.Lock()
        self._token: Token | None = None
        self._postponed_until = float("-inf")

    def current(self) -> str:
        """A token that should hold. Raises ``TenantBlocked``, ``Unavailable`` or ``Throttled``."""
        token, now = self._token, self._clock()
        if token is None or now >= token.expires:
            return self._renewed(token)
        if now >= max(token.renew, self._postponed_until):
            self._renew_early(token)
        return (self._token or token).text

    def after_refusal(self, refused: str) -> str:
        """A token other than the one that the API has just refused with 401."""
        token = self._token
        if token is not None and token.text != refused:
            return token.text
        return self._renewed(token)

    def _renewed(self, known: Token | None) -> str:
        with self._renewing:
            if self._token is None or self._token is known:
                self._token = self._obtain()
            return self._token.text

    def _renew_early(self, known: Token) -> None:
        if not self._renewing.acquire(blocking=False):
            return
        try:
            if self._token is known:
                self._token = self._obtain()
        except CallFailure as failure:
            self._postponed_until = self._clock() + _PAUSE_AFTER_FAILURE
            _log.warning(
                log_events.TOKEN_RENEWAL_POSTPONED,
                remote="procore",
                tenant=self._tenant,
                failure=type(failure).__name__,
                message=failure.message,
            )
        finally:
            self._renewing.release()

    def _obtain(self) -> Token:
        client_id, secret = read_secret(self._client_id), read_secret(self._client_secret)
        self._redactor.know(client_id, secret)
        call = _token_call(client_id, secret)
        asked_at = self._clock()
        answer = self._remote.exchange(call, NO_WAIT)
        self._refuse(call, answer)
        token = self._read(call, answer, asked_at)
        self._redactor.know(token.text)
        lifetime = round(token.expires - asked_at)
        _log.info(log_events.TOKEN_RENEWED, remote="procore", tenant=self._tenant, lifetime_seconds=lifetime)
        return token

    def _refuse(self, call: Request, answer: Response) -> None:
        if answer.status in (404, 405) or 300 <= answer.status < 400:
            raise self._remote.failures.blocked(answer, call, _ADDRESS)
        if answer.status in (400, 401, 403, 422):
            said = self._remote.failures.sentence(answer)
            words = f"{_CREDENTIALS} ({said})" if said else _CREDENTIALS
            raise self._remote.failures.blocked(answer, call, words)
        self._remote.check(call, answer)

    def _read(self, call: Request, answer: Response, asked_at: float) -> Token:
        token = self._remote.json(call, answer)
        members = Members(token if isinstance(token, dict) else {})
        text = members.text("access_token")
        if text is None or not _TOKEN_TEXT.fullmatch(text):
            raise self._remote.failures.unknown(answer, call, "the answer holds no usable access token")
        stated = members.decimal("expires_in")
        sensible = stated is not None and 0 < stated <= _LONGEST_LIFETIME
        lifetime = float(stated) if stated is not None and sensible else _DOCUMENTED_LIFETIME
        expires = asked_at + lifetime
        return Token(text, expires, expires - min(lifetime * _MARGIN_SHARE, _LONGEST_MARGIN))


def _token_call(client_id: str, secret: str) -> Request:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Request(
        method="POST",
        path="/oauth/token",
        operation="obtain_token",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode("ascii"),
        reading=True,  # Asking twice does no harm: a lost answer leaves nothing in doubt.
    )
