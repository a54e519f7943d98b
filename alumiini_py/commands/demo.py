"""``alumiini demo``: the main job, shown on real parts."""

from __future__ import annotations


def register(commands):
    commands.add_parser("demo", help="x")


def run(arguments):
    return 0
