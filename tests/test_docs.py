"""README, docs/ and the commented settings say what the program does: every command, option, format and exit code."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click import Command

from digest.cli.codes import EXIT_CODES
from digest.cli.commands import COMMANDS
from digest.cli.outcomes import report_json
from digest.listings import FORMATS, dump_of
from digest.listings.form import Sheet
from digest.model import DumpReport

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MANUAL = "\n".join([README, *(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))])


def rows(heading: str) -> dict[str, str]:
    """A table of the README or of docs/ by its first column; `heading` is the first column's."""
    table = re.search(rf"^\| {heading} \|.*\n\|[ -|]+\n((?:\|.*\n)+)", MANUAL, re.MULTILINE)
    assert table
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]
    return {row[0].strip("`"): " ".join(row[1:]) for row in cells}


def test_every_command_is_in_the_readme_and_the_other_way_round() -> None:
    assert {name.split()[0] for name in rows("command")} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_in_the_readme_and_the_other_way_round(name: str) -> None:
    command: Command = COMMANDS[name]
    described = next(text for row, text in rows("command").items() if row.split()[0] == name)
    options = {flag for one in command.params for flag in one.opts if flag.startswith("--")}
    assert set(re.findall(r"`(--[a-z-]+)`", described)) == options
    assert command.help


def test_every_exit_code_is_in_the_readme() -> None:
    assert {int(code): meaning.replace("`", "") for code, meaning in rows("exit code").items()} == EXIT_CODES


def test_every_format_is_in_the_readme() -> None:
    assert set(rows("format")) == {one.name for one in FORMATS}


def test_the_format_that_shows_how_to_add_one_works() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "formats.md").read_text(), re.DOTALL)
    room: dict[str, Any] = {}
    exec(compile(code, "formats.md", "exec"), room)
    sheet = Sheet(
        dump=dump_of("sheet.csv", b""),
        text="title,authors,arxiv\nKites of $\\alpha$ kind,Ines Fukuda-Roth;Bo Li,2605.90001v2\n,Bo Li,2605.90002\n",
        now=datetime(2026, 6, 1, tzinfo=UTC),
        as_of=None,
    )
    group = room["GroupSheet"]()
    assert group.recognises(sheet)
    listing = group.read(sheet)
    (entry,) = listing.entries
    assert (entry.facts.title, entry.facts.latex_title) == ("Kites of α kind", "Kites of $\\alpha$ kind")
    assert (entry.facts.authors, entry.facts.arxiv_id) == (("Ines Fukuda-Roth", "Bo Li"), "2605.90001")
    assert [bad.where for bad in listing.rejected] == ["line 3"]


def test_every_environment_variable_is_in_the_readme() -> None:
    used = {
        name for path in (ROOT / "digest").rglob("*.py") for name in re.findall(r"DIGEST_[A-Z_]+", path.read_text())
    }
    assert used == set(re.findall(r"DIGEST_[A-Z_]+", MANUAL))


def test_every_module_is_on_the_map() -> None:
    code = README.split("## Map of the code")[1]
    for path in (ROOT / "digest").iterdir():
        if (path.suffix == ".py" and not path.name.startswith("__")) or (path.is_dir() and path.name != "__pycache__"):
            assert re.search(rf"\b{path.stem}\b", code), path


def test_every_link_picture_and_make_target_exists() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).stat().st_size, f"{page.name}: {target}"
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", MANUAL):
        assert target == "and" or re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_key_of_the_stable_json_is_in_the_readme(tmp_path: Path) -> None:
    for key in report_json(DumpReport(dump="x", digest="y", error="z")):
        assert f"`{key}`" in MANUAL


def test_every_golden_file_is_used() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "tests").glob("test_*.py"))
    for path in (ROOT / "tests" / "data" / "golden").rglob("*"):
        assert not path.is_file() or f'"{path.name.split(".")[0]}' in sources, f"{path} is compared with nothing"
