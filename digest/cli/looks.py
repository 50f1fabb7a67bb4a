"""The commands that only look: preview, diff, show, explain, status, doctor."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click
from rich.markup import escape

from digest import pipeline
from digest.cadence import next_moment
from digest.cli import account, outbox, tables, world
from digest.cli.app import DONE, NOTHING_NEW, TROUBLED, Context, Day, digest, out, required
from digest.errors import DigestError
from digest.files import write_whole
from digest.listings import read_dump
from digest.model import NoEdition, Paper
from digest.render import Renderer
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


@digest.command()
@as_json
@click.pass_obj
def status(context: Context, as_json: bool) -> int:
    """What is known, due, queued and failed."""
    settings, now = context.settings, context.now()
    with context.store() as store:
        counts, last = store.counts(), store.last_editions()
        waiting, aside = store.outbox(pipeline.OPEN_STATES, 20), store.set_asides(20)
        newest, trouble = store.newest_ingest(), store.destinations()
        everyone = pipeline.with_pauses(store, settings.subscriptions)
    due = [(one.id, last.get(one.id), next_moment(one, last.get(one.id), now)) for one in everyone]
    shape = {
        **tables.plain(counts),
        "subscriptions": len(world.readers(settings)),
        "feeds": len(world.feeds(settings)),
        "newest_ingest": newest,
        "next": {name: at for name, _, at in due},
        "last": {name: record for name, record, _ in due},
        "domains": trouble,
    }
    if as_json:
        tables.print_json(shape)
        return DONE
    out.print(", ".join(f"{shape[name]} {name.replace('_', ' ')}" for name in _COUNTED))
    out.print(f"outbox: {', '.join(f'{n} {state}' for state, n in shape['outbox'].items() if n) or 'empty'}")
    out.print(f"newest dump: {newest:%Y-%m-%d %H:%M} UTC" if newest else "no dump has come in yet")
    tables.last_editions(due)
    if waiting:
        tables.outbox(waiting)
    for road in trouble:
        outbox.say_domain(road)
    for one in aside:
        out.print(f"[bold red]Set aside:[/] {escape(one.dump)}: {escape(one.error or '')}", soft_wrap=True)
    return DONE


_COUNTED = ("papers", "sightings", "listings", "subscriptions", "feeds", "editions", "suppressed", "set_aside")


# --- doctor ------------------------------------------------------------------------------------------------------


@digest.command()
@click.option("--dns", "with_names", is_flag=True, help="Print the DNS records to publish, and look whether they are.")
@click.option("--resolver", help="Ask this name server (ADDRESS or ADDRESS:PORT) instead of the system's.")
@click.pass_obj
def doctor(context: Context, with_names: bool, resolver: str | None) -> int:
    """Check settings, database, templates and transport, and say what to do. Sends nothing."""
    from digest.cli import dkim  # keys and name servers: a moment that the other looks need not wait for

    settings = context.settings  # a ConfigError here names every fault by itself
    out.print(f"[green]ok[/]    settings: {escape(str(settings.file))}", soft_wrap=True)
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("database", lambda: _database(context)),
        ("folders", lambda: _folders(context)),
        ("templates", lambda: _templates(context)),
        ("encoder", lambda: _encoder(context)),
        ("transport", lambda: world.transport(settings).check()),
        ("signatures", lambda: dkim.signatures(settings)),
        ("profiles", lambda: _profiles(context)),
    )
    failed = 0
    for name, check in checks:
        try:
            out.print(f"[green]ok[/]    {name}: {escape(check())}", soft_wrap=True)
        except (DigestError, OSError) as error:
            failed += 1
            out.print(f"[bold red]wrong[/] {name}: {escape(str(error))}", soft_wrap=True)
    for advice in _advice(context):
        out.print(f"[yellow]note[/]  {escape(advice)}", soft_wrap=True)
    if with_names:
        failed += dkim.names(settings, resolver)
    return TROUBLED if failed else DONE


def _database(context: Context) -> str:
    with context.store() as store:
        return store.check()


def _folders(context: Context) -> str:
    settings = context.settings
    for folder in (settings.inbox, settings.output, settings.state):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(f"{folder}: cannot be written; change its owner or its mode")
    return f"inbox {settings.inbox}, output {settings.output}"


def _templates(context: Context) -> str:
    return f"{len(Renderer(context.settings.templates, context.settings.site).check())} checked"


def _encoder(context: Context) -> str:
    encoder = world.encoder(context.settings)
    return encoder.check() if encoder else "none, the word table does"


def _profiles(context: Context) -> str:
    with context.store() as store:
        missing = []
        for profile in context.settings.profiles.values():
            known = pipeline.examples(store, profile)
            names = (name for topic in profile.topics for name in topic.examples)
            missing += [f"{profile.name}: {name}" for name in names if name not in known]
    there = f"{len(context.settings.profiles)} profiles, {len(world.readers(context.settings))} readers"
    return f"{there}; examples not known yet, used as titles: {'; '.join(missing)}" if missing else there


def _advice(context: Context) -> list[str]:
    site, found = context.settings.site, []
    if site.url is None:
        found.append("site.url is not set: mails have no link to the web page, feeds no address of their own.")
    if site.unsubscribe_url is None and site.unsubscribe_mail is None:
        found.append("neither site.unsubscribe_url nor site.unsubscribe_mail is set: mails have no List-Unsubscribe.")
    if not site.postal_address:
        found.append("site.postal_address is not set; many countries' laws want one in bulk mail.")
    if site.sender.endswith("@example.org"):
        found.append("site.sender is the example's address; no reader can answer it.")
    return found
