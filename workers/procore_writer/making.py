"""Makes the carrier of a running writer from its configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from relay.clients.http import CallReport, OnCall, Wiring
from relay.clients.procore import ProcoreClient
from relay.clients.rate import Governor, ProcoreRate, Shares
from relay.clients.redaction import Redactor
from relay.clients.secret import secret_file
from relay.engine.configuration import ProcoreAccount
from workers.procore_writer.accounts import Opener
from workers.procore_writer.carrier import Deadlines, ProcoreCarrier
from workers.procore_writer.memory import Ages

WRITERS_SHARE = Shares(own=0.8)
"""Of a company's budget; the rest is the poller's of the same company, which is another process."""


def _uncounted(report: CallReport) -> None:
    """Nobody counts."""


def opener(*, deadlines: Deadlines, on_call: OnCall = _uncounted, shares: Shares = WRITERS_SHARE) -> Opener:
    """Makes clients whose calls end in time, each company with a governor of its own."""

    def open_account(name: str, account: ProcoreAccount) -> tuple[ProcoreClient, Governor]:
        governor = ProcoreRate(shares)
        wiring = Wiring(
            tenant=f"procore:{name}",
            deadline=deadlines.http,
            governor=governor,
            on_call=on_call,
            redactor=Redactor(),
        )
        client = ProcoreClient(
            company_id=account.company_id,
            client_id=secret_file(account.client_id_file),
            client_secret=secret_file(account.client_secret_file),
            api_url=account.api_url,
            login_url=account.login_url,
            wiring=wiring,
        )
        return client, governor

    return open_account


def make_carrier(
    accounts: Callable[[], Mapping[str, ProcoreAccount]],
    *,
    installation: str,
    deadlines: Deadlines | None = None,
    on_call: OnCall = _uncounted,
    shares: Shares = WRITERS_SHARE,
    ages: Ages | None = None,
) -> ProcoreCarrier:
    """The carrier. ``accounts`` gives the configured ones as they are now, at every use."""
    times = deadlines or Deadlines()
    return ProcoreCarrier(
        accounts,
        opener(deadlines=times, on_call=on_call, shares=shares),
        installation=installation,
        deadlines=times,
        ages=ages,
    )
