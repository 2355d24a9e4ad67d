"""Decisions that one person proposes and another approves: proposed, approved, declined.

A proposal is bound to the attempts of its letter and to what the ledger had seen; with any other it has lapsed.
Approvals go one after the other, whichever page they are given on: all have one transactional id, so that whoever
begins ends the one before, and reads what stands only then. Of two at once one sends.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from enum import StrEnum

from operations.audit import AuditedTransaction, now
from operations.environment import Environment
from operations.errors import Refused
from operations.holds.standing import read_standing
from operations.letters.decide import Decided, details_of, ready_decision
from operations.letters.open_letters import Shown
from relay.domain.commands import Operation
from relay.domain.control import Control, Proposal
from relay.domain.text_folding import folded
from relay.engine.control.topic_state import Standing
from relay.engine.kafka import Outgoing
from relay.engine.topics import CONTROL

_APPROVALS = "web-approvals"
"""The transactional id of all approvals, behind the prefix."""
_REMOTE_ID, _MADE_AT, _SUBJECT = "remote_id", "made_at", "subject"


class MadeAt(StrEnum):
    """Where a proposal was made: a page knows who a person is, a command line believes what is typed."""

    PAGE = "page"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal that stands now. ``number``: of its audit entry."""

    proposal: Proposal
    number: int


def is_typed(proposal: Proposal) -> bool:
    """Whether its name was typed at a command line, where it proves nothing."""
    return proposal.choice.get(_MADE_AT) != MadeAt.PAGE


def remote_id_of(proposal: Proposal) -> str | None:
    """The record that it names."""
    return proposal.choice.get(_REMOTE_ID)


def _subject_of(proposal: Proposal) -> str:
    """What audit entries about it are filed under: the change order's key, as all others about it."""
    return proposal.choice.get(_SUBJECT, proposal.letter_id)  # One that was made before this was kept has none.


def standing_proposals(standing: Standing) -> list[Proposal]:
    """Those that were neither approved nor declined, the oldest first."""
    found = (value.proposal for value in standing.values.values() if value.proposal is not None)
    return sorted(found, key=lambda proposal: (proposal.at, proposal.proposal_id))


def propose(
    environment: Environment,
    letter_id: str,
    operation: Operation,
    remote_id: str | None,
    *,
    who: str,
    why: str,
    made_at: MadeAt,
    shown: Shown | None = None,
) -> Proposed:
    """Writes a proposal with its audit entry. Raises ``Refused`` where the decision itself could not be written, and
    where somebody has proposed something about the letter that has not lapsed.
    """
    ready = ready_decision(environment, letter_id, operation, remote_id, who=who, shown=shown)
    of_letter = [one for one in standing_proposals(read_standing(environment)) if one.letter_id == ready.letter.id]
    for one in of_letter:
        if _is_bound(one, ready):
            raise Refused(
                f"{one.person} has proposed to {one.action} letter {ready.letter.id} at {one.at:%Y-%m-%d %H:%M} UTC: "
                f"that waits for a second person; decline it first ({one.proposal_id})"
            )
    choice = {_MADE_AT: made_at.value, _SUBJECT: ready.letter.subject}
    choice |= {_REMOTE_ID: remote_id} if remote_id else {}
    proposal = Proposal(
        proposal_id=str(uuid.uuid4()),
        letter_id=ready.letter.id,
        action=operation.value,
        choice=choice,
        attempts=ready.letter.letter.attempts,
        seen_sequence=ready.seen_sequence,
        person=who,
        why=why,
        at=now(),
    )
    effects = [_written(environment, proposal), *(_ended(environment, one) for one in of_letter)]
    with AuditedTransaction(environment, who, why) as transaction:
        details = _about(proposal) | {"operation": operation.value, "adopt_remote_id": remote_id, "made_at": made_at}
        transaction.commit(effects, [transaction.action(ready.letter.subject, "letter.propose", details)])
        return Proposed(proposal=proposal, number=transaction.numbers[-1])


