#!/usr/bin/env python3
# planted.py: plants bugs into the library, and sees whether the fuzzer finds them
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Builds the fuzzer's plain driver with one file of the library changed, for each change of
planted.txt, and runs it for a while. Each has to be found, with an input that does no harm to the
library as it is. A change that does not fit the source any more is a failure, too: then it has to
be written anew.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import snippets  # noqa: E402

def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)


def plant(args, folder, number, change):
    """Says what is wrong, or None."""
    try:
        path, changed = change.apply(args.sources)
    except snippets.Misfit as misfit:
        return f"the change does not fit: {misfit}"

    planted = folder / path.name
    planted.write_text(changed, encoding="utf-8")
    program = folder / f"fuzz-scope-planted-{number}"
    # The changed file comes before the library, whose own copy of it is then not asked for.
    includes = [f"-I{room}" for room in [args.source, *args.source.glob("*/")]]
    built = run([*args.compiler, *args.flags, *includes, "-o", str(program),
                 str(planted), str(args.fuzzer), str(args.library), *args.libs])
    planted.unlink()
    if built.returncode != 0:
        return f"the change does not compile:\n{built.stdout}"

    artifact = folder / "found.bin"
    found = run([str(program), f"--runs={args.runs}", "--seed=1", f"--artifact={artifact}"],
                timeout=150)
    if found.returncode == 0:
        return f"not found:\n{found.stdout}"
    # Whatever went wrong has to be there again when the input is run alone.
    if not artifact.exists() or run([str(program), str(artifact)]).returncode == 0:
        return f"found, and cannot be reproduced:\n{found.stdout}"
    sound = run([str(args.control), str(artifact)])
    artifact.unlink()
    if sound.returncode != 0:
        return f"found, and it is not what was planted:\n{sound.stdout}"

    lines = [line for line in found.stdout.splitlines() if line.startswith("FAILED")]
    print(f"ok {number} - {change.what}: {lines[0] if lines else 'crashed'}", flush=True)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True,
                        help="the folder of the library")
    parser.add_argument("--generated", type=pathlib.Path, required=True,
                        help="the folder of its generated headers")
    parser.add_argument("--control", type=pathlib.Path, required=True,
                        help="the fuzzer with nothing planted")
    parser.add_argument("--fuzzer", type=pathlib.Path, required=True,
                        help="the fuzzer with its driver, as a static library")
    parser.add_argument("--library", type=pathlib.Path, required=True,
                        help="the library, as a static library")
    parser.add_argument("--runs", type=int, default=100000,
                        help="how many programs to try for each")
    parser.add_argument("--link-arg", action="append", default=[],
                        help="what else the library is linked with")
    parser.add_argument("--compiler", nargs=argparse.REMAINDER, required=True)
    args = parser.parse_args()

    packages = ["gio-2.0", "gio-unix-2.0"]
    pkg_config = shlex.split(os.environ.get("PKG_CONFIG", "pkg-config"))
    args.flags = shlex.split(run([*pkg_config, "--cflags", *packages], check=True).stdout)
    args.flags += ["-std=gnu11", "-g", "-O1", "-w", "-I", str(args.generated),
                   '-DG_LOG_DOMAIN="Lifecycle"', "-DLIFECYCLE_COMPILATION",
                   "-DLIFECYCLE_DISABLE_SOURCE_NAMES"]
    args.libs = shlex.split(run([*pkg_config, "--libs", *packages], check=True).stdout)
    args.libs += [*args.link_arg, "-pthread"]

    args.sources = snippets.read_sources(args.source)
    changes = snippets.parse((HERE / "planted.txt").read_text(encoding="utf-8"))
    print(f"1..{len(changes)}", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="lifecycle-planted-") as folder:
        for number, change in enumerate(changes, 1):
            wrong = plant(args, pathlib.Path(folder), number, change)
            if wrong is not None:
                failed += 1
                print(f"not ok {number} - {change.what}", flush=True)
                for line in wrong.splitlines():
                    print(f"# {line}", flush=True)

    return 1 if failed > 0 else 0


sys.exit(main())
