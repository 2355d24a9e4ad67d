"""The tables. Money is whole ten-thousandths, times are epoch milliseconds; :data:`VERSION` grows with any change."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Dialect, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy import Text as AnyText
from sqlalchemy.types import TypeDecorator

VERSION: Final = 5
"""Of tables and folds. Tables of another version are never changed: those of the new one are built beside them."""

METADATA: Final = MetaData()

SUMMED: Final = (
    *("log_rows", "change_orders", "amount", "unknown", "there", "there_unknown"),
    *("less_there", "more_there", "ahead_unknown"),
)
"""Of rows of the log: how many, of how many change orders the first, their share and of how many it is not known, what
is there and of how many that is not known, by how much less or more is approved there than at the source (credits below
zero), and of how many of the approved nobody knows that."""
WRITTEN: Final = ("writes", "unknown", "approved", "pending")
SLOT: Final = 900_000
"""Milliseconds whose approvals and writes are added up together: in every zone of the world a day begins with one."""
APPROVED: Final = ("log_rows", "amount", "unknown")


class Text(TypeDecorator[str]):
    """Text without the one character that PostgreSQL has none of."""

    impl: Any = AnyText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.replace("\0", "\N{REPLACEMENT CHARACTER}")


class Ordered(Text):
    """Text in the order of its characters' code points, in whichever database."""

    impl = AnyText().with_variant(AnyText(collation="C"), "postgresql")
    cache_ok = True


def _text(*names: str) -> list[Column[Any]]:
    return [Column(name, Text) for name in names]


def _whole(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger) for name in names]


