"""The judge of CINX is able to fail: each rule is broken by a made-up history, and one that is in order passes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from relay.domain.commands import CinxCommand, Operation
from relay.domain.letters import DeadLetter, LetterKind
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind, RemoteRecord
from relay.domain.writes.remote_writes import RemoteWrite, WriteOperation, WrittenField, WrittenRecord
from tests.faults import cinx_judge, cinx_told
from tests.faults.cinx_evidence import Evidence, Held
from tests.faults.cinx_judge import judge
from tests.faults.cinx_relay import order

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ONE, OTHER = order(0, 1), order(8, 1)
"""Two change orders of one purchase order."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass
class Made:
    """A history as it should be: each command is submitted, made a POCO of, and said to be applied."""

    commands: list[CinxCommand] = field(default_factory=list)
    decisions: list[tuple[str, datetime]] = field(default_factory=list)
    outcomes: list[ChangeOrderOutcome] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    pocos: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    writes: list[RemoteWrite] | None = None
    holds: list[Held] = field(default_factory=list)

    def ordered(self, one: CinxCommand, seconds: float) -> Made:
        """A command that went well; it begins at ``seconds`` and ends one second later."""
        self.commands.append(one)
        self.sent(one, seconds)
        return self.taken(one).ended(one, seconds + 1, OutcomeKind.APPLIED)

    def sent(self, one: CinxCommand, seconds: float, **more: Any) -> Made:
        row = {
            "n": len(self.history) + 1,
            "at": at(seconds).isoformat(),
            "method": "POST",
            "body": json.dumps(document(one)),
            "status": 200,
            "answer_headers": {},
            "answered": True,
            "applied_at": at(seconds).isoformat(),
        }
        self.history.append(row | more)
        return self

    def taken(self, one: CinxCommand) -> Made:
        guid = f"poco-{len(self.pocos) + 1}"
        self.jobs.append({"job_id": f"job of {guid}", "method": "POST", "poco": guid, "payload": document(one)})
        self.pocos.append(
            {
                "cinx_guid": guid,
                "purchase_order": {"number": one.destination.purchase_order},
                "items": lines_of(one),
                "external_references": [],
                "job_id": f"job of {guid}",
                "created_by": "import",
                "detail": {"workflow_status": "IN-PROCESS"},
            }
        )
        return self

    def ended(self, one: CinxCommand, seconds: float, kind: OutcomeKind, guid: str = "") -> Made:
        guid = guid or (self.pocos[-1]["cinx_guid"] if self.pocos else "")
        remote = (RemoteRecord(kind="poco", remote_id=guid),) if kind is OutcomeKind.APPLIED else ()
        self.outcomes.append(
            ChangeOrderOutcome(
                outcome_id=str(len(self.outcomes)),
                kind=kind,
                stage="cinx-submitter",
                change_order_key=one.change_order_key,
                at=at(seconds),
                sequence=one.sequence,
                origin_id=one.origin_id,
                command_id=one.command_id,
                remote=remote,
            )
        )
        return self

    def asked(self, one: CinxCommand) -> Made:
        self.letters.append(letter(one))
        return self

    def evidence(self) -> Evidence:
        state = {"pocos": self.pocos, "deleted_pocos": [], "jobs": self.jobs, "forgotten_jobs": []}
        return Evidence(
            commands=self.commands,
            decisions=self.decisions,
            outcomes=self.outcomes,
            letters=self.letters,
            state=state,
            history=self.history,
            writes=self.writes,
            holds=self.holds,
        )

    def breaks(self, rule: str, words: str) -> None:
        """This rule alone is broken."""
        for each in cinx_judge.RULES:
            if each.__name__ == rule:
                with pytest.raises(AssertionError, match=words):
                    each(self.evidence())
            else:
                each(self.evidence())


def lines_of(one: CinxCommand) -> list[dict[str, Any]]:
    assert one.payload is not None
    return [
        {"quantity": int(line.quantity), "unit_price": int(line.unit_price), "description": line.description}
        for line in one.payload.lines
    ]


def document(one: CinxCommand) -> dict[str, Any]:
    marks = {"": one.origin_id, "-key": one.idempotency_key, "-sequence": str(one.sequence)}
    return {
        "purchase_order": {"number": one.destination.purchase_order},
        "items": [] if one.payload is None else lines_of(one),
        "external_references": [{"type": f"change-order-relay{name}", "value": value} for name, value in marks.items()],
    }


