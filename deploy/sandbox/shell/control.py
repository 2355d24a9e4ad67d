"""The control API under ``/_sandbox``; what there is stands in ``deploy.sandbox``."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, Final

from deploy.sandbox.shell.exchange import Answer, Call
from deploy.sandbox.shell.json_text import parse, render
from deploy.sandbox.shell.seed import Seed
from deploy.sandbox.shell.service import Refused, Service
from deploy.sandbox.shell.simulator import Simulator

PREFIX: Final = "/_sandbox"
JSON: Final = {"Content-Type": "application/json; charset=utf-8"}

Handler = Callable[[Call, list[str]], str]


class Control:
    """Answers the calls of tests and demonstrations. Thread-safe."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", ""): self._index,
            ("GET", "history"): self._history,
            ("DELETE", "history"): self._forget,
            ("GET", "state"): lambda call, rest: simulator.with_service(lambda service: service.state()),
            ("GET", "settings"): self._settings,
            ("PATCH", "settings"): self._change_settings,
            ("GET", "faults"): lambda call, rest: render(simulator.faults.rows()),
            ("POST", "faults"): lambda call, rest: render(simulator.faults.arm(parse(call.body))),
            ("DELETE", "faults"): self._disarm,
            ("POST", "release"): self._release,
            ("GET", "people"): self._operations,
            ("POST", "people"): self._operate,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._advance,
            ("POST", "reset"): self._reset,
            ("GET", "snapshot"): lambda call, rest: simulator.snapshot(),
            ("POST", "snapshot"): self._restore,
        }

    def answer(self, call: Call) -> Answer:
        """200 with a result, 400 with a reason, or 404."""
        name, *rest = call.path.removeprefix(PREFIX).strip("/").split("/")
        handler = self._handlers.get((call.method, name))
        if handler is None:
            return refusal(404, f"there is no {call.method} {call.path}")
        try:
            return Answer(200, handler(call, rest), JSON, gzip=True)
        except Refused as refused:
            return refusal(400, str(refused))
        except Exception:  # noqa: BLE001 - whatever it is, the test has to see it
            return refusal(500, traceback.format_exc())

    def _index(self, call: Call, rest: list[str]) -> str:
        def told(service: Service) -> dict[str, Any]:
            return {"settings": dict(service.settings()), "people": dict(service.operations())}

        calls = [f"{method} {PREFIX}/{name}" for method, name in self._handlers]
        about = self._simulator.with_service(told)
        return render({"name": self._simulator.name, "calls": calls, **parse(about)})

    def _history(self, call: Call, rest: list[str]) -> str:
        return render(self._simulator.history.found(call.query))

    def _forget(self, call: Call, rest: list[str]) -> str:
        self._simulator.history.clear()
        return "{}"

    def _settings(self, call: Call, rest: list[str]) -> str:
        return self._simulator.with_service(lambda service: dict(service.settings()))

    def _change_settings(self, call: Call, rest: list[str]) -> str:
        values = members(call)

        def change(service: Service) -> dict[str, Any]:
            service.change_settings(values)
            return dict(service.settings())

        return self._simulator.with_service(change)

    def _disarm(self, call: Call, rest: list[str]) -> str:
        if rest and not rest[0].isdecimal():
            raise Refused(f"{rest[0]!r} is no number of a fault")
        self._simulator.faults.disarm(int(rest[0]) if rest else None)
        return render(self._simulator.faults.rows())

    def _release(self, call: Call, rest: list[str]) -> str:
        return render({"released": self._simulator.faults.release(members(call))})

    def _operations(self, call: Call, rest: list[str]) -> str:
        return self._simulator.with_service(lambda service: dict(service.operations()))

    def _operate(self, call: Call, rest: list[str]) -> str:
        return self._simulator.operate("/".join(rest), parse(call.body))

    def _clock(self, call: Call, rest: list[str]) -> str:
        clock = self._simulator.clock
        return render({"now": clock().isoformat(), "ahead": clock.ahead})

    def _advance(self, call: Call, rest: list[str]) -> str:
        try:
            self._simulator.clock.advance(float(members(call).get("advance", 0)))
        except TypeError:
            raise Refused("advance is a number of seconds") from None
        return self._clock(call, rest)

    def _reset(self, call: Call, rest: list[str]) -> str:
        self._simulator.reset(Seed.of(parse(call.body)) if call.body else None)
        return "{}"

    def _restore(self, call: Call, rest: list[str]) -> str:
        self._simulator.restore(parse(call.body))
        return "{}"


def members(call: Call) -> dict[str, Any]:
    """The JSON object of the body; raises Refused."""
    value = parse(call.body)
    if not isinstance(value, dict):
        raise Refused("the body is a JSON object")
    return value


def refusal(status: int, reason: str) -> Answer:
    """An error of the control API."""
    return Answer(status, render({"error": reason}), JSON)
