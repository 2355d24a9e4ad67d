"""``python -m deploy.demo``; ``--keep`` leaves everything running until Ctrl-C.

Exit code 0 only if the simulated systems hold what they must.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import ExitStack, closing, suppress

from deploy.demo import ending, stack
from deploy.demo.chapters import STORY
from deploy.demo.failures import DemoFailed
from deploy.demo.operator import Operator
from deploy.demo.page import served
from deploy.demo.scene import Scene
from deploy.demo.screen import Screen
from deploy.demo.stages import NAMES, Stages
from deploy.demo.workplace import Workplace
from deploy.local import NothingToRunOn, StartFailed
from deploy.sandbox.process import ControlRefused

INTERRUPTED = 130


def main() -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    keep = parser.parse_args().keep
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have started us with the first one ignored
        signal.signal(number, _interrupt)
    screen = Screen()
    try:
        with ExitStack() as everything:
            return _run(screen, everything, keep=keep)
    except (DemoFailed, ControlRefused, NothingToRunOn, StartFailed) as problem:
        screen.failure(str(problem))
        return 1
    except KeyboardInterrupt:
        screen.line("Interrupted; everything has been ended.")
        return INTERRUPTED


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _run(screen: Screen, everything: ExitStack, *, keep: bool) -> int:
    scene = _set(screen, everything)
    try:
        for number, (title, tell) in enumerate(STORY, 1):
            screen.chapter(number, title)
            tell(scene)
        right = ending.verdict(scene)
    except (DemoFailed, ControlRefused):
        (scene.workplace.folder / "ends-of-logs").write_text(scene.stages.log_ends(), encoding="utf-8")
        screen.line(f"The logs are in {scene.workplace.folder / 'logs'}.")
        raise
    screen.line(f"{screen.seconds:.0f} s in all.")
    if keep:
        page = everything.enter_context(served(scene.workplace, stack.environment(scene.stack, scene.workplace)))
        ending.invitation(scene, scene.workplace.folder / "environment", page)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
        screen.line("Everything is being ended.")
    return 0 if right else 1


def _set(screen: Screen, everything: ExitStack) -> Scene:
    """Starts everything that the story needs."""
    screen.chapter(0, "Kafka, a schema registry, three simulated systems, six stages")
    workplace = everything.enter_context(closing(Workplace()))
    running = everything.enter_context(stack.running())
    screen.step("Kafka", f"{running.kafka.way}, {running.kafka.bootstrap_servers}")
    screen.step("registry", f"{running.registry.way}, {running.registry.url}")
    environment = stack.environment(running, workplace)
    stages = everything.enter_context(closing(Stages(workplace, environment)))
    scene = Scene(screen, workplace, running, stages, Operator(screen, environment))
    scene.configure(offices={"acme"}, projects={"1321036"})
    ending.write_environment(scene, environment)
    scene.operator.types("schemas", "register")
    scene.operator.types("topics", "apply")
    scene.operator.types("check")
    stages.start()
    screen.step("relay", f"{', '.join(NAMES)}: each is a process of its own")
    return scene


if __name__ == "__main__":
    sys.exit(main())
