#!/usr/bin/env python3
# take-pictures.py: takes the pictures of the documentation
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: take-pictures.py BUILD

Runs the example programs of the build in an X server of its own, uses them with real keys and clicks,
and writes pictures of their windows to this folder, in light and dark.
"""

import datetime
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

IMAGES = pathlib.Path(__file__).resolve().parent
RUN = IMAGES.parent.parent / "tests" / "gtk" / "run.py"

NOTES = [
    ("Groceries", "Milk, bread, olive oil\nTwo lemons\nCoffee", 0),
    ("Ideas for the garden", "A lemon tree in a pot, by the south wall.\n"
     "Herbs near the kitchen door: thyme, mint, basil.", 1),
    ("Trip to Lisbon", "Train at 9:12 from platform 4.\nThe tram 28 goes up to Graça.\n\n"
     "Pack: rain coat, adapter, lemon drops.", 2),
    ("Meeting on Thursday", "Anna shows the new scheduler.\nOpen question: who owns the timers?", 4),
    ("Reading list", "The Left Hand of Darkness\nInvisible Cities\nThe Master and Margarita", 9),
]


def xdotool(*arguments):
    return subprocess.run(["xdotool", *map(str, arguments)], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def find_window(program, *others):
    """The ID of a window of a program that is on the screen, and is none of the others."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(program.process.pid)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               check=False).stdout.split()
        for window in set(found) - set(others):
            name = xdotool("getwindowname", window).strip()
            if (name == "Notes") != bool(others):
                time.sleep(1.5)
                return window
        time.sleep(0.1)
    sys.exit("there is no window")


def place(window, width, height):
    xdotool("windowactivate", "--sync", window, "windowmove", window, 40, 40,
            "windowsize", window, width, height)
    time.sleep(1)


def click(window, x, y):
    xdotool("mousemove", "--window", window, x, y, "click", 1)
    time.sleep(0.8)


def keys(*names):
    for name in names:
        xdotool("key", "--clearmodifiers", name)
        time.sleep(0.3)


def take(window, name):
    """Writes a picture of the window, without the plain border that stands for a shadow here."""
    xdotool("mousemove", 1270, 1015)
    time.sleep(1.2)
    geometry = xdotool("getwindowgeometry", "--shell", window)
    x, y, width, height = (int(re.search(rf"^{key}=(-?\d+)", geometry, re.MULTILINE)[1])
                           for key in ("X", "Y", "WIDTH", "HEIGHT"))
    path = IMAGES / f"{name}.png"
    subprocess.run(["import", "-window", "root", "-crop", f"{width - 8}x{height - 8}+{x + 4}+{y + 4}",
                    "+repage", "-strip", "-depth", "8", "+dither", "-colors", "255", f"PNG8:{path}"],
                   check=True)
    print(path.relative_to(IMAGES.parent.parent), flush=True)


class Program:
    """A program that runs while its pictures are taken."""

    def __init__(self, arguments, dark=False, **environment):
        self.config = tempfile.TemporaryDirectory()
        settings = pathlib.Path(self.config.name) / "gtk-4.0" / "settings.ini"
        settings.parent.mkdir()
        settings.write_text("[Settings]\ngtk-font-name=Cantarell 11\ngtk-cursor-blink=false\n"
                            "gtk-enable-animations=false\n"
                            f"gtk-application-prefer-dark-theme={int(dark)}\n")
        environment = {**os.environ, "XDG_CONFIG_HOME": self.config.name, "LC_ALL": "C.UTF-8",
                       "GSETTINGS_BACKEND": "keyfile", **environment}
        environment.pop("GTK_THEME", None)
        keyfile = pathlib.Path(self.config.name) / "glib-2.0" / "settings" / "keyfile"
        keyfile.parent.mkdir(parents=True)
        keyfile.write_text(f"[org/example/Notes]\ndark={str(dark).lower()}\n")
        self.process = subprocess.Popen(arguments, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.config.cleanup()


def write_notes(directory):
    now = datetime.datetime.now().replace(hour=9, minute=41).timestamp()
    for title, text, days in NOTES:
        path = pathlib.Path(directory) / f"{title}.txt"
        path.write_text(f"{title}\n\n{text}\n")
        os.utime(path, (now - days * 86400, now - days * 86400))


def take_notes(build, style):
    with tempfile.TemporaryDirectory() as directory:
        write_notes(directory)
        with Program([build / "examples/notes/notes", "--folder", directory], style == "dark") as program:
            window = find_window(program)
            place(window, 860, 560)
            if style == "light":
                take(window, "notes-empty")
            for y in (130, 220, 175):
                click(window, 100, y)
            take(window, f"notes-{style}")
            click(window, 120, 75)
            xdotool("type", "lemon")
            time.sleep(1)
            take(window, f"notes-search-{style}")
            keys("Escape")
            time.sleep(1)
            click(window, 500, 300)
            keys("ctrl+Delete")
            take(window, f"notes-undo-{style}")


def take_inspector(build, style):
    with tempfile.TemporaryDirectory() as directory:
        write_notes(directory)
        with Program([build / "examples/notes/notes", "--folder", directory], style == "dark",
                     GTK_DEBUG="interactive") as program:
            window = find_window(program)
            inspector = find_window(program, window)
            place(inspector, 960, 640)
            click(inspector, 760, 27)
            for i in range(14):
                xdotool("windowactivate", "--sync", window)
                if i in (4, 5, 10):
                    keys("ctrl+w")
                else:
                    click(window, 100, (130, 175, 220, 265, 310)[i * 3 % 5])
                time.sleep(2)
            xdotool("windowactivate", "--sync", inspector)
            click(inspector, 100, 222)
            take(inspector, f"inspector-{style}")


def main():
    if len(sys.argv) == 2:
        sys.exit(subprocess.run([sys.executable, RUN, "--wm", sys.executable, __file__, sys.argv[1],
                                 "inside"], check=False).returncode)
    build = pathlib.Path(sys.argv[1]).resolve()
    for style in ("light", "dark"):
        take_notes(build, style)
        take_inspector(build, style)


main()
