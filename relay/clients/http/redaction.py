"""Keeps secrets out of messages, letters and logs."""

from __future__ import annotations

import base64
import json
import re
import threading
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
_LEAST_LENGTH = 4  # Removing shorter values would shred every text and protect nothing.
_MOST_SECRETS = 64  # Tokens change every 90 minutes; an answer never quotes one from last week.

# Credentials that nobody told us about: a token in an answer that could not be read, say.
_UNKNOWN = re.compile(
    r"""(?P<lead>\b(?:Bearer|Basic)\s+
        |"(?:[a-z_]*token|client_secret|password|api_?key)"\s*:\s*"
        |\b(?:access_token|refresh_token|client_secret)=
        |\bsub\\?/(?=[0-9a-f]{8}-))  # CINX keeps the company's token in the path.
        [A-Za-z0-9+/=._~%-]{4,}""",
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
        """From now on these values are removed. Empty and very short ones are passed over."""
        with self._lock:
            fresh = [one for one in secrets if len(one) >= _LEAST_LENGTH]
            if all(one in self._secrets for one in fresh):
                return
            for one in fresh:
                self._secrets.pop(one, None)
                self._secrets[one] = None
            while len(self._secrets) > _MOST_SECRETS:
                del self._secrets[next(iter(self._secrets))]
            self._pattern = _pattern(self._secrets)

    def clean(self, text: str) -> str:
        """``text`` without any secret, in whatever form a URL, JSON or header writes it."""
        pattern = self._pattern
        known = pattern.sub(HIDDEN, text) if pattern else text
        return _UNKNOWN.sub(lambda found: found["lead"] + HIDDEN, known)


def _pattern(secrets: dict[str, None]) -> re.Pattern[str]:
    forms = {form for secret in secrets for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def _forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        secret.replace("/", r"\/"),
    }