def letter(one: CinxCommand) -> DeadLetter:
    return DeadLetter(
        letter_id=f"letter about {one.command_id}",
        kind=LetterKind.NEEDS_REVIEW,
        stage="cinx-submitter",
        topic="commands",
        partition=0,
        offset=0,
        record_key=None,
        record_value=None,
        headers=(),
        change_order_key=one.change_order_key,
        origin_id=one.origin_id,
        command_id=one.command_id,
        reason="cinx.in_doubt",
        sentence="",
        remote_answer="",
        attempts=1,
        first_at=START,
        last_at=START,
    )


@pytest.fixture
def made() -> Made:
    return Made().ordered(ONE, 0).ordered(OTHER, 10)


def test_a_history_in_order_passes(made: Made) -> None:
    judge(made.evidence())


def test_the_judge_asks_for_every_rule(made: Made) -> None:
    made.outcomes.pop()
    with pytest.raises(AssertionError):
        judge(made.evidence())


def test_a_command_without_an_end_is_noticed(made: Made) -> None:
    made.commands.append(replace(ONE, command_id="again"))
    with pytest.raises(AssertionError, match="without an end: Counter"):
        cinx_judge.each_command_ends_once(made.evidence())


def test_a_command_that_ends_twice_is_noticed(made: Made) -> None:
    made.ended(OTHER, 12, OutcomeKind.APPLIED).breaks("each_command_ends_once", "ended too often")


def test_two_pocos_for_one_sequence_are_noticed(made: Made) -> None:
    made.taken(ONE)
    with pytest.raises(AssertionError, match="ordered twice"):
        cinx_judge.nothing_is_ordered_twice(made.evidence())


def test_a_poco_that_was_deleted_counts(made: Made) -> None:
    made.taken(ONE)
    evidence = made.evidence()
    state = dict(evidence.state) | {"pocos": made.pocos[:2], "deleted_pocos": made.pocos[2:]}
    with pytest.raises(AssertionError, match="ordered twice"):
        cinx_judge.nothing_is_ordered_twice(replace(evidence, state=state))


def test_pocos_of_two_sequences_are_in_order(made: Made) -> None:
    cinx_judge.nothing_is_ordered_twice(made.taken(replace(ONE, sequence=2)).evidence())


@pytest.mark.parametrize(
    "answer",
    [
        {"answered": False, "status": None},
        {"status": 502},
        {"status": 503, "answer_headers": {"Retry-After": "1"}},
        {"status": 200},
    ],
)
def test_a_blind_retry_is_noticed(made: Made, answer: dict[str, Any]) -> None:
    made.history.clear()
    made.sent(ONE, 0, **answer).sent(ONE, 3).breaks("nothing_is_sent_again_by_itself", "sent again")


def test_what_was_refused_may_be_sent_again(made: Made) -> None:
    made.history.clear()
    judge(made.sent(ONE, 0, status=429).sent(ONE, 0.5).sent(OTHER, 10).evidence())


def test_a_refusal_that_never_arrived_is_no_refusal(made: Made) -> None:
    made.history.clear()
    made.sent(ONE, 0, status=429, answered=False).sent(ONE, 0.5)
    made.breaks("nothing_is_sent_again_by_itself", "sent again")


def test_a_submission_that_a_person_allowed_may_follow(made: Made) -> None:
    again = replace(ONE, command_id="resubmit", operation=Operation.RESUBMIT)
    made.commands.append(again)
    made.sent(again, 20).ended(again, 21, OutcomeKind.APPLIED)
    cinx_judge.nothing_is_sent_again_by_itself(made.evidence())


def test_a_submission_while_another_is_under_way_is_noticed(made: Made) -> None:
    made.history[1]["at"] = at(0.5).isoformat()
    made.breaks("nothing_is_sent_while_another_is_in_doubt", "was in doubt until")


def test_a_submission_behind_one_that_never_ended_is_noticed(made: Made) -> None:
    made.outcomes.pop(0)
    with pytest.raises(AssertionError, match="in doubt, and ever is"):
        cinx_judge.nothing_is_sent_while_another_is_in_doubt(made.evidence())


def test_a_submission_while_another_may_still_arrive_is_noticed(made: Made) -> None:
    made.history[0]["applied_at"] = at(11).isoformat()
    made.breaks("nothing_is_sent_while_another_is_in_doubt", "still on its way")


