#!/usr/bin/env python3
# run-spin.py: has spin check one of the models, and its broken variants
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: run-spin.py MODEL.pml
#
# The model itself has to hold, in all orders of its steps. Each line "BROKEN=n ..." of its head
# names a variant that has to fail: a check that finds nothing there would find nothing in the
# library either.

import os
import re
import shutil
import subprocess
import sys
import tempfile

COMPILER = os.environ.get("CC", "cc").split()


def run(command, where):
    return subprocess.run(command, cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=100, check=False)


def check(model, variant, where):
    """Says what was found, or None, and how many states were looked at."""
    built = run(["spin", f"-DBROKEN={variant}", "-a", model], where)
    if built.returncode == 0:
        options = ["-O0", "-w", "-DSAFETY", "-DMEMLIM=2048"]
        built = run(COMPILER + options + ["-o", "pan", "pan.c"], where)
    if built.returncode != 0 or not os.path.exists(os.path.join(where, "pan")):
        sys.exit(f"spin or the compiler failed:\n{built.stdout}")

    said = run(["./pan", "-m1000000"], where).stdout
    errors = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    incomplete = "search not completed" in said.lower() and errors and errors[1] == "0"
    if not errors or incomplete or "max search depth too small" in said:
        sys.exit(f"the search was not completed:\n{said}")
    found = re.search(r"^pan:\d+: (.*)$", said, re.MULTILINE)
    return (found[1] if found else None), int(states[1])


def main():
    model = os.path.abspath(sys.argv[1])
    for tool in ("spin", COMPILER[0]):
        if shutil.which(tool) is None:
            print(f"1..0 # SKIP there is no {tool}")
            return 0

    with open(model, encoding="utf-8") as file:
        variants = sorted({int(n) for n in re.findall(r"\* +BROKEN=(\d+) ", file.read())})
    if not variants:
        sys.exit("the model names no broken variant")

    failures = 0
    print(f"1..{len(variants) + 1}")
    for number, variant in enumerate([0] + variants, 1):
        with tempfile.TemporaryDirectory() as where:
            found, n_states = check(model, variant, where)
        good = (found is None) == (variant == 0)
        failures += not good
        what = "holds" if variant == 0 else f"broken variant {variant} is found out"
        print(f"{'ok' if good else 'not ok'} {number} - {what}")
        print(f"# {n_states} states, {found or 'no error'}")
    return 1 if failures else 0


sys.exit(main())
