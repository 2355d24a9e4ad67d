"""A ledger that was lost, folded again from what was told of it: writes, outcomes and open letters.

Writes say what the remote accepted and how it is called there; outcomes, up to which version a change order was
settled; letters, what a person was asked. What was written before writes told all of that has no parts and no ids here,
so that it is read at the remote before anything else is sent. Nothing tells what a person has edited since: what is
folded is held against the remote, too, before it is written over (``LedgerFact.REBUILT``).
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from relay.domain.commands import Command
from relay.domain.ledger import Intent, LedgerEntry, Part
from relay.domain.ledger_facts import CinxFact, LedgerFact
from relay.domain.letters import DeadLetter, LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.writes.balance import Balance, after_answer
from relay.domain.writes.held_parts import accepted_status, parts_with_money
from relay.domain.writes.remote_writes import RemoteWrite

REVIEWED: Final = "rebuilt"
"""The step of a review of which only the letter is known."""

_POCO: Final = "poco"
_NEVER_SENT: Final = frozenset({OutcomeKind.SUPERSEDED, OutcomeKind.SKIPPED, OutcomeKind.WITHDRAWN})
_APPLIED: Final = frozenset({OutcomeKind.APPLIED, OutcomeKind.UNCHANGED})
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class _Told:
    """What was told of one origin id. ``open``: commands that have not ended, as far as was told."""

    change_order_key: str
    account: str
    destination: str = ""
    parts: dict[str, str] | None = None
    facts: dict[str, str] | None = None
    amounts: dict[str, Decimal] = field(default_factory=dict)
    approved: Decimal = Decimal(0)
    pending: Decimal = Decimal(0)
    currency: str | None = None
    sent: int | None = None
    seen: tuple[int, datetime] = (-1, _EPOCH)
    applied: int | None = None
    withdrawn: bool = False
    carried: bool = False
    open: set[str] = field(default_factory=set)
    pocos: tuple[RemoteRecord, ...] = ()
    letters: list[DeadLetter] = field(default_factory=list)


class FoldedEntry(NamedTuple):
    """An entry and its account. ``is_open``: a command about it has not ended, and what became of it is not known."""

    account: str
    entry: LedgerEntry
    is_open: bool


class LedgerFold:
    """Takes what one stage told, each topic in its order, and gives the entries.

    ``newest``: of a change-order key the sequence of its newest event. Looks at our own records carry the sequence of
    another event; one that is beyond the newest says nothing about what was settled.
    """

    def __init__(self, system: str, stage: str, newest: Mapping[str, int]) -> None:
        self._system = system
        self._stage = stage
        self._newest = newest
        self._told: dict[str, _Told] = {}

    def write(self, write: RemoteWrite) -> None:
        """Takes the next write of its change order."""
        if write.system != self._system:
            return
        told = self._of(write.origin_id, write.change_order_key, write.account)
        told.destination = write.destination
        told.sent = max(told.sent or write.sequence, write.sequence)
        told.parts, told.facts = write.parts, write.facts
        told.approved += write.approved_effect or 0
        told.pending += write.pending_effect or 0
        told.currency = write.currency or told.currency
        for record in write.records:
            if len(record.parts) == 1 and record.amount_after is not None:
                told.amounts[next(iter(record.parts))] = record.amount_after

    def outcome(self, outcome: ChangeOrderOutcome) -> None:
        """Takes the next outcome of its change order."""
        if outcome.stage != self._stage or outcome.origin_id is None or outcome.account is None:
            return
        told = self._of(outcome.origin_id, outcome.change_order_key, outcome.account)
        command = outcome.command_id or ""
        if not outcome.kind.is_terminal:
            if outcome.kind is not OutcomeKind.REMOTE_STATUS:
                told.open.add(command)
            return
        told.open.discard(command)
        told.carried |= outcome.kind not in _NEVER_SENT
        told.pocos = tuple(record for record in outcome.remote if record.kind == _POCO) or told.pocos
        if outcome.mapped_at is None or outcome.sequence > self._newest.get(outcome.change_order_key, -1):
            return
        version = (outcome.sequence, outcome.mapped_at)
        if outcome.kind is not OutcomeKind.SKIPPED and version >= told.seen:
            told.seen = version
            told.withdrawn = outcome.kind is OutcomeKind.WITHDRAWN
            told.applied = outcome.sequence if outcome.kind in _APPLIED else told.applied

    def letter(self, letter: DeadLetter) -> None:
        """Takes a letter that is open, once all outcomes are taken: each of a stage's letters came with one."""
        if letter.stage == self._stage and letter.origin_id in self._told:
            self._told[letter.origin_id].letters.append(letter)

    def received(self, command: Command) -> None:
        """Takes a command of which nothing tells what became of it."""
        self._of(command.origin_id, command.change_order_key, command.account).open.add(command.command_id)

    def entries(self, waiting: Container[str]) -> Iterator[FoldedEntry]:
        """Iterates over the entries.

        ``waiting``: origin ids of which the inbox holds something, so that what is open is known there.
        """
        for origin_id, told in self._told.items():
            is_open = bool(told.open) and origin_id not in waiting
            entry = self._entry(origin_id, told, is_open=is_open)
            if entry is not None:
                yield FoldedEntry(told.account, entry, is_open)

    def _of(self, origin_id: str, change_order_key: str, account: str) -> _Told:
        if origin_id not in self._told:
            self._told[origin_id] = _Told(change_order_key, account)
        return self._told[origin_id]

    def _entry(self, origin_id: str, told: _Told, *, is_open: bool) -> LedgerEntry | None:
        is_whole = told.parts is not None and told.facts is not None
        may_be_there = is_whole or told.carried or is_open
        if not may_be_there and told.seen[0] < 0 and not told.letters:
            return None
        seen_sequence, seen_mapped_at = told.seen
        entry = LedgerEntry(
            origin_id=origin_id,
            change_order_key=told.change_order_key,
            destination=told.destination if is_whole else "",
            seen_sequence=seen_sequence,
            seen_mapped_at=seen_mapped_at,
            applied_sequence=told.applied,
            sent_sequence=(told.sent if told.sent is not None else max(seen_sequence, 0)) if may_be_there else None,
            # Which content went out is not told: equal to none, so that another of the same revision is asked about.
            sent_payload_hash="" if is_whole else None,
            parts={name: Part(hash=value) for name, value in (told.parts or {}).items()},
            remote=_pocos(told.pocos) if told.facts is None else dict(told.facts),
            letters=tuple(letter.letter_id for letter in told.letters),
            review=_review(origin_id, told.letters),
            withdrawn=told.withdrawn and not is_open,
        )
        if may_be_there and self._is_to_be_compared(told, is_whole=is_whole, is_open=is_open):
            entry.remote[LedgerFact.REBUILT] = "1"
        return replace(entry, balance=_balance(told, entry)) if is_whole else entry

    def _is_to_be_compared(self, told: _Told, *, is_whole: bool, is_open: bool) -> bool:
        """CINX's submitter reads what it changes anyway; what it may have ordered beside that is not known.

        Nor is, of what was withdrawn, whether its POCOs were struck since the last write.
        """
        return self._system != "cinx" or not is_whole or is_open or told.withdrawn


