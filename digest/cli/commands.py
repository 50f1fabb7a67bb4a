"""The command line: every command by its name, what it takes, and what it says of itself.

What the command `status` does is the function `status_command` in its room, a module beside this one: `status` as well,
unless told otherwise. A room is entered when its command runs, with all the libraries that it needs; who asks for help
does not wait for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click import Argument, Choice, IntRange, Option

from digest.cli.values import Address, Day
from digest.model import Opinion, OutboxState

COMMANDS: dict[str, click.Command] = {}
_TOKEN = re.compile(r"-[\w-]{21}", re.ASCII).fullmatch


class _TakesTokens(click.Command):
    """One token in 64 begins with a hyphen, and is no option all the same."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        tokens = [arg for arg in args if _TOKEN(arg)]
        others = [arg for arg in args if arg not in tokens]
        return super().parse_args(ctx, [*others, "--", *tokens] if tokens else others)


def _command(
    name: str, about: str, *params: click.Parameter, room: str = "", kind: type[click.Command] = click.Command
) -> None:
    enter = partial(_enter, room or name, f"{name.replace('-', '_')}_command")
    COMMANDS[name] = kind(name, callback=enter, params=list(params), help=about)


def _enter(room: str, name: str, **given: Any) -> Any:
    asked = click.get_current_context().obj
    context = import_module("digest.cli.context").Context(**asked)
    return work_of(room, name)(context, **given)


def work_of(room: str, name: str) -> Callable[..., Any]:
    """What a command does: it takes the context and the command's parameters by their names."""
    return getattr(import_module(f"digest.cli.{room}"), name)  # type: ignore[no-any-return]


_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE_THERE = click.Path(path_type=Path, dir_okay=False, exists=True)

_JSON = Option(["--json", "as_json"], is_flag=True, help="Print JSON for programs.")
_DRY_RUN = Option(["--dry-run"], is_flag=True, help="Say what would be done; store and send nothing.")


# --- the phases ---------------------------------------------------------------------------------------------------

_command(
    "fetch",
    "Ask the sources of the settings, or those named, and drop what they answer into the inbox as dumps.",
    Argument(["sources"], nargs=-1),
    Option(["--from", "first"], type=Day(), help="First day to ask for. [default: what is not had or still changes]"),
    Option(["--to", "last"], type=Day(), help="Last day to ask for. [default: today, in UTC]"),
    Option(["--again"], is_flag=True, help="Ask for what is settled as well, and begin harvests anew."),
    _JSON,
    _DRY_RUN,
)

_command(
    "ingest",
    "Take in dumps: files, folders, or - for standard input. The same dump again changes nothing.",
    Argument(["paths"], nargs=-1, required=True),
    Option(["--as-of"], type=Day(), help="The day the dumps speak of, where they do not tell it themselves."),
    _JSON,
    _DRY_RUN,
    room="phases",
)

_command(
    "publish",
    "Compose an edition for every subscription that is due, and write the feeds and pages.",
    _JSON,
    _DRY_RUN,
    room="phases",
)

_command(
    "deliver",
    "Send what the outbox holds and is due. May run several times at once.",
    _JSON,
    _DRY_RUN,
    room="phases",
)

_command(
    "run",
    "Do all that is due, once: ingest the inbox, publish, deliver. For cron; safe every minute.",
    _JSON,
    _DRY_RUN,
    room="phases",
)

_command(
    "schedule",
    "Stay and do all that is due, as it falls due: the daemon. Stops at SIGTERM or Ctrl-C.",
    Option(["--every"], type=IntRange(min=1), default=60, show_default=True, help="Seconds between two looks."),
    Option(["--explain"], type=Address(), metavar="ADDRESS", help="Say when the next ten editions go to an address."),
    _JSON,
)

# --- beside them --------------------------------------------------------------------------------------------------

_command(
    "init",
    "Make a working folder: commented settings, an inbox for dumps, a place for the output.",
    Argument(["folder"], type=_FOLDER),
    Option(["--samples"], is_flag=True, help="Put the invented sample dumps in the inbox, to try things out."),
)

_command(
    "rehearse",
    """Play past days again: ingest each day's dumps and publish as if it were that evening.

    It has a database and an output folder of its own and writes the mails to files: nobody is mailed.""",
    Argument(["paths"], nargs=-1, required=True),
    Option(["--from", "first"], type=Day(), required=True, help="First day to play."),
    Option(["--to", "last"], type=Day(), required=True, help="Last day to play."),
    Option(["--into"], type=_FOLDER, help="Where. [default: OUTPUT/rehearsal]"),
    _JSON,
)

_command(
    "replay",
    """Make the messages of DATE again, the same bytes, and write them as .eml files. Sends and changes nothing.

    Each is compared with the hash that was kept of it; one that differs or cannot be made is named, and not written.
    """,
    Argument(["day"], metavar="DATE", type=Day()),
    Option(["--address"], type=Address(), help="Only what went, or was to go, to this address."),
    Option(["--out", "folder"], type=_FOLDER, help="Where. [default: OUTPUT/replay]"),
    _JSON,
)

