#!/usr/bin/env python3
# test-arena-protocol.py: what a client may get wrong does no harm
#
# usage: test-arena-protocol.py ARENA
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import random
import signal
import socket
import sys

from arenatest import Arena, Client, Failure, run, wait_until


def test_registration(program):
    with Arena(program) as arena, Client(arena) as client:
        client.ask('JOIN #lobby', ' 451 ')
        client.ask('PRIVMSG #lobby :hello', ' 451 ')
        client.ask('NONSENSE', ' 451 ')
        client.ask('NICK', ' 431 ')
        client.ask('NICK 9lives', ' 432 ')
        client.ask('USER one two', ' 461 ')
        client.ask('PING :early', 'PONG arena.local :early')
        client.ask('CAP LS 302', 'CAP * LS :')
        client.say('NICK alice')
        client.ask('USER alice 0 * :Alice', ' 001 alice ')
        client.expect(' 376 alice ')
        client.ask('USER alice 0 * :Alice', ' 462 ')
        client.say('QUIT')
        client.expect('ERROR ')
        client.expect_end()
        arena.wait_empty()
        arena.stop()


def test_errors(program):
    with Arena(program, '--rate=10') as arena, Client(arena, 'alice') as alice:
        alice.ask('NONSENSE', ' 421 alice NONSENSE ')
        alice.ask('JOIN', ' 461 alice JOIN ')
        alice.ask('JOIN #elsewhere', ' 403 ')
        alice.ask('PART #lobby', ' 442 ')
        alice.ask('PRIVMSG #lobby :hello', ' 404 ')
        alice.ask('PRIVMSG nobody :hello', ' 401 alice nobody ')
        alice.ask('PRIVMSG', ' 411 ')
        alice.ask('PRIVMSG #lobby', ' 412 ')
        alice.ask('WHOIS nobody', ' 401 ')
        alice.ask('MODE bob +i', ' 502 ')
        alice.say('NOTICE nobody :not answered', '123 what')
        alice.alive()
        alice.ask('NAMES', ' 353 alice = #lobby :@arena')
        alice.ask('JOIN #lobby', ' 353 alice = #lobby :@arena alice')
        alice.expect(' 366 ')
        alice.ask('TOPIC #lobby :mine', ' 482 ')
        alice.ask('MODE #lobby', ' 324 ')
        alice.ask('WHO #lobby', ' 352 alice #lobby alice ')
        alice.ask('PRIVMSG #lobby :!dance', 'NOTICE alice :Commands: !queue')
        alice.ask('PRIVMSG #lobby :!report maybe', 'NOTICE alice :Use !report')
        alice.ask('PRIVMSG #lobby :!accept', 'NOTICE alice :There is no match')
        alice.ask('PRIVMSG arena :!leave', 'NOTICE alice :You are not in the queue')
        alice.say('PART #lobby :bye')
        alice.expect(':alice!alice@arena.local PART #lobby :bye')
        arena.stop()


def test_nicks(program):
    with Arena(program) as arena, Client(arena, 'alice', join=True) as alice:
        with Client(arena) as other:
            other.ask('NICK alice', ' 433 * alice ')
            other.ask('NICK ALICE', ' 433 * ALICE ')
            other.ask('NICK arena', ' 433 * arena ')
            # A nick is taken from the moment it is asked for, and free when its holder is gone.
            other.say('NICK bob')
            other.alive()
            alice.ask('NICK bob', ' 433 alice bob ')
        arena.wait_for(connections=1)
        alice.ask('NICK bob', ':alice!alice@arena.local NICK :bob')
        with Client(arena, 'alice', join=True) as second:
            alice.expect(':alice!alice@arena.local JOIN #lobby')
            second.say('PRIVMSG bob :hello')
            alice.expect(':alice!alice@arena.local PRIVMSG bob :hello')
        alice.expect(':alice!alice@arena.local QUIT ')
        arena.stop()


def test_half_lines(program):
    with Arena(program) as arena, Client(arena, 'alice') as alice:
        for byte in b'PING :one':
            alice.send(bytes([byte]))
        alice.send(b'\r')
        alice.expect('PONG arena.local :one')
        alice.send(b'\nPING :two\nPING :three\rPI')
        alice.expect('PONG arena.local :two')
        alice.expect('PONG arena.local :three')
        alice.send(b'NG :four\r\n')
        alice.expect('PONG arena.local :four')
        alice.send(b'PING :never finished')
        alice.reset()
        arena.wait_empty()
        arena.stop()


def test_long_lines(program):
    with Arena(program) as arena, Client(arena, 'alice', join=True) as alice, \
            Client(arena, 'bob', join=True) as bob:
        alice.send(b'PRIVMSG #lobby :' + b'x' * 10000 + b'\r\n')
        alice.expect(' 417 alice ')
        # As long as it may be; with the prefix it gets longer, and is cut for bob.
        alice.send(b'PRIVMSG #lobby :' + '€'.encode() * 164 + b'\r\n')
        line = bob.expect('PRIVMSG #lobby :')
        if '\ufffd' in line or '€' not in line:
            raise Failure(f'cut inside of a character: {line!r}')
        alice.send(b'y' * 2000000 + b'\r\n')
        alice.expect(' 417 alice ')
        alice.alive()
        arena.stop()


