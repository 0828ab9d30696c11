#!/usr/bin/env python3
# test-pages.py: runs the programs of a page of the documentation
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each block of code is a whole program, and the block of text after it is what it prints. A program
that names TERM or SIGTERM gets one when it has printed its first line.

test-pages.py PAGE WORD COMMAND...: WORD is what its blocks are marked with. The name of a file with the
program is added to the command, or put in place of {}; a compiler's {output} is then run.
"""

import pathlib
import re
import signal
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(?P<word>\w+)\n(?P<text>.*?)^```\n", re.MULTILINE | re.DOTALL)


def run(command, directory, with_signal):
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    first = ""
    if with_signal:
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
    try:
        rest, complaints = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        rest, complaints = process.communicate()
        return None, first + rest, complaints
    return process.returncode, first + rest, complaints


def main():
    page, word, *command = sys.argv[1:]
    text = pathlib.Path(page).read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    programs = [(block, following) for block, following in zip(blocks, blocks[1:] + [None])
                if block["word"] == word]
    if not programs:
        sys.exit(f"{page} has no program")

    print(f"1..{len(programs)}")
    failed = False
    for number, (block, following) in enumerate(programs, 1):
        line = text[:block.start()].count("\n") + 1
        expected = following["text"] if following and following["word"] == "text" else None
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory) / f"program.{word}"
            output = pathlib.Path(directory) / "program"
            source.write_text(block["text"], encoding="utf-8")
            full = [part.replace("{output}", str(output)).replace("{}", str(source))
                    for part in command]
            if str(source) not in full:
                full.append(str(source))
            status, printed, complaints = 0, "", ""
            if str(output) in full:
                status, printed, complaints = run(full, directory, False)
                full = [str(output)]
            if status == 0:
                status, printed, complaints = run(full, directory,
                                                 re.search(r"\b(SIG)?TERM\b", block["text"]))
        if status == 0 and expected is not None and printed == expected and \
                "CRITICAL" not in complaints:
            print(f"ok {number} line {line}")
            continue
        failed = True
        print(f"not ok {number} line {line}")
        print(f"# status {status}, expected {expected!r}, printed {printed!r}")
        print("".join(f"# {each}\n" for each in complaints.splitlines()), end="")
    return 1 if failed else 0


sys.exit(main())