@pytest.mark.parametrize(("seconds", "is_early"), [(1.9, True), (3, False)])
def test_a_change_that_goes_out_again_was_certain_once_it_could_not_arrive(
    made: Made,
    seconds: float,
    is_early: bool,  # noqa: FBT001 - pytest
) -> None:
    made.history.clear()
    made.sent(ONE, 0, method="PUT", status=None, answered=False).sent(OTHER, seconds).sent(ONE, 9, method="PUT")
    made.outcomes[:] = []
    made.ended(ONE, 10, OutcomeKind.APPLIED, "poco-1").ended(OTHER, seconds + 1, OutcomeKind.APPLIED, "poco-2")
    if is_early:
        made.breaks("nothing_is_sent_while_another_is_in_doubt", "was in doubt until")
    else:
        judge(made.evidence())


def in_review(made: Made) -> Made:
    """A person is asked about the first; the second is sent all the same."""
    made.outcomes.pop(0)
    made.pocos.pop(0)
    made.pocos[0]["cinx_guid"] = made.outcomes[0].remote[0].remote_id
    return made.ended(ONE, 1, OutcomeKind.NEEDS_REVIEW).asked(ONE)


def test_a_submission_while_a_person_is_asked_is_noticed(made: Made) -> None:
    in_review(made).breaks("nothing_is_sent_while_another_is_in_doubt", "in doubt, and ever is")


def test_a_submission_after_the_person_has_decided_is_in_order(made: Made) -> None:
    in_review(made).decisions.append((ONE.origin_id, at(9)))
    judge(made.evidence())


def test_a_submission_before_the_person_has_decided_is_noticed(made: Made) -> None:
    in_review(made).decisions.append((ONE.origin_id, at(11)))
    made.breaks("nothing_is_sent_while_another_is_in_doubt", "was in doubt until")


def test_where_references_are_kept_nobody_waits_for_the_person(made: Made) -> None:
    in_review(made).pocos[0]["external_references"] = document(OTHER)["external_references"]
    judge(made.evidence())


def test_other_purchase_orders_need_not_wait(made: Made) -> None:
    elsewhere = order(2, 1)
    assert elsewhere.destination != ONE.destination
    judge(made.ordered(elsewhere, 0.2).evidence())


def test_an_order_that_is_lost_in_silence_is_noticed(made: Made) -> None:
    made.outcomes[0] = replace(made.outcomes[0], kind=OutcomeKind.REJECTED, remote=())
    made.pocos.pop(0)
    made.breaks("nothing_is_lost", "there is no letter")


def test_an_order_that_a_letter_tells_of_is_in_order(made: Made) -> None:
    made.outcomes[0] = replace(made.outcomes[0], kind=OutcomeKind.REJECTED, remote=())
    made.pocos.pop(0)
    judge(made.asked(ONE).evidence())


def test_an_order_that_is_said_to_be_there_and_is_not_is_noticed(made: Made) -> None:
    made.pocos.pop(0)
    made.outcomes[0] = replace(made.outcomes[0], kind=OutcomeKind.UNCHANGED)
    made.breaks("nothing_is_lost", "there is no POCO of it")


def test_an_order_over_another_sum_is_noticed(made: Made) -> None:
    made.pocos[0]["items"][0]["unit_price"] = 1
    made.breaks("nothing_is_lost", "wants 203")


def test_an_older_revision_that_stands_is_noticed(made: Made) -> None:
    newer = order(0, 2, amount=500)
    made.commands.append(newer)
    made.ended(newer, 20, OutcomeKind.UNCHANGED).breaks("nothing_is_lost", "wants 1003")


def test_a_withdrawn_order_that_is_there_is_noticed(made: Made) -> None:
    gone = order(0, 2, operation=Operation.WITHDRAW)
    made.commands.append(gone)
    made.ended(gone, 20, OutcomeKind.WITHDRAWN).breaks("nothing_is_lost", "is withdrawn, and there is a POCO")


@pytest.mark.parametrize("what", ["of nobody", "of another purchase order"])
def test_an_outcome_that_names_the_wrong_poco_is_noticed(made: Made, what: str) -> None:
    elsewhere = order(2, 1)
    made.ordered(elsewhere, 20)
    guid = made.pocos[0]["cinx_guid"] if "another" in what else what
    made.outcomes[2] = replace(made.outcomes[2], remote=(RemoteRecord(kind="poco", remote_id=guid),))
    made.breaks("what_is_told_is_there", "and names")


