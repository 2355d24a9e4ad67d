"""What a CINX user may use, and whether it is still paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from relay.clients.native_json.values import Members
from relay.domain.failures import TenantBlocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One company of the user. An expired subscription says so inside a good answer.

    ``api_token`` is ``None`` where the company is not enabled for API access.
    """

    api_token: str | None = field(repr=False)
    org_id: str | None
    org_name: str | None
    code: int
    reason: str
    end_date: str | None

    @property
    def is_valid(self) -> bool:
        """Whether its data may be used."""
        return 200 <= self.code < 300

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """Never raises; a state that is missing counts as valid, the calls themselves will tell."""
        members = Members(row)
        state = members.inner("subscription")
        code = state.number("status_code")
        return cls(
            api_token=members.text("cinx_api_token"),
            org_id=members.inner("org").text("cinx_org_id"),
            org_name=members.inner("org").text("name"),
            code=200 if code is None else code,
            reason=state.text("status_message_reason", "status_message") or "",
            end_date=state.day("end_date"),
        )


def choose(subscriptions: Sequence[Subscription], configured: str | None) -> Subscription:
    """The company's row: that of the configured token, or the only one that has a token.

    Raises ``TenantBlocked`` with what a person has to do.
    """
    usable = [(row, row.api_token) for row in subscriptions if row.api_token]
    if configured is not None:
        usable = [(row, token) for row, token in usable if token.lower() == configured.lower()]
        if not usable:
            raise TenantBlocked(
                "cinx: the configured API token belongs to no company of this user: check the token "
                "and the e-mail address of this account"
            )
    if not usable:
        raise TenantBlocked("cinx: no company of this user is enabled for API access: ask CINX support to enable it")
    if len(usable) > 1:
        names = ", ".join(str(row.org_name or row.org_id) for row, _ in usable)
        raise TenantBlocked(
            f"cinx: this user belongs to several companies ({names}): name the API token of the right one"
        )
    return _valid(usable[0][0])


def _valid(chosen: Subscription) -> Subscription:
    if chosen.is_valid:
        return chosen
    name = chosen.org_name or chosen.org_id or "the company"
    raise TenantBlocked(
        f"cinx: the subscription of {name} is not valid ({chosen.code}: {chosen.reason or 'no reason given'}): "
        "renew it with CINX",
        status=chosen.code,
    )
