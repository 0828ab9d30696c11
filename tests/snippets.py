# snippets.py: small changes to C sources, which are found by their words and not by their lines
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A file of changes looks like this:

    = What it is, in one line
    : key: value                        (any number of those)
    @ function_to_change
      what (comes, before);
    - what_goes ();
    + what_comes ();
      what (comes, after);

Each change begins with a line "=", and what follows "@" names a function, a variable or a type
that is defined in one file of the library; "file.c: name" helps where several files define it.
The lines below are a small diff. White space and comments do not matter, nor do line numbers, so
a change survives reindenting, moving and renaming of files. Where the lines fit no place, or more
than one, the change has to be written anew: that is a failure, and never goes unnoticed.
"""

import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<space>   \s+ | //[^\n]* | /\*.*?\*/ | \\\n)
  | (?P<token>   ^\#(?:\\\n|[^\n])*                     # a line of the preprocessor
               | [A-Za-z_]\w*
               | \.?\d(?:[eEpP][+-]|[\w.])*
               | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
               | \.\.\. | <<= | >>=
               | -> | \+\+ | -- | << | >> | <= | >= | == | != | && | \|\|
               | [-+*/%&|^]=
               | [^\s\w])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

OPENING = {"(": ")", "{": "}", "[": "]"}


class Misfit(Exception):
    """A change does not fit the source."""


def tokenize(text):
    """Every token with its position: (text, begin, end)."""
    tokens = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise Misfit(f"cannot read {text[at:at + 40]!r}")
        if match["token"]:
            tokens.append((match["token"], match.start(), match.end()))
        at = match.end()
    return tokens


def matching(tokens, at):
    """The index of what closes the bracket at AT."""
    stack = []
    for i in range(at, len(tokens)):
        text = tokens[i][0]
        if text in OPENING:
            stack.append(OPENING[text])
        elif stack and text == stack[-1]:
            stack.pop()
            if not stack:
                return i
    raise Misfit(f"no end of {tokens[at][0]!r}")


def definitions(tokens):
    """What is defined at the top level: (name, first token, last token), in the order of the file."""
    found = []
    begin = at = 0
    name = None                 # of what begins here, once that is known
    while at < len(tokens):
        text = tokens[at][0]
        if text.startswith("#"):
            begin = at = at + 1
            name = None
        elif text == "{":
            end = matching(tokens, at)
            is_function = name is None and tokens[at - 1][0] == ")"
            if is_function:
                name = tokens[opening - 1][0]
            elif name is None:
                name = tokens[at - 1][0]        # struct name { }
            at = end + 1
            if is_function:
                found.append((name, begin, end))
                begin, name = at, None
        elif text in OPENING:
            opening = at
            at = matching(tokens, at) + 1
        elif text == ";":
            if tokens[begin][0] == "typedef":
                name = tokens[at - 1][0]
            found.append((name, begin, at))
            begin, name = at + 1, None
            at += 1
        else:
            if text == "=" and name is None:
                # "name =", or "name[] =".
                before = at - 1
                while tokens[before][0] in ("[", "]") or tokens[before - 1][0] == "[":
                    before -= 1
                name = tokens[before][0]
            at += 1
    return found


@dataclasses.dataclass
class Change:
    what: str
    keys: dict
    place: str
    before: str = ""
    after: str = ""

    def apply(self, sources):
        """The file and its new text; SOURCES maps paths to texts."""
        file_name, _, name = self.place.rpartition(": ")
        wanted = [token[0] for token in tokenize(self.before)]
        if not wanted:
            raise Misfit("there is nothing to look for")

        regions = []
        for path, text in sources.items():
            if file_name and path.name != file_name:
                continue
            # Most files do not have the name at all.
            if re.search(rf"\b{re.escape(name)}\b", text) is None:
                continue
            tokens = tokenize(text)
            regions += [(path, text, tokens[first:last + 1])
                        for defined, first, last in definitions(tokens)
                        if defined == name and "{" in (token[0] for token in tokens[first:last + 1])]
        if not regions:
            raise Misfit(f"{self.place} is not defined anywhere")
        if len({path for path, _, _ in regions}) > 1:
            raise Misfit(f"{name} is defined in "
                         + " and in ".join(sorted(path.name for path, _, _ in regions)))

        places = [(path, text, tokens[i][1], tokens[i + len(wanted) - 1][2])
                  for path, text, tokens in regions
                  for i in range(len(tokens) - len(wanted) + 1)
                  if [token[0] for token in tokens[i:i + len(wanted)]] == wanted]
        if len(places) != 1:
            raise Misfit(f"{self.place} has {len(places)} places that fit")
        path, text, begin, end = places[0]
        return path, text[:begin] + self.after + text[end:]


def parse(text):
    """The changes of a file."""
    changes = []
    for number, line in enumerate(text.splitlines(), 1):
        mark, rest = line[:1], line[2:]
        if line.startswith("#") or not line.strip():
            continue
        if mark == "=":
            changes.append(Change(rest.strip(), {}, ""))
        elif not changes or mark not in (":", "@", " ", "-", "+"):
            raise Misfit(f"line {number} is not understood: {line!r}")
        elif mark == ":":
            key, _, value = rest.partition(":")
            changes[-1].keys[key.strip()] = value.strip()
        elif mark == "@":
            changes[-1].place = rest.strip()
        else:
            if mark in " -":
                changes[-1].before += rest + "\n"
            if mark in " +":
                changes[-1].after += rest + "\n"
    return changes


def read_sources(folder):
    """All C files below the folder."""
    return {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("**/*.c"))}
