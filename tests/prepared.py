"""Working folders as each phase leaves them, made once a session and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Digest, Place

from digest.cli import main

RAN = "2026-06-02T20:00:00+00:00"
SECRET = "0123456789abcdef" * 4


def _run(*args: str | Path) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        for name in ("DIGEST_CONFIG", "DIGEST_NOW", "DIGEST_DATABASE", "DIGEST_SECRET"):
            patch.delenv(name, raising=False)
        main([str(arg) for arg in args])
    assert not left.value.code


def _then(folder: Path, *command: str | Path) -> Path:
    _run("--config", folder / "config" / "digest.toml", "--now", RAN, *command)
    return folder


def _new(folder: Path, **changes: str) -> Path:
    _run("init", folder, "--samples")
    (folder / "state" / "secret").write_text(SECRET)
    config = folder / "config" / "digest.toml"
    text = config.read_text()
    for old, new in changes.items():
        assert f"# {old} =" in text
        text = text.replace(f"# {old} =", f"{old} = {new} #" if new else f"{old} =")
    config.write_text(text)
    return folder


@pytest.fixture(scope="session", name="ingested_folder")
def _ingested_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _new(tmp_path_factory.mktemp("ingested") / "work")
    return _then(folder, "ingest", folder / "inbox")


@pytest.fixture(scope="session", name="published_folder")
def _published_folder(tmp_path_factory: pytest.TempPathFactory, ingested_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("published") / "work"
    return _then(shutil.copytree(ingested_folder, folder), "publish")


@pytest.fixture(scope="session", name="sent_folder")
def _sent_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _then(_new(tmp_path_factory.mktemp("sent") / "work"), "run")


@pytest.fixture(scope="session", name="held_folder")
def _held_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _then(_new(tmp_path_factory.mktemp("held") / "work", hold_minutes="30", editor=""), "run")


def _copy(folder: Path, to: Path, digest: Digest) -> Place:
    shutil.copytree(folder, to / "work")
    return Place(to / "work", digest)


@pytest.fixture(name="ingested")
def _ingested(ingested_folder: Path, tmp_path: Path, digest: Digest) -> Place:
    """The samples, taken in at `RAN`; nothing is published."""
    return _copy(ingested_folder, tmp_path, digest)


@pytest.fixture(name="published")
def _published(published_folder: Path, tmp_path: Path, digest: Digest) -> Place:
    """The same, published; nothing is sent."""
    return _copy(published_folder, tmp_path, digest)


@pytest.fixture(name="sent")
def _sent(sent_folder: Path, tmp_path: Path, digest: Digest) -> Place:
    """All phases by one run, the mails in files."""
    return _copy(sent_folder, tmp_path, digest)


@pytest.fixture(name="held")
def _held(held_folder: Path, tmp_path: Path, digest: Digest) -> Place:
    """The same, all held for half an hour; the editor has been told."""
    return _copy(held_folder, tmp_path, digest)
