#!/usr/bin/env python3
# trials.py: audits real programs, which are driven as a user would drive them
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: trials.py TOOL FOLDER [NAME ...]. Writes a report for each program, and a page on them all, to the
# folder. Needs Xvfb, openbox, xdotool and dbus-run-session.

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROUNDS = 10
TIMES = 5
DISPLAY = ":87"

# The name, the command, the keys that open and close something, and what that is. What begins with an
# exclamation mark is a command, which asks the program that runs for something; what begins with an at sign
# is a place on the screen to click at.
TRIALS = [
    ("gnome-calculator", ["gnome-calculator"], ["ctrl+n"], ["ctrl+w"], "a window"),
    ("gnome-text-editor", ["gnome-text-editor", "-s"], ["ctrl+t"], ["ctrl+w"], "a tab"),
    ("eog", ["eog", "IMAGE"], ["!eog OTHER-IMAGE"], ["ctrl+w"], "a window"),
    ("evince", ["evince"], ["ctrl+o"], ["Escape"], "the file chooser"),
    ("gedit", ["gedit", "-s"], ["ctrl+t"], ["ctrl+w"], "a tab"),
    ("mousepad", ["mousepad", "--disable-server"], ["ctrl+n"], ["ctrl+w"], "a tab"),
    ("nautilus", ["nautilus", "FOLDER"], ["ctrl+t"], ["ctrl+w"], "a tab"),
    ("gnome-characters", ["gnome-characters"], ["ctrl+f", "s", "t", "a", "r"], ["Escape"], "a search"),
    ("meld", ["meld"], ["ctrl+n"], ["ctrl+w"], "a tab"),
    ("zenity", ["sh", "-c", "for i in 1 2 3 4 5; do zenity --calendar --timeout=2; done"],
     [], [], "five programs, one after the other"),
]
# The rules of the audit were tuned on those above, and not on these.
FRESH_TRIALS = [
    ("gnome-clocks", ["gnome-clocks"], ["ctrl+n"], ["Escape"], "the dialog for a new clock"),
    ("file-roller", ["file-roller"], ["ctrl+n"], ["Escape"], "the dialog for a new archive"),
    ("baobab", ["baobab"], ["@760,322"], ["alt+Left"], "the scan of a folder"),
    ("gnome-system-monitor", ["gnome-system-monitor"],
     ["!gapplication action org.gnome.SystemMonitor preferences"], ["Escape"], "the preferences"),
    ("d-feet", ["d-feet"], ["@350,403"], ["@350,308"], "the objects of a bus name"),
    ("gnome-weather", ["gnome-weather"], ["@696,653", "l", "o", "n"], ["Escape", "@400,300"],
     "the search for a city"),
]


def key(names, session=None, home=""):
    for name in names:
        if name.startswith("!"):
            words = name[1:].replace("OTHER-IMAGE", os.path.join(home, "other.png")).split()
            asked = subprocess.Popen(words, env=session.inside,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if not wait_for_end(asked, 10):
                asked.kill()
                asked.wait()
            time.sleep(0.5)
            continue
        if name.startswith("@"):
            subprocess.run(["xdotool", "mousemove", *name[1:].split(","), "click", "1"], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.2)
            continue
        subprocess.run(["xdotool", "key", "--clearmodifiers", name], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.1)


def count_windows():
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "."], check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return len(found.stdout.split())


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


def wait_for_end(process, seconds):
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


