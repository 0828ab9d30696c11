#!/usr/bin/env python3
# test-clock.py: the service answers, and ends when it is told to
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: test-clock.py GJS"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

program = pathlib.Path(__file__).resolve().parent.parent / "clock.js"
if shutil.which("dbus-daemon") is None or shutil.which("gdbus") is None:
    print("SKIP: dbus-daemon or gdbus is not installed")
    sys.exit(77)

bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()}
clock = subprocess.Popen([sys.argv[1], "-m", program], env=environment, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)


def wait(milliseconds):
    return subprocess.Popen(["gdbus", "call", "--session", "--dest=org.example.Clock",
                             "--object-path=/org/example/Clock",
                             "--method=org.example.Clock.Wait", str(milliseconds)],
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


try:
    assert clock.stdout.readline() == "owns org.example.Clock\n"
    for calls in (1, 2):
        out, err = wait(1).communicate(timeout=60)
        assert out == f"(uint32 {calls},)\n", (out, err)

    monitor = subprocess.Popen(["gdbus", "monitor", "--session", "--dest=org.example.Clock"],
                               env=environment, stdout=subprocess.PIPE, text=True)
    while "Tick" not in monitor.stdout.readline():
        pass
    monitor.kill()
    monitor.communicate()

    pending = wait(600000)
    # A call that was made later, so the other one is under way when it is answered.
    assert wait(100).communicate(timeout=60)[0] == "(uint32 3,)\n"
    clock.send_signal(signal.SIGTERM)
    out, err = clock.communicate(timeout=60)
    assert (out, err, clock.returncode) == ("stopped\n", "", 0), (out, err, clock.returncode)
    out, err = pending.communicate(timeout=60)
    assert "NoReply" in err, (out, err)
finally:
    clock.kill()
    bus.kill()
