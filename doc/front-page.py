# front-page.py: writes the reference, and says on its first page what the library is
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# gi-docgen fills its first page with one line of text, and with links that stay blank if a project has
# no address. This puts front-page.md there instead.

import os
import re
import subprocess
import sys

import markdown

import pages


def main():
    page, output, *command = sys.argv[1:]
    subprocess.run(command, check=True)

    body = markdown.markdown(pages.lead(pages.read(page)), extensions=['extra', 'codehilite'],
                             extension_configs={'codehilite': {'css_class': 'codehilite'}})

    index = os.path.join(output, 'index.html')
    with open(index, encoding='utf-8') as file:
        html = file.read()
    html = re.sub(r'\s*<tr><td><em>(?:Website|Source)</em></td><td><a href="" [^\n]*</tr>', '', html)
    html, replaced = re.subn(r'<div class="description">\s*<p>.*?</p>\s*</div>',
                             lambda match: f'<div class="docblock">\n{body}\n</div>', html, count=1,
                             flags=re.DOTALL)
    if replaced != 1:
        print('front-page.py: the first page has no description to replace', file=sys.stderr)
        return 1
    with open(index, 'w', encoding='utf-8') as file:
        file.write(html)

    return 0


if __name__ == '__main__':
    sys.exit(main())
