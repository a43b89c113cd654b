"""What the process that command lines are forked from has imported: every command with all that it needs."""

from importlib import import_module

from farthing.cli.commands import COMMANDS

for _place, _ in COMMANDS.values():
    import_module(f"farthing.cli.{_place.partition(':')[0]}")