OFFSETS = Table(
    "offsets",
    METADATA,
    Column("topic", Text, primary_key=True),
    Column("topic_id", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    comment="Up to where each partition is folded.",
)
PROGRESS = Table(
    "progress",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    *_whole("caught_up_at", "read_at"),
    *_text("routes"),
    comment="One row: when the tables had everything for the first time, and last; the routes that shares go by.",
)
CHANGE_ORDERS = Table(
    "change_orders",
    METADATA,
    Column("change_order_key", Text, primary_key=True),
    *_text("system", "account", "change_order_id", "project", "project_name", "number", "title", "status"),
    *_text("status_raw", "currency"),
    *_whole("cost", "client_price"),
    *_text("created_on", "submitted_on", "due_on", "decided_on", "source_modified_at", "change"),
    *_whole("schedule_days", "items", "sequence", "observed_at", "approved_seen_at", "first_seen_at"),
    Column("deleted", Boolean, nullable=False),
    *_text("origin_id", "root", "number_sought", "title_sought", "contract"),
    *_whole("contract_sequence"),
    Column("status_source", Text, nullable=False),
    Column("log_place", Ordered, nullable=False),
    comment="The newest observation of each change order; those with an origin_id are records of ours, read back. "
    "status_source: deleted, or else the status; log_place: where it stands in the log, before its key; contract: of a "
    "record at a target, as far as an observation of it has told.",
)
Index("change_orders_by_id", CHANGE_ORDERS.c.change_order_id)
Index("change_orders_by_number", CHANGE_ORDERS.c.number_sought)
Index(
    "change_orders_by_project",
    CHANGE_ORDERS.c.system,
    CHANGE_ORDERS.c.account,
    CHANGE_ORDERS.c.project,
    CHANGE_ORDERS.c.log_place,
    CHANGE_ORDERS.c.change_order_key,
)
Index("change_orders_by_place", CHANGE_ORDERS.c.log_place, CHANGE_ORDERS.c.change_order_key)
Index(
    "change_orders_by_status",
    CHANGE_ORDERS.c.status_source,
    CHANGE_ORDERS.c.log_place,
    CHANGE_ORDERS.c.change_order_key,
)
Index(
    "change_orders_by_time",
    CHANGE_ORDERS.c.system,
    CHANGE_ORDERS.c.account,
    CHANGE_ORDERS.c.observed_at,
    sqlite_where=CHANGE_ORDERS.c.origin_id.is_(None),
    postgresql_where=CHANGE_ORDERS.c.origin_id.is_(None),
)
TITLE_WORDS = Table(
    "title_words",
    METADATA,
    Column("word", Ordered, primary_key=True),
    Column("change_order_key", Text, primary_key=True),
    sqlite_with_rowid=False,
    comment="Words of the titles that a change order has or had.",
)
OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("change_order_key", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    *_whole("observed_at"),
    Column("content", LargeBinary, nullable=False),
    comment="Every observation, without the source's own words: Avro, single-object encoding.",
)
SHARES = Table(
    "shares",
    METADATA,
    Column("change_order_key", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    *_text("origin_id", "system", "account", "project_id", "contract", "mode", "status"),
    *_whole("amount"),
    comment="What each destination of the routes takes of a change order, and the status, in the words of its system, "
    "that it is to have there (null: none, it is not carried); target empty: what none takes.",
)
Index("shares_by_origin", SHARES.c.origin_id)
Index("shares_by_place", SHARES.c.system, SHARES.c.account, SHARES.c.contract, SHARES.c.target, SHARES.c.side)
DESTINATIONS = Table(
    "destinations",
    METADATA,
    Column("origin_id", Text, primary_key=True),
    *_text("change_order_key", "target", "system", "account"),
    *_text("state", "reason", "sentence", "letter_id"),
    *_whole("state_at", "state_offset"),
    *_whole("amount", "amount_at", "amount_offset"),
    *_text("currency"),
    *_text("record_number", "record_id", "record_link"),
    *_whole("record_offset"),
    *_text("package_number", "package_id"),
    *_whole("package_offset"),
    *_text("facts", "remote_status", "executed", "erp_state", "remote_package"),
    *_whole("facts_at", "facts_offset"),
    comment="What outcomes tell of each destination; each group of columns by the newest outcome that tells it.",
)
Index("destinations_by_change_order", DESTINATIONS.c.change_order_key)
for _name in ("record_number", "record_id", "package_number"):
    Index(f"destinations_by_{_name}", DESTINATIONS.c[_name])
HOLDINGS = Table(
    "holdings",
    METADATA,
    Column("origin_id", Text, primary_key=True),
    *_text("change_order_key", "target", "system", "account", "project_id", "contract", "currency"),
    *_whole("amount", "written_at", "write_offset"),
    *_text("status"),
    *_whole("status_at", "status_offset"),
    Column("approved", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False),
    Column("writes", BigInteger, nullable=False),
    Column("unknown", BigInteger, nullable=False),
    comment="What writes add up to at each destination: of ours, as last accepted.",
)
Index("holdings_by_change_order", HOLDINGS.c.change_order_key)
Index("holdings_by_time", HOLDINGS.c.written_at)
Index("holdings_by_place", HOLDINGS.c.system, HOLDINGS.c.account, HOLDINGS.c.contract)
SUMS = Table(
    "sums",
    METADATA,
    Column("group_id", Text, primary_key=True),
    *_text("system", "account", "project", "project_name", "side", "target_system", "target_account"),
    *_text("target_project", "contract", "currency", "status"),
    *[Column(name, BigInteger, nullable=False) for name in SUMMED],
    comment="What rows of the change order log add up to, by project, side, destination's project, currency, status. "
    "contract: where currency or side (empty: not routed any more) is known of the directory alone.",
)
APPROVALS = Table(
    "approvals",
    METADATA,
    Column("group_id", Text, primary_key=True),
    *_whole("slot"),
    *_text("system", "account", "project", "side", "target_system", "target_account", "contract", "currency"),
    *[Column(name, BigInteger, nullable=False) for name in APPROVED],
    comment="What of the approved was seen approved in which quarter of an hour since 1970.",
)
Index("approvals_by_slot", APPROVALS.c.slot)
OUTCOMES = Table(
    "outcomes",
    METADATA,
    Column("outcome_id", Text, primary_key=True),
    *_whole("offset", "at", "sequence", "amount"),
    *_text("kind", "stage", "change_order_key", "system", "account", "target", "origin_id", "command_id", "reason"),
    *_text("sentence", "letter_id", "currency", "changed_parts", "facts"),
)
Index("outcomes_by_change_order", OUTCOMES.c.change_order_key)
LETTERS = Table(
    "letters",
    METADATA,
    Column("letter_id", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    *_text("kind", "stage", "reason", "sentence", "change_order_key", "origin_id", "command_id"),
    *_text("source", "project"),
    *_whole("attempts", "first_at", "last_at", "amount"),
    *_text("currency", "remote_answer"),
    Column("decides", Boolean),
    comment="Letters, with the account of the source that they are about; of one that is settled nothing but its id "
    "is kept.",
)
Index("letters_by_change_order", LETTERS.c.change_order_key)
Index("letters_by_state", LETTERS.c.open, LETTERS.c.first_at)
WRITES = Table(
    "remote_writes",
    METADATA,
    Column("write_id", Text, primary_key=True),
    *_whole("at", "sequence"),
    *_text("stage", "instance", "system", "account", "destination", "change_order_key", "origin_id", "target"),
    *_text("project_id", "contract", "method", "path", "person", "plan_id", "currency"),
    *_whole("amount_before", "amount_after", "approved_effect", "pending_effect"),
    Column("found_again", Boolean, nullable=False),
    *_text("record_kinds", "operations", "fields", "remote_number", "remote_link", "records"),
)
Index("remote_writes_by_time", WRITES.c.at)
Index("remote_writes_by_change_order", WRITES.c.change_order_key)
WRITE_SUMS = Table(
    "write_sums",
    METADATA,
    Column("group_id", Text, primary_key=True),
    *_whole("slot"),
    *_text("system", "account", "contract", "target", "currency", "origin_id"),
    *[Column(name, BigInteger, nullable=False) for name in WRITTEN],
    comment="What writes of each quarter of an hour since 1970 add up to; origin_id: the first of theirs.",
)
Index("write_sums_by_slot", WRITE_SUMS.c.slot)
DIRECTORY = Table(
    "directory",
    METADATA,
    Column("entry_key", Text, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    *_text("system", "account", "kind", "entry_id", "named", "project_id", "number", "title", "vendor", "status"),
    *_text("currency", "url"),
    *_whole("original_amount", "approved_changes", "pending_changes", "revised_amount", "read_at"),
    Column("absent", Boolean),
    comment="named: what destinations call it.",
)
Index("directory_by_name", DIRECTORY.c.system, DIRECTORY.c.account, DIRECTORY.c.named)
READS = Table(
    "reads",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    *_whole("offset", "polled_at", "swept_at"),
    comment="When pollers have read an account, the last time of each hour (hours since 1970) that poll state tells.",
)
READ_ACCOUNTS = Table(
    "read_accounts",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    *_whole("offset", "polled_at", "interval_seconds"),
    *_text("hold_kind", "hold_sentence"),
    *_whole("hold_since"),
    comment="What poll state told of each account last: when it was polled, how often it is meant to be, what keeps it "
    "from that.",
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("action_id", Text, primary_key=True),
    *_whole("at"),
    *_text("subject", "action", "who", "why", "details"),
)
Index("audit_by_time", AUDIT.c.at)
Index("audit_by_subject", AUDIT.c.subject)
FOLLOW_UPS = Table(
    "follow_ups",
    METADATA,
    Column("letter_id", Text, primary_key=True),
    *_text("assigned"),
    *_whole("assigned_offset"),
    *_text("note"),
    *_whole("note_offset", "snoozed_until", "snoozed_after", "snooze_offset"),
    comment="Who looks after each letter, what was noted, and until when it rests where it has not failed since.",
)
Index("audit_by_action", AUDIT.c.action, AUDIT.c.at)
CONTROL = Table(
    "control",
    METADATA,
    Column("control_key", Text, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    *_text("word", "content"),
    comment="The newest statement of each key, as JSON, or why it cannot be read; content null: it has ended.",
)
Index(
    "control_by_word",
    CONTROL.c.word,
    sqlite_where=CONTROL.c.content.is_not(None),
    postgresql_where=CONTROL.c.content.is_not(None),
)
UNREADABLE = Table(
    "unreadable",
    METADATA,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    *_whole("written_at"),
    *_text("why"),
    comment="Records that this release cannot read: they are in none of the other tables.",
)
