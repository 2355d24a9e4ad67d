"""What became of a change of an open POCO: it is read, and compared with before and with what was sent.

A change that adds lines would add them twice if it were sent twice, and how long CINX's job takes is not known: that
the POCO still says what it said before proves nothing. So such a change whose answer was lost never goes out again by
itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.clients.cinx import JobState, Poco
from relay.engine.writer.adapter import Accepted, NeedsReview, NotApplied, Result
from workers.cinx_submitter.calls.confirm import ledger_facts, read_back_differs
from workers.cinx_submitter.calls.open_import import OpenImport
from workers.cinx_submitter.document.content import held_content, held_lines, mark_of, poco_name, sides, state_words
from workers.cinx_submitter.document.preview import our_side
from workers.cinx_submitter.order_snapshot import OrderSnapshot
from workers.cinx_submitter.refusals import reject
from workers.cinx_submitter.situation import CONTENT, LINES, PART
from workers.cinx_submitter.written import shown_fields


def follow_change(open_import: OpenImport) -> Result:
    """Reads the POCO once and says whether the change was taken."""
    call, parts, state = open_import.call, open_import.intent.parts, open_import.state
    before = OrderSnapshot.unpack(open_import.intent.before)
    poco = call.read_poco(before.target or "", open_import.next_terms)
    if poco is None:
        return _wait_or_ask(open_import, "is gone", [])
    unchanged = held_content(poco) == before.held
    as_sent = held_content(poco) == parts.get(CONTENT) and _is_written(open_import, poco)
    # CINX may keep a description of its own.
    if as_sent or (not unchanged and held_lines(poco) == parts.get(LINES)):
        return Accepted(parts={PART: parts[PART]}, remote=ledger_facts(call, poco), shown=shown_fields(poco))
    if state is JobState.FAILED:
        return _failed(open_import, poco, unchanged=unchanged)
    if state is JobState.PROCESSED:
        return _processed(open_import, poco)
    if state is None and unchanged and before.repeatable:
        return NotApplied()
    says = "still says what it said before" if unchanged else "says neither what it said before nor what was sent"
    return _wait_or_ask(open_import, f"{says} ({state_words(poco)})", [poco])


def _is_written(open_import: OpenImport, poco: Poco) -> bool:
    """Whether our key or the job's end shows that the change was taken.

    Where lines and description stay as they were, nothing else tells that the rest was changed.
    """
    mark = mark_of(poco.references)
    key = open_import.call.command.idempotency_key
    return open_import.state is JobState.PROCESSED or (mark is not None and mark.key == key)


def _failed(open_import: OpenImport, poco: Poco, *, unchanged: bool) -> Result:
    if open_import.seconds_since_end < open_import.search_after_failure:
        return open_import.pending("CINX's import has failed; whether it changed the POCO is looked at.")
    if not unchanged:
        return _accepted_otherwise(open_import, poco)
    return reject(
        "job_failed",
        f"CINX's {open_import.name} that was to change POCO {poco_name(poco)} ({state_words(poco)}) has "
        "failed, and the POCO is as it was. CINX gives no reason. Correct the change order, or change the POCO by "
        "hand; then send this letter again.",
    )


def _processed(open_import: OpenImport, poco: Poco) -> Result:
    if open_import.seconds_since_end < open_import.call.timeouts.unmarked_confirm_after:
        return open_import.pending("CINX has finished the import; the POCO does not show it yet.")
    return _accepted_otherwise(open_import, poco)


def _accepted_otherwise(open_import: OpenImport, poco: Poco) -> Accepted:
    """The POCO stays ours, and says something else than what was sent."""
    return Accepted(remote=ledger_facts(open_import.call, poco), refusal=read_back_differs(poco))


def _wait_or_ask(open_import: OpenImport, held: str, pocos: Sequence[Poco]) -> Result:
    """Waits while the change may still show; then a person is asked. ``held``: how the POCO was found."""
    lateness = open_import.call.quarantine if open_import.state is None else 0.0
    if open_import.seconds < open_import.longest + lateness:
        return open_import.pending("Whether CINX has changed the POCO is not known yet.")
    return NeedsReview(
        reason="cinx.change_in_doubt",
        sentence=f"Whether CINX has taken the change of this change order's POCO is unknown; it {held}. Look at it in "
        "CINX, then say `cor letters adopt` with its number to leave it as it is, or `cor letters resubmit` to have it "
        "changed once more.",
        sides=sides(our_side(open_import.call.plan_context), pocos),
        keeps_claim=not any(mark_of(poco.references) for poco in pocos),
    )
