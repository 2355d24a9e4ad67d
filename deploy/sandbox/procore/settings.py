"""What the documentation leaves open, as settings with the likeliest answer as default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from deploy.sandbox.shell import Adjustable, Refused

ERROR_FORMS: Final = ("documented", "text", "list", "fields", "message", "code", "object", "typed", "html", "empty")


@dataclass
class Settings(Adjustable):
    """How this simulated company answers."""

    CHOICES: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "unpermitted": ("documented", "401", "403", "404"),
        "error_form": ERROR_FORMS,
        "unknown_attributes": ("refuse", "ignore"),
        "unknown_filters": ("ignore", "refuse"),
        "missing_company_status": (400, 401, 403, 422),
        "duplicate_origin_status": (400, 409, 422),
        "validation_status": (400, 422),
        "too_many_status": (400, 413, 422),
        "throttle_body": ("text", "json", "empty"),
        "throttle_retry_after": ("absent", "seconds", "date"),
        "error_echo": ("attributes", "anonymous"),
        "entities_order": ("updates", "reverse", "shuffle"),
        "duplicates": ("sequential", "refuse"),
        "origin_lookup": ("contract", "company"),
        "order": ("id", "updated", "shuffle"),
        "sync_id_in_pco": ("accept", "ignore", "refuse", "refuse_call"),
        "single_tier_pco": ("refuse", "create_package", "alone"),
    }

    token_seconds: int = 5400
    """Lifetime of an access token ("OAuth 2.0 Endpoints"); older pages said two hours."""
    missing_company_status: int = 400
    """Status without ``Procore-Company-Id``; only the message is documented."""
    unpermitted: str = "documented"
    """Status for a project that is unknown or not permitted: as each endpoint documents it, or one for all."""
    error_form: str = "documented"
    """Form of an error's body; v1 is not uniform."""
    unknown_attributes: str = "refuse"
    """An attribute that no view of the record has. Readable ones that are not writable are always ignored."""
    unknown_filters: str = "ignore"
    """A filter that the endpoint does not have; ignoring it answers with unfiltered rows."""
    strict_types: bool = True
    """Decimals as strings, integers as integers, text as text; otherwise what can be read is taken."""
    validation_status: int = 400
    """Status of a refused create or update; 400 is documented, 422 is what others document."""
    duplicate_origin_status: int = 400
    """Status of a refused create or update when an ``origin_id`` is taken; the error page suggests 409."""
    sync_id_in_pco: str = "accept"
    """Whether an element of the PCO sync may name an ``id``, as "Using Sync Actions" says of any sync and its own
    reference does not: it may, it means nothing, the element is refused, or (406) the whole call is."""
    sync_limit: int = 1000
    too_many_status: int = 400
    """Status of a sync with more elements than allowed; not documented."""
    error_echo: str = "attributes"
    """A sync's error entry with the submitted attributes, or the messages alone."""
    entities_order: str = "updates"
    """Order of a sync's ``entities``; none is promised."""
    duplicates: str = "sequential"
    """The second element with one ``origin_id`` in a batch: an update, or refused as taken."""
    origin_lookup: str = "contract"
    """Where a sync looks for an ``origin_id``: in the contract (then one of another contract is "taken")."""
    deleted_keep_origin: bool = False
    """Whether the ``origin_id`` (its lines' too) and number of a deleted record stay taken."""
    noop_moves_updated_at: bool = True
    """Whether a sync or patch that changes nothing moves ``updated_at``."""
    line_edit_moves_parent: bool = False
    """Whether a line item's edit moves the PCO's ``updated_at``."""
    single_tier_pco: str = "refuse"
    """What creating a PCO does where there is one tier: refused, or made with a package above it, or without one."""
    locks: bool = True
    """Whether an approved change order locks its lines and its deletion; companies can relax it."""
    line_cost_code_required: bool = False
    short_text_limit: int = 255
    """Longest title, number and ``origin_id``; 0: any. Not documented."""
    amount_decimals: int = 2
    """Decimals that amounts are rounded to; not documented."""
    quantity_decimals: int = 6
    """Decimals that quantities and unit costs are rounded to; not documented."""
    largest_amount: int = 9_999_999_999_999
    """Largest absolute amount or quantity; not documented."""
    default_per_page: int = 20
    largest_page: int = 2000
    """``per_page`` beyond this is cut to it ("Pagination" recommends at most 2,000)."""
    order: str = "id"
    """Order of lists without ``sort``; ``shuffle`` gives another order at each call."""
    hourly_limit: int = 3600
    spike_limit: int = 100
    hourly_seconds: int = 3600
    spike_seconds: int = 10
    refused_counts: bool = False
    """Whether a refused request uses up the limits."""
    throttle_body: str = "text"
    throttle_retry_after: str = "absent"
    """``Retry-After`` of a 429; the pages contradict each other."""
    heavy_load_seconds: int = 0
    """While above zero every call answers 503 with this ``Retry-After``."""

    def _check(self, name: str, value: object) -> None:
        super()._check(name, value)
        if isinstance(value, int) and value < 0:
            raise Refused(f"{name} cannot be negative")
