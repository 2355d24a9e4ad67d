"""People who hold and release what the story says, while the submitters are at work."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from subprocess import Popen

from tests.faults.cinx_evidence import Held
from tests.faults.cinx_relay import SubmittersRelay
from tests.faults.cinx_story import Hold
from tests.faults.harness import PATIENCE
from tests.faults.writer_storm import WHY

_AWHILE = 3.0
"""Seconds, more than a call that was under way takes to arrive."""
_OBEYED_WITHIN = "15"
"""Seconds for which ``cor hold`` waits: longer than it takes after a kill, and not for one that sleeps."""
_OBEYED = 0
_NOT_CONFIRMED = 3
_FAILED = 1
"""The broker, or a topic, was away; whether the hold stands then is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """How a command at the command line ended, when, and what it said."""

    code: int
    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A command that was given at the command line."""

    process: Popen[str]
    answer: Future[_Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A hold that somebody has asked for, and the round in which it is to be released."""

    hold: Hold
    release_in: int
    said: _Said


class People:
    """Several holds may stand at once, and each is released by itself, once its command has said whether it is obeyed.

    What was obeyed is kept for the judge.
    """

    def __init__(self, relay: SubmittersRelay) -> None:
        self._relay = relay
        self._asked: list[_Asked] = []
        self._releases: list[_Said] = []
        self._listening = ThreadPoolExecutor()

    def something_happens(self, at: int, hold: Hold | None) -> None:
        """In round ``at``: what was held for long enough is released, then the next is held."""
        for asked in list(self._asked):
            if asked.release_in <= at and asked.said.answer.done():
                self._release(asked)
        if hold is not None:
            said = self._say("hold", hold.option, hold.named, "--wait", _OBEYED_WITHIN, *WHY)
            self._asked.append(_Asked(hold=hold, release_in=at + hold.rounds, said=said))
            if hold.is_awaited:
                said.answer.result(PATIENCE)

    def rest(self) -> None:
        """Nothing is held any more, nor what a command that failed has made all the same.

        What is obeyed only now is held for a while before that.
        """
        for asked in self._asked:
            asked.said.answer.result(PATIENCE)
        if self._asked:
            self._relay.pause(_AWHILE)
        for asked in list(self._asked):
            self._release(asked)
        for said in self._releases:
            assert said.answer.result(PATIENCE).code in (_OBEYED, _NOT_CONFIRMED, _FAILED), said.answer.result()
        for hold_id in self._standing():
            answer = self._say("release", hold_id, "--wait", "0", *WHY).answer.result(PATIENCE)
            assert answer.code in (_OBEYED, _NOT_CONFIRMED), answer
        assert not self._standing()

    def end(self) -> None:
        """Nobody waits for an answer."""
        for said in [*(asked.said for asked in self._asked), *self._releases]:
            said.process.kill()
        self._listening.shutdown()

    def _release(self, asked: _Asked) -> None:
        answer, until = asked.said.answer.result(), datetime.now(UTC)
        assert answer.code in (_OBEYED, _NOT_CONFIRMED, _FAILED), f"{asked.hold}: {answer}"
        self._asked.remove(asked)
        if answer.code == _OBEYED:
            self._relay.held.append(Held(named=asked.hold.named, since=answer.at, until=until))
        if answer.code != _FAILED:
            hold_id = json.loads(answer.words)["hold"]["hold_id"]
            self._releases.append(self._say("release", hold_id, "--wait", "0", *WHY))

    def _standing(self) -> list[str]:
        """The ids of all holds."""
        answer = self._say("holds", "list").answer.result(PATIENCE)
        assert answer.code == _OBEYED, answer
        return [hold["hold_id"] for hold in json.loads(answer.words)]

    def _say(self, *words: str) -> _Said:
        process = self._relay.cor(*words)
        return _Said(process=process, answer=self._listening.submit(_answer_of, process))


def _answer_of(process: Popen[str]) -> _Answer:
    """Waits for the end of a command."""
    words = process.communicate()[0]
    return _Answer(code=process.returncode, at=datetime.now(UTC), words=words)
