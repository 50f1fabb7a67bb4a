"""The commands that only look: preview, diff, show, explain."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from rich.markup import escape

from digest import pipeline
from digest.cli import account, tables, world
from digest.cli.app import DONE, NOTHING_NEW, TROUBLED, Context, Day, digest, out, required
from digest.files import write_whole
from digest.listings import read_dump
from digest.model import NoEdition, Paper
from digest.store import Store

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@digest.command()
@click.argument("profile")
@click.option("--out", "target", type=click.Path(path_type=Path, dir_okay=False), help="File. [default: PROFILE.html]")
@click.option("--text", is_flag=True, help="Write the plain-text part instead.")
@click.option("--for", "address", help="Leave out what this reader was shown already.")
@as_json
@click.pass_obj
def preview(context: Context, profile: str, target: Path | None, text: bool, address: str | None, as_json: bool) -> int:
    """Render what PROFILE would get now to a file. The same selection as the mail's; touches nothing else."""
    now = context.now()
    with context.store() as store:
        here = world.build(context.settings, store)
        subscription = pipeline.trial(here, profile, address or "reader@example.org")
        edition = pipeline.preview(here, subscription, now)
        if isinstance(edition, NoEdition):
            tables.no_edition(edition)
            return NOTHING_NEW
        rendered = here.renderer.render(edition, pipeline.links(here, edition))
    target = target or Path(f"{profile}.{'txt' if text else 'html'}")
    write_whole(target, (rendered.text if text else rendered.html).encode())
    if as_json:
        tables.print_json({"file": str(target), "subject": rendered.subject, "edition": edition})
    else:
        tables.ranking(edition)
        out.print(f"{escape(rendered.subject)}\nWritten to {escape(str(target))}", soft_wrap=True)
    return DONE


@digest.command()
@click.argument("a", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("b", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--as-of", type=Day(), help="The day both dumps speak of, where they do not tell it themselves.")
@as_json
@click.pass_obj
def diff(context: Context, a: Path, b: Path, as_of: date | None, as_json: bool) -> int:
    """What is different in dump B against dump A: new, revised, relisted, unchanged and gone papers."""
    older, newer, changes = pipeline.compare(read_dump(a), read_dump(b), context.now(), as_of)
    if as_json:
        tables.print_json(tables.diff_json(older, newer, changes))
    else:
        tables.diff(older, newer, changes)
    return TROUBLED if older.rejected or newer.rejected else DONE


@digest.command()
@click.argument("paper")
@as_json
@click.pass_obj
def show(context: Context, paper: str, as_json: bool) -> int:
    """All that is known of PAPER (an id, an arXiv address, a title or part of one), and where it came from."""
    with context.store() as store:
        one = _the_paper(store, paper)
        known = tables.History(
            keys=store.keys(one.id),
            sightings=store.sightings([one.id])[one.id],
            origins=store.origins(one.id),
            revisions=store.revisions(one.id),
            links=store.links(one.id),
        )
    if as_json:
        tables.print_json(tables.paper_json(one, known))
    else:
        tables.paper(one, known)
    return DONE


def _the_paper(store: Store, reference: str) -> Paper:
    """The one paper that is meant; a ConfigError, after a list of them, if there are several."""
    found = pipeline.find_papers(store, reference) or store.search_titles(reference)
    required(found, f"{reference}: no such paper is known. Give an arXiv id, a title or some words of one.")
    if len(found) > 1:
        tables.table("id", "title", rows=((one.id, one.title) for one in found))
        required(False, f"{reference}: {len(found)} papers fit; give the id of one.")
    return found[0]


@digest.command()
@click.argument("paper")
@click.argument("profile")
@click.option("--address", help="For this reader, who was shown some papers already.")
@as_json
@click.pass_obj
def explain(context: Context, paper: str, profile: str, address: str | None, as_json: bool) -> int:
    """Where PAPER stands for PROFILE now: every point of its score, and what would change its place."""
    with context.store() as store:
        here = world.build(context.settings, store)
        subscription = pipeline.trial(here, profile, address or "reader@example.org")
        found = pipeline.explain_paper(here, subscription, _the_paper(store, paper), context.now())
    if as_json:
        tables.print_json(account.explanation_json(found))
    else:
        account.explanation(found)
    return DONE
