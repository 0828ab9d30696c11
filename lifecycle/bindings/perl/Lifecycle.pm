# Lifecycle.pm: the library in Perl
#
# SPDX-License-Identifier: LGPL-2.1-or-later

package Lifecycle;

use strict;
use warnings;

use Carp ();
use Glib::Object::Introspection;
use Scalar::Util qw(blessed looks_like_number reftype weaken);

our $VERSION = '1.0.0';
our @CARP_NOT = qw(Lifecycle::Scope Lifecycle::Source);

# Gio goes where the module Glib::IO puts it, unless the program has chosen another package. The
# types of GLib cannot be registered a second time, so only its functions are loaded.
sub _setup {
  my ($basename, $version, $package) = @_;

  return if exists $Glib::Object::Introspection::_BASENAME_TO_PACKAGE{$basename};
  Glib::Object::Introspection->setup(
    basename => $basename, version => $version, package => $package);
}

_setup('Gio', '2.0', 'Glib::IO');
_setup('Lifecycle', '1', 'Lifecycle');
Glib::Object::Introspection->_load_library('GLib', '2.0', undef);
# A GSource is a boxed type that Perl does not know: see Lifecycle::Source.
Glib::Object::Introspection->_register_boxed_synonym('Lifecycle', 'Timer', 'g_source_get_type');

# The open scopes that this program made, by address. Perl could no longer call their cleanups when
# it takes its own parts down.
my %opened;

END {
  local ($?, $@, $!);

  Lifecycle::report_leaks();
  for my $scope (grep { defined } values %opened) {
    eval { $scope->close('shutdown', 'exit') };
  }
}

# The first line of the caller that is not in this module.
sub _place {
  for (my $level = 1; my ($package, $file, $line) = caller $level; $level++) {
    return "$file:$line" unless $package =~ /^Lifecycle(?:::Scope)?$/;
  }
  return undef;
}

sub _check_function {
  my ($name, $function) = @_;

  Carp::croak("$name: a function is expected")
    unless ref $function && (reftype($function) eq 'CODE'
                             || (blessed $function && overload::Method($function, '&{}')));
}

sub _check_number {
  my ($name, $number) = @_;

  Carp::croak("$name: a number from 0 to 4294967295 is expected")
    unless looks_like_number($number) && $number >= 0 && $number <= 4294967295;
}

sub _check_object {
  my ($name, $object) = @_;

  Carp::croak("$name: an object is expected")
    unless blessed $object && ($object->isa('Glib::Object') || $object->isa('Glib::Interface'));
}

# Makes a function that the library may call. If it dies, the scope hears of it, and $fallback is
# returned: nothing may unwind through the library. The reference to the scope is weak, because the
# scope owns the function.
sub _guard {
  my ($scope, $function, $place, $fallback) = @_;
  my $weak = $scope;

  weaken $weak;
  return sub {
    my @result;

    return wantarray ? @result : $result[-1]
      if eval { @result = wantarray ? $function->(@_) : scalar $function->(@_); 1 };
    my $message = defined $@ ? "$@" : 'died';
    chomp $message;
    if ($weak) {
      $weak->add_failure($place, $message);
    }
    else {
      warn "A callback failed at $place: $message\n";
    }
    return $fallback;
  };
}