_command(
    "backtest",
    """Rank past days with only what was known then, and judge the lists by later votes and likes.

    A second --config is compared with the first, day by day on the same store, which stays as it is; the exit code is
    5 if it is worse: the whole 95 % interval of the difference in NDCG@10, by later votes or likes, is below 0.""",
    Option(["--from", "first"], type=Day(), required=True, help="First day to play."),
    Option(["--to", "last"], type=Day(), required=True, help="Last day to play."),
    Option(["--profile", "names"], multiple=True, help="A profile to play, again for several. [default: all]"),
    Option(["--by"], type=Choice(["votes", "likes"]), default="votes", show_default=True, help="What decides."),
    Option(["--plot"], type=_FILE, help="Draw it into this SVG file."),
    _JSON,
)

_command(
    "preview",
    "Render what PROFILE would get now to a file. The same selection as the mail's; touches nothing else.",
    Argument(["profile"]),
    Option(["--out", "target"], type=_FILE, help="File. [default: PROFILE.html]"),
    Option(["--text"], is_flag=True, help="Write the plain-text part instead."),
    Option(["--for", "address"], type=Address(), help="Leave out what this reader was shown already."),
    _JSON,
    room="previews",
)

_command(
    "test-send",
    "Send what a profile would get now to ADDRESS. The reader's edition stays due; nothing is recorded.",
    Argument(["address"], type=Address()),
    Option(["--profile"], help="Whose edition to send. [default: the first profile]"),
    room="previews",
)

_command(
    "explain",
    "Where PAPER stands for PROFILE now: every point of its score, and what would change its place.",
    Argument(["paper"]),
    Argument(["profile"]),
    Option(["--address"], type=Address(), help="For this reader, who was shown some papers already."),
    _JSON,
    room="previews",
)

_command(
    "diff",
    "What is different in dump B against dump A: new, revised, relisted, unchanged and gone papers.",
    Argument(["a"], type=_FILE_THERE),
    Argument(["b"], type=_FILE_THERE),
    Option(["--as-of"], type=Day(), help="The day both dumps speak of, where they do not tell it themselves."),
    _JSON,
)

_command(
    "show",
    "All that is known of PAPER (an id, an arXiv address, a title or part of one), and where it came from.",
    Argument(["paper"]),
    _JSON,
)

# --- readers ------------------------------------------------------------------------------------------------------

_command(
    "pause",
    "Let nothing go out to ADDRESS before a date; then one edition makes up for the time.",
    Argument(["address"], type=Address()),
    Option(["--until"], type=Day(), help="The local date from which on editions come again."),
    Option(["--resume"], is_flag=True, help="Take the pause back: the next edition comes at the next time."),
)

_command(
    "feedback",
    """Tell what the reader at ADDRESS thinks of PAPER (an id, an arXiv address, a title or part of one).

    more: to see more like it; less: to see less like it; save: more, and a little stronger. The latest word counts.""",
    Argument(["address"], type=Address()),
    Argument(["paper"]),
    Argument(["opinion"], type=Choice([one.value for one in Opinion])),
    _JSON,
    room="opinions",
)

_command(
    "learned",
    "List what the reader at ADDRESS said of papers, and what it still weighs; or change that.",
    Argument(["address"], type=Address()),
    Option(["--forget"], metavar="PAPER", help="Take back what was said of this paper."),
    Option(["--reset"], is_flag=True, help="Take back all that was said."),
    Option(["--import", "file"], type=click.File(encoding="utf-8"), help="Take in what --json printed (- for stdin)."),
    _JSON,
    room="opinions",
)

_command(
    "feeds",
    "List the public feeds, or with ADDRESS that reader's private ones, with their web addresses.",
    Argument(["address"], type=Address(), required=False),
    Option(["--profile"], help="Only the reader's feeds of this profile."),
    Option(["--revoke"], is_flag=True, help="Give the private feeds of ADDRESS new addresses; the old ones are gone."),
    Option(["--rebuild"], is_flag=True, help="Write all feeds anew; what has not changed stays as it is."),
    _JSON,
)

_command(
    "why",
    "What ADDRESS got of DATE (its own local date), or why it got nothing: subscriptions, attempts, bounces.",
    Argument(["address"], type=Address()),
    Argument(["day"], type=Day(), metavar="DATE"),
    _JSON,
)

# --- mail ---------------------------------------------------------------------------------------------------------

_command(
    "hold",
    "List the editions that wait for an editor, or decide on them. Those that nobody decides on go by themselves.",
    Option(["--stop", "stopped"], metavar="WHAT", help="Never send an edition, those of a profile, or all."),
    Option(["--release", "released"], metavar="WHAT", help="Send an edition, those of a profile, or all at once."),
    Option(["--recall", "recalled"], metavar="WHAT", help="Hold again what of these goes out now and has not left."),
    Option(["--drop", "dropped"], metavar="PAPER", help="Leave a paper out of all held editions."),
    _JSON,
)

