"""Edition to words: subject, preheader, html and text of the mail, the web page, a feed entry; charts (jinja2 is here).

Does not know about MIME, files to be written or recipients' secrets. Same inputs, same bytes.
"""

from digest.render.feed_words import days_heading, days_title, strand_subtitle
from digest.render.language import languages
from digest.render.renderer import MAIL_LIMIT, Renderer
from digest.render.site_pages import WRITTEN_HERE
from digest.render.why import late_line, listed_line, place_line, why_line

__all__ = [
    "MAIL_LIMIT",
    "WRITTEN_HERE",
    "Renderer",
    "days_heading",
    "days_title",
    "languages",
    "late_line",
    "listed_line",
    "place_line",
    "strand_subtitle",
    "why_line",
]
