#!/usr/bin/env python3
# test-preload.py: leaked widgets of a program that knows nothing of the library
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: test-preload.py LIBRARY PROGRAM"""

import os
import re
import signal
import subprocess
import sys

REPORT = re.compile(r"LifecycleGtk: GtkWindow 0x[0-9a-f]+ is still alive, with \d+ references?, "
                    r"[\d.]+ s after it was destroyed: GtkWindow#preferences")


def start(*arguments):
    environment = {**os.environ, "LD_PRELOAD": sys.argv[1], "LIFECYCLE_DEBUG": "widgets,stacks"}
    return subprocess.Popen([sys.argv[2], *arguments], env=environment, stderr=subprocess.PIPE,
                            text=True)


def main():
    # What leaks is printed while the program runs. It is not waited for.
    program = start("leaking")
    lines = []
    for line in program.stderr:
        lines.append(line)
        # Frames of the stack come last.
        if re.search(r"\bmain\b", line):
            break
    program.send_signal(signal.SIGKILL)
    program.wait()
    text = "".join(lines)
    if not REPORT.search(text) or "title: the title" not in text or "created by:" not in text:
        sys.exit(f"not in the report:\n{text}")

    program = start("clean")
    text = program.communicate()[1]
    if program.returncode == 77:
        print("SKIP: no display")
        return 77
    if program.returncode != 0 or "LifecycleGtk" in text:
        sys.exit(f"status {program.returncode}, and this was printed:\n{text}")
    return 0


sys.exit(main())
