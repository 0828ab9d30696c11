#!/usr/bin/env python3
# test-arena-data.py: what stays of a player, and disks that are slow or full
#
# usage: test-arena-data.py ARENA
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import shutil
import sys
import tempfile

from arenatest import Arena, Client, Failure, run, wait_until

SCORE = '[score]\nwins=3\nlosses=1\nstreak=2\ncoins=40\nbadges=1\n'


class Directory:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix='arena-data-')
        self.errors = tempfile.TemporaryFile('w+')
        return self

    def __exit__(self, *exc):
        self.errors.close()
        shutil.rmtree(self.path)

    def arena(self, program, *args):
        return Arena(program, f'--data={self.path}', *args, errors=self.errors)

    def file(self, nick):
        return os.path.join(self.path, nick + '.score')

    def write(self, nick, text):
        with open(self.file(nick), 'w', encoding='utf-8') as file:
            file.write(text)

    def read(self, nick):
        with open(self.file(nick), encoding='utf-8') as file:
            return file.read()

    def said(self, part):
        """How many lines of the server's errors have that in them."""
        self.errors.seek(0)
        return sum(part in line for line in self.errors)


def stats(client):
    return client.ask('PRIVMSG #lobby :!stats', ' :You: ').split(' :You: ')[1]


def expect_stats(client, text):
    seen = []

    def same():
        seen.append(stats(client))
        return seen[-1].startswith(text)

    try:
        wait_until(text, same)
    except Failure:
        raise Failure(f'{client.nick}: not {text!r} but {seen[-1]!r}') from None


def quit_and_wait(arena, client):
    client.say('QUIT')
    client.expect_end()
    arena.wait_for(connections=0, players=0)


def test_kept(program):
    with Directory() as directory:
        directory.write('alice', SCORE)
        with directory.arena(program, '--rate=20') as arena, \
                Client(arena, 'Alice', join=True) as alice, \
                Client(arena, 'bob', join=True) as bob:
            expect_stats(alice, '3 won, 1 lost, 4')
            expect_stats(bob, '0 won, 0 lost, ')
            alice.lobby('!queue')
            alice.expect('Search begins')
            bob.lobby('!queue')
            for player in (alice, bob):
                player.expect('is on offer')
                player.lobby('!accept')
            for player in (alice, bob):
                player.expect(' begins')
            alice.lobby('!report win')
            bob.lobby('!report loss')
            alice.expect('You earned 10 coins')
            alice.say('QUIT')
            alice.expect_end()
            if 'wins=4\nlosses=1\nstreak=3\n' not in directory.read('alice'):
                raise Failure(f'not saved at once: {directory.read("alice")!r}')
            # bob is there until the end of the server.
            arena.stop()
            if 'wins=0\nlosses=1\n' not in directory.read('bob'):
                raise Failure(f'not saved at the end: {directory.read("bob")!r}')

        with directory.arena(program) as arena, Client(arena, 'bob', join=True) as bob:
            expect_stats(bob, '0 won, 1 lost, ')
            # The line that asks has been read, and the next read has not begun.
            bob.say('PRIVMSG #lobby :!stats')
            bob.expect('In progress: 0 reads, 0 writes, 0 loads of scores.')
            quit_and_wait(arena, bob)
            arena.wait_empty()
            arena.stop()
        if directory.said('score'):
            raise Failure('a complaint about nothing')


def test_cannot_be_saved(program):
    """A cleanup that fails is told once, and does no harm."""
    with Directory() as directory:
        with directory.arena(program) as arena, Client(arena, 'bob', join=True) as bob:
            with Client(arena, 'alice', join=True) as alice:
                alice.lobby('!queue')
                alice.expect('Search begins')
                arena.wait_for(loads=0)
                # Not by its mode: that does not stop root.
                os.mkdir(directory.file('alice'))
                alice.say('QUIT :enough')
                alice.expect_end()
            bob.expect('QUIT :Quit: enough')
            arena.wait_for(connections=1, players=1, views=0, leaked=0)
            bob.alive()
            if directory.said('A score could not be saved') != 1:
                raise Failure('not told once that a score could not be saved')
            quit_and_wait(arena, bob)
            arena.wait_empty()
            arena.stop()
        directory.read('bob')


def test_cannot_be_saved_at_the_end(program):
    """The shutdown goes on as if nothing had happened."""
    with Directory() as directory:
        with directory.arena(program) as arena, Client(arena, 'alice', join=True) as alice, \
                Client(arena, 'bob', join=True), Client(arena, 'carol', join=True) as carol:
            arena.wait_for(loads=0)
            os.mkdir(directory.file('bob'))
            arena.stop()
            for client in (alice, carol):
                client.expect('The arena closes')
                client.expect_end()
        for nick in ('alice', 'carol'):
            directory.read(nick)
        if directory.said('A score could not be saved') != 1:
            raise Failure('not told once that a score could not be saved')


def test_cannot_be_loaded(program):
    """What cannot be read is not overwritten either."""
    with Directory() as directory:
        directory.write('alice', 'nonsense')
        with directory.arena(program) as arena, Client(arena, 'alice', join=True) as alice:
            arena.wait_for(loads=0)
            expect_stats(alice, '0 won, 0 lost, ')
            quit_and_wait(arena, alice)
            arena.wait_empty()
            arena.stop()
        if directory.said('could not be loaded') != 1 or directory.said('could not be saved') != 0:
            raise Failure('not told once that a score could not be loaded')
        if directory.read('alice') != 'nonsense':
            raise Failure('it was overwritten')


def test_straggler(program):
    """A disk that does not answer: the server names what it waited for, and ends all the same."""
    with Directory() as directory:
        # Who opens a FIFO waits for the other end, and cannot be talked out of it.
        os.mkfifo(directory.file('alice'))
        with directory.arena(program, '--grace=300') as arena, \
                Client(arena, 'alice', join=True) as alice:
            alice.lobby('!stats')
            alice.expect(' 1 loads of scores.')
            # A load counts from the call on; only once its thread is in open() can nothing stop it.
            wait_until('the load to be in open()', arena.is_opening)
            arena.stop(status=1)
            alice.expect('The arena closes')
            alice.expect_end()
        if directory.said("operation 'alice.score'") != 1:
            raise Failure('the straggler is not named')
        if directory.said("operation 'read'") != 0:
            raise Failure('more stragglers than there are')


def test_late(program):
    """The disk answers after the player is gone: nobody gets that answer."""
    with Directory() as directory:
        os.mkfifo(directory.file('alice'))
        with directory.arena(program) as arena:
            with Client(arena, 'alice', join=True) as alice:
                arena.wait_for(loads=1)
                # A load that is cancelled before it is in open() never gets there.
                wait_until('the load to be in open()', arena.is_opening)
                alice.reset()
            arena.wait_empty()
            try:
                with open(directory.file('alice'), 'w', encoding='utf-8') as fifo:
                    fifo.write(SCORE)
            except BrokenPipeError:
                # The load was cancelled, so it may not even read any more.
                pass
            with Client(arena, 'bob', join=True) as bob:
                arena.wait_for(loads=0)
                quit_and_wait(arena, bob)
            arena.wait_empty()
            arena.stop()


if __name__ == '__main__':
    sys.exit(run([case for name, case in list(globals().items()) if name.startswith('test_')],
                 sys.argv[1]))
