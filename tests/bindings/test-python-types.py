#!/usr/bin/env python3
# test-python-types.py: the stubs are those of the override, and mypy accepts the examples with them
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: test-python-types.py STUB OVERRIDE EXAMPLES"""

import ast
import pathlib
import shutil
import subprocess
import sys
import tempfile

# As much of other libraries as the stubs lean on; a program has those of pygobject-stubs.
OTHERS = {
    "__init__": "def require_version(namespace: str, version: str) -> None: ...\n",
    "repository/__init__": "",
    "repository/Gio": "from typing import Any\n"
                      "class ListModel: ...\n"
                      "def __getattr__(name: str) -> Any: ...\n",
    "repository/GLib": "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n",
    "repository/GObject": "from typing import Any\n"
                          "class GType: ...\n"
                          "class GEnum(int): ...\n"
                          "class GFlags(int): ...\n"
                          "class GBoxed: ...\n"
                          "class Object:\n"
                          "    def connect(self, name: str, handler: Any, *args: Any) -> int: ...\n"
                          "    def disconnect(self, handler_id: int) -> None: ...\n"
                          "def __getattr__(name: str) -> Any: ...\n",
}

# Lines that must be refused, or the stubs are not read at all.
WRONG = """\
from gi.repository import Lifecycle
scope = Lifecycle.Scope("x", parent=None)
scope.nonsense()
scope.close_with_reason("text")
scope.add_timeout("soon", print)
text: str = len(scope)
"""


def read_methods(path, name):
    """The public methods of a class, with the names of their parameters."""
    for node in ast.walk(ast.parse(pathlib.Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and node.name == name:
            return {inner.name: [argument.arg for argument in
                                 inner.args.args + inner.args.kwonlyargs]
                    for inner in ast.walk(node)
                    if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef))
                    and not inner.name.startswith("_")
                    and inner.name not in ("decorate", "done")}
    return {}


def check(directory, files):
    return subprocess.run(
        ["mypy", "--strict", "--no-error-summary", f"--cache-dir={directory}/cache", *files],
        env={"PATH": "/usr/bin:/bin", "MYPYPATH": directory, "HOME": directory},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main():
    stub, override, examples = sys.argv[1:]

    wanted, known = read_methods(override, "Scope"), read_methods(stub, "Scope")
    wrong = [f"{name}({', '.join(parameters)})" for name, parameters in wanted.items()
             if known.get(name) != parameters]
    if wrong or len(wanted) < 30:
        print("The stub does not know these functions of the override, or has other parameters:",
              *wrong, sep="\n")
        return 1

    if shutil.which("mypy", path="/usr/bin:/bin") is None:
        print("SKIP: mypy is not installed")
        return 77

    with tempfile.TemporaryDirectory() as directory:
        for name, text in OTHERS.items():
            path = pathlib.Path(directory, "gi", f"{name}.pyi")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        shutil.copy(stub, pathlib.Path(directory, "gi", "repository"))

        wrong = pathlib.Path(directory, "wrong.py")
        wrong.write_text(WRONG, encoding="utf-8")
        output = check(directory, [wrong]).stdout
        for line in range(3, WRONG.count("\n") + 1):
            if f"wrong.py:{line}: error:" not in output:
                print(f"Line {line} of this was not refused:\n{WRONG}\n{output}")
                return 1

        for example in sorted(pathlib.Path(examples).glob("*.py")):
            result = check(directory, [example])
            print(f"{example.name}: {'passed' if result.returncode == 0 else result.stdout}")
            if result.returncode != 0:
                return 1
    return 0


sys.exit(main())
