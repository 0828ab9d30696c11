# check-code.py: does the C code of README and of the pages of the reference compile?
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A page shows parts of programs. prelude.h declares what they use and do not define. Statements that
# are in no function are put into one; a line `...` stands for code that is left out.

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r'^```c\n(.*?)^```$', re.MULTILINE | re.DOTALL)

# The first line of a definition, which ends with a bracket at the margin.
DEFINITION = re.compile(r'(static|int|void|typedef|struct|enum)\b(?!.*[;=])')
DIRECTIVE = re.compile(r'(#|G_DEFINE_|G_DECLARE_)')


def blocks(path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    for match in BLOCK.finditer(text):
        yield text.count('\n', 0, match.start()) + 2, match.group(1)


def split(lines):
    """Tells of each line whether it stands at file scope, or in a function."""
    within = False
    for number, line in lines:
        if not within and DEFINITION.match(line):
            within = True
        yield number, line, within or bool(DIRECTIVE.match(line))
        if within and line.startswith('}'):
            within = False


def source(path, first, code, prelude):
    """One file: what the page does not define, its definitions, and its statements in a function."""
    defined = set(re.findall(r'^(\w+) \(', code, re.MULTILINE))
    defined |= set(re.findall(r'^(?:\} |typedef .*?)(\w+);$', code, re.MULTILINE))
    defined |= set(re.findall(r'^(?:g_auto(?:ptr|free) ?(?:\(\w+\))? ?\w*|\w+) \*?\**(\w+) =', code, re.MULTILINE))
    definitions, statements = [], []

    for line in prelude.splitlines():
        name = re.search(r'(\w+)(?: \(.*\))?;$', line)
        if name is None or name.group(1) not in defined:
            definitions.append(line)

    code = re.sub(r'^( *)\.\.\.$', r'\1;', code, flags=re.MULTILINE)
    for number, line, at_file_scope in split(enumerate(code.splitlines(), start=first)):
        part = definitions if at_file_scope else statements
        part += [f'#line {number} "{path}"', line]

    return '\n'.join([*definitions, 'static void', 'block (void)', '{', *statements, '}', ''])


def compile_block(job):
    path, line, code, arguments = job
    with tempfile.NamedTemporaryFile('w', suffix='.c', encoding='utf-8') as file:
        file.write(source(path, line, code, arguments.prelude_text))
        file.flush()
        result = subprocess.run(
            [*arguments.compiler.split(), '-fsyntax-only', '-std=gnu11', '-Wall', '-Wextra', '-Werror',
             '-Wno-unused', '-Wno-unused-parameter', '-Wno-cast-function-type',
             '-Wno-missing-field-initializers', '-Wno-redundant-decls', *arguments.flags,
             *(['-DPAGE_IS_ABOUT_GTK'] if 'gtk' in os.path.basename(path) else []), file.name],
            capture_output=True, text=True, check=False)
    return path, line, result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--compiler', required=True)
    parser.add_argument('--prelude', required=True)
    parser.add_argument('--pages', nargs='+', required=True)
    parser.add_argument('--flags', nargs=argparse.REMAINDER, default=[])
    arguments = parser.parse_args()

    with open(arguments.prelude, encoding='utf-8') as file:
        arguments.prelude_text = file.read()
    jobs = [(path, line, code, arguments) for path in arguments.pages for line, code in blocks(path)]
    print(f'1..{len(jobs)}')
    failed = False
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for number, (path, line, result) in enumerate(pool.map(compile_block, jobs), start=1):
            good = result.returncode == 0
            failed = failed or not good
            print('ok' if good else 'not ok', number, f'{os.path.basename(path)}:{line}')
            for message in result.stderr.splitlines():
                print('#', message)

    return 1 if failed or not jobs else 0


if __name__ == '__main__':
    sys.exit(main())
