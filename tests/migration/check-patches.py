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


def main():
    update = '--update' in sys.argv
    patches, samples, *names = [argument for argument in sys.argv[1:] if argument != '--update']
    missing = [tool for tool in ('spatch', 'clang-format') if shutil.which(tool) is None]

    if missing:
        print(f'1..0 # SKIP there is no {missing[0]}')
        return 0

    print(f'1..{len(names)}')
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

    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
