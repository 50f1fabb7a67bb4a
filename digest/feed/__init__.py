"""Writes feeds as bytes. Does not know where they are kept or who reads them. feedgen lives here.

    entry        what an entry and a feed say, in any format: cleaned, ordered, with permanent ids
    atom         Atom (RFC 4287, RFC 5005), by feedgen
    join         the same bytes, joined from entries that are encoded once: for very many feeds
    rss          RSS 2.0
    json_feed    JSON Feed 1.1
    categories   the names of arXiv's categories
    opml         a list of feeds, to take into a feed reader

Same feed, same bytes: every moment comes from the entries, and nothing is in it that moves without news, such as votes.
"""

from digest.feed.atom import atom
from digest.feed.entry import MOST_AUTHORS, MOST_BYTES
from digest.feed.join import Encoded, encode, join
from digest.feed.json_feed import json_feed
from digest.feed.opml import opml
from digest.feed.rss import rss

__all__ = ["MOST_AUTHORS", "MOST_BYTES", "Encoded", "atom", "encode", "join", "json_feed", "opml", "rss"]
