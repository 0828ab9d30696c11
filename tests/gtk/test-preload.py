#!/usr/bin/env python3
# test-preload.py: leaked widgets of programs that know nothing of the library
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: test-preload.py LIBRARY PROGRAM TOOL PYTHON GJS

The last three are the command-line tool and interpreters, or - if there is none.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent

REPORT = [
    r"LifecycleGtk: \S+ 0x[0-9a-f]+ is still alive, with \d+ references?, "
    r"[\d.]+ s after it was destroyed: \S+#preferences",
    r"title: the title",
]

# What the report says of each, besides.
C = [
    r"referred to by:\n +data of notify_cb, connected to notify of GtkSettings 0x",
    r"created by:\n(.*\n)*.*\bmain\b",
]
PYTHON = [
    r"notify::title: Preferences\.on_title \(leaking-program\.py:\d+\)",
    r"Python: captured by open_window\.<locals>\.<lambda> \(leaking-program\.py:\d+\)",
    r"Python: the method Preferences\.on_title",
    r"Python: the attribute window of Shelf",
]
JAVASCRIPT = [
    r"notify::title: a function of JavaScript",
    r"JavaScript: a variable or a closure",
]


def start(*command):
    environment = {**os.environ, "LD_PRELOAD": sys.argv[1],
                   "LIFECYCLE_DEBUG": "widgets,stacks,inspect"}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def check_leaking(expected, *command):
    """What leaks is printed while the program runs. It is not waited for."""
    program = start(*command)
    text, missing = "", REPORT
    for line in program.stderr:
        text += line
        missing = [pattern for pattern in REPORT + expected if not re.search(pattern, text)]
        if not missing:
            break
    program.send_signal(signal.SIGKILL)
    program.wait()
    if missing:
        sys.exit(f"not in the report: {missing}\n{text}")


def check_tool(tool, *command):
    """The tool asks another thread of the program."""
    program = start(*command)
    leaks = []
    while not leaks and program.poll() is None:
        done = subprocess.run([tool, "leaks", "--json", str(program.pid)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        leaks = json.loads(done.stdout or "{}").get("leaks")
        time.sleep(0.1)
    text = subprocess.run([tool, "leaks", str(program.pid)], stdout=subprocess.PIPE, text=True,
                          check=False).stdout
    program.send_signal(signal.SIGKILL)
    program.wait()
    expected = r"data of notify_cb, connected to notify of GtkSettings 0x"
    if not leaks or leaks[0]["kind"] != "removed-but-alive" or \
            not re.search(expected, leaks[0]["referrers"]) or \
            "title: the title" not in leaks[0]["details"]:
        sys.exit(f"the tool says {leaks}")
    if not re.search(r"referred to by:\n +" + expected, text):
        sys.exit(f"the tool says:\n{text}")


def main():
    check_leaking(C, sys.argv[2], "leaking")

    program = start(sys.argv[2], "clean")
    text = program.communicate()[1]
    if program.returncode == 77:
        print("SKIP: no display")
        return 77
    if program.returncode != 0 or "LifecycleGtk" in text:
        sys.exit(f"status {program.returncode}, and this was printed:\n{text}")

    tool, python, gjs = sys.argv[3:]
    if tool != "-":
        check_tool(tool, sys.argv[2], "leaking")
    if python != "-":
        check_leaking(PYTHON, python, str(HERE / "leaking-program.py"))
    if gjs != "-":
        check_leaking(JAVASCRIPT, gjs, "-m", str(HERE / "leaking-program.js"))
    return 0


sys.exit(main())
