#!/usr/bin/env python3
# test-arena-ii.py: a real IRC client plays
#
# usage: test-arena-ii.py ARENA
#
# Two players, each with Debian's `ii`, which is used through files: what is written to a FIFO goes
# to the server, what the server says is appended to a file.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import shutil
import subprocess
import sys
import tempfile

from arenatest import Arena, Client, Failure, run, skip, wait_until


class Ii:
    def __init__(self, program, directory, arena, nick):
        self.nick = nick
        self.server = os.path.join(directory, nick, '127.0.0.1')
        self.lobby = os.path.join(self.server, '#lobby')
        self.process = subprocess.Popen([program, '-s', '127.0.0.1', '-p', str(arena.port),
                                         '-n', nick, '-i', os.path.join(directory, nick)],
                                        stdout=subprocess.DEVNULL)
        self.expect(self.server, 'End of /MOTD')

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def text(self, directory):
        try:
            with open(os.path.join(directory, 'out'), encoding='utf-8', errors='replace') as file:
                return file.read()
        except FileNotFoundError:
            return ''

    def expect(self, directory, part):
        def there():
            if self.process.poll() is not None:
                raise Failure(f'ii of {self.nick} has ended')
            return part in self.text(directory)

        try:
            wait_until(part, there)
        except Failure as error:
            raise Failure(f'{self.nick}: {error}\n# {self.text(directory)!r}') from None

    def write(self, directory, line):
        def written():
            # Without a reader the open would wait for one that may never come.
            try:
                fifo = os.open(os.path.join(directory, 'in'), os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return False
            with os.fdopen(fifo, 'w') as file:
                file.write(line + '\n')
            return True

        wait_until(f'the FIFO of {self.nick}', written)

    def join(self):
        self.write(self.server, '/j #lobby')
        self.expect(self.lobby, 'has joined #lobby')

    def say(self, text):
        self.write(self.lobby, text)

    def notice(self, part):
        """What the bot says to the player; which file it lands in is up to ii."""
        def there():
            for root, _, files in os.walk(self.server):
                if 'out' in files and part in self.text(root):
                    return True
            return False

        try:
            wait_until(part, there)
        except Failure as error:
            raise Failure(f'{self.nick}: {error}') from None

    def quit(self):
        self.write(self.server, '/q bye')
        wait_until(f'the end of {self.nick}', lambda: self.process.poll() is not None)


def test_two_play(program):
    directory = tempfile.mkdtemp(prefix='arena-ii-')
    players = []
    try:
        with Arena(program) as arena:
            alice = Ii(II, directory, arena, 'alice')
            players.append(alice)
            alice.join()
            bob = Ii(II, directory, arena, 'bob')
            players.append(bob)
            bob.join()
            alice.expect(alice.lobby, 'bob')

            alice.say('hello bob')
            bob.expect(bob.lobby, 'hello bob')

            alice.say('!queue')
            alice.notice('Search begins: 1 waiting')
            bob.say('!queue')
            for player in players:
                player.notice('Match 1 is on offer: alice against bob')
            sample = arena.sample()
            if sample['views'] != 5 or sample['players'] != 2:
                raise Failure(f'two searches, a match, two notifications, but: {sample}')

            for player in players:
                player.say('!accept')
            for player in players:
                player.notice('Match 1 begins')
            alice.say('!report win')
            bob.notice('Match 1 is waiting for your !report')
            bob.say('!report loss')
            for player in players:
                player.notice('Match 1 is over: completed')
                player.expect(player.lobby, 'alice won against bob.')

            # The second match is not played to its end: alice just goes.
            alice.say('!queue')
            alice.notice('Search begins')
            bob.say('!queue')
            bob.notice('Match 2 is on offer')
            alice.quit()
            bob.notice('Match 2 is over: a player left')
            bob.notice('Search is over: conflicted')
            arena.wait_for(connections=1, players=1, matches=0)
            bob.quit()

            arena.wait_empty()
            with Client(arena, 'carol', join=True) as carol:
                carol.lobby('!stats')
                carol.expect('Now: 1 players, 0 searches, 0 matches.')
            arena.wait_empty()
            arena.stop()
    finally:
        for player in players:
            player.stop()
        shutil.rmtree(directory)


II = shutil.which('ii')

if __name__ == '__main__':
    if II is None:
        skip('the IRC client ii is not installed')
    sys.exit(run([test_two_play], sys.argv[1]))
