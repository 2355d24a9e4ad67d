"""Operations of people as a table of functions over a simulated remote's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from deploy.sandbox.shell.service import Refused

State = TypeVar("State")
Operation = Callable[[State, Mapping[str, Any]], Any]


def described(table: Mapping[str, Operation[State]]) -> dict[str, str]:
    """The names with the docstring of each, in one line."""
    return {name: " ".join((operation.__doc__ or "").split()) for name, operation in table.items()}


def done(table: Mapping[str, Operation[State]], state: State, name: str, body: Mapping[str, Any]) -> Any:
    """What the operation returns; raises Refused where there is none or its body does not fit."""
    if name not in table:
        raise Refused(f"no operation {name!r}; there are {', '.join(sorted(table))}")
    try:
        return table[name](state, body)
    except Refused:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise Refused(f"{name} cannot be done with {body!r}: {error!r}") from error