def test_rubbish(program):
    rubbish = random.Random(1)
    with Arena(program, '--rate=20') as arena, Client(arena, 'bob', join=True) as bob:
        with Client(arena, 'alice', join=True) as alice:
            alice.send(b'\0\0\0\r\n\0PI\0NG :zero\0s\r\n')
            alice.expect('PONG arena.local :zeros')
            alice.send(b'PRIVMSG #lobby :\xff\xfe \xc3\x28 \x01\r\n')
            bob.expect('PRIVMSG #lobby :')
        for _ in range(20):
            with Client(arena) as noise:
                try:
                    noise.send(rubbish.randbytes(20000))
                except OSError:
                    pass
        bob.alive()
        bob.say('QUIT')
        arena.wait_empty()
        arena.stop()


def test_flood(program):
    with Arena(program, '--rate=20') as arena, Client(arena, 'bob', join=True) as bob:
        with Client(arena, 'alice', join=True) as alice:
            try:
                for _ in range(200):
                    alice.send(b'PRIVMSG #lobby :spam\r\n' * 1000)
            except OSError:
                pass
            arena.wait_for(connections=1)
        bob.expect('QUIT :Excess Flood')
        bob.alive()

        # A burst that a person may paste is none.
        with Client(arena, 'carol', join=True) as carol:
            carol.say(*['PRIVMSG #lobby :pasted'] * 60, 'PING :done')
            carol.expect('PONG arena.local :done')
        arena.stop()


def test_quit_in_a_burst(program):
    """The last line is read while the client is being slowed down."""
    with Arena(program, '--rate=20') as arena:
        with Client(arena, 'alice', join=True) as alice:
            alice.say(*['PRIVMSG #lobby :pasted'] * 50, 'QUIT :done', 'PING :too-late')
            alice.expect('ERROR :Closing Link: alice (Quit: done)')
            alice.expect_end()
        arena.wait_empty()
        arena.stop()


def test_deaf(program):
    """Who never reads fills the server's memory only so far."""
    with Arena(program, '--rate=20') as arena, Client(arena, 'bob', join=True) as bob, \
            Client(arena, 'deaf', join=True) as deaf:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        speakers = [Client(arena, f'speaker{i}') for i in range(6)]

        # Not faster than they may. All of this comes long before the deaf one misses a PING.
        def farewell():
            for speaker in speakers:
                speaker.say('PRIVMSG deaf :' + 400 * 'x')
            bob.say('PING :now')
            line = bob.line()
            while line is not None and ' PONG ' not in line:
                if ' QUIT ' in line:
                    return line
                line = bob.line()
            return None

        line = wait_until('the deaf one to go', farewell)
        if 'Write error' not in line:
            raise Failure(line)
        for client in (bob, *speakers):
            client.say('QUIT')
        arena.wait_empty()
        arena.stop()
        for speaker in speakers:
            speaker.socket.close()


def test_vanished(program):
    with Arena(program, '--rate=200') as arena:
        # says nothing, never registers
        with Client(arena) as silent:
            silent.expect('Registration timed out')
            silent.expect_end()
        # registers, and answers no PING
        with Client(arena, 'alice', join=True, answers=False) as alice:
            alice.expect('PING :arena.local')
            alice.expect('Ping timeout')
            alice.expect_end()
        arena.wait_empty()
        arena.stop()


def test_abrupt_ends(program):
    with Arena(program) as arena:
        for end in ('reset', 'close', 'half-close', 'quit'):
            alice = Client(arena, 'alice', join=True)
            bob = Client(arena, 'bob', join=True)
            alice.lobby('!queue')
            bob.lobby('!queue')
            bob.expect('is on offer')
            alice.expect('is on offer')
            if end in ('reset', 'quit'):
                alice.lobby('!accept')
                bob.lobby('!accept')
                bob.expect(' begins')
                alice.expect(' begins')
                bob.lobby('!report win')
                alice.expect('is waiting for your !report')
            if end == 'reset':
                alice.reset()
            elif end == 'close':
                alice.socket.close()
            elif end == 'half-close':
                alice.socket.shutdown(socket.SHUT_WR)
                alice.expect_end()
            else:
                alice.say('QUIT :enough')
                alice.expect_end()
            bob.expect(' is over')
            arena.wait_for(connections=1, players=1, matches=0, views=0, leaked=0)
            bob.reset()
            arena.wait_empty()
            alice.socket.close()
        arena.stop()


