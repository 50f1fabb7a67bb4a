"""Trending-papers digests: listing dumps in, HTML mails and an Atom feed out. Start reading at `pipeline`."""

__version__ = "0.1.0"