def approve(
    environment: Environment, proposal_id: str, *, who: str, why: str, shown_at: str | None = None
) -> Decided | Proposed:
    """Sends what was proposed, as a person other than its proposer. ``who`` has to be known, not typed.

    A proposal from a command line stands under the name of the first who approves it, and waits for another: then that
    is returned. ``shown_at``: of when the proposal was that a person saw. Raises ``Refused`` for a proposal that is
    gone, another one by now, or has lapsed, and for its own proposer.
    """
    with _approving(environment, who, why) as transaction:
        # Fenced by now: whoever approves beside us cannot commit any more, and what they have committed is read here.
        standing = read_standing(environment)
        proposal = _by_id(standing, proposal_id)
        if shown_at not in (None, proposal.at.isoformat()):
            raise Refused("this proposal changed since you looked: somebody has put their name to it. Look again")
        if is_typed(proposal):
            return _taken_over(environment, transaction, proposal, who)
        if is_same_person(proposal.person, who):
            raise Refused(f"{who} has proposed this: another person approves it, or it is declined")
        return _sent(environment, transaction, proposal, standing, who)


def decline(environment: Environment, proposal_id: str, *, who: str, why: str) -> Proposed:
    """Ends a proposal of which nothing is sent. Raises ``Refused`` where it is gone."""
    with _approving(environment, who, why) as transaction:
        proposal = _by_id(read_standing(environment), proposal_id)
        details = _about(proposal) | {"proposed_by": proposal.person}
        action = transaction.action(_subject_of(proposal), "letter.decline", details)
        transaction.commit([_ended(environment, proposal)], [action])
        return Proposed(proposal=proposal, number=transaction.numbers[-1])


def _approving(environment: Environment, who: str, why: str) -> AuditedTransaction:
    return AuditedTransaction(environment, who, why, f"{environment.prefix}{_APPROVALS}")


def _about(proposal: Proposal) -> dict[str, object]:
    return {"letter_id": proposal.letter_id, "proposal_id": proposal.proposal_id}


def _taken_over(environment: Environment, transaction: AuditedTransaction, proposal: Proposal, who: str) -> Proposed:
    """It stands under a name that is known from now on."""
    known = replace(proposal, person=who, choice=proposal.choice | {_MADE_AT: MadeAt.PAGE.value}, at=now())
    details = _about(proposal) | {"typed": proposal.person}
    action = transaction.action(_subject_of(proposal), "letter.propose-by-name", details)
    transaction.commit([_written(environment, known)], [action])
    return Proposed(proposal=known, number=transaction.numbers[-1])


def _sent(
    environment: Environment, transaction: AuditedTransaction, proposal: Proposal, standing: Standing, who: str
) -> Decided:
    operation = Operation(proposal.action)
    ready = ready_decision(environment, proposal.letter_id, operation, remote_id_of(proposal), who=who)
    if not _is_bound(proposal, ready):
        raise Refused(
            f"what {proposal.person} proposed has lapsed: letter {proposal.letter_id} was tried again since, or a "
            "newer revision has come. Look at it, and propose anew"
        )
    others = [one for one in standing_proposals(standing) if one.letter_id == proposal.letter_id]
    details = details_of(ready) | {
        "proposal_id": proposal.proposal_id,
        "proposed_by": proposal.person,
        "proposed_why": proposal.why,
    }
    action = transaction.action(ready.letter.subject, f"letter.{operation.value}", details)
    transaction.commit([ready.outgoing, *(_ended(environment, one) for one in others)], [action])
    return replace(ready, number=transaction.numbers[-1])


def _is_bound(proposal: Proposal, ready: Decided) -> bool:
    """Whether what was seen then is what stands now."""
    return (proposal.attempts, proposal.seen_sequence) == (ready.letter.letter.attempts, ready.seen_sequence)


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, as people compare them."""
    return folded(one) == folded(other)


def _by_id(standing: Standing, named: str) -> Proposal:
    found = next((one for one in standing_proposals(standing) if one.proposal_id == named), None)
    if found is None:
        raise Refused(f"no proposal {named} waits any more: it was approved, declined, or never made")
    return found


def _written(environment: Environment, proposal: Proposal) -> Outgoing:
    control, topic = Control(proposal=proposal), environment.name(CONTROL)
    return Outgoing(topic, control.key.encode(), environment.codec.encode(control, topic), 0)


def _ended(environment: Environment, proposal: Proposal) -> Outgoing:
    return Outgoing(environment.name(CONTROL), Control(proposal=proposal).key.encode(), None, 0)
