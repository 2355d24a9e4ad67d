"""What a person sees: one line per step, with where it happened and when."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

COLOURS = {
    "ConstructionOnline": "yellow",
    "Procore": "bright_red",
    "CINX": "magenta",
    "relay": "cyan",
    "operator": "green",
    "Kafka": "blue",
}
_WIDTH = max(len(name) for name in COLOURS)
_WIDTH_IN_A_FILE = 140


class Screen:
    """Standard output, with the seconds since the start."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=False)
        if not self.console.is_terminal:
            self.console.width = _WIDTH_IN_A_FILE
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._start

    def chapter(self, number: int, title: str) -> None:
        """A heading."""
        self.console.print()
        self.console.print(Text(f"{number}  {title}", style="bold"))

    def step(self, where: str, what: str) -> None:
        """One line of the story; lines that do not fit go on below their beginning."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(justify="right", width=7)
        grid.add_column(width=_WIDTH)
        grid.add_column(overflow="fold", ratio=1)
        grid.expand = True
        time_, place = Text(f"{self.seconds:.1f} s", style="dim"), Text(where, style=COLOURS.get(where, ""))
        grid.add_row(time_, place, Text(what))
        self.console.print(grid)

    def typed(self, command: str) -> None:
        """A command that the operator types."""
        self.step("operator", f"$ {command}")

    def quoted(self, text: str, most: int = 90) -> None:
        """What a command printed, set in."""
        lines = text.rstrip().splitlines()
        for line in lines[:most]:
            self.console.print(Text(f"           │ {line}", style="dim"), overflow="ellipsis", no_wrap=True)
        if len(lines) > most:
            self.console.print(Text(f"           │ … {len(lines) - most} more lines", style="dim"))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str) -> None:
        """A table; the last column's word decides the colour of its row."""
        table = Table(title=title, title_justify="left", title_style="bold")
        for name in columns:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*(str(one) for one in row), style="red" if row[-1] == "no" else "")
        self.console.print()
        self.console.print(table)

    def failure(self, message: str) -> None:
        """Why it ends early."""
        self.console.print()
        self.console.print(Text(message, style="bold red"))

    def line(self, text: str = "") -> None:
        """Anything else."""
        self.console.print(Text(text))
