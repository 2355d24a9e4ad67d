"""The kinds of value a configuration holds. What each raises is the sentence of what is allowed."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ValidationInfo

from relay.clients.http.hosts import is_this_machine
from relay.clients.http.secret import UnusableSecret, secret_in
from relay.clients.rate.shares import LARGEST_POLLER_SHARE
from relay.domain.text_folding import shows_something

_NAME = re.compile(r"[a-z0-9-]+")
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h|d)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"[1-9]\d{0,18}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")

LONGEST_DURATION = 3650 * 86400.0
"""Seconds. What waits longer than ten years was not meant, and a timer cannot hold it."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

_PLACE = re.compile(r"\{\w*\}")
_PLACES = {"{guid}", "{number}"}

FOLDER = "folder"
"""The validation context's key for the folder that relative file names start from."""

PROVE_SECRETS = "prove_secrets"
"""The context's key for whether files of secrets are read, too: only who uses an account has them."""


def read_name(value: Any) -> str:
    """A name that becomes part of ids for ever, and so has no colon."""
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise ValueError("a name of small letters, digits and hyphens (a-z, 0-9, -)")


def read_duration(value: Any) -> float:
    """Seconds. The unit is always written: 30 could be seconds or minutes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)  # A default of the model, in seconds.
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a number with its unit: 500ms, 30s, 5m, 24h or 7d")
    return float(found[1]) * _UNIT_SECONDS[found[2]]


def at_least(seconds: float, words: str) -> BeforeValidator:
    """A duration with a least value; ``words`` is how the file would write it."""

    def read(value: Any) -> float:
        duration = read_duration(value)
        if duration < seconds:
            raise ValueError(f"{words} or longer")
        if duration > LONGEST_DURATION:
            raise ValueError(f"{words} or longer, and at most 3650d")
        return duration

    return BeforeValidator(read)


def read_identifier(value: Any) -> int:
    """A whole number above 0: a remote's numeric id, or a count."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    raise ValueError("a whole number above 0")


def read_decimal(value: Any) -> float:
    """A number above 0."""
    if isinstance(value, float):
        return value
    if _is_decimal(value):
        return float(value)
    raise ValueError("a number above 0, of at most nine digits before the point and after it")


def read_poller_share(value: Any) -> float:
    """A part of a rate budget that leaves the writer more than the poller has."""
    share = read_decimal(value) if isinstance(value, float) or _is_decimal(value) else 0.0
    if not 0 < share <= LARGEST_POLLER_SHARE:
        raise ValueError(f"a number above 0 and at most {LARGEST_POLLER_SHARE}, such as 0.2")
    return share


def _is_decimal(value: Any) -> bool:
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None and float(value) > 0


def read_flag(value: Any) -> bool:
    """``true`` or ``false`` and no other word for them."""
    if isinstance(value, bool):
        return value
    if value == "true":
        return True
    if value == "false":
        return False
    raise ValueError("true or false")


def read_date(value: Any) -> date:
    """A calendar day."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("a day as YYYY-MM-DD")


def read_time_zone(value: Any) -> str:
    """The name of a time zone of the IANA data base."""
    try:
        if isinstance(value, str) and value.isprintable():
            return ZoneInfo(value).key
    except (KeyError, ValueError, OSError):  # No zone, what can be no name, a folder of zones.
        pass
    raise ValueError("the name of a time zone, such as America/Chicago")


def read_text(value: Any) -> str:
    """A text with something to be seen: what a page left of a copied text means nothing to a remote."""
    if isinstance(value, str) and shows_something(value):
        return value
    raise ValueError("a text that is not empty")


def read_login(value: Any) -> str:
    """A user name of HTTP's Basic authentication (RFC 7617, section 2): it has no colon and no control characters."""
    text = read_text(value)
    if ":" in text or not text.isprintable() or text != text.strip():
        raise ValueError("a login without a colon, control or invisible characters, and blanks around it")
    return text


def read_url(value: Any) -> str:
    """The address of a remote system. Returned without a slash at its end."""
    if not isinstance(value, str) or not (parts := _address(value)):
        raise ValueError("an address such as https://api.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address without credentials, query or fragment")
    return value.rstrip("/")


def read_remote_url(value: Any, info: ValidationInfo) -> str:
    """The address of a remote that credentials are sent to: ``https``, but for this machine.

    An account may say otherwise: its ``allow_http`` has to stand before the address in the section.
    """
    url = read_url(value)
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_this_machine(parts.hostname or "") and not info.data.get("allow_http"):
        raise ValueError(
            "https://, since http:// sends the credentials for everybody on the way to read; http:// to this machine "
            "(127.0.0.1, ::1, localhost), or where the account says allow_http: true"
        )
    return url


def read_page(value: Any) -> str:
    """The address of a record's page, with a place for what names the record."""
    if not isinstance(value, str) or not _address(value) or not _PLACES & set(_PLACE.findall(value)):
        raise ValueError("the address of a page with {guid} or {number} in it")
    return value


def _address(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # A port that is no number, brackets that do not match.
        return None
    return parts if good and text.isprintable() and " " not in text else None


def read_secret_file(value: Any, info: ValidationInfo) -> Path:
    """The name of a file that holds a secret, which is proved to be one unless the context says otherwise.

    Relative names start at the folder of the configuration file.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError("the name of a file that holds the secret")
    context = info.context or {}
    folder = context.get(FOLDER, Path())
    path = Path(folder) / value
    if "\0" in value:
        raise ValueError("the name of a file that holds the secret")
    if not context.get(PROVE_SECRETS, True):
        return path
    try:
        secret_in(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ValueError(f"the name of a file that can be read and holds the secret ({reason})") from None
    except UnusableSecret as error:
        raise ValueError(f"a file that holds the secret; this one {error.fault}") from None
    return path


def read_file_name(value: Any, info: ValidationInfo) -> Path:
    """The name of a file beside the configuration; what is in it is read where it is used."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("the name of a file")
    return Path((info.context or {}).get(FOLDER, Path())) / value


def looks_like_path(value: Any) -> bool:
    """Whether a file name may be quoted: a secret written in its place must not be."""
    return isinstance(value, str) and value.startswith((os.sep, "./", "../"))


Name = Annotated[str, BeforeValidator(read_name)]
Identifier = Annotated[int, BeforeValidator(read_identifier)]
Count = Annotated[int, BeforeValidator(read_identifier)]
Decimals = Annotated[float, BeforeValidator(read_decimal)]
PollerShare = Annotated[float, BeforeValidator(read_poller_share)]
Flag = Annotated[bool, BeforeValidator(read_flag)]
Day = Annotated[date, BeforeValidator(read_date)]
TimeZone = Annotated[str, BeforeValidator(read_time_zone)]
Text = Annotated[str, BeforeValidator(read_text)]
Login = Annotated[str, BeforeValidator(read_login)]
Address = Annotated[str, BeforeValidator(read_url)]
RemoteAddress = Annotated[str, BeforeValidator(read_remote_url)]
FileName = Annotated[Path, BeforeValidator(read_file_name)]
SecretFile = Annotated[Path, BeforeValidator(read_secret_file)]
Page = Annotated[str, BeforeValidator(read_page)]
Patience = Annotated[float, at_least(1, "1s")]
PollInterval = Annotated[float, at_least(1, "1s")]
SweepInterval = Annotated[float, at_least(10, "10s")]
