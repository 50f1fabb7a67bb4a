"""Working folders in which a run has been, made once a session and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Digest, Place

from digest.cli import main

RAN = "2026-06-02T20:00:00+00:00"


def _run(*args: str | Path) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        for name in ("DIGEST_CONFIG", "DIGEST_NOW", "DIGEST_DATABASE", "DIGEST_SECRET"):
            patch.delenv(name, raising=False)
        main([str(arg) for arg in args])
    assert not left.value.code


def _folder(folder: Path, **changes: str) -> Path:
    _run("init", folder, "--samples")
    config = folder / "config" / "digest.toml"
    text = config.read_text()
    for old, new in changes.items():
        assert f"# {old} =" in text
        text = text.replace(f"# {old} =", f"{old} = {new} #" if new else f"{old} =")
    config.write_text(text)
    _run("--config", config, "--now", RAN, "run")
    return folder


@pytest.fixture(scope="session", name="sent_folder")
def _sent_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _folder(tmp_path_factory.mktemp("sent") / "work")


@pytest.fixture(scope="session", name="held_folder")
def _held_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _folder(tmp_path_factory.mktemp("held") / "work", hold_minutes="30", editor="")


def _copy(folder: Path, to: Path, digest: Digest) -> Place:
    shutil.copytree(folder, to / "work")
    return Place(to / "work", digest)


@pytest.fixture(name="sent")
def _sent(sent_folder: Path, tmp_path: Path, digest: Digest) -> Place:
    """The samples, mailed to files at `RAN`."""
    return _copy(sent_folder, tmp_path, digest)


@pytest.fixture(name="held")
def _held(held_folder: Path, tmp_path: Path, digest: Digest) -> Place:
    """The same, all held for half an hour; the editor has been told."""
    return _copy(held_folder, tmp_path, digest)
