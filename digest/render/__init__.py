"""Edition to words: subject, preheader, html and text of the mail, the web page, a feed entry; charts (jinja2 is here).

    renderer          mails and web pages; site_pages and feed_entries those of the site and the feeds
    frames cards      what stands around a mail's papers, and each paper's card, drawn once for all readers
    stencil inline    what a template drew, to be filled without drawing; its css put where it applies
    views around days mutes chart     what the templates see: finished words, addresses safe to link to
    why wording feed_words language   words and numbers in the reader's language, cut to length
    plan              how much of each paper fits into a mail
    drawing premail colour sample     the templates and their faults; premailer; contrast; samples to try them with

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
