"""Forms that only this page makes, for one person, of what that person saw.

A form's token is a MAC over the person, the action, what it is about with the marks of what was shown, and when it was
made: one that was made for somebody else, about something else, or elsewhere, is refused. Besides, a browser has to say
that the form comes from this very page (``Origin``, ``Sec-Fetch-Site``). Sources: OWASP "Cross-Site Request Forgery
Prevention Cheat Sheet"; W3C "Fetch Metadata Request Headers".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

LASTS = 12 * 3600
"""Seconds for which a form may be sent."""
_LARGEST = 1024 * 1024
_MOST_FIELDS = 2000
_HIDDEN = ("form", "made", "about", "token")


@dataclass(frozen=True, slots=True)
class Form:
    """What a form carries besides what is written. ``about``: what it is about, with the marks of what was shown."""

    form_id: str
    made: int
    about: tuple[str, ...]
    token: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form as it came, proven. ``written``: what the person wrote, by field."""

    user: str
    action: str
    form_id: str
    about: tuple[str, ...]
    written: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What was written there, without blanks around it."""
        return self.written.get(name, "").strip()

    @property
    def shown(self) -> dict[str, str]:
        """The letters that it is about, with their marks."""
        return {letter_id: mark for mark, _, letter_id in (one.partition(" ") for one in self.about)}


class FormKey:
    """Makes and proves tokens."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def form(self, user: str, action: str, about: Sequence[str], now: float) -> Form:
        """A new form."""
        form_id, made = str(uuid.uuid4()), int(now)
        return Form(form_id, made, tuple(about), self._token(user, action, form_id, made, about))

    def proves(self, user: str, action: str, form: Form) -> bool:
        """Whether it was made here for this person and action."""
        token = self._token(user, action, form.form_id, form.made, form.about)
        return hmac.compare_digest(token.encode(), form.token.encode())

    def _token(self, user: str, action: str, form_id: str, made: int, about: Sequence[str]) -> str:
        said = json.dumps([user, action, form_id, made, list(about)])
        return hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()


def require_same_site(request: Request) -> None:
    """Raises ``HTTPException`` where the browser does not say that the form was sent by a page of ours."""
    try:
        host = urlsplit(request.headers.get("origin", "")).netloc
    except ValueError:  # It is no address at all.
        host = ""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if not host or host != request.headers.get("host") or site != "same-origin":
        raise HTTPException(
            403,
            "The form was not sent by this page: your browser names another site, or none. Nothing was done. A proxy "
            "has to pass Host and Origin on as they come.",
        )


async def read_form(request: Request) -> dict[str, list[str]]:
    """The fields. Raises ``HTTPException`` for what is no form of ours, or too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "This is no form of this page. Nothing was done.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise HTTPException(413, "The form is too large. Nothing was done.")
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise HTTPException(400, "The form cannot be read. Nothing was done.") from None


def submitted(key: FormKey, user: str, action: str, fields: Mapping[str, Sequence[str]], now: float) -> Submitted:
    """The form as it came. Raises ``HTTPException`` where this page did not make it for this person, or long ago."""
    single = {name: values[-1] for name, values in fields.items() if values}
    made = single.get("made", "")
    form = Form(
        single.get("form", ""),
        int(made) if made.isdecimal() and len(made) < 16 else 0,
        tuple(fields.get("about", ())),
        single.get("token", ""),
    )
    if not key.proves(user, action, form):
        raise HTTPException(
            403,
            "This form is none that this page made for you: it was made for somebody else, changed on the way, or the "
            "page was started anew since. Nothing was done. Go back, and look again.",
        )
    if now - form.made > LASTS:
        raise HTTPException(409, "This form is too old. Nothing was done. Go back, and look again.")
    written = {name: value for name, value in single.items() if name not in _HIDDEN}
    return Submitted(user, action, form.form_id, form.about, written)
