"""Harmless calls with each credential, and what was said on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import assert_never
from urllib.parse import urlsplit

from operations.check.result import CheckResult, Exchange
from operations.guests import guest_of
from operations.survey.calls import Calls
from operations.survey.remotes import constructiononline_client, guest_options
from relay.clients.cinx import CinxClient, Template
from relay.clients.http.hosts import is_this_machine
from relay.clients.http.remote import ClientOptions
from relay.clients.http.terms import CallTerms
from relay.domain.failures import CallFailure, Throttled
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


def credentials(configuration: Configuration, settings: Settings, calls: Calls) -> Iterator[CheckResult]:
    """A finding for each account, in the order of the configuration. Probes do not count as ``calls``."""
    fields = mapped_fields(configuration.routing)
    for key, account in configuration.accounts().items():
        mapped = fields.get(key.partition(":")[2], ()) if isinstance(account, CinxAccount) else ()
        yield check_account(key, account, settings, calls, mapped)


class _WrongRoutes(Exception):
    """What routes set is not what the remote takes."""


def check_account(
    key: str, account: Account, settings: Settings, calls: Calls, mapped: Sequence[Mapped] = ()
) -> CheckResult:
    """Whether the account's credentials hold, and it takes what routes set (``mapped``, for CINX)."""
    exchanges: list[Exchange] = []
    ok, said, usage = True, "", False
    with guest_of(key, account, settings, calls) as guest:
        options = guest_options(key, settings, guest.governor, exchanges, lambda sent: None)
        try:
            said = _probe(account, options, guest.terms, mapped)
        except Throttled as throttled:
            # Where nobody has answered so, it is what commands may use that is spent, and nothing of the file is wrong.
            ok = throttled.status is None
            said = f"cannot tell: {throttled.message}" if ok else throttled.message
        except CallFailure as failure:
            ok, said = False, failure.message
        except _WrongRoutes as wrong:
            ok, said, usage = False, str(wrong), True
    for name in _unprotected(account):
        said = f"{said} ({name}: over http:// to another machine: everybody on the way can read the credentials)"
    return CheckResult(check=key, ok=ok, said=options.redactor.clean(said), exchanges=tuple(exchanges), usage=usage)


def _unprotected(account: Account) -> list[str]:
    """The addresses, by their names in the file, to which credentials go for everybody on the way to read."""
    names = ("api_url", "login_url") if isinstance(account, ProcoreAccount) else ("base_url",)
    addresses = {name: urlsplit(getattr(account, name)) for name in names}
    return [
        name
        for name, address in addresses.items()
        if address.scheme == "http" and not is_this_machine(address.hostname or "")
    ]


def _probe(account: Account, options: ClientOptions, terms: CallTerms, mapped: Sequence[Mapped]) -> str:
    match account:
        case ConstructionOnlineAccount():
            with closing(constructiononline_client(account, options)) as client:
                client.probe_tenant(terms=terms)
            return f"{account.email} may read"
        case ProcoreAccount():
            with closing(procore_client(account, options)) as company:
                login = company.probe_tenant(terms=terms)
            return f"company {account.company_id}, as {login.login or login.name or login.id}"
        case CinxAccount():
            with closing(cinx_client(account, options)) as cinx:
                return _cinx(cinx, account, terms, mapped)
        case _:
            assert_never(account)


def _cinx(client: CinxClient, account: CinxAccount, terms: CallTerms, mapped: Sequence[Mapped]) -> str:
    """What the submitter reads at its start, too."""
    subscription, template = client.probe_tenant(terms=terms), client.poco_template(terms=terms)
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
