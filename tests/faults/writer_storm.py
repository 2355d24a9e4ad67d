"""What processes, people and whoever runs the relay do in a storm: one thing at a time, drawn or called for."""

from __future__ import annotations

import json
import signal
import time
from random import Random
from subprocess import Popen
from typing import Any

from deploy.sandbox.process import Simulated
from relay.domain.commands import ProcoreCommand
from relay.engine.kafka import Cluster
from relay.engine.topics import PROCORE, Topic
from tests.conftest import PARTITIONS
from tests.cor_process import run_cor
from tests.faults.harness import PATIENCE, Relay, end

ENDLESS = 100_000
"""More requests than there will be: waiting for them is waiting for a time."""
WHY = ("--why", "the storm", "--who", "somebody")
COMPANY = "company_id: 4200"
LOWERED = 6
"""Requests in ten seconds: the writer's part of it is four."""
APPLY = ("topics", "apply", "--unproven", "--partitions", str(PARTITIONS))
FAILED = 1
STOPS = 150.0
"""Seconds in which a process stops whose topic is gone, also where it is still starting on a busy machine; thirty are
promised of one that runs."""
SESSION = 6.0
"""Seconds after which a writer that is not heard of has lost its partitions, and one more."""


class Company:
    """The writers at work: usually one, sometimes two, sometimes one that sleeps over its session."""

    def __init__(self, relay: Relay, procore: Simulated, random: Random) -> None:
        self._relay, self._procore, self._random = relay, procore, random
        self._one = relay.start("procore-writer", once=False, instance="one")
        self._two: Popen[bytes] | None = None
        self._asleep_since: float | None = None

    def something_happens(self) -> None:
        """One thing, drawn."""
        self._random.choice([self._nothing, self._kill, self._join_or_leave, self._sleep, self._block])()

    def stop_by_themselves(self) -> None:
        """A topic is gone: whoever is there or wakes sees it, and ends with a failure."""
        self._wake()
        for process in filter(None, (self._one, self._two)):
            assert process.wait(STOPS) == FAILED, self._relay.log()[-20_000:]
        self._two = None

    def begin_again(self) -> None:
        """One, as before."""
        self._one = self._relay.start("procore-writer", once=False, instance="one")

    def rest(self) -> None:
        """Everybody is awake and served again."""
        self._wake()
        self._procore.people("connect_app")
        self._procore.disarm()

    def end(self) -> None:
        """Nobody is left."""
        self._wake()
        for process in filter(None, (self._one, self._two)):
            end(process)

    def _nothing(self) -> None:
        """An ordinary moment."""

    def _kill(self) -> None:
        self._wake()
        self._one.send_signal(signal.SIGKILL)
        self._one.wait()
        self._one = self._relay.start("procore-writer", once=False, instance="one")

    def _join_or_leave(self) -> None:
        if self._two is None:
            self._two = self._relay.start("procore-writer", once=False, instance="two")
        else:
            self._two.terminate()
            self._two.wait()
            self._two = None

    def _sleep(self) -> None:
        """It is woken in a later round, after its session: by then another one is at its work."""
        if self._asleep_since is not None:
            self._wake()
            return
        if self._two is None:
            self._join_or_leave()
        self._one.send_signal(signal.SIGSTOP)
        self._asleep_since = time.monotonic()

    def _wake(self) -> None:
        if self._asleep_since is not None:
            left = self._asleep_since + SESSION + 1 - time.monotonic()
            self._procore.history(wait=max(0.0, left), count=ENDLESS)
            self._one.send_signal(signal.SIGCONT)
            self._asleep_since = None

    def _block(self) -> None:
        """The app is disconnected, and connected again the next time."""
        self._procore.people(self._random.choice(["disconnect_app", "connect_app"]))


