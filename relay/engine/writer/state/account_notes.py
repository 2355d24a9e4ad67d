"""What a writer notes of an account for the process after it, such as the version of a template."""

from __future__ import annotations

from relay.domain.ledger import AccountNote
from relay.engine.stages.crash_points import CrashPoint
from relay.engine.writer.state.holds import scope_of
from relay.engine.writer.state.partition_state import PartitionState


def note_accounts(state: PartitionState) -> None:
    """Keeps what has become known of the partition's accounts. Raises ``CommitFailed``."""
    work = state.begin()
    for account in state.accounts:
        tenant = scope_of(f"{state.adapter.system}:{account}")
        facts, known = dict(state.adapter.facts_to_keep(account)), state.store.account(tenant)
        if facts and (known is None or known.facts != facts):
            work.put_account(AccountNote(tenant=tenant, facts=facts))
    if not work.is_empty:
        state.commit(work, CrashPoint.WRITER_BEFORE_NOTE_COMMIT, CrashPoint.WRITER_AFTER_NOTE)


def restore_account(state: PartitionState, note: AccountNote) -> None:
    """Tells the carrier what the process before has noted."""
    state.adapter.restore_facts(note.tenant.partition(":")[2], note.facts)
