"""What is printed at the end, of any length: what is more than a megabyte waits in a file that has no name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import Any

import click

from digest.cli.tables import plain

_IN_MEMORY = 1 << 20
_PART = 1 << 16


class Spool(ExitStack):
    """Text, told once it is whole."""

    def __init__(self) -> None:
        super().__init__()
        file = SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", errors="surrogatepass", newline="")  # noqa: SIM115
        self._file = self.enter_context(file)

    def write(self, text: str) -> None:
        self._file.write(text)

    def parts(self) -> Iterator[str]:
        self._file.seek(0)
        while part := self._file.read(_PART):
            yield part


class Rows(Spool):
    """A list in an object of JSON."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0

    def add(self, row: Any) -> None:
        self.write(f"{',' if self._number else ''}\n    {_json(row, 4)}")
        self._number += 1

    def parts(self) -> Iterator[str]:
        yield "["
        yield from super().parts()
        yield "\n  ]" if self._number else "]"


def print_object(named: Mapping[str, Any]) -> None:
    """As `print_json` does; what is `Rows` goes out part by part."""
    for number, (name, value) in enumerate(named.items()):
        click.echo(f"{',' if number else '{'}\n  {_json(name, 2)}: ", nl=False)
        for part in value.parts() if isinstance(value, Rows) else (_json(value, 2),):
            click.echo(part, nl=False)
    click.echo("\n}")


def _json(value: Any, indent: int) -> str:
    return json.dumps(plain(value), ensure_ascii=False, indent=2).replace("\n", "\n" + " " * indent)
