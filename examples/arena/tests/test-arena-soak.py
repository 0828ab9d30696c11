#!/usr/bin/env python3
# test-arena-soak.py: the verdict of the soak, with and without planted leaks
#
# usage: test-arena-soak.py ARENA
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import subprocess
import sys
import tempfile

from arenatest import Failure, run

LOAD = ('--soak', '--matches=36', '--searches=80', '--legs=3', '--players=12', '--rate=500',
        '--deadline=150')

# The last row of the table.
VERDICT_CLEAN = ' clean\n'
VERDICT_LEAKS = ' leaks\n'


def soak(program, *args, errors=None):
    """Its exit status, and what it has said."""
    result = subprocess.run([program, *LOAD, *args], stdout=subprocess.PIPE, stderr=errors,
                            text=True, timeout=300, check=False)
    return result.returncode, result.stdout


def lines(output, label):
    return [dict(word.split('=', 1) for word in line.split()[1:])
            for line in output.splitlines() if line.split()[:1] == [label]]


def expect(output, *parts):
    for part in parts:
        if part not in output:
            raise Failure(f'no {part!r} in:\n' + '\n'.join('# ' + line for line in
                                                           output.splitlines()[-40:]))


def test_clean(program):
    with tempfile.TemporaryDirectory(prefix='arena-soak-') as directory:
        page = os.path.join(directory, 'page.html')
        status, output = soak(program, f'--report={page}')
        expect(output, VERDICT_CLEAN, 'Growth per hour over 4 quiet moments')
        if status != 0:
            raise Failure(f'exit status {status}')

        begin, = lines(output, 'begin')
        quiet = lines(output, 'warm') + lines(output, 'quiet')
        if len(quiet) != 4:
            raise Failure(f'{len(quiet)} quiet moments')
        for name in ('connections', 'players', 'views', 'handlers', 'timers', 'scopes', 'entries',
                     'overdue', 'leaked', 'kind-handler', 'kind-scope'):
            if any(sample[name] != begin[name] for sample in quiet):
                raise Failure(f'{name}: not {begin[name]} at each quiet moment')
        end = quiet[-1]
        # Who vanishes on the way into the queue is not matched.
        if not 24 <= int(end['matches-made']) <= 36 or int(end['searches']) < 60:
            raise Failure(f'another load: {end}')
        # What the views tell is what the library counts, and the rest is connections that end.
        for name in ('completed', 'aborted', 'conflicted', 'timed-out'):
            if int(end[name]) > int(end.get('closed-' + name, 0)):
                raise Failure(f'more views {name} than scopes: {end}')
        if end['conflicted'] != end['closed-conflicted'] or int(end['conflicted']) == 0:
            raise Failure(f'not as many conflicts: {end}')

        with open(page, encoding='utf-8') as file:
            expect(file.read(), '<b>handler</b>', '<b>timer</b>', '<b>operation</b>',
                   '<b>completed</b>', '<b>owner-gone</b>', 'Resident memory')


def test_goes_on(program):
    """For as long as it is told to, in legs of the same size."""
    status, output = soak(program, '--legs=1', '--hours=0.002')
    expect(output, VERDICT_CLEAN)
    if status != 0 or not lines(output, 'quiet'):
        raise Failure(f'exit status {status}')


def test_leak_of_views(program):
    """A forgotten handler: named, with its type and the place where its end was announced."""
    status, output = soak(program, '--leak=view')
    expect(output, VERDICT_LEAKS, 'Leak: Arena', 'is still alive', 'a view that has ended',
           'arena-wiring-managed.c', 'Left at the end: views +', 'Left at the end: overdue +')
    if status != 1:
        raise Failure(f'exit status {status}')


def test_leak_of_scopes(program):
    """A scope that nobody closes, and what it owns."""
    status, output = soak(program, '--leak=scope')
    expect(output, VERDICT_LEAKS, 'Left at the end: scopes +', 'Left at the end: timers +')
    if status != 1:
        raise Failure(f'exit status {status}')


def test_leak_of_memory(program):
    """Nothing that anybody knows of, but the process grows."""
    status, output = soak(program, '--leak=memory', '--matches=60', '--searches=120')
    if 'not judged: sanitizer' in output:
        print('# memory is not judged under a sanitizer')
        return
    expect(output, VERDICT_LEAKS, 'Memory grew by ')
    if status != 1:
        raise Failure(f'exit status {status}')


def test_leak_of_nonsense(program):
    status, _ = soak(program, '--leak=nonsense', errors=subprocess.DEVNULL)
    if status != 2:
        raise Failure(f'exit status {status}')


if __name__ == '__main__':
    sys.exit(run([case for name, case in list(globals().items()) if name.startswith('test_')],
                 sys.argv[1]))
