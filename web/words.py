"""Labels, states and headings in the words of the trade. Sentences stand where they are said: templates and reports."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "product": "Change Order Relay",
        "skip": "Skip to the content",
        "search": "Search",
        "search_hint": "Number, title, id, PCO no.",
        "home": "Home",
        "attention": "Needs attention",
        "log": "Change order log",
        "writes": "Writes",
        "system": "System",
        "change_order": "Change order",
        "project": "Project",
        "project_number": "Project no.",
        "number": "CO no.",
        "title": "Title",
        "status": "Status",
        "status_there": "Status there",
        "amount": "Amount",
        "amount_source": "Amount, source",
        "amount_there": "Amount there",
        "difference": "Difference",
        "side": "Side",
        "owner": "Owner side",
        "cost": "Cost side",
        "owner_short": "Owner",
        "cost_short": "Cost",
        "no_currency": "(no currency)",
        "owner_basis": "prime contracts, client price",
        "cost_basis": "commitments and purchase orders, cost",
        "destination": "Destination",
        "number_there": "Number there",
        "package": "PCCO/CCO",
        "executed": "Executed",
        "erp_state": "ERP state",
        "last_written": "Last written",
        "found_by": "Found by",
        "open_item": "Open item",
        "open_items": "Open items",
        "amount_behind": "Amount behind them",
        "pending": "Pending",
        "approved_this_month": "Approved this month",
        "not_carried": "Approved, not there",
        "more_there": "more there:",
        "unreconciled": "Unreconciled",
        "sign_off": "Last sign-off",
        "not_reconciled": "not reconciled here: use the source and the target side by side",
        "reason": "Reason",
        "oldest": "Oldest",
        "age": "Open for",
        "next_step": "Next step",
        "attempts": "Attempts",
        "assigned": "Assigned",
        "ours": "What the relay says",
        "theirs": "What the system answered",
        "history": "History",
        "time": "Time",
        "what": "What",
        "contract": "Contract",
        "record": "Record",
        "operation": "Operation",
        "before": "Before",
        "after": "After",
        "effect_approved": "Approved effect",
        "effect_pending": "Pending effect",
        "person": "Person",
        "holds": "On hold",
        "since": "Since",
        "until": "Until",
        "why": "Why",
        "stage": "Stage",
        "instance": "Instance",
        "release": "Release",
        "works_for": "Works for",
        "heard": "Heard",
        "account": "Account",
        "change_orders": "Change orders",
        "rows": "Rows",
        "first_page": "First page",
        "next_page": "Next page",
        "last_change": "Last change seen",
        "from": "From",
        "to": "To (not included)",
        "show": "Show",
        "as_csv": "CSV",
        "as_xlsx": "Excel",
        "unknown": "not known",
        "nothing_written": "nothing written",
        "not_routed": "no destination",
        "tab_open": "Open",
        "tab_doubt": "Sent, not confirmed",
        "tab_hold": "On hold",
        "tab_snoozed": "Snoozed",
        "decisions": "Decisions",
        "waiting_second": "Wait for a second person",
        "proposed_at": "Proposed at",
        "by": "By",
        "action": "Action",
        "typed": "(typed)",
        "decide": "Decide",
        "decide_group": "Decide about all of these",
        "note": "Note",
        "nobody": "nobody",
        "remote_id": "The record that is right",
        "assign_to": "Who looks after it (empty: nobody)",
        "snooze_until": "Until",
        "change_orders_few": "change orders",
        "open_items_few": "open items",
        "one_change_order": "change order",
        "one_open_item": "open item",
        "all_reasons": "All reasons",
        "all_projects": "All projects",
        "by_reason": "By reason",
        "by_project": "By project",
        "until_released": "until it is released",
        "what_is_wrong": "What is wrong",
        "client_price": "Client price",
        "cost_amount": "Cost",
        "approved_means": "“Approved” means approved in the source. It is no proof of a signed change order.",
        "ours_only": "“There” is what is ours, as it was last accepted. What people edited there is not in it.",
    }
)

VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "redrive": "Send again",
        "settle": "Close without sending",
        "adopt": "Link to existing record",
        "resubmit": "Send once more",
        "assign": "Assign",
        "note": "Note",
        "snooze": "Snooze",
        "wake": "Wake",
        "hold": "Hold",
        "release": "Release",
        "approve": "Approve",
        "decline": "Decline",
        "propose": "Propose",
        "propose-by-name": "Put one’s name to a proposal",
        "make": "Hold",
    }
)
"""What people decide, as buttons say it."""

STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "draft": "draft",
        "pending": "pending",
        "approved": "approved",
        "rejected": "rejected",
        "void": "void",
        "deleted": "deleted at the source",
        "unknown": "not readable",
    }
)

SHAPES: Final[Mapping[str, str]] = MappingProxyType(
    {"approved": "●", "pending": "○", "rejected": "✕", "void": "✕", "deleted": "✕", "draft": "◌"}
)
"""Beside a status' word: never colour alone."""

STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "applied": "written",
        "unchanged": "written; nothing to change",
        "withdrawn": "not carried there",
        "skipped": "not carried",
        "rejected": "not carried: an open item",
        "needs_review": "sent, not confirmed: a person decides",
        "held": "on hold",
        "submitted": "sent; the other system works on it",
    }
)

_OPERATIONS: Final = {"created": "created", "updated": "changed", "deleted": "deleted", "status": "status changed"}
OPERATIONS: Final[Mapping[str, str]] = MappingProxyType({**_OPERATIONS, "adopted": "linked to an existing record"})

RECORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "potential_change_order": "PCO",
        "change_order_request": "COR",
        "change_order_package": "PCCO/CCO",
        "line_item": "line",
        "poco": "POCO",
    }
)
"""Kinds of records there, by the names that contracts use."""
