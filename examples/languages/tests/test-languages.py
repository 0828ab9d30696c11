#!/usr/bin/env python3
# test-languages.py: runs a small program in another language
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import pathlib
import signal
import subprocess
import sys
import tempfile


class Program:
    def __init__(self, command, *arguments):
        self.process = subprocess.Popen([*command, *map(str, arguments)], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def line(self):
        return self.process.stdout.readline()

    def end(self, status, signum=None):
        if signum is not None:
            self.process.send_signal(signum)
        try:
            output, complaints = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert "CRITICAL" not in complaints, complaints
        assert self.process.returncode == status, (self.process.returncode, output, complaints)
        return output, complaints


def test_vala(command, directory):
    there = directory / "there"
    there.touch()
    Program(command, there).end(0)
    Program(command, directory / "never", "0.05").end(1)
    Program(command).end(2)

    late = directory / "late"
    program = Program(command, late, "50")
    assert program.process.poll() is None
    late.touch()
    program.end(0)


def test_lua(command, directory):
    path = directory / "log"
    path.write_text("first\n")
    program = Program(command, path)
    assert program.line() == "first\n"
    with path.open("a") as log:
        log.write("second\n")
    assert program.line() == "second\n"
    assert program.end(0, signal.SIGTERM)[0] == ""


def test_perl(command, directory):
    Program(command, "50", "true").end(0)
    Program(command, "50", "sh", "-c", "exit 7").end(7)
    Program(command, "0.1", "sleep", "100").end(124)
    program = Program(command, "50", "sh", "-c", "echo ready; exec sleep 100")
    assert program.line() == "ready\n"
    program.end(124, signal.SIGTERM)


def test_ruby(command, directory):
    path = directory / "file"
    path.write_text("four")
    assert Program(command, path, path).end(0)[0] == f"4\t{path}\n" * 2
    output = Program(command, path, directory / "none").end(1)[0]
    assert f"4\t{path}\n" in output and f"-\t{directory}/none" in output, output


def main():
    language, *command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        globals()[f"test_{language}"](command, pathlib.Path(directory))
    print("ok")


main()
