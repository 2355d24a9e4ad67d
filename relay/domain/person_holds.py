"""What a person's hold keeps from being written, and how that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.domain.commands import Command
from relay.domain.control import PersonHold, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableHold:
    """A hold that cannot be read: it holds all that it could be about.

    ``tenant`` is the account that its key names; ``None``: it may be about any. ``place`` says where it stands, and
    ``why`` what is wrong with it.
    """

    hold_id: str
    tenant: str | None
    since: datetime
    place: str
    why: str


AnyHold = PersonHold | UnreadableHold


def hold_id_of(key: str) -> str:
    """The id of the hold that stands under ``key``."""
    return key.split(":", 2)[1]


def tenant_of_key(key: str) -> str | None:
    """The account that the key of a hold names, if it names one."""
    pieces = key.split(":", 2)
    return pieces[2] if len(pieces) == 3 and pieces[2] else None


def is_over(hold: AnyHold, now: datetime) -> bool:
    """Whether it has ended by itself."""
    return isinstance(hold, PersonHold) and hold.until is not None and hold.until <= now


def bars(hold: AnyHold, command: Command, written_to: str | None) -> bool:
    """Whether nothing new is to be written for ``command``. ``written_to``: the destination in the ledger, if any.

    Where a command does not tell the project of its source, every hold of a project of that source account bars it.
    """
    if isinstance(hold, UnreadableHold):
        return hold.tenant is None or hold.tenant == command.tenant
    match hold.kind:
        case Subject.CHANGE_ORDER:
            return hold.subject in (command.change_order_key, command.root)
        case Subject.SOURCE_PROJECT:
            return _is_of_project(hold.subject, command)
        case Subject.TARGET:
            return hold.subject == command.target
        case Subject.DESTINATION_PROJECT:
            places = {command.destination.name, written_to or ""}
            projects = {f"{command.tenant}/project:{place.partition('/')[0]}" for place in places}
            return hold.subject in projects
        case Subject.ACCOUNT:
            return hold.subject == command.tenant


def _is_of_project(subject: str, command: Command) -> bool:
    account, _, project = subject.partition("/project:")
    # The project of a command about a record is that of the record.
    is_of_another = command.is_about_a_record or command.root != command.change_order_key
    if _account_of(command.root) == account and is_of_another:
        return True
    return _account_of(command.change_order_key) == account and command.project in (project, None)


def _account_of(change_order_key: str) -> str:
    return ":".join(change_order_key.split(":")[:2])


def hold_sentence(hold: AnyHold) -> str:
    """``on hold by Ann since … because …``, as part of a sentence."""
    if isinstance(hold, UnreadableHold):
        what = hold.tenant or "everything"
        return (
            f"on hold, since a hold that cannot be read ({hold.place}: {hold.why}) holds {what}; `cor release "
            f"{hold.hold_id}` ends it"
        )
    until = f", until {_moment(hold.until)}" if hold.until else ""
    return f"on hold by {hold.person} since {_moment(hold.since)}{until}, because: {hold.reason} (hold {hold.hold_id})"


def about(hold: AnyHold, shown: Callable[[str], str] = str) -> str:
    """What it holds, as people say it. ``shown``: what a target of this name is called."""
    if isinstance(hold, UnreadableHold):
        return hold.tenant or "everything"
    subject = shown(hold.subject) if hold.kind is Subject.TARGET else hold.subject
    return f"{hold.kind.value.replace('_', ' ')} {subject}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
