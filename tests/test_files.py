"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digest.files import write_whole


def test_writes_and_makes_missing_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "feed.atom"
    assert write_whole(path, b"one") is True
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in path.parent.iterdir()] == ["feed.atom"]


def test_another_content_takes_the_place(tmp_path: Path) -> None:
    path = tmp_path / "feed.atom"
    path.write_bytes(b"a much longer content than the next")
    before = path.stat().st_ino
    assert write_whole(path, b"two") is True
    assert path.read_bytes() == b"two"
    assert path.stat().st_ino != before, "written in place: a reader could see a part"


def test_the_same_content_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "feed.atom"
    path.write_bytes(b"one")
    os.utime(path, ns=(1_000_000_000, 1_000_000_000))
    before = path.stat()
    assert write_whole(path, b"one") is False
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "feed.atom"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync", full) if step == "fsync" else (Path, "replace", full)))
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["feed.atom"]


def test_a_long_name_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)
    assert write_whole(path, b"one")
    assert path.read_bytes() == b"one"
