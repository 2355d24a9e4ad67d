"""Procore, read and written for one company."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from relay.clients.http.remote import ClientOptions, RemoteHttp
from relay.clients.http.secret import Secret
from relay.clients.http.terms import NO_WAIT, CallTerms
from relay.clients.procore.change_orders import LineItems, PotentialChangeOrders
from relay.clients.procore.packages import ChangeOrderRequests, ContractChangeOrders, Packages
from relay.clients.procore.reference_records import Login
from relay.clients.procore.references import Contracts, References
from relay.clients.procore.session import Session, reading
from relay.clients.procore.tokens import TokenSource
from relay.clients.rate import Ungoverned
from relay.domain.failures import Denied, TenantBlocked

SYSTEM = "procore"
DEFAULT_API_URL = "https://api.procore.com"
DEFAULT_LOGIN_URL = "https://login.procore.com"

_NOT_OURS = (
    "the service account itself is refused: check that the app is installed in this company, that "
    "the company id is right, and that the API and login URLs belong to one environment"
)


class ProcoreClient:
    """One company of Procore under a service account. Thread-safe.

    Reading calls raise ``Unavailable`` (nothing can be lost by reading again), ``Throttled``,
    ``TenantBlocked`` (credentials refused, app disconnected), ``Denied`` (one project or record;
    a probe tells) or ``Rejected``. Writing calls raise these, and ``Ambiguous`` where nobody knows
    whether they were applied.
    """

    def __init__(
        self,
        *,
        company_id: int,
        client_id: Secret,
        client_secret: Secret,
        api_url: str = DEFAULT_API_URL,
        login_url: str = DEFAULT_LOGIN_URL,
        options: ClientOptions | None = None,
    ) -> None:
        options = options or ClientOptions()
        self._api = RemoteHttp(SYSTEM, api_url, options)
        # The rate limit is the API's; the login host is asked every 90 minutes.
        self._login = RemoteHttp(SYSTEM, login_url, replace(options, governor=Ungoverned()))
        tokens = TokenSource(
            self._login,
            client_id=client_id,
            client_secret=client_secret,
            redactor=options.redactor,
            clock=options.clock,
            tenant=options.tenant,
        )
        self._session = Session(self._api, tokens, company_id)
        self.company_id = company_id
        self.potential_change_orders = PotentialChangeOrders(self._session)
        self.line_items = LineItems(self._session)
        self.packages = Packages(self._session)
        self.requests = ChangeOrderRequests(self._session)
        self.contract_change_orders = ContractChangeOrders(self._session)
        self.contracts = Contracts(self._session)
        self.references = References(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._api.close()
        self._login.close()

    def probe_tenant(self, *, terms: CallTerms = NO_WAIT) -> Login:
        """Makes a harmless call that needs no right at all: an account that is refused here is blocked as a whole.

        Raises ``TenantBlocked`` for 401, 403 and 404.
        """
        call = reading("/me", "probe_tenant")
        try:
            answer = self._session.exchange(call, terms)
        except Denied as denied:
            raise self._blocked(denied) from None
        record = self._api.json(call, answer)
        return Login.of(record if isinstance(record, dict) else {})

    def probe_project(self, project_id: int, *, terms: CallTerms = NO_WAIT) -> None:
        """Whether the service account may see the project. Raises ``Denied`` if not.

        Who may list its change orders is permitted in it, whatever the project's own page says.
        """
        try:
            self.references.project(project_id, terms=terms)
        except Denied as denied:
            try:
                self.potential_change_orders.probe(project_id, terms=replace(terms, admitted=False))
            except Denied:
                raise denied from None

    def _blocked(self, denied: Denied) -> TenantBlocked:
        return TenantBlocked(f"{denied.message}: {_NOT_OURS}", remote_answer=denied.remote_answer, status=denied.status)
