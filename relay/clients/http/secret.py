"""Secrets as the clients take them: a text, or something that reads it anew."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

from relay.domain.failures import TenantBlocked

Secret = str | Callable[[], str]
"""A secret's value, or a callable that reads it, so that a rotated one is taken up."""

_LONGEST = 65_536  # Bytes; so that a device or a log named by mistake is not read to its end.
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp"})


class UnusableSecret(ValueError):
    """A secret that nobody can have meant. The message names the file, what is wrong and what to do, never the text.

    ``fault`` is the message without the file's name.
    """

    def __init__(self, path: str | Path, fault: str) -> None:
        super().__init__(f"{path} {fault}")
        self.fault = fault


def secret_in(path: str | Path) -> str:
    """The secret that a file holds. A byte order mark, and blanks and line ends around it, do not belong to it.

    Raises ``OSError`` where it cannot be read and ``UnusableSecret`` where it is empty, no text in UTF-8, or
    has characters inside that nobody sees.
    """
    with Path(path).open("rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise UnusableSecret(path, f"is larger than {_LONGEST} bytes: write the secret alone into it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        form = "UTF-16" if content.startswith(_MARKS) else "no text in UTF-8"
        raise UnusableSecret(path, f"is {form}: save the secret alone in it, as UTF-8") from None
    secret = text.strip()
    if not secret:
        raise UnusableSecret(path, "is empty: write the secret into it")
    if fault := _invisible(secret):
        raise UnusableSecret(path, fault)
    return secret


def _invisible(secret: str) -> str | None:
    """What an editor, a page or a pipeline has slipped in, in words; ``None`` for nothing."""
    for at, character in enumerate(secret, 1):
        kind = unicodedata.category(character)
        if character in "\r\n\x0b\x0c\x85\u2028\u2029":
            return "has a second line: write the secret alone into it, on one line"
        if kind in _INVISIBLE or (kind == "Zs" and character != " "):
            name = unicodedata.name(character, "a control character")
            return (
                f"has an invisible character in it (number {at}: {name}, U+{ord(character):04X}): "
                "write the secret into it without that character"
            )
    return None


def read_secret(secret: Secret, *, in_a_header: bool = False) -> str:
    """The value as it is now. Raises ``TenantBlocked`` where it cannot be read, is empty, or cannot have been meant.

    ``in_a_header``: it is sent as the value of a header as it stands, which takes plain ASCII only.
    """
    try:
        value = secret if isinstance(secret, str) else secret()
    except OSError as error:
        where = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise TenantBlocked(f"a secret cannot be read ({where}): correct the file or its rights") from None
    except UnusableSecret as error:
        raise TenantBlocked(f"a secret cannot be used: {error}") from None
    if not value:
        raise TenantBlocked("a secret is empty: write it into the file that the settings name")
    if in_a_header and not value.isascii():
        raise TenantBlocked(
            "a secret that is sent as a header has a character that is no ASCII, which no header can carry: "
            "write it into its file as it was issued"
        )
    return value


def secret_file(path: str | Path) -> Callable[[], str]:
    """Reads the file at each use, as :func:`secret_in` does."""
    return lambda: secret_in(path)
