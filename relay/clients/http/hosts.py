"""Which hosts are this machine, and which are reached through a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_this_machine(host: str) -> bool:
    """Whether what is sent to a host never leaves this machine: 127.0.0.0/8, ``::1``, ``localhost``."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # A name.
        return False


@dataclass(frozen=True, slots=True)
class Proxy:
    """The HTTP proxy at ``url``, which everything goes through but this machine and what ``direct`` names.

    ``direct``: hosts as addresses write them, or suffixes of names that begin with a dot (``.svc``).
    """

    url: str
    direct: tuple[str, ...] = ()

    def url_for(self, address: str) -> str | None:
        """The proxy's address for what is asked at ``address``, or ``None`` where it is asked directly."""
        host = (urlsplit(address).hostname or "").lower()
        exempt = any(host == name or (name.startswith(".") and host.endswith(name)) for name in self.direct)
        return None if exempt or is_this_machine(host) else self.url
