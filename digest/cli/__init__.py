"""The command line: commands and exit codes.

`app` holds the options that every command takes, `phases` the commands of the three phases, `aside` those beside them,
`looks` those that only look, `operations` and `doctor` those that keep it going, `signals` what machines are told that
watch it, `backtest` the proof of a ranking, `opinions` those of readers' feedback, `tables` what they print, `world`
the building of everything from the settings.
"""

from digest.cli.app import main

__all__ = ["main"]
