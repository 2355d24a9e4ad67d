"""Serves the page until the process is told to end."""

from __future__ import annotations

import gc
import socket
import sys
from typing import Final

import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware

from operations.environment import Environment
from operations.errors import Refused
from operations.zones import zone_of
from web.app import application
from web.routes_file import RoutesFile

_COLLECTED_AFTER: Final = 50_000
"""Objects that were made and are still there, after which the collector looks through them for cycles. At Python's 700
it goes some hundred times over what a month is made of, which has none: about a twelfth of the time that reading takes.
"""
_TAKES_TURNS_AFTER: Final = 0.0005
"""Seconds for which a request that adds up a month goes on while another waits for its turn, once for each row that it
reads. With Python's 0.005 a page took up to a second beside such a month.
"""
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def serve(environment: Environment) -> None:
    """Says where, and serves. Raises ``Refused`` where it cannot listen there, ``Fatal`` for wrong tables."""
    settings = environment.settings
    named = settings.web_hosts.split(",") if settings.web_hosts else []
    # A page of somebody else's that gives its own name our address gets nothing.
    hosts = [*_LOCAL, settings.web_address, *(f"*{name}" if name.startswith(".") else name for name in named)]
    app = application(settings, zone_of(settings).name, routes=RoutesFile(environment))
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    listening = listen(settings.web_address, settings.web_port)
    address, port = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    print(f"http://{shown}:{port}/", file=sys.stderr, flush=True)  # noqa: T201 - for the person who has started it
    sys.setswitchinterval(_TAKES_TURNS_AFTER)
    spare_the_collector()
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, proxy_headers=False)
    uvicorn.Server(config).run(sockets=[listening])


def spare_the_collector() -> None:
    """What was made until now stays as long as the process, and is never looked through again; what requests make is,
    less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, *gc.get_threshold()[1:])


def listen(address: str, port: int) -> socket.socket:
    """A socket there, whose connections send at once. Raises ``Refused``."""
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        both = address == "::" and socket.has_dualstack_ipv6()  # Every address of the machine, whichever kind it is.
        listening = socket.create_server((address, port), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise Refused(
            f"COR_WEB_ADDRESS and COR_WEB_PORT say {address}:{port}, which cannot be listened on ({error}): "
            "name another port, or end what listens there"
        ) from None
    # Connections have it from here. An answer goes out in two pieces, of which the second would wait for the word that
    # the first has arrived: 40 ms. asyncio sees to that only for sockets that name their protocol, which this does not.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