class Session:
    """A display and a window manager of its own."""

    def __init__(self, home):
        self.environment = dict(os.environ, DISPLAY=DISPLAY, HOME=home, XDG_RUNTIME_DIR=home,
                                GDK_BACKEND="x11", GSK_RENDERER="cairo", NO_AT_BRIDGE="1",
                                GIO_USE_VFS="local", LANG="C.UTF-8")
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "WAYLAND_DISPLAY"):
            self.environment.pop(name, None)
        os.environ["DISPLAY"] = DISPLAY
        self.processes = [self.start(["Xvfb", DISPLAY, "-screen", "0", "1400x1000x24"])]
        if not wait_for(lambda: os.path.exists(f"/tmp/.X11-unix/X{DISPLAY[1:]}"), 10):
            raise SystemExit("Xvfb does not start")
        self.processes.append(self.start(["openbox"]))
        time.sleep(1)

    def start(self, words):
        return subprocess.Popen(words, env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


def drive(session, tool, report, trial, home):
    _, command, to_open, to_close, _ = trial
    words = [{"IMAGE": os.path.join(home, "image.png"), "FOLDER": home}.get(word, word)
             for word in command]
    audit = session.start(["dbus-run-session", "--", tool, "audit", "--all", "--json", "--output",
                           report, "--", *words])
    try:
        if not to_open:
            wait_for_end(audit, 120)
            return
        if not wait_for(lambda: count_windows() > 0, 60):
            return
        time.sleep(3)
        session.inside = environment_of(find_audit(audit.pid))
        for _ in range(ROUNDS):
            for _ in range(TIMES):
                key(to_open, session, home)
                time.sleep(0.6)
                key(to_close)
                time.sleep(0.4)
            ask_for_snapshot(audit.pid)
        key(["ctrl+q"])
        if not wait_for_end(audit, 10):
            key(["alt+F4"])
            wait_for_end(audit, 10)
    finally:
        end(audit)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def find_audit(pid):
    """The process of the tool: a child of dbus-run-session."""
    for child in children(pid):
        try:
            with open(f"/proc/{child}/cmdline", "rb") as file:
                if b"audit" in file.read().split(b"\0"):
                    return child
        except OSError:
            pass
    return None


def environment_of(pid):
    """With the bus of that session."""
    with open(f"/proc/{pid}/environ", "rb") as file:
        pairs = [pair.split(b"=", 1) for pair in file.read().split(b"\0") if b"=" in pair]
    return {os.fsdecode(name): os.fsdecode(value) for name, value in pairs}


def ask_for_snapshot(pid):
    tool = find_audit(pid)
    if tool is not None:
        os.kill(tool, signal.SIGUSR1)
    time.sleep(2.5)


def end(process):
    """Lets the tool end the program, so that there is a report."""
    tool = find_audit(process.pid)
    if process.poll() is None and tool is not None:
        os.kill(tool, signal.SIGTERM)
        wait_for_end(process, 20)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def load(report):
    try:
        with open(report, encoding="utf-8") as file:
            return json.load(file)["processes"]
    except (OSError, ValueError):
        return []


def own_findings(processes):
    return [finding for process in processes for finding in process["findings"] if finding["own"]]


def summarize(name, thing, processes):
    """A line of the table: what grew, and the first finding."""
    if not processes:
        return f"| {name} | {thing} | no GLib was seen | | | |"
    process = max(processes, key=lambda one: one["seconds"])
    rounds = process.get("rounds", [])
    own = own_findings(processes)
    growth = memory = ""
    if len(rounds) > 1:
        first, last = rounds[0], rounds[-1]
        growth = ", ".join(f"{first[kind]} → {last[kind]} {kind}s" for kind in ("handler", "object"))
        memory = f"{first['resident'] / 2**20:.0f} → {last['resident'] / 2**20:.0f} MiB"
    head = f"{own[0]['kind']}: {own[0]['summary']}" if own else "nothing"
    return f"| {name} | {thing} | {growth} | {memory} | {len(own)} | {head} |"


def describe(frame):
    place = os.path.basename(frame["module"] or "")
    place = f"{frame['file']}:{frame['line']}" if frame["file"] else f"{place}+{frame['offset']:#x}"
    return f"{frame['function']} ({place})" if frame["function"] else place


def list_findings(name, processes):
    lines = [f"\n## {name}\n"]
    for finding in own_findings(processes):
        lines.append(f"- {finding['kind']}: {finding['summary']}")
        lines.extend(f"  - at {describe(frame)}" for frame in finding["frames"])
        lines.extend(f"  - {detail}" for detail in finding["details"])
    return lines if len(lines) > 1 else []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()

    for program in ("Xvfb", "openbox", "xdotool", "dbus-run-session"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    arguments.tool = os.path.abspath(arguments.tool)
    os.makedirs(arguments.folder, exist_ok=True)

    details = []
    lines = ["| program | opened and closed | handlers and objects, first → last snapshot | memory "
             "| findings | the first one |", "|---|---|---|---|---|---|"]
    for trial in TRIALS + FRESH_TRIALS:
        name, command, _, _, thing = trial
        if arguments.names and name not in arguments.names:
            continue
        report = os.path.join(arguments.folder, f"{name}.json")
        if command[0] != "sh" and shutil.which(command[0]) is None:
            lines.append(f"| {name} | {thing} | it is not installed | | | |")
            continue
        print(f"{name}: {thing}", flush=True)
        if os.path.exists(report):
            os.remove(report)
        with tempfile.TemporaryDirectory() as home:
            os.chmod(home, 0o700)
            write_image(os.path.join(home, "image.png"))
            write_image(os.path.join(home, "other.png"))
            session = Session(home)
            try:
                drive(session, arguments.tool, report, trial, home)
            finally:
                session.stop()
        processes = load(report)
        lines.append(summarize(name, thing, processes))
        details.extend(list_findings(name, processes))
        print(lines[-1], flush=True)

    with open(os.path.join(arguments.folder, "trials.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines + details) + "\n")
    return 0


def write_image(path):
    """The smallest PNG there is: one pixel."""
    with open(path, "wb") as file:
        file.write(bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
            "08d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"))


sys.exit(main())
