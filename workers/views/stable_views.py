"""The SQL views that spreadsheets and other tools may read: their names and columns stay.

Money is whole ten-thousandths, times are epoch milliseconds. Both databases are given the same words.
"""

from __future__ import annotations

from typing import Final

CHANGE_ORDER_LOG: Final = "change_order_log"
OPEN_ITEMS: Final = "open_items"
WRITES_VIEW: Final = "writes"


def _side_of(table: str) -> str:
    """Of what is written to a contract: what today's routes say of it, else what kind of contract it is."""
    return f"""COALESCE((SELECT MAX(s.side) FROM shares s WHERE s.origin_id = {table}.origin_id),
        CASE WHEN EXISTS (SELECT 1 FROM directory d WHERE d.system = {table}.system AND d.account = {table}.account
             AND d.named = {table}.contract AND d.kind = 'prime_contract') THEN 'owner' ELSE 'cost' END)"""


def places(side_of_unrouted: str, condition: str = "1 = 1") -> str:
    """What today's routes give each destination, and destinations that hold something of ours and are routed no more.
    ``condition``: on their change orders.
    """
    return f"""
SELECT s.change_order_key, s.side, s.target, s.origin_id, s.system, s.account, s.project_id, s.contract, s.mode,
       s.amount AS share, s.status
FROM shares s WHERE {condition}
UNION ALL
SELECT h.change_order_key, {side_of_unrouted}, h.target, h.origin_id, h.system, h.account, h.project_id, h.contract,
       'not routed', NULL, NULL
FROM holdings h
WHERE NOT EXISTS (SELECT 1 FROM shares s WHERE s.origin_id = h.origin_id) AND {condition}
"""


AMOUNT_THERE: Final = """CASE WHEN h.origin_id IS NULL THEN d.amount
            WHEN d.amount_at >= h.written_at THEN d.amount ELSE h.amount END"""
"""Of a destination ``d`` and what it holds, ``h``."""


def _of_contract(column: str) -> str:
    return f"""(SELECT MAX(d.{column}) FROM directory d WHERE d.system = p.system AND d.account = p.account
        AND d.named = p.contract AND d.kind <> 'project')"""


def _of_project(system: str, account: str, project: str) -> str:
    return f"""(SELECT MAX(d.number) FROM directory d WHERE d.system = {system} AND d.account = {account}
        AND d.named = {project} AND d.kind = 'project')"""


_LETTER: Final = """(SELECT l.{column} FROM letters l WHERE l.open AND l.change_order_key = c.change_order_key
        AND (l.origin_id IS NULL OR p.origin_id IS NULL OR l.origin_id = p.origin_id)
        ORDER BY l.first_at, l.letter_id LIMIT 1)"""

_SIDE_OF_LETTER: Final = f"""COALESCE((SELECT MAX(s.side) FROM shares s WHERE s.origin_id = l.origin_id),
        (SELECT {_side_of("h")} FROM holdings h WHERE h.origin_id = l.origin_id),
        CASE WHEN l.stage = 'cinx-submitter' THEN 'cost' WHEN l.origin_id IS NULL THEN 'owner' END)"""
"""Of a change order as a whole the owner's, whose client price then waits."""


def log_of(condition: str = "1 = 1") -> str:
    """The rows of the log. ``condition``: on their change orders, told before they are put together."""
    return f"""
SELECT c.change_order_key, c.system AS source_system, c.account AS source_account, c.change_order_id,
       c.project AS source_project, c.project_name,
       COALESCE({_of_project("p.system", "p.account", "p.project_id")},
                {_of_project("c.system", "c.account", "c.project")}, c.project) AS project_number,
       p.side, p.target, p.origin_id, p.system AS target_system, p.account AS target_account,
       p.project_id AS target_project, p.contract AS target_contract, p.mode AS route_mode,
       COALESCE({_of_contract("number")}, p.contract) AS contract_number,
       {_of_contract("title")} AS contract, {_of_contract("vendor")} AS vendor,
       c.number, c.title,
       c.status_source,
       CASE WHEN d.remote_status IS NOT NULL AND d.facts_at > COALESCE(h.status_at, 0) THEN d.remote_status
            ELSE h.status END AS status_there,
       d.executed, d.erp_state, d.facts, d.state, d.reason, d.sentence,
       c.created_on, c.submitted_on, c.due_on, c.decided_on, c.approved_seen_at, c.first_seen_at, c.observed_at,
       COALESCE(c.currency, h.currency, d.currency, {_of_contract("currency")}) AS currency,
       p.share AS amount_source,
       {AMOUNT_THERE} AS amount_there,
       h.approved AS approved_there, h.pending AS pending_there, h.unknown AS unknown_writes,
       h.written_at, d.record_number, d.record_id, d.record_link,
       COALESCE(d.package_number, NULLIF(d.remote_package, 'none')) AS package_number, d.package_id,
       {_LETTER.format(column="letter_id")} AS open_item, p.status AS status_meant
FROM change_orders c
JOIN ({places(_side_of("h"), condition)}) p ON p.change_order_key = c.change_order_key
LEFT JOIN destinations d ON d.origin_id = p.origin_id
LEFT JOIN holdings h ON h.origin_id = p.origin_id
"""


VIEWS: Final[dict[str, str]] = {
    CHANGE_ORDER_LOG: log_of(),
    OPEN_ITEMS: f"""
SELECT p.letter_id, p.kind, p.stage, p.reason, p.sentence, p.change_order_key, p.origin_id,
       COALESCE(p.project, c.project) AS source_project, c.project_name,
       COALESCE({_of_project("c.system", "c.account", "c.project")}, p.project, c.project) AS project_number,
       c.number, c.title,
       COALESCE((SELECT MAX(s.amount) FROM shares s WHERE s.origin_id = p.origin_id),
                CASE WHEN p.stage = 'mapper' AND p.side = 'cost' THEN NULL ELSE p.amount END,
                CASE WHEN p.side = 'cost' THEN c.cost ELSE c.client_price END) AS amount,
       COALESCE(p.currency, c.currency) AS currency, p.first_at, p.last_at, p.attempts, p.decides, p.remote_answer,
       p.side, p.source, f.assigned, f.note,
       CASE WHEN f.snoozed_after = p.last_at THEN f.snoozed_until END AS snoozed_until
FROM (SELECT l.*, {_SIDE_OF_LETTER} AS side FROM letters l WHERE l.open) p
LEFT JOIN change_orders c ON c.change_order_key = p.change_order_key
LEFT JOIN follow_ups f ON f.letter_id = p.letter_id
""",
    WRITES_VIEW: f"""
SELECT p.write_id, p.at, {_side_of("p")} AS side,
       COALESCE({_of_project("p.system", "p.account", "p.project_id")}, p.project_id) AS project_number,
       COALESCE({_of_contract("number")}, p.contract) AS contract_number,
       c.number, c.title, p.record_kinds, p.operations, p.amount_before, p.amount_after,
       p.approved_effect, p.pending_effect, p.currency, p.fields, p.person, p.plan_id, p.remote_number, p.remote_link,
       p.change_order_key, p.origin_id, p.target, p.system, p.account, p.destination, p.method, p.path, p.found_again
FROM remote_writes p
LEFT JOIN change_orders c ON c.change_order_key = p.change_order_key
""",
}
"""By name; each is made together with the tables that it reads."""
