"""What a writer notes of an account for the process after it, such as the version of a template."""

from __future__ import annotations

from relay.domain.ledger import AccountNote
from relay.domain.tenant import Tenant
from relay.engine.writer.adapter import C
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.transactions import TransactionKind


def note_accounts(state: PartitionState[C]) -> None:
    """Keeps what has become known of the partition's accounts. Raises ``CommitFailed``."""
    work = state.begin()
    for tenant in state.tenants():
        facts, noted = dict(state.adapter.facts_to_keep(tenant.account)), state.store.account(str(tenant))
        if facts and (noted is None or noted.facts != facts):
            used = state.adapter.used(tenant.account)
            work.put_account(AccountNote(tenant=str(tenant), facts=facts, used=used))
    if not work.is_empty:
        state.commit(work, TransactionKind.NOTE)


def restore_account(state: PartitionState[C], note: AccountNote) -> None:
    """Hands the adapter what the process before has noted."""
    if note.facts:
        state.adapter.restore_facts(Tenant.parse(note.tenant).account, note.facts)


def own_accounts(state: PartitionState[C]) -> None:
    """Tells the adapter whose calls are this process's now, and what was used of their rate limits before it."""
    for tenant in state.tenants():
        noted = state.store.account(str(tenant))
        state.adapter.own(tenant.account, noted.used if noted else ())


def disown_accounts(state: PartitionState[C]) -> None:
    """Tells the adapter that the accounts may be another process's from now on."""
    for tenant in state.tenants():
        state.adapter.disown(tenant.account)