def persons(made: Made) -> dict[str, Any]:
    poco = dict(made.pocos[0]) | {"cinx_guid": "by hand", "created_by": "person", "job_id": None}
    made.pocos.append(poco)
    return poco


def test_a_persons_poco_beside_the_relays_is_in_order(made: Made) -> None:
    persons(made)
    judge(made.evidence())


def test_a_persons_poco_that_is_changed_is_noticed(made: Made) -> None:
    poco = persons(made)
    change = {"job_id": "change", "method": "PUT", "poco": "by hand", "payload": {"cinx_guid": poco["cinx_guid"]}}
    made.jobs.append(change)
    made.breaks("peoples_pocos_are_left_alone", "were changed")


def test_a_persons_poco_that_stands_for_a_change_order_is_noticed(made: Made) -> None:
    persons(made)
    made.outcomes[0] = replace(made.outcomes[0], remote=(RemoteRecord(kind="poco", remote_id="by hand"),))
    made.breaks("peoples_pocos_are_left_alone", "were taken for")


def test_a_request_without_the_relays_mark_is_noticed(made: Made) -> None:
    made.history[0]["body"] = json.dumps({"purchase_order": {"number": "PO-123"}})
    with pytest.raises(AssertionError, match="no mark"):
        judge(made.evidence())


# -- holds

HELD = [
    ONE.change_order_key,
    f"constructiononline:acme/project:{ONE.project}",
    f"cinx:{ONE.account}",
]


def held(named: str, since: float, until: float) -> Held:
    return Held(named=named, since=at(since), until=at(until))


@pytest.mark.parametrize("named", HELD)
@pytest.mark.parametrize("answer", [{}, {"status": 429}, {"answered": False, "status": None}])
def test_a_submission_under_a_hold_is_noticed(made: Made, named: str, answer: dict[str, Any]) -> None:
    made.history.clear()
    made.sent(ONE, 0, **answer).sent(OTHER, 10)
    made.holds.append(held(named, -2, 5))
    made.breaks("nothing_is_begun_under_a_hold", "was begun at")


def test_a_change_under_a_hold_is_noticed(made: Made) -> None:
    made.history[0]["method"] = "PUT"
    made.holds.append(held(ONE.change_order_key, -2, 5))
    made.breaks("nothing_is_begun_under_a_hold", "was begun at")


@pytest.mark.parametrize("named", [*HELD, "constructiononline:acme/project:1321037", "cinx:beta"])
def test_what_was_begun_before_or_after_a_hold_is_in_order(made: Made, named: str) -> None:
    made.holds += [held(named, 0.5, 9), held(named, -9, -1), held(named, 20, 30)]
    judge(made.evidence())


@pytest.mark.parametrize(
    "named", [OTHER.change_order_key, f"constructiononline:acme/project:{OTHER.project}", "cinx:beta"]
)
def test_a_hold_on_something_else_bars_nothing(made: Made, named: str) -> None:
    assert ONE.project != OTHER.project
    made.holds.append(held(named, -5, 5))
    judge(made.evidence())


def test_what_was_under_way_when_a_hold_was_obeyed_is_in_order(made: Made) -> None:
    made.holds.append(held(ONE.change_order_key, -1, 5))
    judge(made.evidence())


# -- writes


LATER = replace(order(0, 2, amount=500), command_id="later")
"""The first change order's next revision; the open POCO is changed."""


def told(one: CinxCommand, poco: str, **more: Any) -> RemoteWrite:
    assert one.payload is not None
    lines = [
        WrittenField(name=f"items[{place}].{name}", sent=str(value))
        for place, line in enumerate(one.payload.lines)
        for name, value in (("quantity", line.quantity), ("unit_price", line.unit_price))
    ]
    record = WrittenRecord(
        kind="poco",
        operation=WriteOperation.CREATED,
        remote_id=poco,
        fields=tuple(lines),
        amount_after=wanted(one),
    )
    write = RemoteWrite(
        write_id=f"write of {one.command_id}",
        at=START,
        stage="cinx-submitter",
        instance="one",
        system="cinx",
        account=one.account,
        destination=one.destination.purchase_order,
        change_order_key=one.change_order_key,
        origin_id=one.origin_id,
        target=one.target,
        sequence=one.sequence,
        command_id=one.command_id,
        idempotency_key=one.idempotency_key,
        step="submit",
        method="POST",
        path="/",
        records=(record,),
        amount_before=Decimal(0),
        amount_after=wanted(one),
        approved_effect=wanted(one),
    )
    return replace(write, **more)