class Operator:
    """Somebody deletes a topic that the writers stand on, and does what their last words say; and lowers limits."""

    def __init__(self, relay: Relay, procore: Simulated, company: Company) -> None:
        self._relay, self._procore, self._company = relay, procore, company
        self.decided = 0
        self._written = (relay.folder / "cor.yaml").read_text(encoding="utf-8")

    def lose(self, topic: Topic) -> None:
        """A ledger is folded again; what else is gone is made anew and accepted."""
        name = topic.name(self._relay.prefix)
        with Cluster(self._relay.connection) as cluster:
            cluster.delete([name])
        self._company.stop_by_themselves()
        assert name in self._relay.log()
        if topic is PROCORE.ledger:
            self._done("ledger", "rebuild", "procore", "--json", *WHY)
            self._answer()
        else:
            self._done(*APPLY, "--accept-new-topic", name, *WHY)
        self._company.begin_again()

    def lower(self) -> None:
        """To less than what waits needs, at the company, in the file, which is read while all runs, and of messages."""
        self._procore.settings(spike_limit=LOWERED)
        self._configure(self._written.replace(COMPANY, f"{COMPANY}\n      requests_per_10_seconds: {LOWERED}"))
        self._done(*APPLY, COR_LARGEST_MESSAGE="4")

    def rest(self) -> None:
        """The limits are what they were."""
        self._procore.settings(spike_limit=100)
        self._configure(self._written)

    def _answer(self) -> None:
        """What nobody knows is sent again: an external id makes that harmless, and a package is looked for."""
        for letter in self._relay.letters().values():
            if letter.reason == "ledger.rebuilt":
                self._done("letters", "resubmit", letter.letter_id, *WHY)
                self.decided += 1

    def _configure(self, text: str) -> None:
        new = self._relay.folder / "cor.yaml.new"
        new.write_text(text, encoding="utf-8")
        new.replace(self._relay.folder / "cor.yaml")

    def _done(self, *words: str, **more: str) -> None:
        done = run_cor(words, self._relay.environment(**more), PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr


class People:
    """Somebody holds a change order or the account, and releases it in a later round.

    ``random`` is theirs alone: how often it is asked depends on how soon their commands end.
    """

    def __init__(self, relay: Relay, procore: Simulated, random: Random) -> None:
        self._relay, self._procore, self._random = relay, procore, random
        self._asking: Popen[str] | None = None
        self._held: ProcoreCommand | None = None
        self._obeyed: int | None = None

    def something_happens(self, edits: list[ProcoreCommand]) -> None:
        """They hold something, see whether it is obeyed, or release it."""
        if self._asking is None:
            if self._random.random() < 0.4:
                self._hold(self._random.choice([None, *edits]))
        elif self._obeyed is None and self._asking.poll() in (None, 0):
            self._look()
        elif self._random.random() < 0.6:
            self._release()

    def rest(self) -> None:
        """Nothing is held any more."""
        if self._asking is not None:
            self._asking.wait()
            self._look()
            self._release()

    def end(self) -> None:
        """Nobody waits for an answer."""
        if self._asking is not None:
            self._asking.kill()
            self._asking.communicate()

    def _hold(self, command: ProcoreCommand | None) -> None:
        subject = ["--account", "procore:acme"] if command is None else ["--change-order", command.change_order_key]
        self._held, self._obeyed = command, None
        self._asking = self._relay.cor("hold", *subject, "--wait", "60", *WHY)

    def _look(self) -> None:
        """From when the command has said that every writer obeys, the remote must see nothing."""
        assert self._asking is not None
        if self._asking.poll() == 0:
            self._obeyed = len(self._procore.history())

    def _release(self) -> None:
        """Also what a command that failed has made all the same: the broker may have been away."""
        assert self._asking is not None
        if self._asking.poll() is None:
            return
        if self._obeyed is not None:
            mark = "" if self._held is None else self._held.origin_id
            rows = self._procore.history()[self._obeyed :]
            written = [row for row in rows if is_writing(row) and mark in row["body"]]
            assert not written, f"written although {mark or 'the account'} is on hold: {written}"
        for hold in json.loads(self._said("holds", "list")):
            self._said("release", hold["hold_id"], "--wait", "0", *WHY)
        said = self._asking.communicate()[0]
        assert self._asking.returncode in (0, 1, 3), said
        self._asking = None

    def _said(self, *words: str) -> str:
        done = self._relay.cor(*words)
        said = done.communicate()[0]
        assert done.returncode in (0, 3), said
        return said


def is_writing(row: dict[str, Any]) -> bool:
    """Whether a request wants to change something; logins do not."""
    return str(row["path"]).startswith("/rest/") and row["method"] != "GET"
