"""Files are written whole or not at all."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from digest.files import Batch, write_whole


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


def test_a_batch_is_on_the_disk_before_any_of_it_is_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, same = (tmp_path / "a" / name for name in ("one", "two", "same"))
    write_whole(one, b"old")
    write_whole(same, b"same")
    seen = []

    def sync() -> None:
        seen.append({re.sub(r"\.[0-9]+-[0-9]+", "", path.name): path.read_bytes() for path in one.parent.iterdir()})

    monkeypatch.setattr(os, "sync", sync)
    with Batch() as batch:
        assert [batch.write(one, b"1"), batch.write(two, b"2"), batch.write(same, b"same")] == [True, True, False]
        assert (one.read_bytes(), two.exists(), len(batch)) == (b"old", False, 2)
        batch.settle()
        batch.settle()
    assert seen == [{"one": b"old", ".one.new": b"1", ".two.new": b"2", "same": b"same"}], "once"
    assert {path.name: path.read_bytes() for path in one.parent.iterdir()} == {
        "one": b"1",
        "two": b"2",
        "same": b"same",
    }
    assert two.stat().st_mode & 0o777 == 0o644


def test_what_a_failure_keeps_out_of_its_place_is_gone_and_so_is_what_a_kill_left(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    kept = [f".one.{os.getpid()}-7.new", ".somebody's-own.new"]
    for name in [f".one.{gone.pid}-7.new", *kept]:
        (tmp_path / name).write_bytes(b"left")
    with pytest.raises(OSError, match="full"), Batch() as batch:
        batch.write(tmp_path / "two", b"2")
        raise OSError("full")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    with Batch() as batch, Batch() as other:
        for one in (batch, other):
            one.write(tmp_path / "one", b"1")
        batch.settle()
        other.settle()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "one"])


def test_what_cannot_be_put_in_place_is_gone_and_the_batch_can_be_filled_anew(tmp_path: Path) -> None:
    places = [tmp_path / "folder" / name for name in ("one", "two", "three")]
    batch = Batch()
    for path in places:
        batch.write(path, b"1")
    places[1].mkdir()
    with pytest.raises(IsADirectoryError):
        batch.settle()
    assert len(batch) == 2
    batch.drop()
    assert {*places[0].parent.iterdir()} == {*places[:2]}
    shutil.rmtree(places[0].parent)
    batch.write(places[2], b"2")
    batch.settle()
    assert list(places[0].parent.iterdir()) == places[2:]


def test_a_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    path, before = tmp_path / "feed.atom", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"feed\.atom") as error:
            write_whole(path, bytes(5_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []
