"""Trending-papers digests: listing dumps in, HTML mails, feeds and web pages out. Start reading at `pipeline`."""

__version__ = "0.1.0"
