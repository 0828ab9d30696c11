#!/usr/bin/env python3
# check-symbols.py: compares what the library exports with the list of what it should
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import difflib
import os
import shutil
import subprocess
import sys

SKIP = 77

# What some linkers add to every library.
LINKER = {"__bss_start", "_edata", "_end"}


def exported(library, nm):
    output = subprocess.run(
        [nm, "--dynamic", "--defined-only", "--format=posix", library],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    names = (line.split()[0] for line in output.splitlines() if line)
    return [name for name in names if name not in LINKER]


def main():
    library, listed = sys.argv[1:3]
    nm = shutil.which(os.environ.get("NM", "nm"))
    if nm is None:
        print("SKIP: nm is not installed")
        return SKIP

    with open(listed, encoding="utf-8") as lines:
        expected = [line.strip() for line in lines
                    if line.strip() and not line.startswith("#")]
    if expected != sorted(set(expected)):
        print(f"{listed}: not sorted, or a name stands twice")
        return 1

    diff = list(difflib.unified_diff(
        expected, sorted(exported(library, nm)), listed, library, lineterm="", n=0))
    if diff:
        print("\n".join(diff))
        print("+ is exported and not listed, - is listed and not exported")
        return 1

    print(f"{len(expected)} symbols, all of them listed")
    return 0


sys.exit(main())
