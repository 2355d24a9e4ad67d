"""What people ask of running stages, and what the stages state of themselves: the records of the control topic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MEMBER_LASTS = 180.0
"""Seconds after which a member that has stated nothing counts as gone; it states itself every minute."""


class Subject(StrEnum):
    """What a person's hold is about. How the subject is then written stands beside each."""

    CHANGE_ORDER = "change_order"
    """A change-order key: ``constructiononline:acme:498099``."""
    SOURCE_PROJECT = "source_project"
    """A project of an observed account: ``constructiononline:acme/project:1321036``."""
    TARGET = "target"
    """A target's name, as it stands in origin ids: ``owner``."""
    DESTINATION_PROJECT = "destination_project"
    """A project of a target account: ``procore:acme/project:315``."""
    ACCOUNT = "account"
    """A target account: ``cinx:acme``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonHold:
    """A person's word that nothing new is written for ``subject``. It ends when released, or at ``until``."""

    hold_id: str
    kind: Subject
    subject: str
    reason: str
    person: str
    since: datetime
    until: datetime | None = None

    @property
    def tenant(self) -> str | None:
        """The one tenant that it is about, where the subject says so."""
        if self.kind in (Subject.ACCOUNT, Subject.DESTINATION_PROJECT):
            return self.subject.partition("/")[0]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """A change order that is carried as if its route said ``live``, in this and all later revisions."""

    pilot_id: str
    route: str
    change_order_key: str
    person: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRequest:
    """A wish that an account be looked at now. ``projects``: only these; empty: all."""

    request_id: str
    system: str
    account: str
    projects: tuple[str, ...]
    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A decision about a letter that waits for a second person.

    It is bound to what was seen: it lapses where ``attempts`` of the letter, or what the ledger has seen, is another.
    ``choice`` holds what the decision names, such as the record that is linked, by name.
    """

    proposal_id: str
    letter_id: str
    action: str
    choice: dict[str, str]
    attempts: int
    seen_sequence: int | None = None
    person: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What an instance of a stage, or a guest, states of itself: a stage at each change and every minute.

    ``reads`` are the newest schema versions that it reads, by record; ``routes`` the digest of the routes that it
    follows; ``control_offset`` the next offset of the control topic: it obeys everything before it. ``owns`` are the
    tenants or accounts that it works for now. ``calls``: a guest's, by account, since ``calls_since``, as
    :mod:`relay.domain.guest_use` reads them; what stages use stands in their own notes.
    """

    stage: str
    instance: str
    release: str
    reads: dict[str, int]
    routes: str
    control_offset: int
    owns: tuple[str, ...]
    at: datetime
    calls: dict[str, int]
    calls_since: datetime | None = None


def living(members: Iterable[Member], at: datetime) -> list[Member]:
    """Those that have stated anything lately, by stage and instance."""
    recent = (member for member in members if (at - member.at).total_seconds() < MEMBER_LASTS)
    return sorted(recent, key=lambda member: (member.stage, member.instance))


def read_by_all(members: Iterable[Member]) -> dict[str, int]:
    """The newest version of each record that all read who read it at all."""
    common: dict[str, int] = {}
    for member in members:
        for record, version in member.reads.items():
            common[record] = min(version, common.get(record, version))
    return common


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One value of the control topic; exactly one of the five is set, as the key's first word says."""

    hold: PersonHold | None = None
    pilot: Pilot | None = None
    poll: PollRequest | None = None
    proposal: Proposal | None = None
    member: Member | None = None

    @property
    def key(self) -> str:
        """The record's key: the kind of what is set, and its id. A hold within one account names that as well."""
        match self:
            case Control(hold=PersonHold(hold_id=hold_id) as hold):
                return f"hold:{hold_id}:{hold.tenant}" if hold.tenant else f"hold:{hold_id}"
            case Control(pilot=Pilot(route=route, change_order_key=change_order_key)):
                return f"pilot:{route}:{change_order_key}"
            case Control(poll=PollRequest(system=system, account=account)):
                return f"poll:{system}:{account}"
            case Control(proposal=Proposal(proposal_id=proposal_id)):
                return f"proposal:{proposal_id}"
            case Control(member=Member(stage=stage, instance=instance)):
                return f"member:{stage}:{instance}"
        raise ValueError("a control record without content")


class KeyWord(StrEnum):
    """The first word of a key of the control topic."""

    HOLD = "hold"
    PILOT = "pilot"
    POLL = "poll"
    PROPOSAL = "proposal"
    MEMBER = "member"


def word_of(key: bytes | None) -> KeyWord | None:
    """What a record under ``key`` is about; ``None`` for a key that nothing of ours writes."""
    try:
        word, _, rest = (key or b"").decode().partition(":")
        return KeyWord(word) if rest else None
    except ValueError:
        return None
