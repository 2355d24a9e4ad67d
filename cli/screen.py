"""What commands print: JSON for machines, tables for people, without colour where no terminal is."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from operations.json_values import plain
from operations.wording import moment
from relay.domain.printable import printable, printable_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_JSON = "cor.json"
_ADDRESS = re.compile(r"https?://[^\s,;]+")
_LINE_ENDS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_UNBOUNDED = 1_000
"""Columns where no terminal bounds them, so that nothing is cut off in a file or a pipe."""


def _noted(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer calls it so
    context.meta[_JSON] = value
    return value


def wants_json(context: typer.Context) -> bool:
    """Whether the command that runs, or ran, in this context was asked for JSON."""
    return bool(context.meta.get(_JSON))


AsJson = Annotated[
    # Read first, so that a wrong value of another option is told as JSON, too.
    bool, typer.Option("--json", help="Print JSON, for machines.", callback=_noted, is_eager=True)
]


class Screen:
    """Standard output. With ``as_json`` only :meth:`json` prints; without it everything else does.

    What a stream cannot encode is replaced, and escaped in JSON.
    """

    def __init__(self, *, as_json: bool = False, out: TextIO | None = None) -> None:
        stream = out or sys.stdout
        self.as_json = as_json
        self._stream = stream
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")

    @cached_property
    def console(self) -> Console:
        """For what only a terminal can show."""
        from rich.console import Console

        width = None if self.is_terminal else _UNBOUNDED
        return Console(file=self._stream, width=width, highlight=False, markup=False, emoji=False)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks."""
        return self._stream.isatty()

    @contextmanager
    def busy(self, words: str) -> Iterator[Callable[[int, int], None]]:
        """Says at a terminal that something takes its time, and how far it is, where it is told."""
        if self.as_json or not self.is_terminal:
            yield lambda done, of: None
            return
        with self.console.status(words) as status:
            yield lambda done, of: status.update(f"{words}: {done} of {of}")

    def json(self, value: object) -> None:
        """One JSON document."""
        if self.as_json:
            # A stream without an encoding keeps text as it is.
            ascii_only = not (self._stream.encoding or "utf-8").lower().startswith("utf")
            text = json.dumps(plain(value), ensure_ascii=ascii_only, indent=2)
            self._stream.write(f"{printable_json(text)}\n")

    def json_list(self, values: Iterable[object]) -> None:
        """One JSON document, a list, of which one member at a time is held."""
        if not self.as_json:
            return
        ascii_only = not (self._stream.encoding or "utf-8").lower().startswith("utf")
        before = "["
        for value in values:
            text = json.dumps(plain(value), ensure_ascii=ascii_only, indent=2).replace("\n", "\n  ")
            self._stream.write(f"{before}\n  {printable_json(text)}")
            before = ","
        self._stream.write("[]\n" if before == "[" else "\n]\n")

    def json_line(self, value: object) -> None:
        """One JSON document on a line of its own, at once: for what has no end."""
        if self.as_json:
            ascii_only = not (self._stream.encoding or "utf-8").lower().startswith("utf")
            text = json.dumps(plain(value), ensure_ascii=ascii_only)
            self._stream.write(f"{printable_json(text)}\n")
            self._stream.flush()

    def line(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        """A line for people, and never more than one; ``style`` is rich's (``bold``, ``red`` …)."""
        if self.as_json:
            return
        if not text:
            self._stream.write("\n")
            return
        from rich.padding import Padding

        self.console.print(Padding(_text(_folded(text), style), (0, 0, 0, indent), expand=False))

    def lines(self, text: str, style: str = "", *, indent: int = 0) -> None:
        """A text of several lines, each with the same indent."""
        for line in text.splitlines():
            self.line(line, style, indent=indent)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
        """A table; columns of numbers are set to the right. A cell is one line; a tuple is a cell of several."""
        if self.as_json:
            return
        from rich.table import Table
        from rich.text import Text

        listed = [list(row) for row in rows]
        table = Table(title=title and Text(title), box=None, pad_edge=False, title_justify="left")
        for number, name in enumerate(columns):
            right = bool(listed) and all(isinstance(row[number], int | float | Decimal) for row in listed)
            table.add_column(name, justify="right" if right else "left", overflow="fold")
        for row in listed:
            table.add_row(*(_text(_cell(value)) for value in row))
        self._show(table)

    def facts(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Names and values, one a line; a pair without a value is left out."""
        if self.as_json:
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in pairs:
            if value is not None and value != "":
                table.add_row(Text(name), _text(_cell(value)))
        self._show(table)

    def _show(self, table: Table) -> None:
        """Rich fills every line up to the table's width, which is long where nothing bounds it."""
        if self.is_terminal:
            self.console.print(table)
            return
        with self.console.capture() as captured:
            self.console.print(table)
        self._stream.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _text(text: str, style: str = "") -> Text:
    """Addresses can be opened, also where a narrow terminal breaks them."""
    from rich.style import Style
    from rich.text import Text

    styled = Text(printable(text), style=style)
    for address in _ADDRESS.finditer(styled.plain):
        styled.stylize(Style(link=address[0]), *address.span())
    return styled


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, tuple):
        return "\n".join(_folded(str(line)) for line in value)
    return _folded(str(value.value) if isinstance(value, Enum) else str(value))


def _folded(text: str) -> str:
    """``text`` on one line: what a remote or a record says cannot look like a line of ours."""
    return _LINE_ENDS.sub(" ", text.rstrip())
