#!/usr/bin/env python3
# click-through.py: uses programs of GTK's examples at random, and looks for widgets that leak
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: run.py --wm click-through.py [--seconds N] [--seed N] LIBRARY [PROGRAM...]

Preloads the library for GTK into each program, gtk4-demo and gtk4-widget-factory by default, which
know nothing of scopes, sends real keys and clicks for a while, and prints what the library finds. The
exit status is 1 if it has found something.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

SKIP = 77

# What GTK 4.8 really leaks: the notebook of gtk4-demo loses the labels of pages that are removed, and
# the box of its menu. The demo "Frames" never drops the GtkBuilder that holds its window. An assistant
# keeps its pages (4 of 4 in a program of twenty lines), and a title bar the menu that opens at its
# second button, if the window goes after it has been open (6 of 6).
KNOWN = [
    r"GtkWindow .* is still alive, with 1 reference(.*\n)* +title: Frames\n",
    r"GtkLabel .*> GtkNotebook > GtkBox\.top[^>]*> GtkGizmo > GtkGizmo > GtkLabel",
    r"GtkBox .*> GtkPopoverMenu[^>]*>.*> GtkStack > GtkBox\.vertical",
    r"is still alive, with 1 reference, .*: GtkAssistant[^>]*> GtkBox[^>]*> GtkBox[^>]*> GtkStack > [^>]*\n",
    r"GtkPopoverMenu .*> GtkWindowHandle > GtkPopoverMenu[^>]*\n",
]
KEYS = ["Tab", "shift+Tab", "Down", "Down", "Up", "Right", "Left", "Return", "space", "Escape", "F10",
        "Page_Down", "Home", "End", "a", "BackSpace"]


def xdotool(*arguments):
    done = subprocess.run(["xdotool", *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.split()


class Program:
    def __init__(self, name, library, log):
        environment = {**os.environ, "LD_PRELOAD": library, "LIFECYCLE_DEBUG": "widgets,stacks"}
        self.process = subprocess.Popen([name], env=environment, stdout=subprocess.DEVNULL, stderr=log)
        self.main = None

    def wait_for_window(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = xdotool("search", "--onlyvisible", "--pid", self.process.pid)
            if found:
                self.main = found[0]
                return True
            time.sleep(0.1)
        return False

    def close_others(self):
        """Closes every window but the first, as a user would with the keyboard."""
        for _ in range(10):
            found = xdotool("search", "--onlyvisible", "--pid", self.process.pid)
            others = [window for window in found if window != self.main]
            if not others:
                break
            xdotool("windowactivate", others[-1])
            time.sleep(0.1)
            # Popovers are windows, too, and are never the active one.
            if xdotool("getactivewindow") == [self.main]:
                xdotool("key", "Escape")
            else:
                xdotool("key", "--clearmodifiers", "alt+F4")
            time.sleep(0.2)
        xdotool("windowactivate", self.main)

    def is_there(self):
        return (self.process.poll() is None and
                self.main in xdotool("search", "--onlyvisible", "--pid", self.process.pid))


def open_demos(program):
    """gtk4-demo has a list of demos on the left; Return opens one, and the windows are closed again."""
    xdotool("mousemove", "--window", program.main, 120, random.randint(120, 420), "click", 1)
    for _ in range(random.randint(0, 12)):
        xdotool("key", "Down")
    xdotool("key", "Return")
    time.sleep(0.7)


def step(program, name):
    """One thing that a user may do."""
    if random.random() < (0.3 if name.endswith("demo") else 0.02):
        if name.endswith("demo"):
            open_demos(program)
        program.close_others()
    elif random.random() < 0.5:
        geometry = xdotool("getwindowgeometry", "--shell", program.main)
        size = dict(item.split("=", 1) for item in geometry if "=" in item)
        # Not in the bar of the title: a click there may close the window.
        xdotool("mousemove", "--window", program.main,
                random.randint(20, max(21, int(size.get("WIDTH", 600)) - 20)),
                random.randint(80, max(81, int(size.get("HEIGHT", 400)) - 20)),
                "click", random.choice([1, 1, 1, 3]))
    else:
        xdotool("key", random.choice(KEYS))
    time.sleep(0.05)


def run_once(name, library, end):
    """Until the time is up or the main window is closed; returns the steps and the reports."""
    with tempfile.TemporaryFile("w+") as log:
        program = Program(name, library, log)
        if not program.wait_for_window():
            sys.exit(f"{name} did not open a window")
        steps = 0
        while time.monotonic() < end and program.is_there():
            step(program, name)
            steps += 1
        if program.is_there():
            program.close_others()
            # Long enough for what was closed last.
            time.sleep(4)
        if program.process.poll() is None:
            program.process.terminate()
        program.process.wait()
        log.seek(0)
        return steps, re.split(r"^(?=LifecycleGtk: )", log.read(), flags=re.MULTILINE)[1:]


def run(name, library, seconds):
    end = time.monotonic() + seconds
    steps, reports = 0, []
    while time.monotonic() < end:
        more = run_once(name, library, end)
        steps += more[0]
        reports += more[1]
    unknown = [report for report in reports
               if not any(re.search(pattern, report) for pattern in KNOWN)]
    print(f"{name}: {steps} steps, {len(reports)} widgets reported, {len(unknown)} of them unknown",
          flush=True)
    print("".join(unknown), end="")
    return not unknown


def main():
    parser = argparse.ArgumentParser(description="Looks for widgets that leak in programs of GTK.")
    parser.add_argument("--seconds", type=float, default=900, help="for each program (900)")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("library", help="liblifecycle-gtk4-1.so.0")
    parser.add_argument("programs", nargs="*")
    arguments = parser.parse_args()
    programs = arguments.programs or ["gtk4-demo", "gtk4-widget-factory"]

    for program in programs:
        if shutil.which(program) is None:
            print(f"SKIP: {program} is not installed")
            return SKIP
    seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    random.seed(seed)

    clean = [run(program, arguments.library, arguments.seconds) for program in programs]
    return 0 if all(clean) else 1


sys.exit(main())
