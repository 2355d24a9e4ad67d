"""What a writer notes of an account for the process after it, such as the version of a template."""

from __future__ import annotations

from relay.domain.ledger import AccountNote
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer.state.holds import scope_of
from relay.engine.writer.state.partition_state import PartitionState


def note_accounts(desk: PartitionState) -> None:
    """Keeps what has become known of the partition's accounts. Raises ``CommitFailed``."""
    draft = desk.begin()
    for account in desk.accounts:
        tenant = scope_of(f"{desk.adapter.system}:{account}")
        facts, known = dict(desk.adapter.facts_to_keep(account)), desk.store.account(tenant)
        if facts and (known is None or known.facts != facts):
            draft.put_account(AccountNote(tenant=tenant, facts=facts))
    if not draft.is_empty:
        desk.commit(draft, CrashPoint.WRITER_BEFORE_NOTE_COMMIT, CrashPoint.WRITER_AFTER_NOTE)


def restore_account(desk: PartitionState, note: AccountNote) -> None:
    """Tells the carrier what the process before has noted."""
    desk.adapter.restore_facts(note.tenant.partition(":")[2], note.facts)
