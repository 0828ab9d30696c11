#!/usr/bin/env python3
# flat-counts.py: counts the instructions of the cases of promise 8, for few and for eight times as many
#
# usage: flat-counts.py VALGRIND PROGRAM
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A step that is linear in the number of entries would make each case quadratic: eight times as many
would take 64 times the instructions. Instructions are counted because no busy machine changes
their number.
"""

import os
import re
import subprocess
import sys

AMOUNT = 1000
TIMES = 8
# Hash tables grow in steps, and the addresses that malloc() gives make them collide more or less. A
# seventh of quadratic work among the 1,000 would be more than this.
MOST = 2 * TIMES


def count(valgrind, program, case, amount):
    env = {**os.environ, "LIFECYCLE_TEST_AMOUNT": str(amount)}
    result = subprocess.run([valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null",
                             program, "-p", case], env=env, capture_output=True, text=True,
                            errors="replace", check=False)
    collected = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode != 0 or collected is None:
        raise RuntimeError(f"exit status {result.returncode}\n{result.stdout}{result.stderr}")
    return int(collected[1])


def main():
    valgrind, program = sys.argv[1:]
    listed = subprocess.run([program, "-l"], capture_output=True, text=True, check=True).stdout
    cases = [line for line in listed.split() if line.startswith("/")]
    failed = 0

    print(f"1..{len(cases)}", flush=True)
    for number, case in enumerate(cases, 1):
        try:
            base, few, many = (count(valgrind, program, case, amount)
                               for amount in (2, AMOUNT, TIMES * AMOUNT))
            # What happens once for all is no part of this.
            growth = (many - base) / max(few - base, 1)
            fine = growth <= MOST
            why = f"{few - base} instructions for {AMOUNT}, {growth:.2f} times that for {TIMES} times as many"
        except RuntimeError as error:
            fine = False
            why = str(error)
        failed += not fine
        print(f"{'ok' if fine else 'not ok'} {number} - {case}", flush=True)
        for line in why.splitlines():
            print(f"# {line}", flush=True)

    return 1 if failed else 0


sys.exit(main())
