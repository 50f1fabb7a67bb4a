"""The daemon: it ticks, survives a failing tick, ends on a bug, and does the whole job as a real process."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import Place

from digest.errors import StoreError
from digest.scheduler import serve

SAMPLE = Path(__file__).parent.parent / "config" / "samples" / "hf-daily-2026-06-02.json"


def test_it_ticks_at_once_and_again_until_stopped() -> None:
    stop, ticks = threading.Event(), []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 2:
            stop.set()

    serve(tick, 0.1, stop)
    assert len(ticks) == 2


@pytest.mark.parametrize("error", [StoreError("the database is locked"), OSError(28, "the disk is full", "out/feeds")])
def test_a_failing_tick_is_logged_and_the_next_one_comes(caplog: pytest.LogCaptureFixture, error: Exception) -> None:
    stop, ticks = threading.Event(), []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 2:
            stop.set()
        raise error

    serve(tick, 0.1, stop)
    assert len(ticks) == 2
    assert str(error) in caplog.text


def test_a_bug_ends_the_daemon() -> None:
    def tick() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        serve(tick, 0.1)


def test_ticks_never_run_side_by_side(caplog: pytest.LogCaptureFixture) -> None:
    stop, running, most = threading.Event(), [], []

    def tick() -> None:
        running.append(1)
        most.append(len(running))
        threading.Event().wait(0.15)  # longer than the time between two ticks
        running.pop()
        if len(most) == 2:
            stop.set()

    serve(tick, 0.1, stop)
    assert max(most) == 1
    assert "apscheduler" not in caplog.text.lower() and "maximum number" not in caplog.text


def _log_until(process: subprocess.Popen[bytes], words: str, times: int = 1, seconds: float = 60) -> str:
    """What the process logs until it has said the words so many times."""
    assert process.stderr is not None
    seen, last = b"", os.times().elapsed + seconds
    while seen.count(words.encode()) < times:
        ready, _, _ = select.select([process.stderr], [], [], max(0.0, last - os.times().elapsed))
        assert ready, f"{words!r} was not logged: {seen.decode()}"
        read = os.read(process.stderr.fileno(), 65536)
        assert read, f"the daemon ended: {seen.decode()}"
        seen += read
    return seen.decode()


def test_the_daemon_takes_in_a_dump_mails_it_and_stops_when_told(place: Place) -> None:
    command = [sys.executable, "-m", "digest", "--config", str(place.config), "schedule", "--every", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as daemon:
        try:
            _log_until(daemon, "no_edition")
            part = place.folder / "inbox" / "today.json.part"
            shutil.copy(SAMPLE, part)
            part.rename(part.with_suffix(""))
            said = _log_until(daemon, "state=sent", 4)
            daemon.send_signal(signal.SIGTERM)
            said += _log_until(daemon, "daemon_stopped")
            assert daemon.wait(30) == 0
        finally:
            daemon.kill()
    assert len(place.mails()) == 4
    assert "ada@" not in said, "addresses are masked in logs"
