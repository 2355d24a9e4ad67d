"""Secrets as the clients take them: a text, or something that reads it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from relay.domain.failures import TenantBlocked

Secret = str | Callable[[], str]
"""A secret's value, or a callable that reads it, so that a rotated one is taken up."""


def read_secret(secret: Secret) -> str:
    """The value as it is now. Raises ``TenantBlocked`` where it cannot be read or is empty."""
    try:
        value = secret if isinstance(secret, str) else secret()
    except OSError as error:
        where = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise TenantBlocked(f"a secret cannot be read ({where}): correct the file or its rights") from None
    except UnicodeDecodeError:
        raise TenantBlocked("a secret's file is not text in UTF-8: write the secret alone into it") from None
    if not value:
        raise TenantBlocked("a secret is empty: write it into the file that the settings name")
    return value


def secret_file(path: str | Path) -> Callable[[], str]:
    """Reads the file at each use. Blanks and line ends around the secret do not belong to it."""
    return lambda: Path(path).read_text(encoding="utf-8").strip()