def wanted(one: CinxCommand) -> Decimal:
    assert one.payload is not None
    return sum((line.quantity * line.unit_price for line in one.payload.lines), Decimal(0))


def changed_told(**more: Any) -> RemoteWrite:
    """The write of the later revision."""
    record = WrittenRecord(kind="poco", operation=WriteOperation.UPDATED, remote_id="poco-1")
    defaults: dict[str, Any] = {
        "step": "modify",
        "method": "PUT",
        "records": (record,),
        "amount_before": wanted(ONE),
        "approved_effect": wanted(LATER) - wanted(ONE),
    }
    return told(LATER, "poco-1", **(defaults | more))


def with_writes(made: Made, *writes: RemoteWrite) -> Made:
    made.writes = list(writes)
    return made


def changed(made: Made, seconds: float = 20) -> Made:
    """The first change order's POCO says what its later revision says."""
    made.commands.append(LATER)
    made.sent(LATER, seconds, method="PUT")
    payload = document(LATER) | {"cinx_guid": "poco-1"}
    made.jobs.append({"job_id": f"change at {seconds}", "method": "PUT", "poco": "poco-1", "payload": payload})
    made.pocos[0]["items"] = lines_of(LATER)
    return made.ended(LATER, seconds + 1, OutcomeKind.APPLIED, "poco-1")


TOLD, OTHER_TOLD = told(ONE, "poco-1"), told(OTHER, "poco-2")


def test_writes_that_tell_what_is_ordered_pass(made: Made) -> None:
    judge(with_writes(made, TOLD, OTHER_TOLD).evidence())


def test_a_change_that_is_told_passes(made: Made) -> None:
    judge(with_writes(changed(made), TOLD, OTHER_TOLD, changed_told()).evidence())


def test_a_poco_that_was_made_and_is_not_told_is_noticed(made: Made) -> None:
    evidence = with_writes(made, TOLD).evidence()
    with pytest.raises(AssertionError, match=r"made and not told: \{'poco-2'\}"):
        judge(evidence)


def test_a_poco_that_no_outcome_names_is_missed_too(made: Made) -> None:
    """What a person was asked about, and CINX has made all the same."""
    made.outcomes[1] = replace(made.outcomes[1], kind=OutcomeKind.REJECTED, remote=())
    evidence = with_writes(made.asked(OTHER), TOLD).evidence()
    with pytest.raises(AssertionError, match=r"made and not told: \{'poco-2'\}"):
        judge(evidence)


def test_a_change_that_is_not_told_is_noticed(made: Made) -> None:
    evidence = with_writes(changed(made), TOLD, OTHER_TOLD).evidence()
    with pytest.raises(AssertionError, match="changed and not told"):
        judge(evidence)


def test_a_change_that_another_was_told_over_passes(made: Made) -> None:
    """The answer of the first was lost, and it was applied all the same."""
    lost = replace(LATER, idempotency_key="of the lost one")
    payload = document(lost) | {"cinx_guid": "poco-1"}
    made.jobs.append({"job_id": "lost", "method": "PUT", "poco": "poco-1", "payload": payload})
    judge(with_writes(changed(made), TOLD, OTHER_TOLD, changed_told()).evidence())


@pytest.mark.parametrize("again", [{}, {"write_id": "again"}])
def test_a_write_that_is_told_twice_is_noticed(made: Made, again: dict[str, Any]) -> None:
    evidence = with_writes(made, TOLD, OTHER_TOLD, replace(OTHER_TOLD, **again)).evidence()
    with pytest.raises(AssertionError, match="told twice"):
        judge(evidence)


def test_a_poco_that_is_made_by_two_commands_is_noticed(made: Made) -> None:
    made.commands.append(LATER)
    with_writes(made, TOLD, OTHER_TOLD, replace(TOLD, write_id="again", command_id=LATER.command_id))
    with pytest.raises(AssertionError, match="made twice"):
        cinx_told.what_was_made_is_told_once(made.evidence())


