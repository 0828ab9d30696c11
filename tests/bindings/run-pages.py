#!/usr/bin/env python3
# run-pages.py: runs the programs of the documentation in one language
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: run-pages.py LANGUAGE ROOT COMMAND...

This runs every block of the language in README.md and doc/. LANGUAGE is the word that marks its blocks.
The name of a file with the program is added to the command, or put in place of {}; a compiler's
{output} is then run.

A block is a whole program, unless there is a frame for it: frames/PAGE.SUFFIX is a program in which a
comment "block 2" stands for the second block of the page. On the page about the language itself, the
file frames/prelude.SUFFIX comes before each block that does not import the library.

A program has to end by itself, or at SIGTERM, which it gets after its first line if it names that signal
and sends none itself. It must print what the block "text" behind it says, or nothing; a frame checks what
its blocks do, and may print "skip: REASON". Criticals are for no program, and warnings for none but those
about something fragile.

The test helpers of an installation are those of the source. A comment <!-- not run: REASON --> before a block says why it cannot be.
"""

import pathlib
import re
import signal
import subprocess
import sys
import tempfile

FRAMES = pathlib.Path(__file__).resolve().parent / "frames"

BLOCK = re.compile(r"(?:^<!-- not run: (?P<reason>[^>]*?) -->\n+)?"
                   r"^```(?P<word>\w+)\n(?P<text>.*?)^```\n", re.MULTILINE | re.DOTALL)

SUFFIXES = {"python": "py", "perl": "pl", "ruby": "rb"}
OWN_PAGES = {"js": "javascript"}


class Program:
    def __init__(self, page, line, text, expected, reason):
        self.name = f"{page.name}, line {line}"
        self.text = text
        self.expected = expected
        self.reason = reason


def insert(frame, blocks):
    """The frame with its blocks, each as deep as the comment that stands for it."""
    def block(match):
        lines = blocks[int(match["number"]) - 1].splitlines(keepends=True)
        return "".join(match["indent"] + line if line.strip() else line for line in lines)

    return re.sub(r"^(?P<indent> *)(?:#|//) block (?P<number>\d+)\n", block, frame,
                  flags=re.MULTILINE)


def read_page(root, page, language):
    text = page.read_text(encoding="utf-8").replace("file:///usr/share/lifecycle-1/gjs/",
                                                    f"{(root / 'lifecycle/bindings/gjs').as_uri()}/")
    suffix = SUFFIXES.get(language, language)
    found = list(BLOCK.finditer(text))
    own = [(block, following) for block, following in zip(found, found[1:] + [None])
           if block["word"] == language]

    frame = FRAMES / f"{page.stem}.{suffix}"
    if frame.exists():
        frame = frame.read_text(encoding="utf-8")
        used = [int(number) for number in re.findall(r"^ *(?:#|//) block (\d+)$", frame, re.MULTILINE)]
        if sorted(used) != list(range(1, len(own) + 1)):
            sys.exit(f"{page}: {len(own)} blocks, and its frame has {used}")
        yield Program(page, text[:own[0][0].start()].count("\n") + 1,
                      insert(frame, [block["text"] for block, _ in own]), "", None)
        return

    prelude = FRAMES / f"prelude.{suffix}"
    is_own = page.stem == OWN_PAGES.get(language, language)
    for block, following in own:
        program = block["text"]
        if is_own and prelude.exists() and not re.search(r"^(import|from) .*Lifecycle", program, re.M):
            program = prelude.read_text(encoding="utf-8") + program
        expected = following["text"] if following is not None and following["word"] == "text" and \
            text[block.end():following.start()].strip() == "" else ""
        yield Program(page, text[:block.start("word")].count("\n") + 1, program, expected,
                      block["reason"])


def run(command, directory, with_signal=False):
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    first = ""
    if with_signal:
        first = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
    try:
        rest, complaints = process.communicate(timeout=120)
        return process.returncode, first + rest, complaints
    except subprocess.TimeoutExpired:
        process.kill()
        rest, complaints = process.communicate()
        return "none, it did not end", first + rest, complaints


def try_program(program, language, command, directory):
    """What is wrong, as a list of lines, and the reason if it could not be tried."""
    source = directory / f"program.{SUFFIXES.get(language, language)}"
    output = directory / "program"
    source.write_text(program.text, encoding="utf-8")
    full = [part.replace("{output}", str(output)).replace("{}", str(source)) for part in command]
    if str(source) not in full:
        full.append(str(source))
    if str(output) in full:
        status, printed, complaints = run(full, directory)
        if status != 0:
            return ["it cannot be compiled", *complaints.splitlines()], None
        full = [str(output)]

    needs_signal = re.search(r"\b(SIG)?TERM\b", program.text) and not re.search(r"\bkill\b", program.text)
    status, printed, complaints = run(full, directory, needs_signal)
    if status == 0 and printed.startswith("skip: "):
        return [], printed.removeprefix("skip: ").strip()
    wrong = []
    if status != 0:
        wrong.append(f"status {status}")
    if printed != program.expected:
        wrong.append(f"it printed {printed!r} and not {program.expected!r}")
    if complaints != "" and "fragile" not in program.text or "CRITICAL" in complaints:
        wrong.append("it was not silent")
    if wrong:
        wrong += complaints.splitlines()
    return wrong, None


def main():
    language, root, *command = sys.argv[1:]
    root = pathlib.Path(root).resolve()
    pages = [root / "README.md", *sorted((root / "doc").glob("*.md"))]
    programs = [program for page in pages for program in read_page(root, page, language)]
    own = OWN_PAGES.get(language, language) + ".md"
    if sum(program.name.startswith(own) for program in programs) < 5:
        sys.exit(f"{own} has not been read")

    print(f"1..{len(programs)}")
    failed = False
    for number, program in enumerate(programs, 1):
        wrong, reason = [], program.reason
        if reason is None:
            with tempfile.TemporaryDirectory() as directory:
                wrong, reason = try_program(program, language, command, pathlib.Path(directory))
        print(f"{'not ok' if wrong else 'ok'} {number} {program.name}" +
              (f" # SKIP {reason}" if reason is not None else ""))
        for line in wrong:
            print(f"# {line}")
        failed = failed or bool(wrong)
    return 1 if failed else 0


sys.exit(main())
