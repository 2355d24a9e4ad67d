"""Harmless calls with each credential, and what was said on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import assert_never
from urllib.parse import urlsplit

import httpx

from operations.check.result import CheckResult, Exchange
from relay.clients.cinx import CinxClient, Template
from relay.clients.constructiononline import ConstructionOnlineClient
from relay.clients.http.hosts import Proxy, is_this_machine
from relay.clients.http.redaction import Redactor
from relay.clients.http.remote import ClientOptions
from relay.clients.http.secret import secret_file
from relay.clients.http.transport import DeadlineTransport
from relay.domain.failures import CallFailure
from relay.engine.configuration import (
    CinxAccount,
    Configuration,
    ConstructionOnlineAccount,
    ProcoreAccount,
)
from relay.engine.configuration.accounts import Account
from relay.engine.settings import Settings
from workers.cinx_submitter.account_start import Mapped, mapped_fields, wrong_fields
from workers.cinx_submitter.stage import client_of as cinx_client
from workers.procore_writer.stage import client_of as procore_client

_SHOWN = 200


@dataclass(slots=True)
class _Heard:
    """A request and what came back."""

    sent: str
    answer: str


@dataclass(slots=True)
class Listening(httpx.BaseTransport):
    """The network, with a note of every request. Authorization and other headers are not noted."""

    inner: httpx.BaseTransport
    heard: list[_Heard] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As the network does."""
        note = _Heard(f"{request.method} {request.url}", "no answer")
        self.heard.append(note)
        response = self.inner.handle_request(request)
        response.request = request
        response.read()
        note.answer = f"{response.status_code} {response.reason_phrase}: {response.text}"
        return response

    def close(self) -> None:
        """Closes the connections."""
        self.inner.close()


def credentials(configuration: Configuration, settings: Settings) -> Iterator[CheckResult]:
    """A finding for each account, in the order of the configuration."""
    fields = mapped_fields(configuration.routing)
    for key, account in configuration.accounts().items():
        mapped = fields.get(key.partition(":")[2], ()) if isinstance(account, CinxAccount) else ()
        yield check_account(key, account, settings.http_deadline, mapped, settings.proxy)


class _WrongRoutes(Exception):
    """What routes set is not what the remote takes."""


def check_account(
    key: str, account: Account, deadline: float, mapped: Sequence[Mapped] = (), proxy: Proxy | None = None
) -> CheckResult:
    """Whether the account's credentials hold, and it takes what routes set (``mapped``, for CINX)."""
    redactor = Redactor()
    address = account.api_url if isinstance(account, ProcoreAccount) else account.base_url
    by = proxy.url_for(address) if proxy else None
    listening = Listening(DeadlineTransport(connections=2, keepalive_expiry=1.0, proxy=by))
    step = min(10.0, deadline)
    wiring = ClientOptions(tenant=key, deadline=deadline, step=step, transport=listening, redactor=redactor)
    ok, said, usage = True, "", False
    try:
        said = _probe(account, wiring, mapped)
    except CallFailure as failure:
        ok, said = False, failure.message
    except _WrongRoutes as wrong:
        ok, said, usage = False, str(wrong), True
    if address.startswith("http:") and not is_this_machine(urlsplit(address).hostname or ""):
        said = f"{said} (over http:// to another machine: everybody on the way can read the credentials)"
    exchanges = tuple(_shown(heard, redactor) for heard in listening.heard)
    return CheckResult(check=key, ok=ok, said=redactor.clean(said), exchanges=exchanges, usage=usage)


def _probe(account: Account, wiring: ClientOptions, mapped: Sequence[Mapped]) -> str:
    match account:
        case ConstructionOnlineAccount():
            with closing(_constructiononline(account, wiring)) as client:
                client.probe_tenant()
            return f"{account.email} may read"
        case ProcoreAccount():
            with closing(procore_client(account, wiring)) as company:
                login = company.probe_tenant()
            return f"company {account.company_id}, as {login.login or login.name or login.id}"
        case CinxAccount():
            with closing(cinx_client(account, wiring)) as cinx:
                return _cinx(cinx, account, mapped)
        case _:
            assert_never(account)


def _cinx(client: CinxClient, account: CinxAccount, mapped: Sequence[Mapped]) -> str:
    """What the submitter reads at its start, too."""
    subscription, template = client.probe_tenant(), client.poco_template()
    wrong = [f"{fault.place}: {fault.sentence}" for fault in wrong_fields(template, mapped)]
    if wrong:
        raise _WrongRoutes("\n".join(wrong))
    end = f", paid until {subscription.end_date}" if subscription.end_date else ""
    name = subscription.org_name or subscription.org_id or account.email
    return f"{name}{end}, POCO template version {template.version or 'unknown'}{_unless_expected(account, template)}"


def _unless_expected(account: CinxAccount, template: Template) -> str:
    if account.template_version in {None, template.version}:
        return ""
    return (
        f" instead of {account.template_version}: look whether the routes' fields still say what they should, "
        "then correct template_version"
    )


def _constructiononline(account: ConstructionOnlineAccount, wiring: ClientOptions) -> ConstructionOnlineClient:
    return ConstructionOnlineClient(
        email=account.email,
        password=secret_file(account.password_file),
        api_key=secret_file(account.api_key_file),
        base_url=account.base_url,
        wiring=wiring,
    )


def _shown(heard: _Heard, redactor: Redactor) -> Exchange:
    """Cleaned before it is cut: half a secret would not be recognised."""
    answer = " ".join(redactor.clean(heard.answer).split())
    return Exchange(sent=redactor.clean(heard.sent), answer=answer if len(answer) <= _SHOWN else f"{answer[:_SHOWN]}…")
