# arenatest.py: what the tests of the running server share
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import queue
import signal
import socket
import struct
import subprocess
import threading
import time

# For machines that are slow, busy, or run all this under a sanitizer. Nothing waits that long
# unless it fails.
PATIENCE = 60.0


class Failure(Exception):
    pass


def wait_until(what, condition):
    """Polls until the condition gives something true, and returns that."""
    end = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f'waited in vain: {what}')
        time.sleep(0.02)


class Arena:
    """A server process on a free port."""

    def __init__(self, program, *args, errors=None):
        self.process = subprocess.Popen([program, '--port=0', *args], stdout=subprocess.PIPE,
                                        stderr=errors, text=True)
        self.lines = queue.Queue()
        self.begin = None
        self.port = None
        threading.Thread(target=self._read, daemon=True).start()
        try:
            first = self._next_line()
            if not first.startswith('listening on 127.0.0.1 port '):
                raise Failure(f'not listening: {first!r}')
            self.port = int(first.split()[-1])
            self.begin = self._next_sample('begin')
        except BaseException:
            self.process.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip('\n'))
        self.lines.put(None)

    def _next_line(self):
        try:
            line = self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failure('the server says nothing') from None
        if line is None:
            raise Failure('the server is gone')
        return line

    def _next_sample(self, label):
        while True:
            words = self._next_line().split()
            if words and words[0] == label:
                pairs = dict(word.split('=', 1) for word in words[1:])
                return {name: int(value) for name, value in pairs.items()
                        if name not in ('mode', 'time')}

    def sample(self):
        self.process.send_signal(signal.SIGUSR1)
        return self._next_sample('telemetry')

    def wait_for(self, **live):
        """Waits until the server tells these numbers of itself."""
        seen = {}

        def matches():
            seen.update(self.sample())
            return all(seen[name] == n for name, n in live.items())

        try:
            wait_until('numbers', matches)
        except Failure:
            raise Failure(f'waited in vain for {live}, there is {seen}') from None

    def wait_empty(self):
        """Nothing of any player is left."""
        self.wait_for(connections=0, players=0, matches=0, views=0, leaked=0, stray=0,
                      reads=0, writes=0, loads=0, overdue=0,
                      **{name: self.begin[name]
                         for name in ('handlers', 'timers', 'scopes', 'entries')})

    def is_opening(self):
        """Whether one of the server's threads sleeps in open(), as with a FIFO that has no other end.

        Of the calls that may sleep only those that take a path have this first argument.
        """
        at_fdcwd = ('0xffffff9c', '0xffffffffffffff9c')
        folder = f'/proc/{self.process.pid}/task'
        for task in os.listdir(folder):
            try:
                with open(f'{folder}/{task}/syscall', encoding='ascii') as file:
                    words = file.read().split()
            except (FileNotFoundError, ProcessLookupError):
                continue        # a thread that has just ended
            if len(words) > 1 and words[1] in at_fdcwd:
                return True
        return False

    def stop(self, how=signal.SIGTERM, status=0):
        """The server ends when it is asked to, and leaves nothing. Returns its last words."""
        self.process.send_signal(how)
        sample = self._next_sample('shutdown')
        left = {name: sample[name] for name in ('connections', 'players', 'matches', 'views',
                                                'leaked', 'handlers', 'timers', 'stray',
                                                'reads', 'writes', 'loads',
                                                'scopes', 'entries', 'overdue')}
        if any(left.values()):
            raise Failure(f'left after the shutdown: {left}')
        if self.process.wait(timeout=PATIENCE) != status:
            raise Failure(f'exit status {self.process.returncode}')
        return sample


class Client:
    """A client that says exactly what it is told to, byte by byte."""

    def __init__(self, arena, nick=None, join=False, answers=True, buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.connect(('127.0.0.1', arena.port))
        self.buffer = b''
        self.nick = nick
        self.answers = answers
        if nick is not None:
            self.say(f'NICK {nick}', f'USER {nick} 0 * :A tester')
            self.expect(' 376 ')
        if join:
            self.say('JOIN #lobby')
            self.expect(' 366 ')

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def say(self, *lines):
        self.send(b''.join(line.encode() + b'\r\n' for line in lines))

    def lobby(self, text):
        self.say(f'PRIVMSG #lobby :{text}')

    def line(self):
        """The next line, or None at the end of the connection."""
        end = time.monotonic() + PATIENCE
        while True:
            line = self._line()
            if not self.answers or line is None or not line.startswith('PING '):
                return line
            if time.monotonic() > end:
                raise Failure(f'{self.nick}: no answer')
            self.say('PONG ' + line[5:])

    def _line(self):
        while b'\r\n' not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b''
            except TimeoutError:
                raise Failure(f'{self.nick}: no answer') from None
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        if len(line) > 510:
            raise Failure(f'a line of {len(line)} bytes')
        return line.decode()

    def expect(self, part):
        """Reads until a line has that in it, and returns the line."""
        seen = []
        end = time.monotonic() + PATIENCE
        while True:
            line = self.line()
            if line is None or time.monotonic() > end:
                raise Failure(f'{self.nick}: no {part!r} among {seen}')
            if part in line:
                return line
            seen.append(line)

    def expect_end(self):
        while self.line() is not None:
            pass

    def ask(self, line, part):
        self.say(line)
        return self.expect(part)

    def alive(self):
        self.ask('PING :still-there', 'PONG arena.local :still-there')

    def reset(self):
        """Not a goodbye but a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()


def run(cases, program):
    """Runs each case; TAP on standard output."""
    failed = 0
    print(f'1..{len(cases)}', flush=True)
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace('test_', '').replace('_', '-')
        start = time.monotonic()
        try:
            case(program)
            print(f'ok {number} {name} # {time.monotonic() - start:.1f} s', flush=True)
        except (Failure, OSError, subprocess.SubprocessError) as error:
            failed += 1
            print(f'not ok {number} {name}\n# {error}', flush=True)
    return 1 if failed else 0


def skip(why):
    print(f'1..0 # SKIP {why}', flush=True)
    raise SystemExit(77)
