"""One command beside what ledger and cache hold of its change order."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property

from relay.domain.commands import ProcoreCommand, ProcoreLine, ProcorePayload
from relay.domain.ledger import Intent, LedgerEntry
from relay.domain.ledger_facts import LedgerFact, ProcoreFact, ProcorePart, is_line
from relay.domain.procore_content import status_of_hash
from workers.procore_writer.cache.cache import CachedFacts
from workers.procore_writer.content import parts

_NONE = "none"
_PER_CHANGE_ORDER = "per_change_order"
_EXISTING = "existing"


@dataclass(frozen=True)
class PlanContext:
    """Everything that the next step depends on; planning is a pure function of it.

    Without slots, for ``cached_property`` keeps its values in the instance's dictionary.
    """

    command: ProcoreCommand
    payload: ProcorePayload
    entry: LedgerEntry | None
    intent: Intent | None
    facts: CachedFacts

    def rewriting(self) -> PlanContext:
        """This context with the content that a ``verify`` has to write again, where it could be mapped."""
        remapped = self.facts.remapped.command if self.facts.remapped else None
        if remapped is None or remapped.payload is None:
            return self
        return replace(self, command=remapped, payload=remapped.payload)

    # -- what the ledger holds

    def ledger_fact(self, name: str) -> str | None:
        """What the ledger remembers of the remote."""
        return self.entry.remote.get(name) if self.entry else None

    def accepted(self, part: str) -> str | None:
        """The hash of what the remote last accepted."""
        state = self.entry.parts.get(part) if self.entry else None
        return state.hash if state else None

    def edited(self, part: str) -> bool:
        """Whether a person has changed the part since."""
        state = self.entry.parts.get(part) if self.entry else None
        return state is not None and state.person

    def differs(self, part: str, wanted: str) -> bool:
        """Whether the part has to be sent. One that a person edited follows the route's rule.

        A line that was written by an earlier rule for quantities stays as it is until it changes itself.
        """
        if self.accepted(part) is not None and self.accepted(part) == self.former_line_hashes.get(part):
            wanted = self.accepted(part) or wanted
        if self.edited(part):
            rule = self.command.rules.person_edit
            return rule == "overwrite" or (rule != "keep_theirs" and self.accepted(part) != wanted)
        return self.accepted(part) != wanted

    @property
    def pco_id(self) -> int | None:
        """The potential change order, once it is known."""
        return _number(self.ledger_fact(ProcoreFact.PCO))

    @property
    def written_pco_id(self) -> int:
        """The potential change order, for steps that come after its creation. Raises ``LookupError`` before that."""
        if self.pco_id is None:
            raise LookupError(f"{self.command.origin_id} has no potential change order yet")
        return self.pco_id

    @property
    def package_id(self) -> int | None:
        """The package that we made, once it is known."""
        return _number(self.ledger_fact(ProcoreFact.PACKAGE))

    @property
    def is_rebuilt(self) -> bool:
        """Whether the entry is of a ledger that was lost, and was not held against the record since."""
        return self.ledger_fact(LedgerFact.REBUILT) is not None

    @cached_property
    def doubted(self) -> dict[str, str]:
        """Parts that a call in doubt may have written, with their hashes, where nobody has looked since."""
        return doubted_parts(self.entry)

    @property
    def request_id(self) -> int | None:
        """The change order request, once it is known."""
        return _number(self.ledger_fact(ProcoreFact.REQUEST))

    # -- what is wanted

    @cached_property
    def tiers(self) -> int:
        """What the remote shows, else what was met before, else what the route says.

        One that was linked under two tiers stays as it was linked when a third is added: Procore
        then shows the silent request in between.
        """
        met = _number(self.ledger_fact(ProcoreFact.TIERS))
        shown = self.facts.tiers or met or self.command.destination.tiers
        if shown == 3 and met == 2 and self.accepted(ProcorePart.LINK) and not self.ledger_fact(ProcoreFact.REQUEST):
            return 2
        return shown

    @property
    def is_unsure_of_tiers(self) -> bool:
        """Whether only the route says how many tiers there are: an empty contract does not show it."""
        return (
            self.facts.tiers is None and self.ledger_fact(ProcoreFact.TIERS) is None and not self.facts.tiers_not_shown
        )

    @cached_property
    def lines(self) -> dict[str, ProcoreLine]:
        """The wanted lines by part."""
        return dict(parts.lines_by_part(self.payload))

    @cached_property
    def line_hashes(self) -> dict[str, str]:
        """The hashes of the wanted lines by part."""
        return {part: parts.line_hash(line) for part, line in self.lines.items()}

    @cached_property
    def former_line_hashes(self) -> dict[str, str | None]:
        """The hashes that the wanted lines had by an earlier rule for quantities, by part."""
        return {part: parts.former_line_hash(line) for part, line in self.lines.items()}

    @cached_property
    def line_changes(self) -> dict[str, str]:
        """The lines that have to be sent, with their hashes."""
        return {part: wanted for part, wanted in self.line_hashes.items() if self.differs(part, wanted)}

    @cached_property
    def removals(self) -> list[str]:
        """The lines that have to go."""
        accepted = self.entry.parts if self.entry else {}
        keep = self.command.rules.person_edit == "keep_theirs"
        return [
            part
            for part, held in sorted(accepted.items())
            if is_line(part) and part not in self.lines and not (held.person and keep)
        ]

    @cached_property
    def header_differs(self) -> bool:
        """Whether title, description, date or days have to be sent."""
        return self.differs(ProcorePart.HEADER, parts.header_content(self.payload).hash)

    @cached_property
    def number_differs(self) -> bool:
        """Whether the number has to be sent; a source without one leaves it to the remote."""
        number = parts.wanted_number(self.payload)
        return number is not None and self.differs(ProcorePart.NUMBER, parts.number_hash(number))

    @property
    def status(self) -> str:
        """The wanted status."""
        return self.payload.status

    def status_differs(self, part: str = ProcorePart.STATUS) -> bool:
        """Whether a record's status has to be sent."""
        return self.differs(part, parts.status_hash(self.status))

    @property
    def accepted_status(self) -> str | None:
        """The status that the remote last accepted."""
        accepted = self.accepted(ProcorePart.STATUS)
        return status_of_hash(accepted) if accepted is not None else None

    def is_locked(self, part: str = ProcorePart.STATUS) -> bool:
        """Whether the record with this status part was approved by us."""
        return self.accepted(part) == parts.status_hash(parts.APPROVED)

    @property
    def has_package_of_its_own(self) -> bool:
        """Whether a package belongs to this change order alone: always in one tier, else by the rule.

        One that was made stays, whatever the rule says: with one tier it had to be.
        """
        if self.tiers == 1 or self.package_id is not None:
            return True
        return self.command.rules.package == _PER_CHANGE_ORDER and self.status == parts.APPROVED

    @property
    def existing_package(self) -> int | None:
        """The package that the route names."""
        rule = self.command.rules.package
        return _number(rule.removeprefix(_EXISTING).strip(" :")) if rule.startswith(_EXISTING) else None

    @property
    def wants_group(self) -> bool:
        """Whether the change order is to be part of a package."""
        return self.has_package_of_its_own or self.existing_package is not None

    @property
    def group_package(self) -> int | None:
        """The package that it is to be part of, once it is known."""
        return self.existing_package or self.package_id

    @property
    def alone(self) -> bool:
        """Whether its elements must not share a call."""
        return self.facts.send_alone


def doubted_parts(entry: LedgerEntry | None) -> dict[str, str]:
    """The parts that a call in doubt may have written, with their hashes."""
    text = entry.remote.get(LedgerFact.DOUBTED) if entry else None
    return dict(json.loads(text)) if text else {}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def is_package_rule(rule: str) -> bool:
    """Whether the text is one that the route's ``package`` may have."""
    return rule in {_NONE, _PER_CHANGE_ORDER} or _number(rule.removeprefix(_EXISTING).strip(" :")) is not None
