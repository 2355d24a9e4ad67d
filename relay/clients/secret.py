"""Secrets as the clients take them: a text, or something that reads it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Secret = str | Callable[[], str]
"""A secret's value, or a callable that reads it, so that a rotated one is taken up."""


def read_secret(secret: Secret) -> str:
    """The value as it is now."""
    return secret if isinstance(secret, str) else secret()


def secret_file(path: str | Path) -> Callable[[], str]:
    """Reads the file at each use. Blanks and line ends around the secret do not belong to it."""
    return lambda: Path(path).read_text(encoding="utf-8").strip()