def test_a_change_that_is_told_twice_is_noticed(made: Made) -> None:
    again = changed_told(write_id="again", approved_effect=None)
    evidence = with_writes(changed(made), TOLD, OTHER_TOLD, changed_told(), again).evidence()
    with pytest.raises(AssertionError, match="told twice"):
        judge(evidence)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (replace(TOLD, approved_effect=None), "add up to 0, and the last says that 203"),
        (replace(TOLD, approved_effect=Decimal(1)), "add up to 1, and the last says that 203"),
        (replace(TOLD, amount_after=Decimal(1), approved_effect=Decimal(1)), "add up to 1, and 203"),
        (replace(TOLD, pending_effect=Decimal(203)), "told to be pending"),
        (replace(TOLD, amount_after=None, approved_effect=None), "nobody is asked"),
    ],
)
def test_a_wrong_amount_is_noticed(made: Made, write: RemoteWrite, words: str) -> None:
    with_writes(made, write, OTHER_TOLD).breaks("effects_add_up_to_what_is_ordered", words)


def test_a_wrong_amount_of_a_change_is_noticed(made: Made) -> None:
    write = changed_told(approved_effect=wanted(LATER))
    with_writes(changed(made), TOLD, OTHER_TOLD, write).breaks("effects_add_up_to_what_is_ordered", "the last says")


def test_an_amount_that_nobody_knows_is_in_order_where_a_person_is_asked(made: Made) -> None:
    unknown = replace(TOLD, amount_after=None, approved_effect=None)
    judge(with_writes(made.asked(ONE), unknown, OTHER_TOLD).evidence())


def test_what_a_vendor_has_declined_was_ordered_all_the_same(made: Made) -> None:
    made.pocos[0]["detail"]["workflow_status"] = "DECLINED"
    judge(with_writes(made, TOLD, OTHER_TOLD).evidence())


def test_a_wrong_amount_is_noticed_where_a_vendor_has_declined(made: Made) -> None:
    made.pocos[0]["detail"]["workflow_status"] = "DECLINED"
    write = replace(TOLD, amount_after=Decimal(406), approved_effect=Decimal(406))
    with_writes(made, write, OTHER_TOLD).breaks("effects_add_up_to_what_is_ordered", "add up to 406")


def of_record(write: RemoteWrite, **more: Any) -> RemoteWrite:
    return replace(write, records=(replace(write.records[0], **more),))


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (of_record(TOLD, fields=()), "no line of it is told"),
        (of_record(TOLD, fields=TOLD.records[0].fields[:2]), "and CINX got"),
        (of_record(TOLD, amount_before=Decimal(3)), "lines of 203, and 200 is told"),
    ],
)
def test_lines_that_are_told_otherwise_are_noticed(made: Made, write: RemoteWrite, words: str) -> None:
    with_writes(made, write, OTHER_TOLD).breaks("the_lines_of_what_was_made_are_told", words)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (replace(TOLD, idempotency_key="of nobody"), "no import has written"),
        (replace(TOLD, destination="PO-999"), "is told of PO-999"),
    ],
)
def test_a_write_of_what_no_import_has_done_is_noticed(made: Made, write: RemoteWrite, words: str) -> None:
    with_writes(made, write, OTHER_TOLD).breaks("what_is_told_was_accepted", words)


@pytest.mark.parametrize(("guid", "words"), [("of nobody", "was never made"), ("poco-2", "is told of")])
def test_a_write_of_another_poco_is_noticed(made: Made, guid: str, words: str) -> None:
    with_writes(made, of_record(TOLD, remote_id=guid), OTHER_TOLD)
    with pytest.raises(AssertionError, match=words):
        cinx_told.what_is_told_was_accepted(made.evidence())


def test_a_poco_that_nobody_has_adopted_is_noticed(made: Made) -> None:
    with_writes(made, of_record(TOLD, operation=WriteOperation.ADOPTED), OTHER_TOLD)
    made.breaks("what_was_made_is_told_once", "nobody has adopted it")


def test_a_poco_that_a_person_has_adopted_is_in_order(made: Made) -> None:
    adopted = replace(ONE, command_id="adopt", operation=Operation.ADOPT)
    made.commands.append(adopted)
    made.ended(adopted, 21, OutcomeKind.APPLIED, "poco-1")
    write = replace(of_record(TOLD, operation=WriteOperation.ADOPTED), command_id="adopt", step="take")
    judge(with_writes(made, write, OTHER_TOLD).evidence())
