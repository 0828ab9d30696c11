# pages.py: what has to be done to each page that is read on a forge, to make it one of the reference
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import re

FRONT = re.compile(r'\A<!--.*?-->\s*', re.DOTALL)
PAGE = re.compile(r'\]\(([a-z-]+)\.md(#[^)]*)?\)')


def read(path):
    """The text of the page, without the comment at the top, which names the licence."""
    with open(path, encoding='utf-8') as file:
        return FRONT.sub('', file.read())


def lead(text):
    """Has links to `page.md` lead to `page.html`, and those to `images/` to the images themselves."""
    text = PAGE.sub(r'](\1.html\2)', text)
    return text.replace('](images/', '](').replace('src="images/', 'src="')
