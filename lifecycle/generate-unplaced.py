#!/usr/bin/env python3
# generate-unplaced.py: writes the functions that add without a place in the source
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""In C, macros pass the file and the line of the caller to the functions whose names end in _at().
Bindings, and C code that does without the macros, call the functions without that ending, which pass
the place that lifecycle_set_place() has set, if any. For each prototype of an _at() in the given
headers, this writes that other function, which includes the given umbrella header.
"""

import pathlib
import re
import sys

PROTOTYPE = re.compile(r"^(?P<type>\w[\w ]*?(?:\s*\*+)?)\s*(?P<name>lifecycle_\w+_at)\s*"
                       r"\((?P<parameters>[^()]*)\)(?:\s*G_GNUC_\w+)*;", re.MULTILINE)
DECLARED = re.compile(r"^(?!#)[^\n]*?(lifecycle_\w+_at)\s*\(", re.MULTILINE)
GUARDED = re.compile(r"^#ifdef G_OS_UNIX$.*?^#endif", re.MULTILINE | re.DOTALL)


def name_of(parameter):
    """The name of a parameter, without its type."""
    match = re.fullmatch(r".*?(\w+)(?:\[\])?", parameter, re.DOTALL)
    if match is None:
        sys.exit(f"{sys.argv[0]}: what is the name of the parameter “{parameter}”?")
    return match.group(1)


def write_function(prototype):
    parameters = [" ".join(text.split()) for text in prototype["parameters"].split(",")]
    if parameters[0] != "const char *place":
        sys.exit(f"{sys.argv[0]}: {prototype['name']} does not begin with the place")

    result = " ".join(prototype["type"].split())
    arguments = ", ".join(["lifecycle_take_place ()", *map(name_of, parameters[1:])])
    call = f"{prototype['name']} ({arguments});"
    return "\n".join([
        result,
        f"{prototype['name'].removesuffix('_at')} ({', '.join(parameters[1:])})",
        "{",
        f"  {call}" if result == "void" else f"  return {call}",
        "}",
    ])


def write_functions(header):
    """Those of one header, each inside of the condition of the system that its prototype has."""
    text = header.read_text(encoding="utf-8")
    guarded = [match.span() for match in GUARDED.finditer(text)]
    prototypes = list(PROTOTYPE.finditer(text))
    missed = set(DECLARED.findall(text)) - {prototype["name"] for prototype in prototypes}
    if missed:
        sys.exit(f"{sys.argv[0]}: cannot read the prototype of {', '.join(sorted(missed))}")
    for prototype in prototypes:
        function = write_function(prototype)
        if any(start < prototype.start() < end for start, end in guarded):
            function = f"#ifdef G_OS_UNIX\n{function}\n#endif"
        yield function


def main():
    output, umbrella = pathlib.Path(sys.argv[1]), sys.argv[2]
    headers = map(pathlib.Path, sys.argv[3:])
    functions = [function for header in headers for function in write_functions(header)]
    # REUSE-IgnoreStart: that is the licence of what is written.
    output.write_text("\n\n".join([
        f"/* Written by {pathlib.Path(sys.argv[0]).name}. SPDX-License-Identifier: LGPL-2.1-or-later */",
        f'#include "{umbrella}"',
        '#include "lifecycle-place-private.h"',
        *functions,
    ]) + "\n", encoding="utf-8")
    # REUSE-IgnoreEnd


main()