def to_compare(held: LedgerEntry, folded: LedgerEntry) -> LedgerEntry:
    """The entry of a ledger that is still there, where what was under way of it is lost with the inbox."""
    sent = folded.sent_sequence if held.sent_sequence is None else held.sent_sequence
    return replace(held, sent_sequence=sent, remote=held.remote | {LedgerFact.REBUILT: "1"}, withdrawn=False)


def _pocos(pocos: tuple[RemoteRecord, ...]) -> dict[str, str]:
    """Facts of POCOs that outcomes have named, the latest first; of records at Procore the origin id tells."""
    if not pocos:
        return {}
    latest, *before = pocos
    facts = {CinxFact.GUID: latest.remote_id, CinxFact.NUMBER: latest.number or "", CinxFact.URL: latest.url or ""}
    if before:
        facts[CinxFact.EARLIER] = json.dumps([(poco.remote_id, poco.number or "") for poco in reversed(before)])
    return {name: value for name, value in facts.items() if value}


def _review(origin_id: str, letters: list[DeadLetter]) -> Intent | None:
    """What a person was asked about: with an open letter nothing is sent until it is answered."""
    asked = next((letter for letter in letters if letter.kind is LetterKind.NEEDS_REVIEW), None)
    if asked is None:
        return None
    return Intent(
        origin_id=origin_id,
        command_id=asked.command_id or "",
        step=REVIEWED,
        parts={},
        bytes_hash="",
        intended_at=asked.last_at,
        sent=True,
    )


def _balance(told: _Told, entry: LedgerEntry) -> Balance:
    """What the remote holds of ours in money: the effects of all writes add up to it."""
    before = Balance(amounts=told.amounts, approved=told.approved, pending=told.pending, currency=told.currency)
    return after_answer(before, amounts={}, there=parts_with_money(entry), status=accepted_status(entry))
