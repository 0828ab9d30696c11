#!/usr/bin/env python3
# run.py: runs a program with an X server and a session bus of its own
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: run.py [--wm] PROGRAM [ARGUMENTS]

Starts Xvfb, with --wm also a window manager, and runs the program inside. The exit status is that of
the program, or 77 if something that is needed is not installed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIP = 77

# No settings, file managers, accessibility buses or drivers of the machine.
ENVIRONMENT = {
    "GDK_BACKEND": "x11",
    "GSK_RENDERER": "cairo",
    "GTK_A11Y": "none",
    "GSETTINGS_BACKEND": "memory",
    "GIO_USE_VFS": "local",
    "GIO_USE_VOLUME_MONITOR": "unix",
    "GTK_THEME": "Adwaita",
    "NO_AT_BRIDGE": "1",
    "DBUS_SESSION_BUS_ADDRESS": "disabled:",
}


def wait_for(what, condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    sys.exit(f"waited in vain for {what}")


def start_server(environment):
    """Starts Xvfb on a display that is free, and returns the process.

    Without -noreset, the server starts anew when its last client has gone. A look whether the window
    manager is there can be that client, and the window manager is then lost while it connects.
    """
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x1024x24", "-nolisten", "tcp",
         "-noreset"],
        pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as answer:
        display = answer.readline().strip()
    if not display:
        sys.exit("Xvfb did not start")
    environment["DISPLAY"] = f":{display}"
    return server


def start_manager(environment):
    """Starts the window manager, and waits until it has said that it is there."""
    manager = subprocess.Popen(["openbox", "--sm-disable"], env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("openbox", lambda: subprocess.run(
        ["xdotool", "get_desktop"], env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, check=False).returncode == 0)
    return manager


def main():
    arguments = sys.argv[1:]
    needed = ["Xvfb"]
    manage = arguments[:1] == ["--wm"]
    if manage:
        arguments.pop(0)
        needed += ["openbox", "xdotool"]
    if not arguments:
        sys.exit(__doc__)

    for program in needed:
        if shutil.which(program) is None:
            print(f"SKIP: {program} is not installed")
            return SKIP

    # A test that takes too long is terminated, and so are the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes = []
    with tempfile.TemporaryDirectory(prefix="lifecycle-gtk-") as home:
        environment = {**os.environ, **ENVIRONMENT, "HOME": home}
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
            environment[name] = os.path.join(home, name.lower())
            os.mkdir(environment[name], 0o700)
        try:
            processes.append(start_server(environment))
            if manage:
                processes.append(start_manager(environment))
            if shutil.which("dbus-run-session") is not None:
                del environment["DBUS_SESSION_BUS_ADDRESS"]
                arguments = ["dbus-run-session", "--", *arguments]
            return subprocess.run(arguments, env=environment, check=False).returncode
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait()


sys.exit(main())
