#!/usr/bin/env python3
# test-connections-output.py: checks that the example prints what its README says
#
# usage: test-connections-output.py CONNECTIONS
#
# Runs without a message bus, and with one of its own if dbus-run-session is installed.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import shutil
import subprocess
import sys

# The expected lines, in this order.
EXPECTED = (
    r'^the service has \d+ entries$',
    r'^all .*\bhandler \d+, source \d+, timer \d+, scope \d+, object \d+, data 2, cleanup 4, '
    r'operation 1,',
    r'^  the scope of the trial has closed: timed-out$',
    r'^\d+ callbacks$',
    r'^all .*\btimed-out 1\b',
    r'^alice .*\bphase 1;',
    r'^bob ',
    r'^sounds +scopes 1, entries 2, handler 1, timer 1; closed 0$',
    r'^  server/PlayerService/sounds: handler Player::moved #\d+ calls ',
    r'^  server/PlayerService/sounds: timer ',
    r'^timers of the service, without its children: 2$',
    r'^alice leaves$',
    r'^  the scope of alice has closed: owner-gone$',
    r'^bob is finalized$',
    r'^  the scope of the trial has closed: parent-closed$',
    r'^  the scope of bob has closed: owner-gone$',
    r'^released with the tag: 2$',
    r'^released timers: 2$',
    r'^released with the service: \d+$',
    r'^released with the root: 0$',
    r'^all +scopes 0, entries 0; closed',
    r'^nothing is left$',
)


def check(command, environment):
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True,
                            timeout=120, check=False)
    if result.returncode != 0:
        return f'exit status {result.returncode}', result.stdout
    position = 0
    for pattern in EXPECTED:
        match = re.compile(pattern, re.MULTILINE).search(result.stdout, position)
        if match is None:
            return f'no {pattern!r}', result.stdout
        position = match.end()
    return None, result.stdout


def main(program):
    without = {name: value for name, value in os.environ.items()
               if name != 'DBUS_SESSION_BUS_ADDRESS'}
    print('1..2')
    failed = 0
    for number, (name, command) in enumerate((
            ('alone', [program]),
            ('with-a-bus', ['dbus-run-session', '--', program])), 1):
        if shutil.which(command[0]) is None:
            print(f'ok {number} {name} # SKIP {command[0]} is not installed')
            continue
        problem, output = check(command, without)
        if problem is None and (' bus 4' in output) != (name == 'with-a-bus'):
            problem = 'wrong number of bus entries'
        if problem is None:
            print(f'ok {number} {name}')
        else:
            failed = 1
            print(f'not ok {number} {name}\n# {problem}')
            print(''.join(f'# {line}\n' for line in output.splitlines()))
    return failed


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
