#!/usr/bin/env python3
# run-blocks.py: runs the programs on a page of the documentation
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: run-blocks.py PAGE LANGUAGE PRELUDE INTERPRETER...

Each block of the language is a program, in front of which the file PRELUDE is put unless the program
has its own import of Lifecycle. It has to end by itself, with status 0, and print what the block
`text` behind it says. Warnings are for those about something fragile; criticals are for none.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

page, language, prelude, *interpreter = sys.argv[1:]
text = pathlib.Path(page).read_text(encoding="utf-8")
blocks = re.findall(rf"^```{language}\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", text, re.M | re.S)
if len(blocks) < 5:
    sys.exit(f"{page}: {len(blocks)} blocks: the page has not been read")

print(f"1..{len(blocks)}")
failed = 0
with tempfile.TemporaryDirectory() as directory:
    for number, (program, expected) in enumerate(blocks, 1):
        if not re.search(r"^(import|from) .*Lifecycle", program, re.M):
            program = pathlib.Path(prelude).read_text(encoding="utf-8") + program
        file = pathlib.Path(directory, f"block{number}.{'py' if language == 'python' else language}")
        file.write_text(program, encoding="utf-8")
        wrong = []
        try:
            result = subprocess.run([*interpreter, file], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, timeout=60)
        except subprocess.TimeoutExpired as error:
            wrong.append(f"it did not end: {error.stdout!r}")
        else:
            if result.returncode != 0:
                wrong.append(f"status {result.returncode}")
            if result.stdout != expected:
                wrong.append(f"it printed {result.stdout!r} and not {expected!r}")
            if result.stderr != "" and "fragile" not in program or "CRITICAL" in result.stderr:
                wrong.append("it was not silent")
            if wrong:
                wrong.append(result.stderr)
        print(f"{'not ok' if wrong else 'ok'} {number} {program.strip().splitlines()[-1]}")
        for line in "\n".join(wrong).splitlines():
            print(f"# {line}")
        failed += bool(wrong)

sys.exit(1 if failed else 0)
