"""Every reason that a letter of ours has, as the pages about the writers and operating name them.

Anybody who may write to the topic can invent others; as label values of metrics they would grow without end.
"""

from __future__ import annotations

from typing import Final

from relay.domain.mapping import reasons
from relay.engine.topics import GROUPS

OTHER: Final = "other"
"""The label of stages and reasons that are not declared."""

_GENERAL: Final = (
    "inbox.unreadable",
    "ledger.rebuilt",
    "ledger.unreadable",
    "record.empty",
    "record.too_large",
    "record.unknown_schema",
    "record.unreadable",
    "record.unwritable",
    "record.withheld",
    "relay.defect",
    "route.ambiguous",
    "route.missing",
)
_SOURCE: Final = ("deletions_unconfirmed", "row_unreadable")
"""What pollers ask a person, of each source system."""

_PROCORE: Final = [
    "account_unknown",
    "adopt_not_found",
    "amount_out_of_range",
    "answer_too_large",
    "approved_change",
    "change_reason_unknown",
    "change_reason_unsupported",
    "contract_kind",
    "contract_unknown",
    "cost_code_ambiguous",
    "cost_code_missing",
    "cost_code_unknown",
    "currency_mismatch",
    "date_malformed",
    "days_out_of_range",
    "deleted_after_applied",
    "deleted_by_person",
    "destination_changed",
    "destination_unrouted",
    "existing_approved",
    "existing_lines",
    "existing_record",
    "hidden_order_missing",
    "in_doubt",
    "item_repeated",
    "kept_theirs",
    "line_item_type_ambiguous",
    "line_item_type_missing",
    "line_item_type_unknown",
    "line_rejected",
    "locked",
    "not_kept",
    "number_taken",
    "origin_id_owned",
    "package_in_doubt",
    "package_rule_unusable",
    "package_unknown",
    "payload_missing",
    "person_edit",
    "project_denied",
    "rejected",
    "status_invalid",
    "text_too_long",
    "tiers",
    "title_missing",
    "unit_ambiguous",
    "unit_missing",
    "unit_unknown",
    "unsendable",
    "withdrawn_after_applied",
    "write_again",
]

_CINX: Final = [
    "adopt_not_found",
    "adopt_unnamed",
    "adopt_wrong_order",
    "category_unknown",
    "change_in_doubt",
    "cost_code_unknown",
    "currency_ambiguous",
    "currency_mismatch",
    "description_missing",
    "destination_changed",
    "destination_unrouted",
    "existing_poco",
    "field_invalid",
    "field_reserved",
    "field_unknown",
    "further_unclear",
    "in_doubt",
    "job_failed",
    "job_unfinished",
    "job_unknown",
    "ledger_rebuilt",
    "line_ambiguous",
    "line_price_differs",
    "line_unmatched",
    "no_items",
    "option_unknown",
    "ordered_unknown",
    "origin_id_owned",
    "payload_changed",
    "payload_missing",
    "person_edit",
    "phase_unknown",
    "po_ambiguous",
    "po_cancelled",
    "po_closed",
    "po_declined",
    "po_line_contested",
    "po_not_found",
    "po_not_submitted",
    "poco_deleted",
    "poco_locked",
    "poco_missing",
    "poco_unreadable",
    "quantity_below_zero",
    "quantity_invalid",
    "read_back_differs",
    "required_field_missing",
    "several_pocos",
    "tax_group_unknown",
    "template_unusable",
    "text_too_long",
    "withdrawn_after_submission",
]

DECLARED: Final = frozenset(
    {
        *_GENERAL,
        *(f"{system}.{word}" for system in ("constructiononline", "procore", "cinx") for word in _SOURCE),
        *(reasons.about(system, word) for system in ("procore", "cinx") for word in reasons.ABOUT_A_TARGET),
        *(f"procore.{word}" for word in _PROCORE),
        *(f"cinx.{word}" for word in _CINX),
    }
)


def labels_of(stage: str, reason: str) -> tuple[str, str]:
    """Stage and reason of a letter as label values: ``other`` for what no release of ours writes."""
    return (stage if stage in GROUPS else OTHER, reason if reason in DECLARED else OTHER)
