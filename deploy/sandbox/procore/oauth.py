"""Tokens: client credentials for the service account, authorization codes and refreshes for people.

Source: Procore docs, "OAuth 2.0 Endpoints", "Client Credentials". The refusals' form is that of RFC 6749.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any, Final
from urllib.parse import parse_qsl

from deploy.sandbox.procore.errors import JSON_TYPE
from deploy.sandbox.procore.rendering import render
from deploy.sandbox.procore.settings import Settings
from deploy.sandbox.shell import Answer, Call

CODE_LIFE: Final = timedelta(minutes=10)
REMEMBERED: Final = 50
"""How many of the latest tokens the history hides."""


@dataclass
class Token:
    """An access token; a service token belongs to the service account, the others to a person."""

    text: str
    service: bool
    user: int
    created_at: datetime
    expires_at: datetime
    refresh: str | None = None


@dataclass
class Desk:
    """Gives out tokens and knows the living ones."""

    now: Callable[[], datetime]
    settings: Settings
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105 - the simulated client's
    service_user: int = 0
    refusing: bool = False
    """Whether the credentials are refused, as after their rotation."""
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)

    def answer(self, call: Call) -> Answer:
        """``/oauth/token``, ``/oauth/token/info`` and ``/oauth/revoke``."""
        handlers: dict[tuple[str, str], Callable[[Call], Answer]] = {
            ("POST", "/oauth/token"): self._token,
            ("GET", "/oauth/token/info"): self._info,
            ("POST", "/oauth/revoke"): self._revoke,
        }
        handler = handlers.get((call.method, call.path))
        return handler(call) if handler else reply(404, {"error": "not_found"})

    def bearer(self, headers: Mapping[str, str]) -> Token | None:
        """The living token that a call carries."""
        scheme, _, text = headers.get("authorization", "").partition(" ")
        token = self.tokens.get(text.strip())
        alive = token is not None and token.expires_at > self.now()
        return token if alive and scheme.lower() == "bearer" else None

    def code(self, user: int) -> str:
        """A code as a person's browser brings it back from ``/oauth/authorize``; it works once."""
        text = secrets.token_urlsafe(16)
        self.codes[text] = (user, self.now() + CODE_LIFE)
        return text

    def revoke_all(self) -> int:
        """Ends all tokens at once."""
        count = len(self.tokens)
        self.tokens.clear()
        return count

    def hidden(self) -> list[str]:
        """What the history must not show."""
        return [self.client_secret, *self.issued[-REMEMBERED:]]

    def _token(self, call: Call) -> Answer:
        form = submitted(call)
        if not self._knows(form):
            return refusal(401, "invalid_client", "Client authentication failed")
        grants: dict[str, Callable[[Mapping[str, str]], Answer]] = {
            "client_credentials": lambda form: self._issue(service=True, user=self.service_user),
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh,
        }
        grant = grants.get(form.get("grant_type", ""))
        return grant(form) if grant else refusal(400, "unsupported_grant_type", "The grant type is not supported")

    def _knows(self, form: Mapping[str, str]) -> bool:
        right = (self.client_id.encode(), self.client_secret.encode())
        given = (form.get("client_id", "").encode(), form.get("client_secret", "").encode())
        same = [secrets.compare_digest(one, other) for one, other in zip(given, right, strict=True)]
        return all(same) and not self.refusing

    def _by_code(self, form: Mapping[str, str]) -> Answer:
        user, until = self.codes.pop(form.get("code", ""), (0, self.now()))
        if until <= self.now():
            return refusal(401, "invalid_grant", "The authorization grant is invalid, expired or revoked")
        return self._issue(service=False, user=user)

    def _by_refresh(self, form: Mapping[str, str]) -> Answer:
        """A refresh token works once, whatever becomes of the answer."""
        for token in list(self.tokens.values()):
            if token.refresh is not None and token.refresh == form.get("refresh_token"):
                del self.tokens[token.text]
                return self._issue(service=False, user=token.user)
        return refusal(401, "invalid_grant", "The refresh token is invalid")

    def _issue(self, *, service: bool, user: int) -> Answer:
        now, seconds = self.now(), self.settings.token_seconds
        self.tokens = {text: one for text, one in self.tokens.items() if one.refresh or one.expires_at > now}
        refresh = None if service else secrets.token_urlsafe(24)
        token = Token(secrets.token_urlsafe(32), service, user, now, now + timedelta(seconds=seconds), refresh)
        self.tokens[token.text] = token
        self.issued += [text for text in (token.text, refresh) if text]
        body = {"access_token": token.text, "token_type": "bearer", "expires_in": seconds}
        body |= {"created_at": int(now.timestamp())} | ({"refresh_token": refresh} if refresh else {})
        return reply(200, body)

    def _info(self, call: Call) -> Answer:
        token = self.bearer(call.headers)
        if token is None:
            return refusal(401, "invalid_token", "The access token is invalid")
        left = int((token.expires_at - self.now()).total_seconds())
        about = {"resource_owner_id": token.user, "scopes": [], "expires_in_seconds": left}
        about |= {"application": {"uid": self.client_id}, "created_at": int(token.created_at.timestamp())}
        return reply(200, about)

    def _revoke(self, call: Call) -> Answer:
        """200 also for a token that nobody knows; access and refresh token go together."""
        form = submitted(call)
        if not self._knows(form):
            return refusal(401, "invalid_client", "Client authentication failed")
        gone = form.get("token", "")
        self.tokens = {text: one for text, one in self.tokens.items() if gone not in (text, one.refresh)}
        return reply(200, {})


def reply(status: int, body: Mapping[str, Any]) -> Answer:
    """A JSON answer of the login host."""
    return Answer(status, render(dict(body)), {"Content-Type": JSON_TYPE, "Cache-Control": "no-store"})


def refusal(status: int, code: str, text: str) -> Answer:
    """An OAuth error."""
    return reply(status, {"error": code, "error_description": text})


def submitted(call: Call) -> dict[str, str]:
    """The fields of a JSON, form or multipart body, with the client of a Basic header among them."""
    kind = call.headers.get("content-type", "").lower()
    if "json" in kind:
        fields = json_fields(call.body)
    elif "multipart/" in kind:
        fields = multipart_fields(call)
    else:
        fields = dict(parse_qsl(call.text, keep_blank_values=True))
    return {**call.query, **fields, **basic_fields(call.headers.get("authorization", ""))}


def json_fields(body: bytes) -> dict[str, str]:
    """The texts of a JSON object."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def multipart_fields(call: Call) -> dict[str, str]:
    """The parts of a multipart form."""
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode()
    parts = message_from_bytes(head + call.body).get_payload()
    fields: dict[str, str] = {}
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, str):
            continue
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields[name] = payload.decode("utf-8", "replace")
    return fields


def basic_fields(header: str) -> dict[str, str]:
    """Client id and secret of a Basic header."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": name, "client_secret": secret}
