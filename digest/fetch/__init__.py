"""Asks sources for their listings over HTTP: politely, patiently up to a limit, and never of a private address.

    asking    a source and a range of days -> requests; an answer -> the request after it      pure
    guard     which addresses may be connected to, and how long that may take
    client    one request at a time: pace, validators, retries, redirects, limits
    answer    what a request comes back with
    memory    what was fetched, what goes on and who wants to be left alone, in one JSON file

Does not know what is in a listing or where dumps are kept. httpx and httpcore live here, and come with
`client` only: it is to be imported where something is asked.
"""

from digest.fetch.answer import Answer, Clock, shown
from digest.fetch.asking import (
    MOST_BY_ID,
    Harvest,
    LostTokenError,
    Request,
    catch_up,
    following,
    has_days,
    requests,
    requests_of,
    settled,
    vain,
    whole,
)
from digest.fetch.memory import Course, Known, Memory, fingerprint

__all__ = [
    "MOST_BY_ID",
    "Answer",
    "Clock",
    "Course",
    "Harvest",
    "Known",
    "LostTokenError",
    "Memory",
    "Request",
    "catch_up",
    "fingerprint",
    "following",
    "has_days",
    "requests",
    "requests_of",
    "settled",
    "shown",
    "vain",
    "whole",
]
