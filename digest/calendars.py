"""Pure: on which days the sources list papers, as data. A source without a calendar may list on any day.

arXiv announces in the evenings of Sunday to Thursday, US Eastern time, what it received until 14:00 of the last
working day, and on its holidays receives nothing for announcement (its page "Availability of submissions", and the
list of holidays that its own programs go by). Hugging Face lists papers from Monday to Friday, and shows Friday's on
the weekend; what a search finds, or the best of a week, comes on any day.
"""

from __future__ import annotations

from datetime import date, time, timedelta

from digest.model import Calendar

_WORKING_DAYS = frozenset(range(5))

# Days without a cut-off, by year: (month, day). Extend it when arXiv names those of the next year.
_ARXIV_CLOSED = {
    2020: ((1, 1), (1, 20), (6, 9), (11, 26), (12, 25), (12, 29), (12, 30)),
    2021: ((1, 1), (10, 20), (11, 25), (12, 24), (12, 28), (12, 30)),
    2022: ((1, 17), (6, 20), (9, 5), (11, 24), (12, 27), (12, 29)),
    2023: ((1, 16), (6, 14), (6, 19), (7, 4), (8, 17), (9, 4), (11, 23), (12, 25), (12, 27)),
    2024: ((1, 15), (5, 22), (6, 19), (7, 4), (9, 2), (10, 8), (11, 28), (12, 25), (12, 26), (12, 31)),
    2025: ((1, 1), (1, 20), (6, 19), (7, 4), (7, 6), (9, 1), (11, 27), (12, 25), (12, 30)),
    2026: ((1, 1), (1, 19), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25), (12, 29), (12, 31)),
}
LAST_KNOWN_YEAR = max(_ARXIV_CLOSED)


def _closed() -> frozenset[date]:
    return frozenset(date(year, month, day) for year, days in _ARXIV_CLOSED.items() for month, day in days)


def _next_list(closed: date) -> date:
    """The list that does not come: it would bear the date of the next working day."""
    day = closed + timedelta(days=1)
    while day.weekday() not in _WORKING_DAYS:
        day += timedelta(days=1)
    return day


# Feeds and pages have a day's list at midnight of the US East at the latest.
_OUT_BY = time(6)
# An announced list bears the date of the morning after, a mailing that of the day on which its papers were received.
ARXIV = Calendar(name="arXiv", weekdays=_WORKING_DAYS, holidays=frozenset(map(_next_list, _closed())), out_by=_OUT_BY)
ARXIV_MAILING = Calendar(name="arXiv", weekdays=_WORKING_DAYS, holidays=_closed())
# Lists taken between 7 and 13 UTC lacked three papers in ten, those taken at 17 UTC hardly any.
HUGGING_FACE = Calendar(name="Hugging Face", weekdays=_WORKING_DAYS, grows_until=time(15, 0), out_by=time(15, 0))
ANY_DAY = Calendar(name="")

_BY_START = (
    ("arxiv-mailing", ARXIV_MAILING),
    ("arxiv-listing", ARXIV_MAILING),
    ("arxiv", ARXIV),
    ("hf-search", ANY_DAY),  # no list of a day
    ("hf-period", ANY_DAY),
    ("hf-", HUGGING_FACE),
)


def calendar_of(source: str) -> Calendar:
    return next((calendar for start, calendar in _BY_START if source.startswith(start)), ANY_DAY)
