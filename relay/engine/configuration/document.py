"""Reads YAML so that every value knows its line, and every scalar is the text that stands there.

Texts, not numbers: a purchase order ``00123`` or a cost code ``03-300`` is what was written, and a
field that wants a number says so itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from relay.engine.configuration.problems import ConfigurationError, Problem, shown

Key = str | int
Place = tuple[Key, ...]
"""Where a value stands: mapping keys and positions in lists."""

_CORE = "tag:yaml.org,2002:"
_KINDS = frozenset(_CORE + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq"))


def dotted(place: Place) -> str:
    """``routes[0].targets[1].tiers``."""
    text = ""
    for key in place:
        text += f"[{key}]" if isinstance(key, int) else f"{'.' if text else ''}{key}"
    return text


@dataclass(slots=True)
class Document:
    """A file's content as plain dictionaries, lists, texts and ``None``, and where each stands."""

    file: str
    content: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of ``place``, or of the nearest thing around it that stands in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def holds(self, place: Place) -> bool:
        """Whether something stands at ``place``."""
        return place in self.lines

    def blame(self, place: Place, found: str, allowed: str) -> None:
        """Notes a problem at ``place``."""
        self.problems.append(
            Problem(file=self.file, line=self.line(place), key=dotted(place), found=found, allowed=allowed)
        )


def read_document(path: Path) -> Document:
    """Reads the file. Raises ``ConfigurationError`` if it cannot be read or is no YAML.

    Keys that stand twice and tags are noted as problems of the document.
    """
    return parse_document(str(path), _text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _unreadable(path, f"a file that cannot be read ({error.strerror})", "a readable YAML file") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"bytes that are no UTF-8 at position {error.start}", "UTF-8") from error


def _unreadable(path: Path, found: str, allowed: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=str(path), line=0, key="", found=found, allowed=allowed)])


def parse_document(file: str, text: str) -> Document:
    """Reads a YAML document from ``text``; what is wrong with it is blamed on ``file``."""
    document = Document(file)
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise ConfigurationError([_syntax(file, error)]) from error
    except YAMLError as error:  # A character that YAML does not allow; it has no mark.
        problem = Problem(file=file, line=0, key="", found=shown(str(error)), allowed="YAML")
        raise ConfigurationError([problem]) from error
    if root is not None:
        document.content = _Reader(document).value(root, ())
    return document


def _syntax(file: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    found = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(file=file, line=mark.line + 1 if mark else 0, key="", found=found, allowed="YAML, one document")


class _Reader:
    """Turns nodes into plain values."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[Node] = []

    def value(self, node: Node, place: Place) -> Any:
        self._document.lines.setdefault(place, node.start_mark.line + 1)
        if node in self._open:
            self._document.blame(place, "an alias of what it stands in", "a value of its own")
            return None
        tag = str(node.tag or "")
        if tag not in _KINDS:
            self._document.blame(place, f"the tag {tag}", "a value without a tag")
        if isinstance(node, ScalarNode):
            return None if tag == f"{_CORE}null" else str(node.value)
        self._open.append(node)
        try:
            return self._collection(node, place)
        finally:
            self._open.pop()

    def _collection(self, node: Node, place: Place) -> Any:
        if isinstance(node, MappingNode):
            return dict(self._pairs(node, place))
        return [self.value(one, (*place, index)) for index, one in enumerate(node.value)]

    def _pairs(self, node: MappingNode, place: Place) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self._document.blame(place, "a key that is a list or a mapping", "a text as the key")
                continue
            key = key_node.value
            here = (*place, key)
            if key in seen:
                self._document.lines[here] = line
                self._document.blame(here, f"the key a second time (first in line {seen[key]})", "each key once")
                continue
            seen[key] = line
            self._document.lines[here] = line
            yield key, self.value(value_node, here)