_command(
    "outbox",
    "What is to be sent, is on its way, or could not be sent, and how domains take it.",
    Option(["--state", "states"], type=Choice([one.value for one in OutboxState]), multiple=True, help="Only these."),
    Option(["--domain"], help="Only messages to this domain."),
    Option(["--limit"], type=IntRange(min=1), default=100, show_default=True, help="So many, the latest."),
    Option(["--full"], is_flag=True, help="Show the addresses whole."),
    Option(["--resume", "resumed"], multiple=True, metavar="DOMAIN", help="End a domain's stop; `all` ends every one."),
    _JSON,
)

_command(
    "resend",
    "Put a message back into the outbox: MESSAGE is its Message-ID, or how that begins, or, with --date, an address. "
    "The bytes stay.",
    Argument(["message"]),
    Option(["--date", "on"], type=Day(), help="The edition's, where MESSAGE is an address."),
    Option(["--again"], is_flag=True, help="Also what was sent: the reader gets the same message a second time."),
    room="outbox",
)

_command(
    "suppress",
    """Never mail ADDRESS again, or list such addresses.

    A token from an unsubscribe link or mail ends the subscription that it was made for.""",
    Argument(["address"], type=Address(), required=False),
    Option(["--reason"], default="asked for by the operator", show_default=True, help="Kept with the address."),
    Option(["--remove"], is_flag=True, help="Allow mail to these, and all their subscriptions, again."),
    Option(["--list", "listing"], is_flag=True, help="List all, with those that were allowed again."),
    Option(["--import", "file"], type=click.File("rb"), help="Take the addresses from a file, one a line."),
    _JSON,
    kind=_TakesTokens,
)

_command(
    "bounce",
    """Read returned mail from SOURCE: a Maildir, an mbox, imaps://HOST/FOLDER, a file or - (standard input).

    Without SOURCE it is the one of the settings. Dead addresses, complaints and unsubscribe mails go on the suppression
    list. Each mail counts once, however often it is read.""",
    Argument(["source"], required=False),
    _JSON,
    Option(["--keep"], is_flag=True, help="Leave every mail as it is, and read those marked before as well."),
    Option(["--dry-run"], is_flag=True, help="Say what would be done; store and mark nothing."),
    room="bounces",
)

_command(
    "lint",
    """Check a mail as mailboxes and filters would: WHAT is an .eml file, an edition's id, or a profile as it is now.

    Asks nobody, sends nothing. Exit code 1 if something is found.""",
    Argument(["what"]),
    _JSON,
)

_command(
    "dkim-key",
    "Make a key to sign mails with, and print the record to publish. Never overwrites a key.",
    Argument(["selector"]),
    Option(["--kind"], type=Choice(["rsa", "ed25519"]), default="rsa", show_default=True, help="What key to make."),
    Option(["--out", "folder"], type=_FOLDER, help="Where. [default: state folder]"),
    room="dkim",
)

# --- operation ----------------------------------------------------------------------------------------------------

_command(
    "status",
    "What is known, due, queued and failed, how the sources' days were, and when the phases ran.",
    _JSON,
)

_command(
    "doctor",
    "Check everything that goes wrong in practice, and say what to do. Sends nothing and changes nothing.",
    Option(["--dns", "with_names"], is_flag=True, help="Print the DNS records to publish, and look whether they are."),
    Option(["--resolver"], help="Ask this name server (ADDRESS or ADDRESS:PORT) instead of the system's."),
    _JSON,
)

_command(
    "metrics",
    "Figures for Prometheus, as text: for the textfile collector, or to look at.",
    Option(["--file", "target"], type=_FILE, help="Write to a file, whole."),
)

_command(
    "backup",
    "Write the whole database to FILE while anything runs: *.jsonl.zst moves anywhere, *.db is an SQLite copy.",
    Argument(["file"], type=_FILE),
    Option(["--force"], is_flag=True, help="Write over a file that is there."),
    _JSON,
    room="backups",
)

_command(
    "restore",
    "Put the backup FILE into the database of the settings, all of it or nothing.",
    Argument(["file"], type=_FILE_THERE),
    Option(["--force"], is_flag=True, help="Throw away what the database holds now."),
    _JSON,
    room="backups",
)

_command(
    "secret",
    "Say whether the secret is the one that the mails were made with, which unsubscribe links depend on.",
    Option(["--accept"], is_flag=True, help="Go on with the present secret, or a new one; the old one is lost."),
)

_command(
    "prune",
    "Let go what is older than [retention] says and not needed any more.",
    Option(["--dry-run"], is_flag=True, help="Say what would go; touch nothing."),
    _JSON,
)
