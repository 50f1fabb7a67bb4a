"""Files in which people keep papers: every format, every fault, and what examples become of them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from conftest import Place

from digest import library
from digest.config.libraries import examples
from digest.errors import ConfigError
from digest.library import Kept, Library, read_library
from digest.model import Example

BIBTEX = r"""% kept by hand
@string{kj = "Journal of Kites"}
@article{kites2024,
  title = {{Kites} of {P}aper: {\"U}ber $\alpha$-kinds},
  author = {Fukuda-Roth, Ines and Li, Bo},
  journal = kj,
  abstract = {They fly at 50\% of the
    cost.},
  doi = {10.1234/Kite.7},
  year = 2024, month = mar
}
@misc(steel, title = "Kites of steel", eprint = "2605.90001v2", archivePrefix = "arXiv", date = "2026-05-02")
@misc{steel, title = {Kites of glass}, journal = {arXiv preprint arXiv:2605.90002}, year = {2025}}
@article{broken, title = {Kites of
@article{last, title = {Kites of sand}}
@comment{jabref-meta: databaseType:bibtex;}
"""

RIS = """Provider: somebody
TY  - JOUR
TI  - Kites of
  paper
AU  - Li, Bo
DO  - 10.1234/kite.7
AB  - They fly.
PY  - 2024
DA  - 2024/03/05/
ER  - 

TY  - GEN
T1  - Kites of steel
N2  - They fall.
UR  - http://arxiv.org/abs/2605.90001
Y1  - 2026///
ER  - 
"""  # noqa: W291 - as it is exported

CSL = [
    {
        "title": "Kites of <i>paper</i>",
        "DOI": "https://doi.org/10.1234/kite.7",
        "abstract": "<jats:p>They fly, as 1 < 2.</jats:p>",
        "issued": {"date-parts": [["2024", 3, 5]]},
    },
    {
        "title": "Kites of steel",
        "number": "arXiv:2605.90001",
        "issued": {"date-parts": [[2024]]},
        "accessed": {"date-parts": [[2026, 5, 3]]},
    },
    "not an entry",
    {"data": 5},
]

ZOTERO = {
    "items": [
        {"itemType": "attachment", "title": "Full text PDF"},
        {
            "itemType": "preprint",
            "title": "Kites of steel",
            "abstractNote": "They fall.",
            "extra": "arXiv:2605.90001 [cs]",
            "dateAdded": "2026-05-03T10:00:00Z",
            "date": "2024",
        },
        {"key": "ABCD", "data": {"itemType": "journalArticle", "title": "Kites of paper", "DOI": 7, "date": "2024"}},
    ]
}

CSV = (
    '"Key","Item Type","Publication Year","Author","Title","DOI","Url","Abstract Note","Date","Date Added","Extra"\n'
    '"A","journalArticle","2024","Li, Bo","Kites of paper","10.1234/kite.7","","They\nfly.","2024",'
    '"2025-01-02 03:04:05",""\n'
    '"B","preprint","2026","","Kites of steel","","http://arxiv.org/abs/2605.90001","","","",""\n'
)

LINES = """# my own
2605.90001
https://arxiv.org/abs/2605.90002v3
doi: 10.1234/kite.7

Kites of paper
https://example.org/kites
"""


def written(folder: Path, content: object, name: str = "library") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def read(folder: Path, content: object) -> Library:
    return read_library(written(folder, content))


def told(kept: Kept) -> tuple[str, str, tuple[int, int, int]]:
    return kept.where, kept.title, kept.on


def named(found: tuple[Example, ...]) -> list[str]:
    return [one.name for one in found]


# --- formats -----------------------------------------------------------------------------------------------------


def test_bibtex(tmp_path: Path) -> None:
    found = read(tmp_path, BIBTEX)
    assert [told(one)[::2] for one in found.kept] == [
        ("line 3", (2024, 3, 0)),
        ("line 12", (2026, 5, 2)),
        ("line 13", (2025, 0, 0)),
        ("line 15", (0, 0, 0)),
    ]
    assert [bad.where for bad in found.rejected] == ["line 14"]
    assert examples([tmp_path / "library"]) == (
        Example(name="2605.90001", title="Kites of steel"),
        Example(name="2605.90002", title="Kites of glass"),
        Example(name="10.1234/Kite.7", title="Kites of Paper: Über α-kinds", abstract="They fly at 50% of the cost."),
        Example(name="Kites of sand", title="Kites of sand"),
    )


@pytest.mark.parametrize(
    ("when", "on"),
    [
        ("date-added = {2024-03-01 12:00:00 +0100}, year = 1999", (2024, 3, 1)),
        ("timestamp = {2024-03-01}, date = {1999}", (2024, 3, 1)),
        ("date = {2024-03}", (2024, 3, 0)),
        ("year = {2024}, month = {March}", (2024, 3, 0)),
        ("year = 2024, month = 3", (2024, 3, 0)),
        ("year = {in press}", (0, 0, 0)),
    ],
)
def test_dates_of_bibtex(tmp_path: Path, when: str, on: tuple[int, int, int]) -> None:
    (kept,) = read(tmp_path, f"@misc{{a, title = {{Kites}}, {when}}}").kept
    assert kept.on == on


def test_ris(tmp_path: Path) -> None:
    found = read(tmp_path, RIS)
    assert list(map(told, found.kept)) == [
        ("line 2", "Kites of paper", (2024, 3, 5)),
        ("line 12", "Kites of steel", (2026, 0, 0)),
    ]
    assert examples([tmp_path / "library"]) == (
        Example(name="2605.90001", title="Kites of steel", abstract="They fall."),
        Example(name="10.1234/kite.7", title="Kites of paper", abstract="They fly."),
    )


def test_csl_json(tmp_path: Path) -> None:
    found = read(tmp_path, CSL)
    assert list(map(told, found.kept)) == [
        ("entry 1", "Kites of paper", (2024, 3, 5)),
        ("entry 2", "Kites of steel", (2026, 5, 3)),
    ]
    assert found.kept[0].abstract == "They fly, as 1 < 2."
    assert [bad.where for bad in found.rejected] == ["entry 3", "entry 4"]
    assert named(examples([tmp_path / "library"])) == ["2605.90001", "10.1234/kite.7"]


def test_zoteros_json(tmp_path: Path) -> None:
    found = read(tmp_path, ZOTERO)
    assert list(map(told, found.kept)) == [
        ("entry 2", "Kites of steel", (2026, 5, 3)),
        ("entry 3", "Kites of paper", (2024, 0, 0)),
    ]
    assert named(examples([tmp_path / "library"])) == ["2605.90001", "Kites of paper"]


def test_zoteros_csv(tmp_path: Path) -> None:
    found = read(tmp_path, "\ufeff" + CSV)
    assert list(map(told, found.kept)) == [
        ("entry 1", "Kites of paper", (2025, 1, 2)),
        ("entry 2", "Kites of steel", (2026, 0, 0)),
    ]
    assert named(examples([tmp_path / "library"])) == ["2605.90001", "10.1234/kite.7"]


def test_lines_keep_their_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = examples([written(tmp_path, LINES)])
    assert named(found) == ["2605.90001", "2605.90002", "10.1234/kite.7", "Kites of paper"]
    assert [one.title for one in found] == ["", "", "", "Kites of paper"], "an id is no title"
    (warning,) = caplog.records
    assert "line 7 has neither a title nor an arXiv id nor a DOI" in warning.getMessage()


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, " \n") == Library(kept=())


# --- several files, faults -----------------------------------------------------------------------------------------


def test_several_files_are_one_library_the_latest_first_and_each_paper_once(tmp_path: Path) -> None:
    paths = [written(tmp_path, LINES, "a"), written(tmp_path, RIS, "b"), written(tmp_path, BIBTEX, "c")]
    assert named(examples(paths)) == [
        "2605.90001",
        "2605.90002",
        "10.1234/kite.7",
        "10.1234/Kite.7",
        "Kites of paper",
        "Kites of sand",
    ]


def test_what_is_left_out_is_told_once_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, [{"title": ""}] * 20 + [{"title": "\x1b[31mKites\u202e"}])
    with caplog.at_level(logging.WARNING):
        assert named(examples([path])) == ["[31mKites"]
    (warning,) = caplog.messages
    assert warning.startswith(f"library_entries_left_out file={path} entries=20 ")
    assert "entry 5 " in warning and "entry 6 " not in warning


def test_only_commands_that_use_a_library_tell_what_of_it_is_left_out(place: Place) -> None:
    profiles = place.folder / "config" / "profiles.toml"
    written(profiles.parent, [{"title": "Kites of paper"}, {"title": ""}])
    profiles.write_text(
        f'{profiles.read_text()}\n[mine]\ntitle = "Mine"\ntopic = [{{ name = "a", library = ["library"] }}]\n'
    )
    commands = {
        "doctor": (), "explain": ("2605.90001", "mine"), "learned": ("ada@example.org",), "preview": ("mine",),
        "publish": (), "run": (), "show": ("2605.90001",), "status": (),
    }  # fmt: skip
    told = [name for name, args in commands.items() if "library_entries_left_out" in place.run(name, *args).err]
    assert told == ["doctor", "explain", "preview", "publish", "run"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"<?xml version='1.0'?><rdf:RDF/>", "is XML or HTML; export the library as BibTeX"),
        (b'[{"title": "Kites"', "cannot be read as JSON: "),
        (b'{"items": 5}', "cannot be read as JSON: it holds no list of entries"),
        (b"[" * 100_000, "cannot be read as JSON: it is nested too deep"),
        (b'"Key","Item Type","Title"\n"a","b","' + b"x" * 200_000, "cannot be read as CSV: field larger"),
        (b"@misc{a, title = {" + b"{" * 5_000_001, "cannot be read as BibTeX: it has more signs"),
        (b"@a{" * 100_001, "cannot be read as BibTeX: it has more signs"),
        (b"Kites\n" * 10_001, "has more than 10000 entries; keep the latest"),
    ],
)
def test_files_that_are_no_library(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "library"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        examples([path])
    assert str(raised.value).startswith(f"{path}: {words}")


def test_a_library_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "LARGEST", 2**20)
    path = written(tmp_path, "Kites\n" * 200_000)
    with pytest.raises(ConfigError, match="is larger than 1 MiB"):
        read_library(path)


def test_as_many_entries_as_may_be(tmp_path: Path) -> None:
    assert len(examples([written(tmp_path, "".join(f"Kites {n}\n" for n in range(10_000)))])) == 10_000


def test_lines_too_long_to_be_a_title_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, "Kites\n" + "x" * 1001 + "\n")
    assert [one.title for one in found.kept] == ["Kites"]
    assert [bad.where for bad in found.rejected] == ["line 2"]


def test_ris_with_many_lines_and_stray_ones(tmp_path: Path) -> None:
    found = read(tmp_path, "stray\nTY  - JOUR\nstray\nTI  - Kites\n" + "more\n" * 100_000)
    (kept,) = found.kept
    assert kept.title.startswith("Kites more more")
