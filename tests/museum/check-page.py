# check-page.py: is each exhibit of the museum on its page, and the other way round?
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import re
import sys


def main():
    page, *exhibits = sys.argv[1:]
    with open(page, encoding='utf-8') as file:
        shown = re.findall(r'^\| `([a-z-]+)` \|', file.read(), re.MULTILINE)

    for name in sorted(set(exhibits) - set(shown)):
        print(f'"{name}" is missing in {page}.')
    for name in sorted(set(shown) - set(exhibits)):
        print(f'{page} shows "{name}", for which there is no program.')

    return 0 if sorted(exhibits) == sorted(shown) and exhibits else 1


if __name__ == '__main__':
    sys.exit(main())
