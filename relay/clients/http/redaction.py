"""Keeps secrets out of messages, letters and logs."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
_LEAST_LENGTH = 4  # Removing shorter values would shred every text and protect nothing.
_MOST_SECRETS = 64  # Tokens change every 90 minutes; an answer never quotes one from last week.

_CREDENTIAL = r"(?:[a-z_]{0,40}token|client_secret|password|api_?key)"
_VALUE = r"[^\s\"'<>&,;]{4,4096}+"

# Credentials that were not told beforehand: a token in an answer that could not be read, say. Every repetition is
# bounded or possessive, so that no text takes more time than its length.
_UNKNOWN = re.compile(
    rf"""(?:\b(?P<scheme>(?:Bearer|Basic)\s{{1,20}}+)[A-Za-z0-9+/=._~%-]{{4,}}
        |(?P<json>"{_CREDENTIAL}"\s{{0,20}}+:\s{{0,20}}+")(?:[^"\\]|\\.){{1,4096}}+
        |(?P<escaped>\\"{_CREDENTIAL}\\"\s{{0,20}}+:\s{{0,20}}+\\")[^"\\]{{1,4096}}+
        |(?P<python>'{_CREDENTIAL}'\s{{0,20}}+:\s{{0,20}}+')[^']{{1,4096}}+
        |\b(?P<form>(?:{_CREDENTIAL}|passwd|pwd)=){_VALUE}
        |\b(?P<header>(?:x-)?(?:api-?key|auth-token|access-token|(?:proxy-)?authorization|cookie):\s{{0,20}}+
            (?:(?:Basic|Bearer|Digest|Negotiate|Token)\s{{1,20}}+)?+){_VALUE}
        |\b(?P<path>sub\\?/)(?=[0-9a-f]{{8}}-)[A-Za-z0-9+/=._~%-]{{4,}}  # CINX keeps the company's token in the path.
        |(?P<login>://[^\s/@:"'<>]{{0,200}}+:)[^\s/@"'<>]{{1,200}}+(?=@))""",
    re.VERBOSE | re.IGNORECASE,
)


def basic_credentials(user: str, password: str) -> str:
    """The value of an ``Authorization`` header without the word ``Basic``.

    RFC 7617 leaves the encoding open. ISO-8859-1 comes first, as in ConstructionOnline's C# sample
    and in the browser function that CINX's own library uses; other letters need UTF-8.
    """
    login = f"{user}:{password}"
    try:
        raw = login.encode("latin-1")
    except UnicodeEncodeError:
        raw = login.encode("utf-8")
    return base64.b64encode(raw).decode("ascii")


class Redactor:
    """Knows the secrets of one tenant and removes them from any text. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def know(self, *secrets: str) -> None:
        """Removes these values from now on. Empty and very short ones are passed over."""
        with self._lock:
            hidden = [secret for secret in secrets if len(secret) >= _LEAST_LENGTH]
            if all(secret in self._secrets for secret in hidden):
                return
            for secret in hidden:
                self._secrets.pop(secret, None)
                self._secrets[secret] = None
            while len(self._secrets) > _MOST_SECRETS:
                del self._secrets[next(iter(self._secrets))]
            self._pattern = _pattern(self._secrets)

    def clean(self, text: str) -> str:
        """``text`` without any secret, in whatever form a URL, a form, JSON, HTML or a header writes it."""
        pattern = self._pattern
        text = pattern.sub(HIDDEN, text) if pattern else text
        return _UNKNOWN.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    return f"{match[match.lastgroup or 0]}{HIDDEN}"


def _pattern(secrets: dict[str, None]) -> re.Pattern[str]:
    forms = {form for secret in secrets for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def _forms(secret: str) -> set[str]:
    """The secret as it may be written, also in two layers: an error page quotes an address, say."""
    layer = _written(secret)
    return {secret, secret.replace("/", r"\/"), *layer, *(twice for once in layer for twice in _written(once))}


def _written(text: str) -> set[str]:
    markup = html.escape(text)
    return {
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        markup,
        html.escape(text, quote=False),
        markup.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    }
