#!/usr/bin/env python3
# migrate.py: applies the semantic patches to C files, and says what is left to be done by hand
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Converts C files that disconnect, remove and cancel by hand to scopes.

It needs spatch, of the package coccinelle, and libpython for its scripts. Commit before: files are changed in place. New lines are
formatted with clang-format if it is there.
"""

import argparse
import collections
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# The semantic patches in order, and what a file must have for one of them to do anything.
PATCHES = {
    'handlers': 'g_signal_connect',
    'connect-object': 'g_signal_connect_object',
    'stops': 'g_source_remove',
    'timeouts': 'g_source_remove',
    'operations': 'g_cancellable_cancel',
    'bindings': 'g_binding_unbind',
    'bus': 'g_dbus_connection_',
    'unused-ids': 'lifecycle_scope_',
    'unused-self': 'lifecycle_scope_',
}

STYLE = '{BasedOnStyle: GNU, ColumnLimit: 100, IndentWidth: 2, AlignAfterOpenBracket: Align, ' \
        'BinPackArguments: true, SortIncludes: Never, SpaceAfterCStyleCast: true'

# Calls that a scope could make, and which need somebody who understands the code.
BY_HAND = re.compile(r'\b(g_signal_connect(_\w+)?|g_signal_handlers?_disconnect\w*|g_clear_signal_handler|'
                     r'g_timeout_add\w*|g_idle_add\w*|g_source_remove|g_cancellable_(new|cancel)|'
                     r'g_object_bind_property\w*|g_binding_unbind|g_settings_bind\w*|'
                     r'g_bus_(un)?watch_name\w*|g_bus_(un)?own_name\w*|'
                     r'g_dbus_connection_(signal_(un)?subscribe|(un)?register_object))\b')


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('files', nargs='+', metavar='FILE', help='a C file')
    parser.add_argument('--only', action='append', choices=PATCHES, metavar='PATCH',
                        help='apply only this one: ' + ', '.join(PATCHES))
    parser.add_argument('--quiet', action='store_true', help='do not list what is left')
    return parser.parse_args()


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


# The classes that a file defines. Only their instances have a scope.
CLASS = re.compile(r'^G_DEFINE_(?!BOXED|POINTER|ENUM|FLAGS)\w*TYPE\w*\s*\(\s*(\w+)', re.MULTILINE)


def variants(rules, text):
    """The fields of an object are in its instance, or in its private data."""
    for name in CLASS.findall(text) if 'Object *self;' in rules else ['']:
        plain = rules.replace('Object *self;', f'typedef {name};\n{name} *self;')
        plain = plain.replace('identifier self;', 'identifier self != priv;')
        yield name_class(plain, name).replace('identifier self,', 'identifier self != priv;\nidentifier')

        if 'priv->' not in text:
            continue
        private = rules.replace('self->', 'priv->')
        private = private.replace('Object *self;', f'symbol self;\ntypedef {name}Private;\n{name}Private *priv;')
        private = private.replace('identifier self;', 'symbol self, priv;')
        yield name_class(private, name + 'Private').replace('identifier self,', 'symbol self, priv;\nidentifier')


def name_class(rules, name):
    return rules.replace('"Object"', f'"{name}"').replace('struct _Object', f'struct _{name}')


# spatch does not always understand these macros. It does understand a type.
AUTO = re.compile(r'\bg_auto(?:ptr|list|slist|queue|)\s*\(\s*\w+\s*\)')


def hide_macros(text):
    """Returns the text with types of their own in the place of the macros, and the macros."""
    macros = []

    def hide(match):
        macros.append(match.group(0))
        return f'auto_macro_{len(macros) - 1}_t'

    return AUTO.sub(hide, text), macros


def show_macros(text, macros):
    return re.sub(r'\bauto_macro_(\d+)_t\b', lambda match: macros[int(match.group(1))], text)


def apply(patch, path):
    text, macros = hide_macros(read(path))
    write(path, text)
    try:
        apply_hidden(patch, path, text)
    finally:
        write(path, show_macros(read(path), macros))


def apply_hidden(patch, path, text):
    for rules in variants(read(os.path.join(HERE, patch + '.cocci')), text):
        with tempfile.NamedTemporaryFile('w', suffix='.cocci', encoding='utf-8') as file:
            file.write(rules)
            file.flush()
            result = subprocess.run(
                ['spatch', '--very-quiet', '--smpl-spacing', '--macro-file', os.path.join(HERE, 'macros.h'),
                 '--in-place', '--sp-file', file.name, path],
                capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError(f'{path}: spatch cannot apply {patch}.cocci:\n{result.stderr}')


def find_lost(before, after):
    """A field that is no longer declared but still used: there is code that spatch does not understand."""
    declared = r'^[ \t]+\w[\w \t]*[ \t*](\w+);'
    gone = set(re.findall(declared, before, re.MULTILINE)) - set(re.findall(declared, after, re.MULTILINE))
    return next((name for name in sorted(gone) if re.search(rf'->\s*{name}\b', after)), None)


ENDED = re.compile(r'\b(?:g_clear_\w+|g_source_remove|g_signal_handler_disconnect|g_binding_unbind|'
                   r'g_dbus_connection_(?:signal_unsubscribe|unregister_object))\s*\([^;]*->\s*(\w+)')
BEGUN = re.compile(r'->\s*(\w+)\s*=\s*g_(?:signal|timeout|idle|object_bind|dbus)_\w+\s*\([^;]*;'
                   r'(?!\s*lifecycle_scope_add_source\b)')


def find_unowned(before, after):
    """An id that is no longer ended by hand, although there is no scope that does so."""
    fewer = collections.Counter(ENDED.findall(before)) - collections.Counter(ENDED.findall(after))
    return next((name for name in BEGUN.findall(after) if name in fewer), None)


def apply_whole(patch, path):
    """Applies a patch, or nothing of it."""
    before = read(path)
    if PATCHES[patch] not in before:
        return
    apply(patch, path)
    after = read(path)
    lost = find_lost(before, after)
    # A patch that knows the type of all that has the field needs no such help.
    if lost is None and patch != 'stops':
        lost = find_unowned(before, after)
    if lost is not None:
        write(path, before)
        print(f'{path}: {patch}.cocci is not applied, because spatch does not see all that uses "{lost}"')


def add_include(text):
    """Adds the header after the last one in angle brackets, or else before the first one."""
    if re.search(r'#\s*include\s*<lifecycle\.h>', text) or 'lifecycle_' not in text:
        return text
    includes = list(re.finditer(r'^#\s*include\s*<[^>]*>\n', text, re.MULTILINE))
    if includes:
        at = includes[-1].end()
        return text[:at] + '#include <lifecycle.h>\n' + text[at:]
    includes = list(re.finditer(r'^#\s*include\s*"[^"]*"\n', text, re.MULTILINE))
    if includes:
        at = includes[-1].end()
        return text[:at] + '\n#include <lifecycle.h>\n' + text[at:]
    return text


def style_of(text):
    """Tells whether braces stand on lines of their own."""
    alone = len(re.findall(r'^[ \t]+\{$', text, re.MULTILINE))
    attached = len(re.findall(r'\) \{$', text, re.MULTILINE))
    if attached > alone:
        return STYLE + ', BreakBeforeBraces: Linux}'
    return STYLE + '}'


def format_changes(path, before, after):
    if shutil.which('clang-format') is None:
        return
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    lines = [f'--lines={begin + 1}:{end}'
             for tag, _, _, begin, end in matcher.get_opcodes()
             if tag != 'equal' and end > begin]
    if lines:
        subprocess.run(['clang-format', '-i', f'--style={style_of(before)}', *lines, path], check=True)


def unwrap(before, after):
    """The declaration of an operation comes in a block, which may be all that a function has."""
    def replace(match):
        if match.group(0) in before:
            return match.group(0)
        return '{\n' + re.sub('^  ', '', match.group(1), flags=re.MULTILINE) + '}\n'

    return re.sub(r'^\{\n  \{\n((?:    .*\n|\n)+)  \}\n\}\n', replace, after, flags=re.MULTILINE)


EMPTY = re.compile(r'^typedef struct _(\w+)Private\s*\{\s*\} *\1Private;\n\n?', re.MULTILINE)


def drop_empty_private_data(text):
    """GLib refuses private data without fields."""
    match = EMPTY.search(text)
    if match is None:
        return text
    name = match.group(1)
    rest = EMPTY.sub('', text, count=1)
    rest, dropped = re.subn(rf'^(G_DEFINE_(?:\w+_)?TYPE)_WITH_PRIVATE(\s*\(\s*{name}\b)', r'\1\2', rest,
                            flags=re.MULTILINE)
    if not dropped or re.search(rf'\b{name}Private\b', rest):
        print(f'{name}Private has no fields any more, which GLib refuses: drop it')
        return text
    return rest


def migrate(path, patches):
    """Returns whether the file was changed."""
    before = read(path)
    for patch in patches:
        apply_whole(patch, path)
    after = read(path)
    if after == before:
        return False

    write(path, add_include(drop_empty_private_data(after)))
    format_changes(path, before, read(path))
    write(path, unwrap(before, read(path)))
    return True


def left(path):
    for number, line in enumerate(read(path).splitlines(), start=1):
        found = BY_HAND.search(line)
        if found:
            yield number, found.group(1)


def main():
    options = arguments()
    patches = [patch for patch in PATCHES if options.only is None or patch in options.only]
    if shutil.which('spatch') is None:
        print('There is no spatch. On Debian, install the package coccinelle.', file=sys.stderr)
        return 2

    for path in options.files:
        try:
            changed = migrate(path, patches)
        except (OSError, UnicodeDecodeError, RuntimeError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
            return 2
        print(f'{path}: {"converted" if changed else "nothing to convert"}')
        if not options.quiet:
            for number, call in left(path):
                print(f'{path}:{number}: {call}() is left')

    return 0


if __name__ == '__main__':
    sys.exit(main())
