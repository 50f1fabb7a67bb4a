"""The editor's hold on editions that are made and not yet out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HoldState(StrEnum):
    """new → told | stopped. A `new` one has not been shown to the editor as it is now; a `stopped` one never goes out.

    One whose time is over, or that was released, is not kept: the edition is out.
    """

    NEW = "new"
    TOLD = "told"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An edition that no surface shows: until a moment, or for good."""

    edition_id: str
    state: HoldState
    until: datetime
