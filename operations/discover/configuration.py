"""A configuration with further routes: every byte that stands in it stays, comments and blanks too.

The routes are set in as text at the end of the list, by the places that the YAML reader tells. What comes out is read
again, and only written if it says what was there before, and the new routes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from operations.discover.guessed_routes import GuessedRoute
from operations.errors import Refused
from relay.engine.configuration.document import parse_document
from relay.engine.configuration.problems import ConfigurationError

FILE: Final = "cor.yaml"
_ROUTES: Final = "routes"
_NOTHING: Final = re.compile(r"[ \t]*:([ \t]*(null|~))?", re.IGNORECASE)
_HEAD: Final = """\
# Written by cor discover: accounts as they were configured, and guessed routes. Nothing is carried before a route says
# mode: live. Run again, it adds routes for further projects and leaves everything else as it stands.

"""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def moved(text: str, source: Path, folder: Path) -> str:
    """The text of the configuration ``source`` as it has to be in ``folder``: names of files begin there."""
    edits = [
        _Edit(node.start_mark.index, node.end_mark.index, _from(folder, source.parent, node.value))
        for key, node in _files(YAML(typ="rt", pure=True).compose(text))
        if not Path(node.value).is_absolute()
    ]
    return _HEAD + _edited(text, edits)


def with_routes(file: str, text: str, routes: Sequence[GuessedRoute]) -> str:
    """``text`` with these routes at the end of its list. Raises ``Refused`` where they cannot be set in safely."""
    if not routes:
        return text
    before = parse_document(file, text).content
    result = _edited(text, [_insertion(file, text, routes)])
    _prove(file, before, result, len(routes))
    return result


def _insertion(file: str, text: str, routes: Sequence[GuessedRoute]) -> _Edit:
    found = _routes(YAML(typ="rt", pure=True).compose(text))
    if found is None:
        gap = "" if text.endswith("\n") or not text else "\n"
        return _Edit(len(text), len(text), f"{gap}\n{_ROUTES}:\n{_block(routes, '  ')}")
    key, node = found
    if not isinstance(node, SequenceNode) or not node.value:
        # An empty value has no place of its own: what stands behind the key on its line is a comment, or nothing.
        behind = node.end_mark.index if isinstance(node, SequenceNode) else _behind_nothing(text, key)
        after = _end_of_line(text, behind)
        return _Edit(key.end_mark.index, after, f":{text[behind:after].rstrip()}\n{_block(routes, '  ')}")
    if node.flow_style:
        line = node.start_mark.line + 1
        raise Refused(f"{file}:{line}: routes stand in brackets there. Write each on lines of its own, then run again")
    at = _end_of_list(text, node)
    gap = "" if text[:at].endswith("\n") else "\n"
    return _Edit(at, at, gap + _block(routes, " " * _indent(node)))


def _routes(root: Node | None) -> tuple[Node, Node] | None:
    if not isinstance(root, MappingNode):
        return None
    return next(((key, node) for key, node in root.value if key.value == _ROUTES), None)


def _behind_nothing(text: str, key: Node) -> int:
    found = _NOTHING.match(text, key.end_mark.index)
    return found.end() if found else int(key.end_mark.index)


def _indent(node: SequenceNode) -> int:
    """The column of the dashes."""
    return int(node.start_mark.column)


def _end_of_list(text: str, node: SequenceNode) -> int:
    """Behind the last line that belongs to the list; a comment that begins further left is the next thing's."""
    lines = text[: node.end_mark.index].splitlines(keepends=True)
    while lines and _is_no_part(lines[-1], _indent(node)):
        lines.pop()
    return sum(map(len, lines))


def _is_no_part(line: str, indent: int) -> bool:
    bare = line.strip()
    return not bare or (bare.startswith("#") and len(line) - len(line.lstrip()) < max(indent, 1))


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end + 1


def _block(routes: Sequence[GuessedRoute], indent: str) -> str:
    return "".join(f"{indent}{line}\n" for route in routes for line in route.lines)


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _prove(file: str, before: Any, text: str, added: int) -> None:
    """Raises ``Refused`` where the result says anything else than before, and the new routes."""
    refusal = Refused(f"the routes cannot be set into {file} without changing what stands there; it is left as it is")
    try:
        document = parse_document(file, text)
    except ConfigurationError:
        raise refusal from None
    after = dict(document.content)
    routes = after.pop(_ROUTES, None) or []
    kept = dict(before or {})
    former = kept.pop(_ROUTES, None) or []
    if document.problems or after != kept or routes[: len(former)] != former or len(routes) != len(former) + added:
        raise refusal


def _files(node: Node | None) -> Iterator[tuple[str, ScalarNode]]:
    """Keys that name files, with their values."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(value, ScalarNode) and str(key.value).endswith("_file"):
                yield key.value, value
            else:
                yield from _files(value)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _files(value)


def _from(folder: Path, former: Path, name: str) -> str:
    return json.dumps(os.path.relpath((former / name).absolute(), folder.absolute()), ensure_ascii=False)
