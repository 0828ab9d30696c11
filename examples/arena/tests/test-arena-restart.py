#!/usr/bin/env python3
# test-arena-restart.py: no command that was accepted is lost when the server restarts under load
#
# usage: test-arena-restart.py ARENA
#
# ARENA_RESTARTS says how many restarts (3). Clients send commands without waiting for the answers, on
# and on. When the server stops, each client must have an answer to each of its commands up to a
# certain one, and none after that. The server says how many commands it has accepted in all: that is
# how many were answered.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import random
import signal
import socket
import sys
import threading
import time

from arenatest import PATIENCE, Arena, Client, Failure, run, wait_until

N_CLIENTS = 8
WINDOW = 24             # commands that may be unanswered
BURST = 8               # commands without a pause: the server does not like floods
PAUSE = 0.02
REGISTRATION = 2        # NICK and USER


class Load(threading.Thread):
    """A client that sends one command after the other, until the server hangs up."""

    def __init__(self, arena, nick):
        super().__init__(daemon=True)
        self.client = Client(arena, nick, answers=False)
        self.n_sent = 0
        self.n_answered = 0
        self.goodbye = None
        self.failure = None

    def run(self):
        try:
            self._run()
        except (Failure, OSError) as error:
            self.failure = error
        finally:
            self.client.socket.close()

    def _run(self):
        while True:
            while self.goodbye is None and self.n_sent - self.n_answered < WINDOW:
                if not self._send():
                    break
            line = self.client.line()
            if line is None:
                return
            self._take(line)

    def _send(self):
        """Returns whether the server still listens."""
        try:
            self.client.say(f'PING :{self.n_sent}')
        except (BrokenPipeError, ConnectionResetError):
            return False
        self.n_sent += 1
        if self.n_sent % BURST == 0:
            time.sleep(PAUSE)
        return True

    def _take(self, line):
        if self.goodbye is not None:
            raise Failure(f'{self.client.nick}: after the goodbye: {line!r}')
        if line.startswith('ERROR :Closing Link'):
            self.goodbye = line
        elif ' PONG ' in f' {line} ':
            if not line.endswith(f':{self.n_answered}'):
                raise Failure(f'{self.client.nick}: {line!r} instead of {self.n_answered}')
            self.n_answered += 1
        elif not line.startswith('PING '):
            raise Failure(f'{self.client.nick}: {line!r}')


def restart(program, chance):
    """A server, a load, and SIGTERM. Returns how many commands were accepted, and how many sent."""
    with Arena(program, '--rate=200', '--grace=60000') as arena:
        loads = [Load(arena, f'load{i}') for i in range(N_CLIENTS)]
        for load in loads:
            load.start()
        time.sleep(chance.uniform(0.02, 0.2))
        commands = arena.stop()['commands']

        for load in loads:
            load.join(timeout=PATIENCE)
            if load.failure is not None:
                raise load.failure
            if load.goodbye is None:
                raise Failure(f'{load.client.nick}: no goodbye')

        answered = sum(REGISTRATION + load.n_answered for load in loads)
        if commands != answered:
            raise Failure(f'{commands} commands were accepted, {answered} answered')
        return answered, sum(REGISTRATION + load.n_sent for load in loads)


def test_restarts(program):
    chance = random.Random(1)
    n_restarts = int(os.environ.get('ARENA_RESTARTS', '3'))
    n_accepted = n_sent = 0
    for _ in range(n_restarts):
        accepted, sent = restart(program, chance)
        n_accepted += accepted
        n_sent += sent
    print(f'# {n_restarts} restarts: {n_accepted} of {n_sent} commands were accepted, and all of '
          'these were answered')


def test_backlog(program):
    """What the server has read is answered, even what it would otherwise have put off."""
    n_commands = 60
    with Arena(program) as arena, Client(arena, 'alice') as alice:
        alice.say(*(f'PING :{i}' for i in range(n_commands)))
        alice.expect('PONG arena.local :20')
        arena.process.send_signal(signal.SIGTERM)
        for i in range(21, n_commands):
            line = alice.line()
            if line is None or not line.endswith(f' PONG arena.local :{i}'):
                raise Failure(f'{line!r} instead of the answer to {i}')
        alice.expect('The arena closes')
        alice.expect_end()


def test_nobody_comes_any_more(program):
    """A match is under way when the server stops."""
    with Arena(program) as arena, Client(arena, 'alice', join=True) as alice, \
            Client(arena, 'bob', join=True) as bob:
        for client in (alice, bob):
            client.lobby('!queue')
        alice.expect('is on offer')
        arena.process.send_signal(signal.SIGTERM)
        for client in (alice, bob):
            client.expect('The arena closes')
            client.expect_end()
        try:
            socket.create_connection(('127.0.0.1', arena.port), timeout=PATIENCE).close()
        except (ConnectionRefusedError, ConnectionResetError):
            pass
        else:
            raise Failure('the server still listens')
        for client in (alice, bob):
            client.socket.close()
        if arena.process.wait(timeout=PATIENCE) != 0:
            raise Failure(f'exit status {arena.process.returncode}')


def test_deaf_client(program):
    """A client that reads nothing is given up when the time is over."""
    with Arena(program, '--rate=200', '--grace=300') as arena:
        client = Client(arena, 'deaf', answers=False, buffer=4096)

        def is_full():
            """More answers than the kernel takes, but not more than the server does."""
            client.send((b'PING :' + b'x' * 480 + b'\r\n') * BURST)
            time.sleep(PAUSE)
            return arena.sample()['writes'] == 1

        wait_until('the buffers to be full', is_full)
        arena.stop(status=1)
        client.socket.close()


if __name__ == '__main__':
    sys.exit(run([test_restarts, test_backlog, test_nobody_comes_any_more, test_deaf_client], sys.argv[1]))
