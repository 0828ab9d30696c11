# check-patches.py: do the semantic patches turn the samples "before" into the samples "after"?
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# With --update, it writes the samples "after".

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def converted(patches, samples, name, directory):
    path = os.path.join(directory, f'{name}-after.c')
    text = read(os.path.join(samples, f'{name}-before.c'))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(re.sub(r'^.*\n', f'/* {name}-after.c: {name}-before.c, converted to scopes\n', text,
                          count=1))
    subprocess.run([sys.executable, os.path.join(patches, 'migrate.py'), '--quiet', path],
                   check=True, stdout=subprocess.DEVNULL)
    return read(path)


def leaves_alone_what_it_does_not_understand(patches, samples, directory):
    """spatch overlooks a function that it cannot parse. What that uses has to stay."""
    path = os.path.join(directory, 'opaque.c')
    text = read(os.path.join(samples, 'operations-before.c'))
    text = text.replace('panel_load (Panel *self)\n{', 'panel_load (Panel *self)\n{\n  OPAQUE (self) {{ ;')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    output = subprocess.run([sys.executable, os.path.join(patches, 'migrate.py'), '--quiet', path],
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    return 'is not applied' in output and read(path).count('GCancellable *') == text.count('GCancellable *')


def main():
    update = '--update' in sys.argv
    patches, samples, *names = [argument for argument in sys.argv[1:] if argument != '--update']
    missing = [tool for tool in ('spatch', 'clang-format') if shutil.which(tool) is None]

    if missing:
        print(f'1..0 # SKIP there is no {missing[0]}')
        return 0

    print(f'1..{len(names) + 1}')
    failed = False
    for number, name in enumerate(names, start=1):
        with tempfile.TemporaryDirectory() as directory:
            result = converted(patches, samples, name, directory)
        path = os.path.join(samples, f'{name}-after.c')
        if update:
            with open(path, 'w', encoding='utf-8') as file:
                file.write(result)
        difference = list(difflib.unified_diff(read(path).splitlines(), result.splitlines(),
                                               f'{name}-after.c', 'converted', lineterm=''))
        for line in difference:
            print('#', line)
        print('not ok' if difference else 'ok', number, name)
        failed = failed or bool(difference)

    with tempfile.TemporaryDirectory() as directory:
        good = leaves_alone_what_it_does_not_understand(patches, samples, directory)
    print('ok' if good else 'not ok', len(names) + 1, 'not-understood')

    return 1 if failed or not good else 0


if __name__ == '__main__':
    sys.exit(main())
