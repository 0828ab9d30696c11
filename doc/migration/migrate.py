#!/usr/bin/env python3
# migrate.py: applies the semantic patches to C files, and says what is left to be done by hand
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Converts C files that disconnect, remove and cancel by hand to scopes.

It needs spatch, of the package coccinelle, and libpython for its scripts. Commit before: files are changed in place. New lines are
formatted with clang-format if it is there.
"""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

PATCHES = ['handlers', 'connect-object', 'timeouts', 'operations', 'bindings', 'bus', 'unused-ids',
           'unused-self']

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


def variants(rules):
    """The fields of an object are in its instance, or in its private data."""
    yield rules
    rules = rules.replace('self->', 'priv->')
    rules = rules.replace('identifier self;', 'symbol self, priv;')
    yield rules.replace('identifier self,', 'symbol self, priv;\nidentifier')


def apply(patch, path):
    for rules in variants(read(os.path.join(HERE, patch + '.cocci'))):
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


def apply_whole(patch, path):
    """Applies a patch, or nothing of it."""
    before = read(path)
    apply(patch, path)
    lost = find_lost(before, read(path))
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


def migrate(path, patches):
    """Returns whether the file was changed."""
    before = read(path)
    for patch in patches:
        apply_whole(patch, path)
    after = read(path)
    if after == before:
        return False

    write(path, add_include(after))
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
