"""A client that only reads lets nothing else out, whoever asks for it."""

from __future__ import annotations

import httpx
import pytest

from relay.clients.http.messages import Request, get
from relay.clients.http.remote import ClientOptions, RemoteHttp
from relay.clients.http.terms import NO_WAIT
from relay.clients.http.transport import mark_sent


class Counting(httpx.BaseTransport):
    def __init__(self) -> None:
        self.sent = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        mark_sent()
        self.sent += 1
        return httpx.Response(200, json={})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_would_write_is_not_sent(method: str) -> None:
    transport = Counting()
    with RemoteHttp(
        "procore", "https://procore.invalid", ClientOptions(reads_only=True, transport=transport)
    ) as remote:
        with pytest.raises(PermissionError, match="only reads"):
            remote.exchange(Request(method=method, path="/x", operation="change"), NO_WAIT)
        assert transport.sent == 0
        assert remote.exchange(get("/x", "read"), NO_WAIT).status == 200
        login = Request(method="POST", path="/oauth/token", operation="obtain_token", reading=True)
        assert remote.exchange(login, NO_WAIT).status == 200
