"""The writers' protocol: what one change order goes through on its way into a remote system.

The offsets never wait for a remote, and nothing is decided from memory that a predecessor may have outdated: an
owner first fences and restores (:mod:`.partition`), then takes turns in which it does what can be done now
(:mod:`.turn`).

1. **Receive** (:mod:`.steps.receive`). Commands come off the lanes in one transaction with the offsets. Each is
   compared with what is kept of its origin id (``OrderState``): older is ``superseded``, nothing to change is
   ``unchanged``, a withdrawal of what was never sent is ``withdrawn``; everything else waits. The rules are
   :mod:`relay.domain.receiving`.
2. **Plan** (:mod:`.steps.plan`). The target adapter (:mod:`.adapter`) names the next step of each change order.
   What has nothing left to send is settled; what may share a call is scheduled into a batch; what a lost request
   may still change is delayed (:mod:`.state.quarantine`).
3. **Intend** (:mod:`.steps.dispatch`). Where a rate slot is free, one transaction makes what waits current, each
   with the intent of what is about to be sent.
4. **Call** (:mod:`.steps.dispatch`, :mod:`.in_flight`). A thread of the pool makes the call. No transaction is open.
   **Record** (:mod:`.steps.record`): accepted parts, remote ids, jobs and the end of the intent are committed before
   the next call, and what was written is told with them (:mod:`.steps.tell`). A call that failed as a whole goes to
   :mod:`.steps.failed_calls`, by what may be done about it: it is halved, held (:mod:`.steps.hold`) or in doubt
   (:mod:`.steps.in_doubt`).
5. **Settle** (:mod:`.steps.settle`). The end of a command: ledger, outcome or letter, and the tombstones of
   all that was open, in one transaction.

Every transaction is a unit of work (:mod:`.state.unit_of_work`) of one kind (:mod:`.state.transactions`), encoded at
its commit (:mod:`.state.encoding`); cache and memory follow only then (:mod:`.state.partition_state`). :mod:`.stage`
follows the group's assignment and keeps each partition at work.
"""
