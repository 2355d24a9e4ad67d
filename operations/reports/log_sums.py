"""What the change order log adds up to, of the sums that are kept beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import bindparam, text

from operations.reports.tables import ReadTables
from relay.domain.side import side_of_kind
from workers.views.amounts import decimal_of, milliseconds
from workers.views.tables import APPROVED, SLOT, SUMMED

_OF_THE_DIRECTORY: Final = text("""
SELECT system, account, named, MAX(currency) AS currency,
       MAX(CASE WHEN kind = 'prime_contract' THEN kind END) AS kind
FROM directory
WHERE kind <> 'project' GROUP BY system, account, named
""")

SourceProject = tuple[str, str, str | None]
"""A project of a source: system, account and id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSum:
    """Rows of one project, side, currency and status. ``is_routed``: today's routes say of the side; ``is_carried``:
    to a destination. ``amount``: of those whose share is known; ``there_unknown``: of how many it
    is not known what is there, ``ahead_unknown``: of how many of the approved, whether that is there as approved.
    """

    project: SourceProject
    project_name: str | None
    side: str
    is_routed: bool
    is_carried: bool
    currency: str | None
    status: str
    rows: int
    change_orders: int
    amount: Decimal
    unknown: int
    there: Decimal
    there_unknown: int
    less_there: Decimal
    more_there: Decimal
    ahead_unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptApproval:
    """What was approved of one project, side and currency."""

    project: SourceProject
    side: str
    currency: str | None
    amount: Decimal
    unknown: int
    rows: int


def read_sums(tables: ReadTables, projects: Collection[SourceProject] | None = None) -> Iterator[KeptSum]:
    """Those of these projects; ``None``: of all."""
    contracts = Contracts(tables)
    for row in tables.rows(_SUMS):
        if projects is None or (row.system, row.account, row.project) in projects:
            yield _kept(row, contracts)


def read_sums_of_all(tables: ReadTables) -> Iterator[KeptSum]:
    """The same of all projects together, whose names they then do not tell."""
    contracts = Contracts(tables)
    yield from (_kept(row, contracts) for row in tables.rows(_SUMS_OF_ALL))


def _kept(row: Any, contracts: Contracts) -> KeptSum:
    return KeptSum(
        project=(row.system, row.account, row.project),
        project_name=row.project_name,
        side=contracts.side(row),
        is_routed=row.side != "",
        is_carried=row.target_system is not None,
        currency=contracts.currency(row),
        status=row.status,
        rows=int(row.log_rows),
        change_orders=int(row.change_orders),
        amount=_money(row.amount),
        unknown=int(row.unknown),
        there=_money(row.there),
        there_unknown=int(row.there_unknown),
        less_there=_money(row.less_there),
        more_there=_money(row.more_there),
        ahead_unknown=int(row.ahead_unknown),
    )


def slot_of(at: datetime) -> int:
    """The quarter of an hour whose approvals are added up together."""
    return (milliseconds(at) or 0) // SLOT


def read_approvals(
    tables: ReadTables, since: datetime, projects: Collection[SourceProject] | None = None
) -> Iterator[KeptApproval]:
    """What was seen approved since then, to a quarter of an hour, of these projects, ``""`` for none, of which there is
    one at least; ``None``: of all.
    """
    contracts, slot = Contracts(tables), slot_of(since)
    if projects is None:
        rows = tables.rows(_APPROVALS, since=slot)
    else:
        rows = tables.rows(_APPROVALS_OF_PROJECTS, since=slot, projects=list(projects))
    for row in rows:
        yield KeptApproval(
            project=(row.system, row.account, row.project),
            side=row.side,
            currency=contracts.currency(row),
            amount=_money(row.amount),
            unknown=int(row.unknown),
            rows=int(row.log_rows),
        )


class Contracts:
    """What only the directory tells of a contract, by ``target_system``, ``target_account`` and ``contract``."""

    def __init__(self, tables: ReadTables) -> None:
        self._known = {(row.system, row.account, row.named): row for row in tables.rows(_OF_THE_DIRECTORY)}

    def currency(self, row: Any) -> str | None:
        known = self._of(row)
        stated: str | None = row.currency
        return stated or (None if known is None else known.currency)

    def side(self, row: Any) -> str:
        """What today's routes say of a row, else what kind of contract it is."""
        told: str | None = row.side
        known = self._of(row)
        return told or side_of_kind(None if known is None else known.kind).value

    def _of(self, row: Any) -> Any:
        return self._known.get((row.target_system, row.target_account, row.contract))


def _summed(table: str, groups: str, measures: Collection[str], condition: str = "1 = 1") -> str:
    sums = ", ".join(f"SUM({name}) AS {name}" for name in measures)
    return f"SELECT {groups}, {sums} FROM {table} WHERE {condition} GROUP BY {groups}"  # noqa: S608 - of our own words


_OF_A_PROJECT: Final = "system, account, project, side, target_system, target_account, contract, currency"
_SUMS: Final = text(_summed("sums", f"{_OF_A_PROJECT}, project_name, status", SUMMED))
_OF_A_CONTRACT: Final = "side, target_system, target_account, contract, currency, status"
_SUMS_OF_ALL: Final = text(
    f"SELECT '' AS system, '' AS account, NULL AS project, NULL AS project_name, of_all.* "  # noqa: S608 - of our own words
    f"FROM ({_summed('sums', _OF_A_CONTRACT, SUMMED)}) of_all"
)
OF_PROJECTS: Final = "(system, account, COALESCE(project, '')) IN :projects"
"""What is of some projects of sources, ``""`` for none."""
_SINCE: Final = "slot >= :since"
_APPROVALS: Final = text(_summed("approvals", _OF_A_PROJECT, APPROVED, _SINCE))
_APPROVALS_OF_PROJECTS: Final = text(
    _summed("approvals", _OF_A_PROJECT, APPROVED, f"{_SINCE} AND {OF_PROJECTS}")
).bindparams(bindparam("projects", expanding=True))


def _money(amount: int) -> Decimal:
    return decimal_of(int(amount)) or Decimal(0)
