"""Who a proxy says that somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from relay.engine.settings import Settings

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """The header in which a proxy at one of these addresses names who has logged in there."""

    header: str
    networks: Sequence[IPv4Network | IPv6Network]

    def user_of(self, request: Request) -> str | None:
        """The person; ``None`` where the request comes from elsewhere, or names nobody, or several."""
        if request.client is None or not self._is_ours(request.client.host):
            return None
        named = request.headers.getlist(self.header)
        if len(named) != 1:
            return None
        name = _text(named[0]).strip()
        return name if name.isprintable() and 0 < len(name) <= _LONGEST else None

    def _is_ours(self, host: str) -> bool:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in network for network in self.networks)


def _text(value: str) -> str:
    """Headers come as Latin-1; proxies write names in UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def trusted_proxy(settings: Settings) -> TrustedProxy | None:
    """The one that the settings state; ``None``: then nobody is known."""
    if settings.web_user_header is None or settings.web_proxy is None:
        return None
    return TrustedProxy(settings.web_user_header, [ip_network(one) for one in settings.web_proxy.split(",")])
