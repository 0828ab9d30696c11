#!/usr/bin/env python3
# test-watch.py: the service sees what changes, and ends when it is told to
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import pathlib
import signal
import subprocess
import sys
import tempfile

program = pathlib.Path(__file__).resolve().parent.parent / "watch.py"

for number in (signal.SIGTERM, signal.SIGINT):
    with tempfile.TemporaryDirectory() as directory:
        with subprocess.Popen([sys.executable, program, directory], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as watch:
            try:
                assert watch.stdout.readline() == "watching\n"
                path = pathlib.Path(directory, "file")
                for size in (5, 70):
                    path.write_text("x" * size)
                    # It may have been looked at in the middle.
                    line = None
                    while line != f"file: {size} bytes\n":
                        line = watch.stdout.readline()
                        assert line.startswith("file: "), line
                path.unlink()
                assert watch.stdout.readline() == "file: gone\n"
                watch.send_signal(number)
                out, err = watch.communicate(timeout=60)
            finally:
                watch.kill()
        assert out == "stopped\n", out
        assert err == "", err
        assert watch.returncode == 0, watch.returncode
