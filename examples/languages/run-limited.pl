#!/usr/bin/env perl
# run-limited.pl: runs a command, and ends it after some seconds
#
# SPDX-License-Identifier: LGPL-2.1-or-later

use strict;
use warnings;

use Lifecycle;
use POSIX qw(SIGINT SIGTERM);

# The exit status is that of the command, or 124 if it had to be ended.
my ($seconds, @command) = @ARGV;
die "Usage: run-limited.pl SECONDS COMMAND...\n" unless @command;

my $loop = Glib::MainLoop->new;
my $scope = Lifecycle::Scope->new('run-limited');
my $status = 124;

# Ends the command, with SIGTERM and after a second with SIGKILL, and waits until it has ended.
sub finish {
  my ($reason) = @_;

  $scope->close_async($reason, 5000, undef, sub { $loop->quit });
  return 0;
}

$scope->add_unix_signal($_, sub { finish('aborted') }) for SIGINT, SIGTERM;

my $process = Glib::IO::Subprocess->new(\@command, []);
$scope->add_subprocess($process, 1000);
$scope->call($process, 'wait', sub {
  $status = $process->get_if_exited ? $process->get_exit_status : 128 + $process->get_term_sig;
  finish('completed');
});
$scope->add_timeout($seconds * 1000, sub { finish('timed-out') });

$loop->run;
exit $status;
