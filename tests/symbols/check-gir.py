#!/usr/bin/env python3
# check-gir.py: checks what other languages see: that it is what is listed, and hides nothing
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The list has a line for each type, method, property, signal and value, as the GIR describes it. To
write it anew after a change: check-gir.py --write GIR LIST [OTHER-GIRS...]
"""

import difflib
import pathlib
import sys
import xml.etree.ElementTree as ET

GI = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

# What bindings add to every object, under these names or nearly so.
RESERVED = {
    "block_signal_handler", "chain_up", "connect", "connect_after", "connect_data", "connect_object",
    "constructor", "disconnect", "emit", "emit_stop_by_name", "freeze_notify", "get", "handler_block",
    "handler_disconnect", "handler_is_connected", "handler_unblock", "notify", "props", "set",
    "signal_connect", "signal_emit", "stop_emission", "thaw_notify", "toString", "weak_ref",
}
PYTHON_WORDS = {"async", "await", "class", "def", "del", "from", "import", "in", "is", "not", "pass",
                "print", "raise", "return", "try", "with", "yield"}


def is_public(node):
    return node.get("introspectable") != "0" and node.get("shadowed-by") is None and \
        node.get("moved-to") is None


def name_of(node):
    return node.get("shadows") or node.get("name")


def describe_type(node):
    array = node.find(f"{GI}array")
    if array is not None:
        return describe_type(array) + "[]"
    kind = node.find(f"{GI}type")
    return kind.get("name") if kind is not None else "..."


def describe_callable(node):
    parameters = []
    for parameter in node.findall(f"{GI}parameters/{GI}parameter"):
        text = f"{parameter.get('name')}: {describe_type(parameter)}"
        if parameter.get("direction", "in") != "in":
            text = f"{parameter.get('direction')} {text}"
        if parameter.get("nullable") == "1":
            text += "?"
        if parameter.get("transfer-ownership") not in (None, "none"):
            text += f" ({parameter.get('transfer-ownership')})"
        parameters.append(text)
    result = node.find(f"{GI}return-value")
    text = describe_type(result)
    if result.get("nullable") == "1":
        text += "?"
    if result.get("transfer-ownership") not in (None, "none"):
        text += f" ({result.get('transfer-ownership')})"
    return f"({', '.join(parameters)}) -> {text}" + (" throws" if node.get("throws") == "1" else "")


def describe(namespace):
    """The lines of the list."""
    for node in namespace:
        kind = node.tag.removeprefix(GI).removeprefix(GLIB)
        name = node.get("name")
        if not is_public(node) or kind in ("alias", "docsection", "function-macro"):
            continue
        if kind in ("function", "callback"):
            yield f"{kind} {name_of(node)} {describe_callable(node)}"
            continue
        if kind == "constant":
            yield f"constant {name}"
            continue
        yield f"{kind} {name}" + (f" ({node.get('parent')})" if node.get("parent") else "")
        for child in node:
            member = child.tag.removeprefix(GI).removeprefix(GLIB)
            if not is_public(child):
                continue
            if member in ("constructor", "method", "function", "virtual-method"):
                yield f"{name}.{name_of(child)} {describe_callable(child)}"
            elif member == "signal":
                yield f"{name}::{child.get('name')} {describe_callable(child)}"
            elif member == "property":
                access = "rw" if child.get("writable") == "1" else "r"
                if child.get("construct-only") == "1":
                    access = "construct-only"
                yield f"{name}:{child.get('name')} {describe_type(child)} ({access})"
            elif member == "member":
                yield f"{name}.{child.get('name').upper()}"


def read_namespace(path):
    return ET.parse(path).getroot().find(f"{GI}namespace")


def find_hidden(namespace, objects):
    """What hides a method of GObject.Object, or another member of its own type."""
    inherited = set(RESERVED)
    for gir in objects:
        for node in read_namespace(gir):
            if node.tag == f"{GI}class" and node.get("name") == "Object":
                inherited |= {method.get("name") for method in node.findall(f"{GI}method")}
    if "ref_sink" not in inherited:
        sys.exit("The GIR of GObject has not been read.")

    for node in namespace.iter():
        if node.tag not in (f"{GI}class", f"{GI}interface", f"{GI}record"):
            continue
        methods = [name_of(each) for each in node.findall(f"{GI}method") if is_public(each)]
        properties = {each.get("name").replace("-", "_") for each in node.findall(f"{GI}property")}
        signals = {each.get("name").replace("-", "_") for each in node.findall(f"{GLIB}signal")}
        twice = {name for name in methods if methods.count(name) > 1}
        where = node.get("name")
        # A record has no methods but its own, and every boxed type has ref() and unref().
        if node.tag != f"{GI}record":
            yield from (f"{where}.{name}() hides a method of every object"
                        for name in methods if name in inherited)
            yield from (f"{where}:{name} hides a method of every object"
                        for name in properties if name in inherited)
        yield from (f"{where}.{name} is a method and a property"
                    for name in properties.intersection(methods))
        yield from (f"{where}.{name} is a method and a signal" for name in signals.intersection(methods))
        yield from (f"{where}.{name}() is there twice" for name in twice)
        yield from (f"{where}.{name}() is a word of Python" for name in methods if name in PYTHON_WORDS)


def main():
    arguments = sys.argv[1:]
    write = "--write" in arguments
    gir, listed, *objects = [argument for argument in arguments if argument != "--write"]
    namespace = read_namespace(gir)
    lines = sorted(set(describe(namespace)))
    if len(lines) < 100:
        sys.exit(f"Only {len(lines)} lines were found in {gir}.")
    if write:
        pathlib.Path(listed).write_text("\n".join([
            "# What other languages see; tests/symbols/check-gir.py compares, and writes it anew.",
            "#",
            "# SPDX-License-Identifier: LGPL-2.1-or-later",
            *lines]) + "\n", encoding="utf-8")
        return 0

    text = pathlib.Path(listed).read_text(encoding="utf-8").splitlines()
    expected = sorted(line for line in text if line and not line.startswith("#"))
    hidden = list(find_hidden(namespace, objects))
    diff = list(difflib.unified_diff(expected, lines, listed, gir, lineterm="", n=0))
    if hidden:
        print("\n".join(hidden))
    if diff:
        print("\n".join(diff))
        print(f"If this is meant to be: {sys.argv[0]} --write {gir} {listed}")
    if not hidden and not diff:
        print(f"{len(lines)} lines, all of them listed, and nothing hides anything")
    return 1 if hidden or diff else 0


sys.exit(main())
