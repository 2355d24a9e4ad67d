"""A report that a person has signed: its totals and a hash, in the audit topic; and what has changed since.

What the source said of each change order and what was held is kept as well, so that a later report can say which has
changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.operator import operator, stated
from operations.reconcile.compare import Entry
from operations.reconcile.statement import ContractStatement, Reconciliation
from operations.reports.tables import ReadTables
from operations.times import can_be_kept
from relay.domain.canonical_text import decimal_text
from relay.domain.identity import content_hash
from relay.domain.json_object import object_in
from workers.views.amounts import time_of
from workers.views.tables import AUDIT

SIGNED: Final = "reconcile.sign_off"
LINES: Final = "reconcile.lines"
_AT_ONCE: Final = 2_000
"""Lines of one entry; each takes about a hundred bytes."""
_BUCKETS: Final = ("approved", "pending")

Line = tuple[str, str, str, str]
"""Side, contract, currency, and the change order's key or the record's number there."""
LineAmounts = tuple[str | None, ...]
"""What the source said and what was there, approved and pending each; ``None``: it could not be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """``unreconciled``: by side and currency, approved; ``None`` where it could not be told. ``lines``: by change
    order what the source said and what was there, approved and pending each. ``projects`` of sources it is of;
    ``reconciled``: whether everything was known and had its cause, ``None``: it was not kept.
    """

    sign_off_id: str
    who: str
    why: str
    at: datetime
    as_of: datetime
    digest: str
    projects: frozenset[str]
    reconciled: bool | None
    totals: tuple[Mapping[str, Any], ...]
    lines: Mapping[Line, LineAmounts]

    def not_of(self, subject: str) -> list[str]:
        """Projects of a report's subject that it was not of."""
        return sorted(_projects(subject) - self.projects)

    def unreconciled(self, side: str) -> dict[str | None, Decimal] | None:
        """By currency what was approved and unreconciled; ``None``: it could not be told."""
        found: dict[str | None, Decimal] = {}
        for total in self.totals:
            if total["side"] == side:
                if total["unreconciled_approved"] is None:
                    return None
                currency = total["currency"] or None
                found[currency] = found.get(currency, Decimal(0)) + Decimal(total["unreconciled_approved"])
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of one change order at one contract: what it was at the sign-off, and what it is now. ``what``: which amount."""

    side: str
    contract: str
    currency: str | None
    name: str
    what: str
    before: Decimal
    after: Decimal


def totals_of(report: Reconciliation) -> list[dict[str, Any]]:
    """By side, contract and currency what a person signs."""
    return [_totals(contract) for side in report.sides for contract in side.contracts]


def _totals(contract: ContractStatement) -> dict[str, Any]:
    told = {"source": contract.source, "expected": contract.expected, "held": contract.held}
    amounts: dict[str, str | None] = {
        f"{name}_{bucket}": decimal_text(getattr(value, bucket)) for name, value in told.items() for bucket in _BUCKETS
    }
    if contract.cannot_tell is not None:
        amounts |= {f"held_{bucket}": None for bucket in _BUCKETS}
    left = {
        bucket: sum((getattr(one.difference, bucket) for one in contract.unexplained), Decimal(0))
        for bucket in _BUCKETS
    }
    known = contract.cannot_tell is None and not contract.unknown
    unreconciled = {f"unreconciled_{bucket}": decimal_text(left[bucket]) if known else None for bucket in _BUCKETS}
    return {
        "side": contract.place.side,
        "contract": _name_of(contract),
        "currency": contract.currency or "",
        **amounts,
        **unreconciled,
        "items": len(contract.items),
    }


def _name_of(contract: ContractStatement) -> str:
    place = contract.place
    return f"{place.system}:{place.account}/{place.project}/{place.contract}" if place.is_contract else ""


def lines_of(report: Reconciliation) -> dict[Line, LineAmounts]:
    """By change order and contract what the source says and what is there."""
    found: dict[Line, list[Decimal | None]] = {}
    for side in report.sides:
        for contract in side.contracts:
            for one in contract.compared:
                entry = one.entry
                key = entry.shares[0].key if entry.shares else entry.written.key if entry.written else None
                name = key or f"there:{entry.records[0].number or entry.records[0].record_id}"
                line = (contract.place.side, _name_of(contract), contract.currency or "", name)
                amounts = _amounts(contract, entry)
                sums = found.setdefault(line, [Decimal(0)] * len(amounts))
                found[line] = [_both(before, more) for before, more in zip(sums, amounts, strict=True)]
    return {
        line: tuple(None if amount is None else decimal_text(amount) for amount in amounts)
        for line, amounts in found.items()
        if any(amount != 0 for amount in amounts)
    }


def _amounts(contract: ContractStatement, entry: Entry) -> tuple[Decimal | None, ...]:
    unknown: tuple[None, None] = (None, None)
    says = unknown if any(share.unknown for share in entry.shares) else (entry.says.approved, entry.says.pending)
    held = unknown if contract.cannot_tell is not None else (entry.held.approved, entry.held.pending)
    return (*says, *held)


def _both(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def digest_of(report: Reconciliation) -> str:
    """SHA-256 (hex) over everything that is signed."""
    lines = [[*line, *amounts] for line, amounts in sorted(lines_of(report).items(), key=lambda one: one[0])]
    return content_hash({"subject": report.subject, "as_of": report.as_of, "totals": totals_of(report), "lines": lines})


def sign_off(environment: Environment, report: Reconciliation, who: str | None, why: str) -> str:
    """Keeps it, in one transaction; returns the hash. Raises ``WrongUsage`` without a reason, ``CommitFailed``."""
    digest = digest_of(report)
    about = {
        "names": report.names,
        "as_of": report.as_of,
        "live": report.live,
        "reconciled": report.is_reconciled,
        "digest": digest,
        "totals": totals_of(report),
        "reads": report.reads,
    }
    lines = [[*line, *amounts] for line, amounts in lines_of(report).items()]
    with AuditedTransaction(environment, operator(who), stated(why)) as transaction:
        actions = [transaction.action(report.subject, SIGNED, about)]
        actions += [
            transaction.action(report.subject, LINES, {"digest": digest, "lines": lines[at : at + _AT_ONCE]})
            for at in range(0, len(lines), _AT_ONCE)
        ]
        transaction.commit([], actions)
    return digest


def last_sign_off(tables: ReadTables, subject: str, before: datetime) -> SignOff | None:
    """The one with the latest cut-off up to ``before``, of any of these projects: they may have been fewer."""
    projects = _projects(subject)
    found = [one for one in sign_offs(tables) if one.projects & projects and one.as_of <= before]
    return max(found, key=_order, default=None)


def _order(signed: SignOff) -> tuple[datetime, datetime]:
    return signed.as_of, signed.at


def _projects(subject: str) -> frozenset[str]:
    return frozenset(subject.split(","))


def sign_offs(tables: ReadTables, *, with_lines: bool = True) -> list[SignOff]:
    """All of them, the earliest first; without their lines where only totals are asked for."""
    actions = (SIGNED, LINES) if with_lines else (SIGNED,)
    rows = tables.rows(select(AUDIT).where(AUDIT.c.action.in_(actions)).order_by(AUDIT.c.at, AUDIT.c.action_id))
    lines: dict[str, dict[Line, LineAmounts]] = {}
    for row in rows:
        if row.action == LINES and (told := _read_lines(row.details)):
            lines.setdefault(told[0], {}).update(told[1])
    signed = [one for row in rows if row.action == SIGNED and (one := _read(row))]
    return [replace(one, lines=lines.get(one.digest, {})) for one in signed]


_ODD: Final = (ValueError, KeyError, TypeError, ArithmeticError)
"""What reading raises where an entry is none of ours: anybody may write there, and what says nothing is passed over."""


def _read_lines(details: str) -> tuple[str, dict[Line, LineAmounts]] | None:
    """Lines of the report with this hash."""
    try:
        told = object_in(details) or {}
        lines = {
            (_text(side), _text(contract), _text(currency), _text(name)): tuple(map(_amount, amounts))
            for side, contract, currency, name, *amounts in told["lines"]
        }
        if any(len(amounts) != len(_WHAT) for amounts in lines.values()):
            return None
        return _text(told["digest"]), lines
    except _ODD:
        return None


def _read(row: Any) -> SignOff | None:
    """Without its lines, which are entries of their own."""
    at = time_of(row.at)
    if at is None:
        raise ValueError(f"sign-off {row.action_id} without a time")
    try:
        told = object_in(row.details) or {}
        as_of = datetime.fromisoformat(told["as_of"])
        if as_of.tzinfo is None or not can_be_kept(as_of):
            return None
        return SignOff(
            sign_off_id=row.action_id,
            who=row.who,
            why=row.why,
            at=at,
            as_of=as_of,
            digest=_text(told["digest"]),
            projects=_projects(row.subject),
            reconciled=told.get("reconciled"),
            totals=tuple(map(_total, told["totals"])),
            lines={},
        )
    except _ODD:
        return None


def _total(told: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("side", "contract", "currency"):
        _text(told[name])
    _amount(told["unreconciled_approved"])
    return told


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError
    return told


def _amount(told: object) -> str | None:
    if told is None:
        return None
    if not Decimal(_text(told)).is_finite():
        raise ValueError
    return _text(told)


def last_by_project(tables: ReadTables) -> dict[str, SignOff]:
    """Of each project of a source, ``{system}:{account}/project:{id}``, the sign-off with the latest cut-off, without
    its lines.
    """
    found = sorted(sign_offs(tables, with_lines=False), key=_order)
    return {project: signed for signed in found for project in signed.projects}


_WHAT: Final = ("approved in the source", "pending in the source", "approved there", "pending there")


def changes_since(signed: SignOff, report: Reconciliation) -> list[Change]:
    """What is otherwise than it was signed, change order by change order; not what could not, or cannot, be told, nor
    what was signed of projects that the report is not of.
    """
    now = lines_of(report)
    told = _told(signed, report, now)
    untold, untold_then = _untold(totals_of(report)), _untold(signed.totals)
    return [
        Change(
            side=line[0],
            contract=line[1],
            currency=line[2] or None,
            name=line[3],
            what=what,
            before=Decimal(before),
            after=Decimal(after),
        )
        for line in sorted({*told, *now})
        for what, before, after in zip(
            _WHAT,
            signed.lines.get(line, _nothing(line, untold_then)),
            now.get(line, _nothing(line, untold)),
            strict=True,
        )
        if before is not None and after is not None and before != after
    ]


def _told(signed: SignOff, report: Reconciliation, now: Collection[Line]) -> set[Line]:
    """The signed lines that may be of the report's projects."""
    if signed.projects <= _projects(report.subject):
        return set(signed.lines)
    here = {(one.place.side, _name_of(one)) for side in report.sides for one in side.contracts if one.place.is_contract}
    return {line for line in signed.lines if line in now or line[:2] in here}


def _untold(totals: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Sides and contracts of which it could not be told what is there."""
    return {(total["side"], total["contract"]) for total in totals if total.get("held_approved", "") is None}


def _nothing(line: Line, untold: Collection[tuple[str, str]]) -> LineAmounts:
    """What there is of a change order that has no line."""
    return ("0", "0", *((None, None) if line[:2] in untold else ("0", "0")))
