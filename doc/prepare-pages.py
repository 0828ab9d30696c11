# prepare-pages.py: makes pages for gi-docgen of those that are read on a forge
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The pages in this folder are plain Markdown: their links lead to each other's files, and what they
# mention is in code spans. For the reference:
#
# - the first heading becomes the title of the page, and its name without the suffix the slug;
# - `lifecycle_scope_close()`, `LifecycleScope`, `LifecycleScope::closed`, `LifecycleScope:limit` and
#   the like become links to what they name; a function that does not exist is an error;
# - with `--other GIR URL`, the names of another library become links to its reference at the address;
# - links lead to the pages and images of the reference; see pages.py.

import os
import re
import sys
import xml.etree.ElementTree as ElementTree

import pages

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'

KINDS = {'class': 'class', 'interface': 'iface', 'record': 'struct', 'enumeration': 'enum',
         'bitfield': 'flags', 'callback': 'callback'}

FENCE = re.compile(r'^```.*?^```$', re.MULTILINE | re.DOTALL)
SPAN = re.compile(r'`([^`\n]+)`')


def links_of(gir):
    """A map from what a page calls it to the link that gi-docgen understands."""
    links = {}
    namespace = ElementTree.parse(gir).getroot().find(CORE + 'namespace')

    for function in namespace.findall(CORE + 'function'):
        links[function.get(C + 'identifier') + '()'] = f'[func@{function.get("name")}]'

    for tag, kind in KINDS.items():
        for element in namespace.findall(CORE + tag):
            name = element.get('name')
            c_type = element.get(C + 'type')
            if element.get(GLIB + 'is-gtype-struct-for') is not None:
                continue
            links[c_type] = f'[{kind}@{name}]'
            for child, prefix in (('constructor', 'ctor'), ('method', 'method'), ('function', 'func')):
                for function in element.findall(CORE + child):
                    links[function.get(C + 'identifier') + '()'] = f'[{prefix}@{name}.{function.get("name")}]'
            for signal in element.findall(GLIB + 'signal'):
                links[f'{c_type}::{signal.get("name")}'] = f'[signal@{name}::{signal.get("name")}]'
            for prop in element.findall(CORE + 'property'):
                links[f'{c_type}:{prop.get("name")}'] = f'[property@{name}:{prop.get("name")}]'

    return links


def addresses_of(gir, url):
    """A map from what a page calls it to its page in another reference."""
    addresses = {}
    for words, link in links_of(gir).items():
        kind, name = re.fullmatch(r'\[(\w+)@(.*)\]', link).groups()
        page = name.replace('::', '.').replace(':', '.')
        addresses[words] = f'[`{words}`]({url}{kind}.{page}.html)'
    return addresses


def prepare(path, links, prefixes):
    text = pages.read(path)
    unknown = []

    def link(match):
        words = match.group(1)
        if words in links:
            return links[words]
        if re.fullmatch(rf'lifecycle_(?!{prefixes})\w+\(\)', words):
            unknown.append(words)
        return match.group(0)

    # A page may bring its own front matter.
    if not text.startswith('Title:'):
        title = re.match(r'# (.*)\n', text).group(1)
        slug = os.path.splitext(os.path.basename(path))[0]
        # REUSE-IgnoreStart: that is the licence of the page.
        text = f'Title: {title}\nSlug: {slug}\nSPDX-License-Identifier: LGPL-2.1-or-later\n\n{text}'
        # REUSE-IgnoreEnd

    # Code is left alone.
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [(text[end:fence.start()], True), (fence.group(0), False)]
        end = fence.end()
    parts.append((text[end:], True))

    done = []
    for part, prose in parts:
        if prose:
            part = pages.lead(SPAN.sub(link, part))
        done.append(part)

    for words in unknown:
        print(f'{path}: there is no {words}', file=sys.stderr)
    return ''.join(done), not unknown


def main():
    gir, *rest = sys.argv[1:]
    links, prefixes = links_of(gir), 'gtk_|audit_'
    good = True

    if rest[0] == '--other':
        links.update(addresses_of(*rest[1:3]))
        prefixes = 'audit_'
        rest = rest[3:]
    output, *paths = rest

    os.makedirs(output, exist_ok=True)
    for path in paths:
        text, fine = prepare(path, links, prefixes)
        good = good and fine
        with open(os.path.join(output, os.path.basename(path)), 'w', encoding='utf-8') as file:
            file.write(text)

    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
