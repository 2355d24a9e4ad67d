"""What the environment variables may say: a reader returns the value, or raises ``ValueError`` with what is allowed."""

from __future__ import annotations

import re
from datetime import time
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

_SERVER = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):([1-9]\d{0,4})")
_HOST = re.compile(r"\.?[a-z0-9_-][a-z0-9._-]*|[0-9a-f:]+")
_TOPIC_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,100}")
_INSTANCE = re.compile(r"[A-Za-z0-9._-]{1,200}")


def read_servers(text: str) -> str:
    """Brokers with their ports."""
    servers = [server.strip() for server in text.split(",")]
    if all((parts := _SERVER.fullmatch(server)) and int(parts[2]) < 65536 for server in servers):
        return ",".join(servers)
    raise ValueError("host:port, or several with commas between them")


def read_topic_prefix(text: str) -> str:
    """What stands before names on the cluster."""
    if _TOPIC_PREFIX.fullmatch(text):
        return text
    raise ValueError("at most 100 letters, digits, dots, hyphens and underscores")


def read_instance(text: str) -> str:
    """The name of an instance."""
    if _INSTANCE.fullmatch(text):
        return text
    raise ValueError("at most 200 letters, digits, dots, hyphens and underscores")


def read_readable_file(path: Path) -> Path:
    """A file that can be read now."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise ValueError(f"the name of a file that can be read ({error.strerror})") from None
    return path


File = Annotated[Path, AfterValidator(read_readable_file)]


def read_hosts(text: str) -> str:
    """Hosts, or suffixes of names."""
    names = [name.strip().lower() for name in text.split(",")]
    if all(_HOST.fullmatch(name) for name in names):
        return ",".join(names)
    raise ValueError("a host, or a suffix of names that begins with a dot, or several with commas between them")


DATABASE = re.compile(
    r"sqlite:///(?P<file>.+)|postgres(?:ql)?://(?:[^\s:@/]+@)?[^\s:@/]+(?::\d{1,5})?/[^\s/?]+(?:\?\S*)?", re.DOTALL
)


def read_database(text: str) -> str:
    """The address of a database, without a password."""
    if DATABASE.fullmatch(text):
        return text.replace("postgres://", "postgresql://", 1)
    raise ValueError("sqlite:///FILE, or postgresql://USER@HOST:PORT/DATABASE without a password")


_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def read_header(text: str) -> str:
    """The name of a header, in small letters."""
    if _HEADER.fullmatch(text):
        return text.lower()
    raise ValueError("the name of an HTTP header, such as X-Forwarded-User")


def read_networks(text: str) -> str:
    """Addresses and networks."""
    try:
        return ",".join(str(ip_network(one.strip())) for one in text.split(","))
    except ValueError:
        raise ValueError("an address or a network (10.0.0.7, 10.0.0.0/24), or several with commas between") from None


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_days(text: str) -> str:
    """Days of the week."""
    days = [day.strip().lower() for day in text.split(",")]
    if days and all(day in _DAYS for day in days) and len(set(days)) == len(days):
        return ",".join(days)
    raise ValueError(f"days with commas between them: {','.join(_DAYS)}")


def read_time_of_day(text: str) -> str:
    """A time of the day."""
    try:
        if re.fullmatch(r"\d\d:\d\d", text):
            return time.fromisoformat(text).strftime("%H:%M")
    except ValueError:
        pass
    raise ValueError("a time of the day such as 07:00")


def read_mail_server(text: str) -> str:
    """One server with its port."""
    if "," in text:
        raise ValueError("one host:port")
    return read_servers(text)


def read_mailbox(text: str) -> str:
    """One address of a mailbox, with a name or without."""
    name, address = parseaddr(text)
    if not re.fullmatch(r"[^\s@<>,;:\"]+@[A-Za-z0-9.-]+", address) or not text.isprintable() or not text.isascii():
        raise ValueError("one address such as relay@acme.example, or Relay <relay@acme.example>")
    return f"{name} <{address}>" if name else address


def read_mailboxes(text: str) -> str:
    """Addresses of mailboxes, with commas between them."""
    return ", ".join(read_mailbox(one.strip()) for one in text.split(","))


def read_page_address(text: str) -> str:
    """Where people find the page; without the slash at its end."""
    if re.fullmatch(r"https?://[^\s?#]+", text):
        return text.rstrip("/")
    raise ValueError("the address at which people find the page, such as https://relay.acme.example")
