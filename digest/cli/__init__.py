"""The command line: commands and exit codes.

`commands` declares every command, `app` runs them, the other modules are the rooms where their work is done: in
`phases` that of ingest, publish, deliver and run, elsewhere that of the commands its first line tells. They share
`context` (what every command works with), `values`, `codes` and `account` (what is given and told), `world` and
`readership` (the building of everything, or of what most need, from the settings), `screen`, `progress`, `tables` and
`outcomes` (what is printed), `logs` and `signals` (what machines are told that watch).
"""

from digest.cli.app import main

__all__ = ["main"]
