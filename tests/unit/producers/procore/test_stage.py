from __future__ import annotations

from relay.clients.rate import POLLER_SHARE, Shares


def test_the_poller_and_the_writer_share_a_company_s_limits() -> None:
    poller, writer = Shares(own=POLLER_SHARE), Shares(own=1 - POLLER_SHARE)
    assert poller.own + writer.own == 1
