"""Senders killed in the middle of their work: a smaller storm than `make storm` blows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def blow(log: Path, **storm: Any) -> dict[str, Any]:
    """In a process without threads, which forks the senders."""
    command = [sys.executable, Path(__file__).with_name("storm.py"), "--log", log, "--one", json.dumps(storm)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    outcome: dict[str, Any] = json.loads(ended.stdout)
    return outcome


@pytest.mark.parametrize("resend", [True, False])
def test_killed_again_and_again(sqlite_url: str, tmp_path: Path, resend: bool) -> None:
    storm = {"messages": 500, "connections": 2, "resend": resend, "seed": 7, "between": [0, 0.05]}
    found = blow(tmp_path / "log", url=sqlite_url, **storm)
    assert found["faults"] == []
    assert resend or found["twice"] == 0


def test_senders_at_once_send_nothing_twice(store_url: str, tmp_path: Path) -> None:
    found = blow(tmp_path / "log", url=store_url, messages=400, senders=3, between=[60, 60])
    assert found == {"kills": 0, "ambiguous": 0, "twice": 0, "missing": 0, "faults": []}
