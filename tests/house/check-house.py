#!/usr/bin/env python3
# check-house.py: checks that the rooms of the library know only those below them
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Reads what each source file includes, and what each object file needs of the others, and compares
it with the arrows below. An arrow that is not allowed is a failure; so is a room or a file at the
top that nobody has spoken of.
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIP = 77

# Which rooms a room may know. There is no circle: each knows only rooms that are above it here.
ALLOWED = {
    "core": set(),
    "entries": {"core"},
    "gio": {"core", "entries"},
    "observe": {"core"},
    "monitor": {"core", "observe"},
    "inspect": {"core", "observe", "monitor"},
    "debug": {"core", "entries", "gio", "observe", "monitor", "inspect"},
    # A library of its own.
    "gtk": {"core", "entries", "observe"},
}

# What stands outside of the rooms. The tables in lifecycle-parts.c are how the core reaches what it
# does not know: these symbols, and no others, may come from there.
TOP_FILES = {"lifecycle.h", "lifecycle-parts.c"}
TABLES = {"lifecycle_entry_classes", "lifecycle_starters"}

# Programs and modules beside the library: they are no part of it.
OUTSIDE = {"audit", "bindings", "tools"}


def find_files(source):
    """The room of each file by its name, and what is wrong with the folders."""
    rooms, wrong = {}, []
    for path in sorted(source.glob("*.[ch]")):
        if path.name not in TOP_FILES:
            wrong.append(f"{path.name} is in no room")
    for room in ALLOWED:
        for path in sorted((source / room).glob("*.[ch]")):
            if path.name in rooms:
                wrong.append(f"{path.name} is in two rooms, {rooms[path.name]} and {room}")
            rooms[path.name] = room
    for path in sorted(source.glob("*/*.[ch]")):
        if path.parent.name not in {*ALLOWED, *OUTSIDE}:
            wrong.append(f"{path.parent.name}/{path.name}: what may this room know?")
    return rooms, wrong


def read_includes(source, rooms):
    """(file, what it includes) for all that is in a room, on both sides."""
    for name, room in rooms.items():
        text = (source / room / name).read_text(encoding="utf-8")
        for included in re.findall(r'^#\s*include\s+"([^"]+)"', text, re.MULTILINE):
            if included in rooms:
                yield name, included


def read_symbols(archives, nm):
    """For each source file, the symbols that its object defines, and those that it needs."""
    output = subprocess.run([nm, "-A", "--format=posix", *archives], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    defined, needed = collections.defaultdict(set), collections.defaultdict(set)
    for line in output.splitlines():
        # "archive[folder_lifecycle-name.c.o]: symbol T 0 0"
        found = re.match(r".*\b(?:[a-z]+_)?(lifecycle[-a-z0-9]*\.c)\.o\]?:\s*(\S+) (\w)", line)
        if found is None:
            continue
        name, symbol, kind = found.groups()
        if kind in "Uw":
            needed[name].add(symbol)
        elif kind.isupper():
            defined[name].add(symbol)
    return defined, needed


def read_calls(defined, needed, rooms):
    """(file, the file that has it, symbol) for all that an object needs of another."""
    owners = {symbol: name for name, symbols in defined.items() for symbol in symbols}
    for name, symbols in needed.items():
        for symbol in sorted(symbols):
            if symbol in owners and name in rooms:
                yield name, owners[symbol], symbol


def main():
    source, archives = pathlib.Path(sys.argv[1]), sys.argv[2:]
    nm = shutil.which(os.environ.get("NM", "nm"))
    if nm is None:
        print("SKIP: nm is not installed")
        return SKIP

    seen = set()
    for room, known in ALLOWED.items():
        assert known <= seen, f"{room} may know a room that is not above it in the list"
        seen.add(room)

    rooms, wrong = find_files(source)
    arrows = collections.Counter()

    for name, included in read_includes(source, rooms):
        here, there = rooms[name], rooms[included]
        arrows[here, there] += 1
        if here != there and there not in ALLOWED[here]:
            wrong.append(f"{here} must not know {there}: {name} includes {included}")

    defined, needed = read_symbols(archives, nm)
    without = sorted(name for name, room in rooms.items() if name.endswith(".c") and
                     name not in needed and name not in defined)
    # Some files are left out where the system lacks what they are about.
    if len([name for name in without if rooms[name] != "gtk"]) > len(rooms) / 10:
        print(f"SKIP: nm does not see the symbols of {', '.join(without)}")
        return SKIP
    for name, owner, symbol in read_calls(defined, needed, rooms):
        here, there = rooms[name], rooms.get(owner)
        if there is None:
            if symbol not in TABLES and owner in TOP_FILES:
                wrong.append(f"{name} needs {symbol}() of {owner}, which is for tables only")
            continue
        arrows[here, there] += 1
        if here != there and there not in ALLOWED[here]:
            wrong.append(f"{here} must not know {there}: {name} needs {symbol} of {owner}")

    for line in wrong:
        print(line)
    for (here, there), n in sorted(arrows.items()):
        if here != there:
            print(f"# {here} -> {there}: {n}")
    if not any(there == "core" for _, there in arrows):
        print("Nothing knows the core: the files have not been read")
        return 1

    return 1 if wrong else 0


sys.exit(main())
