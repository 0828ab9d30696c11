#!/usr/bin/env python3
# test-arena-bus.py: the status on the session bus
#
# usage: test-arena-bus.py ARENA
#
# With a session bus of its own, from dbus-run-session. It is asked with gdbus.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import shutil
import subprocess
import sys
import tempfile

from arenatest import PATIENCE, Arena, Client, Failure, run, skip, wait_until

NAME = 'org.example.Arena'
PATH = '/org/example/Arena'


def gdbus(method, *args, dest=NAME, path=PATH):
    """What the method returned as gdbus prints it, or None."""
    result = subprocess.run(['gdbus', 'call', '--session', '--dest', dest, '--object-path', path,
                             '--method', method, *args],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            timeout=PATIENCE)
    return result.stdout.strip() if result.returncode == 0 else None


def get(name):
    return gdbus('org.freedesktop.DBus.Properties.Get', NAME, name)


def is_owned():
    answer = gdbus('org.freedesktop.DBus.NameHasOwner', NAME, dest='org.freedesktop.DBus',
                   path='/org/freedesktop/DBus')
    return answer == '(true,)'


def expect_property(name, value):
    answer = get(name)
    if answer != f'(<uint32 {value}>,)':
        raise Failure(f'{name} is {answer!r}, not {value}')


def test_status(program):
    with Arena(program, '--bus') as arena:
        wait_until('the name', is_owned)
        for name in ('Players', 'Matches', 'Views'):
            expect_property(name, 0)
        with Client(arena, 'alice', join=True) as alice, Client(arena, 'bob', join=True) as bob:
            for player in (alice, bob):
                player.lobby('!queue')
            for player in (alice, bob):
                player.expect('is on offer')
            # two searches, a match, two notifications
            expect_property('Players', 2)
            expect_property('Matches', 1)
            expect_property('Views', 5)
            stats = gdbus(NAME + '.Stats')
            for name, value in (('connections', 2), ('reads', 2), ('searches', 2), ('stray', 0)):
                if re.search(rf"'{name}': (int64 )?{value}\b", stats) is None:
                    raise Failure(f'not {value} {name}, but {stats}')
            if gdbus(NAME + '.Nonsense') is not None or get('Nonsense') is not None:
                raise Failure('nonsense is answered')
            arena.stop()
        if is_owned():
            raise Failure('the name is still owned')


def test_second(program):
    """The name is taken: the second server plays without it, and lets the first one have it."""
    with Arena(program, '--bus') as first:
        wait_until('the name', is_owned)
        with tempfile.TemporaryFile('w+') as errors:
            with Arena(program, '--bus', errors=errors) as second, Client(second, 'alice') as alice:
                def complained():
                    errors.seek(0)
                    return 'has another owner' in errors.read()

                wait_until('the second one to notice', complained)
                expect_property('Players', 0)
                alice.alive()
                second.stop()
        expect_property('Players', 0)
        first.stop()


def test_bus_gone(program):
    """The bus ends before the server does."""
    bus = subprocess.Popen(['dbus-daemon', '--session', '--nofork', '--print-address'],
                           stdout=subprocess.PIPE, text=True)
    old = os.environ['DBUS_SESSION_BUS_ADDRESS']
    try:
        os.environ['DBUS_SESSION_BUS_ADDRESS'] = bus.stdout.readline().strip()
        with Arena(program, '--bus', errors=subprocess.DEVNULL) as arena, \
                Client(arena, 'alice') as alice:
            wait_until('the name', is_owned)
            bus.kill()
            bus.wait()
            alice.alive()
            arena.stop()
    finally:
        os.environ['DBUS_SESSION_BUS_ADDRESS'] = old
        if bus.poll() is None:
            bus.kill()
            bus.wait()
        bus.stdout.close()


def test_no_bus(program):
    environment = dict(os.environ, DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')
    result = subprocess.run([program, '--port=0', '--bus'], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
    if result.returncode != 1 or 'arena: ' not in result.stderr:
        raise Failure(f'status {result.returncode}, {result.stderr!r}')


if __name__ == '__main__':
    if 'ARENA_TEST_BUS' not in os.environ:
        for tool in ('dbus-run-session', 'dbus-daemon', 'gdbus'):
            if shutil.which(tool) is None:
                skip(f'there is no {tool}')
        os.environ['ARENA_TEST_BUS'] = '1'
        os.execvp('dbus-run-session', ['dbus-run-session', '--', sys.executable, '-B', *sys.argv])
    sys.exit(run([case for name, case in list(globals().items()) if name.startswith('test_')],
                 sys.argv[1]))
