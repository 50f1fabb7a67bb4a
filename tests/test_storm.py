"""Senders killed in the middle of their work: a smaller storm than `make storm` blows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import killed
import pytest

STORM = """
import json
from dataclasses import asdict
from pathlib import Path
from storm import Storm, blow
log, outcome, storm = sys.argv[1:]
Path(outcome).write_text(json.dumps(asdict(blow(Storm(**json.loads(storm)), Path(log)))))
"""


def blow(folder: Path, **storm: Any) -> dict[str, Any]:
    """In a process without threads, which forks the senders."""
    arguments = (str(folder / "taken"), str(folder / "outcome"), json.dumps(storm))
    blown = killed.ended(killed.start_script(folder / "log", STORM, *arguments, forks=True))
    assert blown == 0, (folder / "log").read_text()
    outcome: dict[str, Any] = json.loads((folder / "outcome").read_text())
    return outcome


@pytest.mark.parametrize("resend", [True, False])
def test_killed_again_and_again(sqlite_url: str, tmp_path: Path, resend: bool) -> None:
    storm = {"messages": 300, "connections": 2, "resend": resend, "seed": 7, "between": [0, 0.05]}
    found = blow(tmp_path, url=sqlite_url, **storm)
    assert found["faults"] == []
    assert resend or found["twice"] == 0


def test_senders_at_once_send_nothing_twice(store_url: str, tmp_path: Path) -> None:
    found = blow(tmp_path, url=store_url, messages=250, senders=3, between=[60, 60])
    assert found == {"kills": 0, "ambiguous": 0, "twice": 0, "missing": 0, "faults": []}