def test_ways_out(program):
    with Arena(program, '--rate=20') as arena, Client(arena, 'alice', join=True) as alice, \
            Client(arena, 'bob', join=True) as bob:
        def offer():
            alice.lobby('!queue')
            alice.expect('Search begins')
            bob.lobby('!queue')
            for player in (alice, bob):
                player.expect('is on offer')

        def begin():
            offer()
            for player in (alice, bob):
                player.lobby('!accept')
            for player in (alice, bob):
                player.expect(' begins')

        def over(how):
            for player in (alice, bob):
                line = player.expect(' is over')
                while 'Search' in line:
                    line = player.expect(' is over')
                if how not in line:
                    raise Failure(f'not {how}: {line}')

        begin()
        alice.lobby('!report win')
        bob.lobby('!report loss')
        over('completed')
        alice.expect('You earned 10 coins')
        bob.expect('You earned 2 coins')
        alice.ask('PRIVMSG #lobby :!dismiss', 'Dismissed: 1')
        bob.ask('PRIVMSG #lobby :!dismiss', 'Dismissed: 1')

        begin()
        alice.lobby('!report win')
        bob.lobby('!report win')
        over('conflicted')

        begin()
        bob.lobby('!abort')
        over('aborted')

        begin()
        alice.lobby('!report loss')
        over('timed out')

        offer()
        alice.lobby('!accept')
        bob.lobby('!abort')
        bob.expect('Search is over: aborted')
        alice.expect('Search is over: conflicted')
        over('aborted')

        offer()
        over('timed out')

        alice.lobby('!queue')
        alice.expect('Search begins')
        alice.ask('PRIVMSG #lobby :!queue', 'You are in the queue')
        alice.lobby('!leave')
        alice.expect('Search is over: aborted')

        alice.ask('PRIVMSG #lobby :!stats', 'You: 1 won, 0 lost, 1')
        alice.expect('Now: 2 players, 0 searches, 0 matches')
        arena.wait_for(matches=0, views=0, leaked=0)
        alice.say('QUIT')
        bob.say('QUIT')
        arena.wait_empty()
        arena.stop()


def test_statistics(program):
    """What !stats tells comes from the scopes: by player, service and kind."""
    with Arena(program) as arena, Client(arena, 'alice', join=True) as alice, \
            Client(arena, 'bob', join=True) as bob:
        alice.lobby('!stats')
        alice.expect('So far: 0 completed, 0 aborted, 0 conflicted, 0 timed out.')
        alice.expect(' scopes: handler ')
        before = alice.expect('All: ').split('All: ')[1]
        alice.expect('By service: players ')
        alice.expect('Closed: nothing yet.')
        alice.expect('overdue: 0.')

        alice.lobby('!queue')
        alice.expect('Search begins')
        alice.lobby('!stats')
        during = alice.expect('All: ').split('All: ')[1]
        if int(during.split()[0]) <= int(before.split()[0]):
            raise Failure(f'a search, but no more entries: {before} {during}')

        alice.lobby('!leave')
        alice.expect('Search is over')
        bob.lobby('!stats')
        bob.expect('So far: 0 completed, 1 aborted, 0 conflicted, 0 timed out.')
        after = bob.expect('All: ').split('All: ')[1]
        if after != before:
            raise Failure(f'not the same as before: {before} {after}')
        bob.expect('Closed: 1 aborted.')
        arena.stop()


def test_statistics_by_hand(program):
    """Without scopes the game has to count for itself."""
    with Arena(program, '--unmanaged') as arena, Client(arena, 'alice', join=True) as alice:
        alice.lobby('!queue')
        alice.expect('Search begins')
        alice.lobby('!leave')
        alice.expect('Search is over')
        alice.lobby('!stats')
        alice.expect('So far: 0 completed, 1 aborted, 0 conflicted, 0 timed out.')
        alice.expect('All: ')
        alice.expect('Memory: ')


def test_shutdown_in_the_middle(program):
    """The server is stopped with searches, offers and matches under way."""
    with Arena(program) as arena:
        clients = [Client(arena, f'player{i}', join=True) for i in range(5)]
        for client in clients:
            client.lobby('!queue')
        for client in clients[:2]:
            client.expect('is on offer')
            client.lobby('!accept')
        for client in clients[:2]:
            client.expect(' begins')
        wait_until('the last search', lambda: arena.sample()['searches'] == 5)
        arena.stop()
        for client in clients:
            client.expect('ERROR :Closing Link')
            client.expect_end()
            client.socket.close()


def test_interrupt(program):
    """No deadline is needed where everything under way can be cancelled, and is."""
    with Arena(program, '--grace=0') as arena, Client(arena, 'alice', join=True) as alice, \
            Client(arena) as silent:
        arena.wait_for(reads=2)
        arena.stop(signal.SIGINT)
        alice.expect('The arena closes')
        alice.expect_end()
        silent.expect('The arena closes')
        silent.expect_end()


def test_crowd(program):
    """More than may come: the rest is told so."""
    with Arena(program) as arena:
        crowd = []
        refused = 0
        for _ in range(520):
            client = Client(arena)
            client.say('PING :there')
            crowd.append(client)
        for client in crowd:
            line = client.line()
            refused += line is None or 'The arena is full' in line
        for client in crowd:
            client.socket.close()
        if refused != 8:
            raise Failure(f'{refused} of 520 refused')
        arena.wait_empty()
        arena.stop()


if __name__ == '__main__':
    sys.exit(run([case for name, case in list(globals().items()) if name.startswith('test_')],
                 sys.argv[1]))
