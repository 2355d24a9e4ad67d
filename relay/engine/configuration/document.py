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
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.reader import ReaderError

from relay.domain.sources.exact_json import without_half_characters
from relay.engine.configuration.problems import ConfigurationError, Problem, shown

Key = str | int
Place = tuple[Key, ...]
"""Where a value stands: mapping keys and positions in lists."""

_CORE = "tag:yaml.org,2002:"
_KINDS = frozenset(_CORE + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq"))


LARGEST = 1024 * 1024
"""Bytes of a file; a route takes less than one thousandth of it."""

DEEPEST = 50
"""Levels of lists and mappings; what is known takes seven."""

MOST_VALUES = 100_000
"""With every alias unfolded, so that a file of ten lines does not stand for a million values."""

MOST_PROBLEMS = 100
"""Listed of one file; a reader mends the first ones and tries again."""


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
        """Notes a problem at ``place``. Raises ``ConfigurationError`` with all of them where they are too many."""
        problem = Problem(file=self.file, line=self.line(place), key=dotted(place), found=found, allowed=allowed)
        self.problems.append(problem)
        if len(self.problems) >= MOST_PROBLEMS:
            more = Problem(
                file=self.file,
                line=0,
                key="",
                found=f"{MOST_PROBLEMS} problems, and it was not read further",
                allowed="a configuration of accounts, routes and redrive",
            )
            raise ConfigurationError([*self.problems, more])

    def refuse(self, line: int, found: str, allowed: str) -> ConfigurationError:
        """The refusal of the whole file, with nothing else that may be wrong."""
        return ConfigurationError([Problem(file=self.file, line=line, key="", found=found, allowed=allowed)])


def read_document(path: Path) -> Document:
    """Reads the file. Raises ``ConfigurationError`` if it cannot be read or is no YAML.

    Keys that stand twice and tags are noted as problems of the document.
    """
    return parse_document(str(path), read_text(path))


def read_text(path: Path) -> str:
    """The text of a configuration file. Raises ``ConfigurationError`` if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, f"a file that cannot be read ({error.strerror})", "a readable YAML file") from error
    if len(content) > LARGEST:
        raise _unreadable(path, f"more than {LARGEST} bytes", f"a YAML file of at most {LARGEST} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"bytes that are no UTF-8 at position {error.start}", "UTF-8", line) from error


def _unreadable(path: Path, found: str, allowed: str, line: int = 0) -> ConfigurationError:
    return ConfigurationError([Problem(file=str(path), line=line, key="", found=found, allowed=allowed)])


def parse_document(file: str, text: str) -> Document:
    """Reads a YAML document from ``text``; what is wrong with it is blamed on ``file``."""
    document = Document(file)
    yaml = YAML(typ="rt", pure=True)
    yaml.Composer = _BoundedComposer
    try:
        root = yaml.compose(text)
    except _Unbounded as error:
        raise document.refuse(error.line, error.found, error.allowed) from None
    except MarkedYAMLError as error:
        raise ConfigurationError([_syntax(file, error)]) from error
    except ReaderError as error:  # A character that YAML does not allow.
        line = text.count("\n", 0, error.position) + 1
        found = f"the character U+{ord(text[error.position]):04X}, which YAML does not allow"
        raise ConfigurationError([Problem(file=file, line=line, key="", found=found, allowed="YAML")]) from error
    except YAMLError as error:
        problem = Problem(file=file, line=0, key="", found=shown(str(error)), allowed="YAML")
        raise ConfigurationError([problem]) from error
    except Exception as error:  # Such as a KeyError over a directive with a version of YAML that there is not.
        found = f"something that the reader of YAML fails over ({type(error).__name__}: {error})"
        raise ConfigurationError([Problem(file=file, line=1, key="", found=found, allowed="YAML 1.2")]) from error
    try:
        if root is not None:
            document.content = _Reader(document).value(root, ())
    except _Unbounded as error:
        raise document.refuse(error.line, error.found, error.allowed) from None
    return document


def _syntax(file: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    found = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(file=file, line=mark.line + 1 if mark else 0, key="", found=found, allowed="YAML, one document")


class _Unbounded(Exception):
    """The file holds more than anybody writes, at ``line``."""

    def __init__(self, line: int, found: str, allowed: str) -> None:
        super().__init__(found)
        self.line, self.found, self.allowed = line, found, allowed


def _prove_bounds(line: int, depth: int, values: int) -> None:
    if depth > DEEPEST:
        raise _Unbounded(line, f"more than {DEEPEST} levels of lists and mappings", f"at most {DEEPEST} levels")
    if values > MOST_VALUES:
        raise _Unbounded(
            line, f"more than {MOST_VALUES} values, with every alias unfolded", f"at most {MOST_VALUES} values"
        )


class _BoundedComposer(Composer):
    """Stops where a file goes too deep, before the recursion of the library meets Python's limit."""

    depth = 0
    values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.values += 1
        self.depth += 1
        _prove_bounds(self.parser.peek_event().start_mark.line + 1, self.depth, self.values)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Reader:
    """Turns nodes into plain values. Raises ``_Unbounded`` where aliases make them too many or too deep."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[Node] = []
        self._values = 0

    def value(self, node: Node, place: Place) -> Any:
        self._values += 1
        _prove_bounds(node.start_mark.line + 1, len(self._open), self._values)
        self._document.lines.setdefault(place, node.start_mark.line + 1)
        if node in self._open:
            self._document.blame(place, "an alias of what it stands in", "a value of its own")
            return None
        tag = str(node.tag or "")
        if tag not in _KINDS:
            self._document.blame(place, f"the tag {tag}", "a value without a tag")
        if isinstance(node, ScalarNode):
            return None if tag == f"{_CORE}null" else self._text(node, place)
        self._open.append(node)
        try:
            return self._collection(node, place)
        finally:
            self._open.pop()

    def _text(self, node: ScalarNode, place: Place) -> str:
        text = str(node.value)
        if without_half_characters(text) != text:
            self._document.blame(place, f"half a character in {shown(text)}", "a text that can be written")
        return text

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
