# run-perl.pl: runs the table of cases in Perl
#
# SPDX-License-Identifier: LGPL-2.1-or-later

use strict;
use warnings;

use Lifecycle;
use Time::HiRes qw(sleep time);

$| = 1;
my $context = Glib::MainContext->default;
my (%things, %watches, %counts, %last, %steps, %bad);
my ($finished, $skipping);

# What begins with "@" ends the case.
sub put { my ($text) = @_; $skipping = 1 if $text =~ /^@/; print "$text\n"; return }
sub trace { my ($format, @values) = @_; put('> ' . sprintf $format, @values); return }
sub thing { my ($name) = @_; return $things{$name} // put("\@there is no $name") }
sub nick { my ($value) = @_; return $value =~ tr/_/-/r }

# What a callback does after it has traced its label.
sub act {
  my ($label, $next, $reason) = @_;

  trace('%s%s', $label, defined $reason ? ' ' . nick($reason) : '');
  $counts{$label =~ s/ .*//r}++;
  if (defined $next) {
    die "$1\n" if $next =~ /^throw (.*)/;
    run_step($next);
  }
  return;
}

sub iterate_until {
  my ($label, $n) = @_;
  my $deadline = time + 10;

  while (($counts{$label} // 0) < $n) {
    return put("\@waited 10 seconds for $label") if time > $deadline;
    sleep 0.0005 unless $context->iteration(0);
  }
  delete $counts{$label};
  return;
}

sub call {
  my ($scope, $path, $label) = @_;

  $scope->call(Glib::IO::File::new_for_path($path), 'query_info', 'standard::size', [], 0, sub {
    my ($info, $error) = @_;
    act($label . (defined $info ? ' ok' : ' failed'));
  });
  return;
}

%bad = (
  signal => sub { $_[0]->connect_signal($_[1], 'nonsense', sub { }) },
  handler => sub { $_[0]->connect_signal($_[1], 'activate', 'no function') },
  emitter => sub { $_[0]->connect_signal(undef, 'activate', sub { }) },
  cleanup => sub { $_[0]->defer(undef) },
  callback => sub { $_[0]->add_timeout(1, undef) },
  negative => sub { $_[0]->add_timeout(-1, sub { }) },
  huge => sub { $_[0]->add_timeout(2**40, sub { }) },
  object => sub { $_[0]->add_object({}) },
  reason => sub { $_[0]->close('nonsense') },
);

%steps = (
  scope => sub { $things{$_[0]} = Lifecycle::Scope->new($_[0]) },
  child => sub { $things{$_[0]} = thing($_[1])->new_child($_[0]) },
  'get-child' => sub { $things{$_[0]} = thing($_[1])->get_child($_[2]) },
  'renew-child' => sub { $things{$_[0]} = thing($_[1])->renew_child($_[2]) },
  'scope-of' => sub { $things{$_[0]} = Lifecycle::Scope::of(thing($_[1])) },
  move => sub { $things{$_[0]} = thing($_[1])->move },
  emitter => sub { $things{$_[0]} = Glib::IO::SimpleAction->new($_[0], undef) },
  cancellable => sub { $things{$_[0]} = Glib::IO::Cancellable->new },
  drop => sub { delete $things{$_[0]} },
  'drop-scope' => sub { delete $things{$_[0]} },
  watch => sub { $watches{$_[0]} = Lifecycle::Scope::of(thing($_[1])) },

  connect => sub {
    my ($s, $e, $label, $next) = @_;
    $last{instance} = thing($e);
    $last{id} = thing($s)->connect_signal(thing($e), activate => sub { act($label, $next) });
  },
  'connect-once' => sub {
    my ($s, $e, $label) = @_;
    thing($s)->connect_signal(thing($e), activate => sub { act($label) }, 'once');
  },
  'connect-capturing' => sub {
    my ($s, $e, $owner, $label) = @_;
    my $captured = thing($owner);
    thing($s)->connect_signal(thing($e), activate => sub { act($label); return $captured });
  },
  adopt => sub {
    my ($s, $e, $label) = @_;
    $last{instance} = thing($e);
    $last{id} = thing($e)->signal_connect(activate => sub { act($label) });
    thing($s)->add_handler(thing($e), $last{id});
  },
  'on-closing' => sub {
    my ($s, $label, $next) = @_;
    thing($s)->signal_connect(closing => sub { act($label, $next, $_[1]) });
  },
  'on-closed' => sub {
    my ($s, $label, $next) = @_;
    thing($s)->signal_connect(closed => sub { act($label, $next, $_[1]) });
  },
  defer => sub {
    my ($s, $label, $next) = @_;
    thing($s)->defer(sub { act($label, $next, $_[1]) });
  },
  'defer-for' => sub {
    my ($s, $e, $label) = @_;
    thing($s)->defer_for(thing($e), sub { act($label, undef, $_[1]) });
  },
  'defer-capturing' => sub {
    my ($s, $x, $label) = @_;
    my $captured = thing($x);
    thing($s)->defer(sub { act($label); return $captured });
  },
  idle => sub {
    my ($s, $label, $next) = @_;
    thing($s)->add_idle(sub { act($label, $next); return 0 });
  },
  timeout => sub {
    my ($s, $ms, $label, $next) = @_;
    $last{timer} = thing($s)->add_timeout($ms, sub { act($label, $next); return 0 });
  },
  every => sub {
    my ($s, $ms, $label, $left) = @_;
    thing($s)->add_timeout($ms, sub { act($label); return --$left > 0 });
  },
  'timeout-capturing' => sub {
    my ($s, $ms, $owner, $label) = @_;
    my $captured = thing($owner);
    thing($s)->add_timeout($ms, sub { act($label); return defined $captured });
  },
  debounce => sub {
    my ($d, $s, $ms, $label) = @_;
    $things{$d} = thing($s)->add_debounce($ms, sub { act($label) });
  },
  'add-object' => sub { thing($_[0])->add_object(thing($_[1])) },
  begin => sub { $things{$_[0]} = thing($_[1])->begin($_[0]) },
  call => sub { call(thing($_[0]), '/', $_[1]) },
  'call-failing' => sub { call(thing($_[0]), '/nonexistent/file', $_[1]) },
  'follow-object' => sub { thing($_[0])->follow_object(thing($_[1])) },
  'follow-cancellable' => sub { thing($_[0])->follow_cancellable(thing($_[1])) },
  deadline => sub { thing($_[0])->set_deadline($_[1]) },

  emit => sub { thing($_[0])->activate(undef) },
  disconnect => sub { $last{instance}->signal_handler_disconnect($last{id}) },
  # The module does it.
  sweep => sub { },
  dispose => sub { Glib::Object::Introspection->invoke('GObject', 'Object', 'run_dispose',
                                                       thing($_[0])) },
  cancel => sub { thing($_[0])->cancel },
  'cancel-timer' => sub { $last{timer}->cancel },
  restart => sub { thing($_[0])->restart },
  end => sub { thing($_[0])->end },
  block => sub { thing($_[0])->block },
  unblock => sub { thing($_[0])->unblock },
  close => sub { my ($s, @why) = @_; trace('close %s %d', $s, thing($s)->close(@why)) },
  clear => sub { trace('clear %s %d', $_[0], thing($_[0])->clear) },
  'close-async' => sub {
    my ($s, $label, $ms) = @_;
    thing($s)->close_async('completed', $ms, undef, sub {
      my ($scope, $result) = @_;
      act($label . (eval { $scope->close_finish($result) } ? ' ok' : ' failed'));
    });
  },
  drain => sub {
    my ($s, $label, $ms) = @_;
    thing($s)->drain_async('completed', $ms, undef, sub {
      my ($scope, $result) = @_;
      act($label . (eval { $scope->drain_finish($result) } ? ' ok' : ' failed'));
    });
  },
  wait => sub { iterate_until($_[0], $_[1] // 1) },
  settle => sub { 1 while $context->iteration(0) },
  sleep => sub { sleep($_[0] / 1000) },
  collect => sub { },
  'on-thread' => sub { put('@there are no threads') },
  exit => sub { if ($_[0] == 0) { $finished = 1 } else { exit $_[0] } },

  entries => sub { trace('entries %s %d', $_[0], thing($_[0])->get_n_entries) },
  state => sub {
    my $scope = thing($_[0]);
    trace('state %s %s %s', $_[0], nick($scope->get_state), nick($scope->get_reason));
  },
  detail => sub { trace('detail %s %s', $_[0], thing($_[0])->get_reason_detail) },
  error => sub {
    my ($s, $text) = @_;
    my $error = thing($s)->get_error;
    trace('error %s %s', $s, !defined $error ? 'none' : $error =~ /\Q$text/ ? 'yes' : $error);
  },
  late => sub { trace('late %s %d', $_[0], thing($_[0])->get_statistics(0)->get_n_late) },
  same => sub {
    trace('same %s %s %s', @_, thing($_[0]) == thing($_[1]) ? 'yes' : 'no');
  },
  path => sub {
    my $path = thing($_[0])->get_path;
    trace('path %s %s', $_[0], $path =~ /\\x2f/ ? 'valid' : $path);
  },
  place => sub {
    my $records = thing($_[0])->list_records(0);
    my @places = map { $records->get_item($_)->get_place } 0 .. $records->get_n_items - 1;
    trace('place %s %s', $_[0],
          @places && !grep({ !defined || !/run-perl\.pl:\d+$/ } @places) ? 'yes' : "no @places");
  },
  alive => sub { trace('alive %s %s', $_[0], $watches{$_[0]}->is_closed ? 'no' : 'yes') },
  bad => sub {
    my ($kind, $s, $e) = @_;
    if ($kind eq 'name') {
      $things{$s} = Lifecycle::Scope->new("\xff/\xfe");
      return;
    }
    my $ok = eval { $bad{$kind}->(thing($s), defined $e ? thing($e) : undef); 1 };
    trace('bad %s %s', $kind, $ok ? 'accepted' : 'raises');
  },
);

sub run_step {
  my ($line) = @_;
  my ($step, $next) = split / : /, $line, 2;
  my ($verb, @words) = split / /, $step;

  return put("\@unknown step $verb") unless $steps{$verb};
  if (defined $next) {
    $#words = ($verb =~ /^(?:timeout|connect)/ ? 3 : 2) - 1;
    push @words, $next;
  }
  $steps{$verb}->(@words);
  return;
}

while (my $line = <STDIN>) {
  chomp $line;
  if ($line =~ /^case (.*)/) {
    put("\@case $1");
    $skipping = 0;
  }
  elsif ($line eq 'end') {
    put('@end');
    %things = %watches = %counts = %last = ();
    $steps{settle}->();
  }
  elsif (!$skipping) {
    eval { run_step($line); 1 } or put("\@$@");
  }
  last if $finished;
}
