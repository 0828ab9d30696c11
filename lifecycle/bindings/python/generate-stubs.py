#!/usr/bin/env python3
# generate-stubs.py: writes the types of the library for checkers of Python programs
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Usage: generate-stubs.py TEMPLATE GIR OUTPUT

The template has what the override adds to the library or does otherwise; a method that it has is not
taken from the GIR.
"""

import ast
import pathlib
import sys
import xml.etree.ElementTree

CORE = "{http://www.gtk.org/introspection/core/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

TYPES = {"utf8": "str", "filename": "str", "gboolean": "bool", "none": "None", "gpointer": "Any",
         "GType": "GObject.GType", "gdouble": "float", "gfloat": "float", "GLib.Quark": "int",
         "Closure": "Callable[..., Any]", "GObject.Closure": "Callable[..., Any]"}
for _number in ("gint", "guint", "glong", "gulong", "gsize", "gssize", "gint8", "guint8", "gint16",
                "guint16", "gint32", "guint32", "gint64", "guint64", "goffset", "GLib.Pid"):
    TYPES[_number] = "int"

# Python does these by itself.
NOT_FOR_PYTHON = {"ref", "unref", "free"}


def is_visible(element):
    return element.get("introspectable") != "0" and element.get("shadowed-by") is None


def type_of(element):
    array = element.find(f"{CORE}array")
    if array is not None:
        return f"list[{type_of(array)}]"
    name = element.find(f"{CORE}type").get("name")
    if name.endswith(("Func", "Callback")):
        return "Callable[..., Any]"
    return TYPES.get(name, name)


def signature_of(function, first):
    """The parameters, and the type of what is returned, as text."""
    parameters = function.findall(f"{CORE}parameters/{CORE}parameter")
    hidden = {int(parameter.get(kind)) for parameter in parameters for kind in ("closure", "destroy")
              if parameter.get(kind) is not None}
    taken, returned, has_data = [], [], False
    for number, parameter in enumerate(parameters):
        if number in hidden:
            has_data |= parameter.find(f"{CORE}type").get("name") == "gpointer"
        elif parameter.get("direction") == "out":
            returned.append(type_of(parameter))
        else:
            taken.append((parameter.get("name"), type_of(parameter),
                          parameter.get("nullable") == "1"))

    result = type_of(function.find(f"{CORE}return-value"))
    if function.find(f"{CORE}return-value").get("nullable") == "1":
        result += " | None"
    if returned:
        result = f"tuple[{', '.join(([result] if result != 'None' else []) + returned)}]"

    # PyGObject lets callers leave out what may be None at the end.
    texts, optional = [], True
    for name, type_, nullable in reversed(taken):
        optional = optional and nullable
        texts.append(f"{name}: {type_}{' | None' if nullable else ''}{' = ...' if optional else ''}")
    texts = first + texts[::-1] + (["*data: Any"] if has_data else [])
    return texts, result


def write(indent, name, parameters, result):
    start = f"{indent}def {name}("
    lines, line = [], start
    for number, parameter in enumerate(parameters):
        text = parameter + (", " if number < len(parameters) - 1 else f") -> {result}: ...")
        if len(line) + len(text.rstrip()) > 100:
            lines.append(line.rstrip())
            line = " " * len(start)
        line += text
    if not parameters:
        line += f") -> {result}: ..."
    return [*lines, line]


def write_functions(element, known):
    for function in element:
        kind = function.tag.removeprefix(CORE)
        name = function.get("shadows") or function.get("name")
        if kind not in ("method", "function", "constructor") or not is_visible(function) or \
                name in known | NOT_FOR_PYTHON:
            continue
        first = {"method": ["self"], "function": [], "constructor": ["cls"]}[kind]
        parameters, result = signature_of(function, first)
        if kind == "function":
            yield "    @staticmethod"
        elif kind == "constructor":
            yield "    @classmethod"
            result = element.get("name")
        yield from write("    ", name, parameters, result)


def write_enumeration(element):
    name = element.get("name")
    base = "GObject.GFlags" if element.tag == f"{CORE}bitfield" else "GObject.GEnum"
    yield f"class {name}({base}):"
    for member in element.findall(f"{CORE}member"):
        yield f"    {member.get('name').upper()}: {name}"
    yield from write_functions(element, set())


def write_class(element):
    bases = [element.get("parent") or "GObject.GBoxed"]
    bases += [implements.get("name") for implements in element.findall(f"{CORE}implements")]
    yield f"class {element.get('name')}({', '.join(bases)}):"
    yield from list(write_functions(element, set())) or ["    ..."]


def main():
    template, gir, output = map(pathlib.Path, sys.argv[1:])
    namespace = xml.etree.ElementTree.parse(gir).getroot().find(f"{CORE}namespace")
    text = template.read_text(encoding="utf-8")
    lines = text.splitlines()
    known = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
    classes = [element for kind in ("class", "record")
               for element in namespace.findall(f"{CORE}{kind}")
               if is_visible(element) and element.get(f"{GLIB}is-gtype-struct-for") is None
               and element.get(f"{GLIB}get-type") is not None]

    # From the end, so that the lines in front keep their numbers.
    for element in sorted((element for element in classes if element.get("name") in known),
                          key=lambda element: -known[element.get("name")].lineno):
        node = known[element.get("name")]
        methods = {inner.name for inner in node.body if hasattr(inner, "name")}
        lines[node.end_lineno:node.end_lineno] = write_functions(element, methods)

    for kind in ("enumeration", "bitfield"):
        for element in namespace.findall(f"{CORE}{kind}"):
            lines += ["", "", *write_enumeration(element)]
    for element in classes:
        if element.get("name") not in known:
            lines += ["", "", *write_class(element)]
    lines += ["", ""]
    for function in namespace.findall(f"{CORE}function"):
        if is_visible(function):
            parameters, result = signature_of(function, [])
            lines += write("", function.get("shadows") or function.get("name"), parameters, result)

    output.write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
