"""Accounts: who we are at the remote systems. Secrets are only ever names of files."""

from __future__ import annotations

from relay.clients.rate import POLLER_SHARE, CompanyLimits
from relay.domain.routes import Unrouted
from relay.engine.configuration.sections import Section
from relay.engine.configuration.values import (
    Count,
    Decimals,
    Flag,
    Identifier,
    Login,
    Page,
    Patience,
    PollerShare,
    PollInterval,
    RemoteAddress,
    SecretFile,
    SweepInterval,
    Text,
    TimeZone,
)


class _Source(Section):
    """What every account that can be polled has. Intervals are seconds.

    ``allow_http``: the remote's address may be ``http://`` elsewhere than on this machine, as behind a
    tunnel; it stands before the addresses, which are read by it. ``time_zone``: that of the company's people, for what
    is shown to them.
    """

    allow_http: Flag = False
    poll_interval: PollInterval = 60.0
    sweep_interval: SweepInterval = 86400.0
    unrouted: Unrouted = Unrouted.LETTER
    time_zone: TimeZone = "UTC"


class ConstructionOnlineAccount(_Source):
    """A login of a ConstructionOnline company, with its API key."""

    email: Login
    password_file: SecretFile
    api_key_file: SecretFile
    base_url: RemoteAddress = "https://api.constructiononline.com/api"

    def stands_for(self) -> str:
        """The remote account: as far as this system names one, the login."""
        return f"{self.base_url} {self.email.lower()}"


class ProcoreAccount(_Source):
    """A Procore company, through a service account's client credentials.

    ``requests_per_hour`` and ``requests_per_10_seconds`` are its limits as far as they are known:
    Procore's answers tell only the one that is nearer, and until they have told them these are what
    is shared (Procore docs, "Rate Limiting"). ``poller_share`` is the poller's part of them; the writer has
    the rest, but for the tenth of commands.
    """

    company_id: Identifier
    client_id_file: SecretFile
    client_secret_file: SecretFile
    api_url: RemoteAddress = "https://api.procore.com"
    login_url: RemoteAddress = "https://login.procore.com"
    requests_per_hour: Count = 600
    requests_per_10_seconds: Count = 25
    poller_share: PollerShare = POLLER_SHARE

    @property
    def limits(self) -> CompanyLimits:
        """The company's limits and their parts, as governors take them."""
        expected = (self.requests_per_10_seconds, self.requests_per_hour)
        return CompanyLimits(expected=expected, poller_share=self.poller_share)

    def stands_for(self) -> str:
        """The company."""
        return f"{self.api_url} {self.company_id}"


class CinxAccount(_Source):
    """A CINX login. Without ``api_token_file`` the token is found with the login.

    It is polled seldom, since each poll lists every POCO. ``requests_per_second`` is a courtesy of
    the submitter, since CINX states no limits; the poller goes at a fifth of it. ``synchronous`` asks
    CINX to import at once instead of by a job. A person is asked when a job has no end within
    ``job_patience`` seconds, or a POCO that should be there is not found within ``search_patience``.
    ``poco_page`` is the address of a POCO's page for people. ``template_version`` is the version of the
    POCO template that the routes were written for: another one is reported at every start.
    """

    email: Login
    password_file: SecretFile
    api_token_file: SecretFile | None = None
    base_url: RemoteAddress = "https://api.cinx.com"
    poll_interval: PollInterval = 300.0
    requests_per_second: Decimals = 5.0
    synchronous: Flag = False
    job_patience: Patience = 3600.0
    search_patience: Patience = 900.0
    poco_page: Page | None = None
    template_version: Text | None = None

    def stands_for(self) -> str:
        """The remote account: the login."""
        return f"{self.base_url} {self.email.lower()}"


Account = ConstructionOnlineAccount | ProcoreAccount | CinxAccount

MODELS: dict[str, type[ConstructionOnlineAccount | ProcoreAccount | CinxAccount]] = {
    "constructiononline": ConstructionOnlineAccount,
    "procore": ProcoreAccount,
    "cinx": CinxAccount,
}
"""The systems, and what an account of each holds."""
