"""The configuration in force, taken over anew when its file changes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

from relay.domain.route_names import start_of, target_of
from relay.domain.routes import RouteMode
from relay.engine.configuration.accounts import MODELS
from relay.engine.configuration.file_stamp import Stamp, stamp_of
from relay.engine.configuration.loading import Configuration, load_configuration
from relay.engine.configuration.pins import Pins, nothing_pinned
from relay.engine.configuration.problems import ConfigurationError, Problem, shown
from relay.engine.telemetry import events
from relay.engine.telemetry.metrics import Metrics


def names_of(configuration: Configuration) -> dict[str, str]:
    """By name what it stands for, as the topic of names records it.

    An account (``procore:acme``) stands for its remote account; a target (``target`` and where its
    route starts and its own name, ``target:constructiononline:acme:1321036:owner``, with ``*`` for
    every project) for the account that it writes to. A route (``route:tower``) stands for where it starts.
    """
    names = {key: account.stands_for() for key, account in configuration.accounts().items()}
    for route in configuration.routing.routes:
        start = start_of(route)
        if route.name is not None:
            names[f"route:{route.name}"] = start
        for target in route.targets:
            names[f"target:{target_of(route, target)}"] = f"{target.system}:{target.account}"
    return names


def _by_place(configuration: Configuration, mode: RouteMode | None = None) -> dict[tuple[str, str], frozenset[str]]:
    """The names of targets by where their routes start and what they write to; of routes of a mode, or of all."""
    found: dict[tuple[str, str], frozenset[str]] = defaultdict(frozenset)
    for route in configuration.routing.routes:
        for target in route.targets if mode in (None, route.mode) else ():
            place = f"{target.system}:{target.account} {target.destination.name}"
            found[start_of(route), place] |= {target.name}
    return found


_log = structlog.get_logger(__name__)
_Stamps = tuple[Stamp | None, ...]
"""Of the file, and of those that it names."""

RETRY_SECONDS = 10.0
"""How often a refused file is read again although it has not changed: a secret's file may have come."""

SETTLING_SECONDS = 0.25
"""How long a changed file has to stay as it is before it is read: an editor that saves in place empties it first."""

_REST = (
    9  # Times as long as it took to read: with that a large file that stays wrong costs a stage a tenth of its time.
)
_MOST_SETTLINGS = 20  # A file that is written for longer than five seconds is read as it is.


class LiveConfiguration:
    """Holds the last good configuration. Thread-safe.

    Raises ``ConfigurationError`` when it is made from a wrong file; later a wrong file changes
    nothing but an alert. ``secrets_of`` and ``pins``: see :func:`load_configuration`.
    """

    def __init__(
        self,
        path: str | Path,
        metrics: Metrics | None = None,
        *,
        secrets_of: Collection[str] = tuple(MODELS),
        pins: Pins = nothing_pinned,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = Path(path)
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        stamp = stamp_of(self._path)
        self._secrets_of = secrets_of
        self._pins = pins
        self._current = load_configuration(self._path, secrets_of=secrets_of, pins=pins)
        self._stamps: _Stamps = (stamp, *self._current.files.values())
        self._refused: str | None = None
        self._retry_at = 0.0
        self._metrics.configuration_valid.set(1)

    @property
    def current(self) -> Configuration:
        """The configuration in force."""
        return self._current

    def refresh(self) -> bool:
        """Takes a changed file over if it is valid; returns whether it did. Cheap if nothing changed.

        A file that gives a known name another meaning, or another name to a target of a live route, is refused as
        well: names are identity. Raises nothing: whatever reading a file comes to, the last good one stays in force.
        A changed file is waited for until it has been as it is for a quarter of a second.
        """
        with self._lock:
            stamps = self._stamps_now()
            if stamps == self._stamps and not self._due():
                return False
            self._stamps = stamps if stamps == self._stamps else self._settled(stamps)
            begun = self._clock()
            try:
                fresh = load_configuration(self._path, secrets_of=self._secrets_of, pins=self._pins)
                self._compare_names(fresh)
            except ConfigurationError as error:
                self._refuse(error, begun)
                return False
            except Exception as error:  # noqa: BLE001 - no file, whatever is in it, may end a process that works
                self._refuse(self._unreadable(error), begun)
                return False
            return self._take_over(fresh)

    def _stamps_now(self) -> _Stamps:
        return tuple(stamp_of(path) for path in (self._path, *self._current.files))

    def _settled(self, stamps: _Stamps) -> _Stamps:
        """The files' stamps when nobody writes to them any more."""
        for _ in range(_MOST_SETTLINGS):
            self._pause(SETTLING_SECONDS)
            before, stamps = stamps, self._stamps_now()
            if stamps == before:
                break
        return stamps

    def _unreadable(self, error: Exception) -> ConfigurationError:
        found = f"what cannot be read ({type(error).__name__}: {shown(str(error))})"
        allowed = "a YAML file with accounts and routes"
        return ConfigurationError([Problem(file=str(self._path), line=0, key="", found=found, allowed=allowed)])

    def _due(self) -> bool:
        return self._refused is not None and self._clock() >= self._retry_at

    def _take_over(self, fresh: Configuration) -> bool:
        changed = fresh != self._current
        self._stamps = (self._stamps[0], *fresh.files.values())
        self._current = fresh
        if changed:
            _log.info(events.CONFIGURATION_TAKEN_OVER, file=str(self._path))
        self._refused = None
        self._metrics.configuration_valid.set(1)
        return changed

    def _refuse(self, error: ConfigurationError, begun: float) -> None:
        now = self._clock()
        self._retry_at = now + max(RETRY_SECONDS, _REST * (now - begun))
        self._metrics.configuration_valid.set(0)
        if self._refused == str(error):
            return
        self._refused = str(error)
        self._metrics.configuration_refused.inc()
        problems = [str(problem) for problem in error.problems]
        _log.error(events.CONFIGURATION_REFUSED, file=str(self._path), problems=problems)

    def _compare_names(self, fresh: Configuration) -> None:
        before, after = names_of(self._current), names_of(fresh)
        problems = [
            Problem(
                file=str(self._path),
                line=0,
                key=name,
                found=f"the name for {after[name]}",
                allowed=f"what it has stood for: {before[name]}; another remote account or route needs another name",
            )
            for name in sorted(before.keys() & after.keys())
            if before[name] != after[name]
        ]
        problems += self._renamed(fresh)
        if problems:
            raise ConfigurationError(problems)

    def _renamed(self, fresh: Configuration) -> list[Problem]:
        """Targets of live routes that seem to have another name now: by it all would be written once more."""
        live, before, after = _by_place(self._current, RouteMode.LIVE), _by_place(self._current), _by_place(fresh)
        gone = {place: names - after[place] for place, names in live.items()}
        new = {place: after[place] - before[place] for place in live}
        return [
            Problem(
                file=str(self._path),
                line=0,
                key=f"target:{start}:{', '.join(sorted(new[start, place]))}",
                found=f"a new name where {', '.join(sorted(gone[start, place]))} has been live ({place})",
                allowed="the same name, which is part of what marks a record as ours (the file from before stays in "
                "force). If another target is meant: `cor topics apply --accept-new-target NAME --why ...`, and start "
                "the stages again",
            )
            for start, place in live
            if gone[start, place] and new[start, place]
        ]
