"""The login and the API key, both of which every call needs.

Source: ConstructionOnline developers, "Making API Requests".
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Credentials:
    """The login and the key, both of which every call needs."""

    email: str
    password: str
    api_key: str

    def accept(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers carry both.

        The documentation's samples encode the login as ISO-8859-1 or UTF-8; both are taken.
        """
        key = headers.get("apikey", "")
        login = f"{self.email}:{self.password}"
        spellings = {login.encode("utf-8"), login.encode("latin-1", "replace")}
        given = basic(headers.get("authorization", ""))
        right_key = secrets.compare_digest(key.encode(), self.api_key.encode())
        return right_key and given in spellings


def basic(header: str) -> bytes:
    """The decoded login of a Basic header; empty if it is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