# Runs a function with a new scope, and closes that in any case: as aborted if the function dies.
sub using {
  my ($name, $function) = @_;
  my $scope = Lifecycle::Scope->new($name);
  my $wants_list = wantarray;
  my @result;

  _check_function('using', $function);
  if (eval { @result = $wants_list ? $function->($scope) : scalar $function->($scope); 1 }) {
    $scope->close;
    return $wants_list ? @result : $result[0];
  }
  my $error = $@;
  $scope->close('aborted', "$error" =~ s/\n\z//r);
  die $error;
}

# What add_idle(), add_fd() and add_unix_signal() return.
package Lifecycle::Source;

sub _call {
  my ($self, $name) = @_;

  return Glib::Object::Introspection->invoke('GLib', 'Source', $name, $self->{source});
}

sub destroy { $_[0]->_call('destroy'); return }
sub is_destroyed { return $_[0]->_call('is_destroyed') }

package Lifecycle::Scope;

my %raw;

# Replaces a method, and keeps the one of the typelib.
sub _replace {
  my ($name, $method) = @_;

  no strict 'refs';
  no warnings 'redefine';
  $raw{$name} = \&{"Lifecycle::Scope::$name"};
  *{"Lifecycle::Scope::$name"} = $method;
}

my $prune_at = 64;

sub _remember {
  my ($scope) = @_;
  my $address = Scalar::Util::refaddr($scope);

  $opened{$address} = $scope;
  Scalar::Util::weaken($opened{$address});
  if (keys %opened > $prune_at) {
    delete @opened{ grep { !defined $opened{$_} } keys %opened };
    $prune_at = 64 + 2 * keys %opened;
  }
  return $scope;
}

_replace(new => sub {
  my ($class, $name, %options) = @_;

  Lifecycle::set_place(Lifecycle::_place());
  return _remember($raw{new_child}->($options{parent}, $name)) if defined $options{parent};
  return _remember($raw{new}->($class, $name));
});

_replace(of => sub {
  my $object = pop;

  Lifecycle::_check_object('of', $object);
  Lifecycle::set_place(Lifecycle::_place());
  return _remember($raw{of}->($object));
});

# Methods that need the place, and may have functions among their arguments; and which of their
# arguments must be objects.
my %takes_objects = (
  add_binding => [0], add_file_monitor => [0], add_handler => [0], add_object => [0],
  add_process => [], add_socket_service => [0], add_subprocess => [0], add_subprocess_full => [0],
  add_temporary_file => [0], begin => [], bind => [0, 2], bind_full => [0, 2],
  bind_setting => [0, 2], bind_setting_with_mapping => [0, 2], export_action_group => [0],
  export_bus_object => [0], export_bus_object_manager => [0, 1], export_bus_skeleton => [0],
  export_menu_model => [0], follow_object => [0], follow_signal => [0], get_child => [],
  get_child_for => [0], hold_application => [0], new_child => [], own_bus_name => [0],
  renew_child => [], renew_child_for => [0], subscribe_bus_signal => [0], watch_bus_name => [0],
);

for my $name (keys %takes_objects) {
  next unless defined &{"Lifecycle::Scope::$name"};
  my @objects = @{ $takes_objects{$name} };

  _replace($name => sub {
    my ($self, @arguments) = @_;

    my $place = Lifecycle::_place();

    Lifecycle::_check_object($name, $arguments[$_]) for @objects;
    for my $argument (@arguments) {
      $argument = Lifecycle::_guard($self, $argument, $place) if ref $argument eq 'CODE';
    }
    Lifecycle::set_place($place);
    return $raw{$name}->($self, @arguments);
  });
}

# Methods that take a function, at which place, and where there is a number before it. A source or a
# timer that has failed ends.
my %takes_function = (
  add_debounce => [1, 0], add_fd => [2], add_idle => [0], add_phase => [3], add_timeout => [1, 0],
  add_timeout_full => [2, 0, 1], add_unix_signal => [1, 0], begin_async => [1],
  connect_cancellable => [1],
);
my %returns_source = map { $_ => 1 } qw(add_fd add_idle add_unix_signal);

for my $name (keys %takes_function) {
  my ($position, @numbers) = @{ $takes_function{$name} };

  _replace($name => sub {
    my ($self, @arguments) = @_;
    my $place = Lifecycle::_place();

    Lifecycle::_check_number($name, $arguments[$_]) for @numbers;
    Lifecycle::_check_function($name, $arguments[$position]);
    $arguments[$position] = Lifecycle::_guard($self, $arguments[$position], $place, 0);
    Lifecycle::set_place($place);
    my $result = $raw{$name}->($self, @arguments);
    return $result unless $returns_source{$name} && defined $result;
    return bless { source => $result }, 'Lifecycle::Source';
  });
}

# The scope is an argument of cleanups, so that it always hears of a failure.
sub _guard_cleanup {
  my ($function, $place) = @_;

  return sub {
    my ($scope, $reason) = @_;

    return if eval { $function->($scope, $reason); 1 };
    my $message = defined $@ ? "$@" : 'died';
    chomp $message;
    $scope->add_failure($place, $message);
    return;
  };
}

_replace(defer => sub {
  my ($self, $function) = @_;
  my $place = Lifecycle::_place();

  Lifecycle::_check_function('defer', $function);
  Lifecycle::set_place($place);
  $raw{defer}->($self, _guard_cleanup($function, $place));
  return;
});

_replace(defer_for => sub {
  my ($self, $object, $function) = @_;
  my $place = Lifecycle::_place();

  Lifecycle::_check_object('defer_for', $object);
  Lifecycle::_check_function('defer_for', $function);
  Lifecycle::set_place($place);
  $raw{defer_for}->($self, $object, _guard_cleanup($function, $place));
  return;
});

# $scope->connect_signal($object, activate => sub { ... }, 'once', 'after')
_replace(connect_signal => sub {
  my ($self, $instance, $signal, $function, @flags) = @_;
  my $place = Lifecycle::_place();

  Lifecycle::_check_object('connect_signal', $instance);
  Lifecycle::_check_function('connect_signal', $function);
  Carp::croak("connect_signal: " . ref($instance) . " has no signal '" . ($signal // 'undef') . "'")
    unless defined $signal && $instance->signal_query($signal =~ s/::.*//sr);
  Lifecycle::set_place($place);
  return $raw{connect_signal}->($self, $instance, $signal,
                                Lifecycle::_guard($self, $function, $place),
                                [map { ref $_ ? @$_ : $_ } @flags]);
});

_replace(set_deadline => sub {
  my ($self, $timeout) = @_;

  Lifecycle::_check_number('set_deadline', $timeout);
  $raw{set_deadline}->($self, $timeout);
  return;
});

for my $name ('close_async', 'drain_async') {
  _replace($name => sub {
    my ($self, $reason, $timeout, $cancellable, $function) = @_;

    Lifecycle::_check_number($name, $timeout);
    Lifecycle::_check_function($name, $function) if defined $function;
    $raw{$name}->($self, $reason, $timeout, $cancellable,
                  defined $function ? Lifecycle::_guard($self, $function, Lifecycle::_place())
                                    : undef);
    return;
  });
}

# GLib says nothing when a handler that Perl has connected is disconnected, so the scope has to look before
# it can say how many there are.
_replace(sweep_handlers => sub {
  my ($self, $recursive) = @_;

  return $raw{sweep_handlers}->($self, $recursive ? 1 : 0);
});

_replace(get_n_entries => sub {
  my ($self) = @_;

  $raw{sweep_handlers}->($self, 0);
  return $raw{get_n_entries}->($self);
});

for my $name ('get_statistics', 'list_records') {
  _replace($name => sub {
    my ($self, $recursive) = @_;

    $raw{sweep_handlers}->($self, $recursive ? 1 : 0);
    return $raw{$name}->($self, $recursive ? 1 : 0);
  });
}

# close(), and close($reason, $detail).
_replace(close => sub {
  my ($self, $reason, $detail) = @_;

  return $raw{close}->($self) unless defined $reason;
  return $self->close_with_reason($reason, $detail);
});

# The typelib's version cannot give an error back.
_replace(get_error => sub {
  my ($self) = @_;

  return $self->get_error_message;
});

# $scope->call($file, 'query_info', 'standard::size', [], 0, sub { my ($info, $error) = @_; ... })
# calls query_info_async(), and then the function with what query_info_finish() returns or dies
# with, unless the scope has closed by then.
sub call {
  my ($self, $object, $name, @arguments) = @_;
  my $function = pop @arguments;
  my ($start, $finish) = map { $object->can("${name}_$_") } qw(async finish);

  Lifecycle::_check_object('call', $object);
  Lifecycle::_check_function('call', $function);
  Carp::croak("call: there is no ${name}_async()") unless $start && $finish;

  my $operation = $self->begin_async($name, sub {
    my ($source, $result) = @_;
    my $value = eval { $finish->($object, $result) };

    $function->($value, $@ ne '' ? $@ : undef);
  });
  $start->($object, @arguments, $operation->get_cancellable, sub {
    my ($source, $result) = @_;

    $operation->complete($source, $result);
  });
  return $operation;
}

1;
