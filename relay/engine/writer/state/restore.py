"""What an owner begins with: inbox and ledger as they stand on their topics, and the state that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from relay.domain.ledger import Hold, Slot, Waiting
from relay.engine.kafka import Partition, Record
from relay.engine.writer.adapter import C
from relay.engine.writer.state.account_notes import own_accounts, restore_account
from relay.engine.writer.state.cache import Table, restored
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.store import PartitionTopics, StateStore, is_own_key
from relay.engine.writer.state.unreadable import unreadable_hold
from schemas import Unreadable
from schemas.codec import Codec


def restored_store(
    topics: PartitionTopics,
    codec: Codec,
    read: Callable[[Sequence[Partition]], Iterable[Record]],
    on_foreign: Callable[[Record], None] = lambda record: None,
) -> StateStore:
    """Reads inbox and ledger to their ends. Who means to write has to fence the predecessor first.

    A record whose key is none of ours is handed to ``on_foreign``, and passed over. The caller closes the store.
    """

    def is_foreign(table: Table, record: Record) -> bool:
        if is_own_key(table, record.key, topics.family.system):
            return False
        on_foreign(record)
        return True

    inbox, ledger = Partition(topics.inbox, topics.number), Partition(topics.ledger, topics.number)
    return StateStore(topics, restored({inbox: Table.INBOX, ledger: Table.LEDGER}, read, is_foreign), codec)


def load_state(state: PartitionState[C], wanted: Callable[[str], bool] = lambda origin_id: True) -> None:
    """Fills the scheduler, the holds and what is noted of accounts from a restored store.

    ``wanted``: the origin ids to be worked on. What cannot be read of it holds, freezes its change order, or is passed
    over (:mod:`.unreadable`).
    """
    origin_ids: dict[str, None] = {}
    for slot, subject, record in state.store.iter_inbox():
        if slot is Slot.HOLD:
            hold = record.hold if record is not None else None
            now = state.clock.now()
            state.holds.put(_probed_at_once(hold, now) if hold is not None else unreadable_hold(subject, now))
        elif slot is Slot.ACCOUNT:
            if record is not None and record.account is not None:
                restore_account(state, record.account)
        elif wanted(subject):
            origin_ids[subject] = None
            if record is not None and record.waiting is not None:
                _check_command(state, slot, record.waiting)
    for origin_id in origin_ids:
        state.refresh(origin_id, state.store.order(origin_id))
    own_accounts(state)


def _check_command(state: PartitionState[C], slot: Slot, waiting: Waiting) -> None:
    try:
        state.command(waiting.command)
    except Unreadable as error:
        state.store.mark_unreadable(slot, waiting.origin_id, error.message)


def _probed_at_once(hold: Hold, now: datetime) -> Hold:
    """What ends by a probe is probed at once: how long the predecessor would have waited says little now."""
    return replace(hold, until=min(hold.until, now)) if hold.probe else hold
