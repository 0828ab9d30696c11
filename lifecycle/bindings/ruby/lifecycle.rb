# lifecycle.rb: the library in Ruby
#
# SPDX-License-Identifier: LGPL-2.1-or-later

require "weakref"
require "gobject-introspection"

begin
  require "gio2"
rescue LoadError
  module Gio
    GObjectIntrospection::Loader.new(self).load("Gio")
  end
end

module Lifecycle
  GObjectIntrospection::Loader.new(self).load("Lifecycle")

  # The open scopes. Ruby's procs live as long as the wrapper of the object they were given to, so
  # the wrapper of a scope must live until the scope has closed. They are closed at exit.
  @opened = {}.compare_by_identity

  class << self
    # Runs a block with a new scope, and closes that in any case: as aborted if the block raises.
    def using(name = nil)
      scope = Scope.new(name)
      begin
        result = yield scope
      rescue Exception => error
        scope.close(:aborted, "#{error.class}: #{error.message}")
        raise
      end
      scope.close
      result
    end

    # Ruby must not be called while it collects garbage: see collected=.
    def adopt(scope)
      return scope if scope.closed? || @opened.key?(scope)
      scope.collected = true
      @opened[scope] = true
      scope.signal_connect("closed") { |closed| @opened.delete(closed) }
      scope
    end

    def close_opened
      report_leaks
      @opened.keys.each { |scope| scope.close(:shutdown, "exit") }
    end

    # The first of some locations that belongs to the program.
    def find_place(locations)
      found = locations&.find do |each|
        each.path != __FILE__ && !each.path.include?("/gobject-introspection/")
      end
      found && "#{found.path}:#{found.lineno}"
    end

    # The first line of the caller that is not in this file.
    def caller_place
      find_place(caller_locations(2))
    end

    # Makes a proc that the library may call. What it raises is told to the scope, because it must
    # not unwind through the library. The scope owns the proc, so the reference is weak.
    def guard(scope, block, place, fallback)
      weak = WeakRef.new(scope)
      proc do |*arguments|
        block.call(*arguments)
      rescue SystemExit, SignalException
        raise
      rescue Exception => error
        report(weak, place, error)
        fallback
      end
    end

    def report(scope, place, error)
      place = find_place(error.backtrace_locations) || place
      scope.add_failure(place, "#{error.class}: #{error.message}")
    rescue WeakRef::RefError
      warn("A callback failed at #{place}: #{error.class}: #{error.message}")
    end

    def check_block(name, block)
      raise ArgumentError, "#{name}: a block is expected" if block.nil?
      raise TypeError, "#{name}: #{block.class} cannot be called" unless block.respond_to?(:call)
    end

    def check_object(name, object)
      return if object.is_a?(GLib::Object) || object.is_a?(GLib::Interface)
      raise TypeError, "#{name}: GLib::Object is expected, not #{object.class}"
    end

    def check_number(name, number)
      raise TypeError, "#{name}: an integer is expected" unless number.is_a?(Integer)
      return if number.between?(0, 0xffffffff)
      raise RangeError, "#{name}: #{number} is not from 0 to 4294967295"
    end

    # Bytes that are not UTF-8 are made valid, here as in the library.
    def to_name(name)
      name&.to_s&.dup&.force_encoding(Encoding::UTF_8)&.scrub
    end
  end

  private_class_method :close_opened
  at_exit { Lifecycle.send(:close_opened) }

  class Scope
    # Replaces a method, and keeps the one of the typelib as typelib_NAME.
    def self.replace(name, &body)
      alias_method("typelib_#{name}", name)
      private("typelib_#{name}")
      define_method(name, &body)
    end
    private_class_method :replace

    alias_method :typelib_initialize, :initialize
    private :typelib_initialize

    # Scope.new("name"), Scope.new("name", parent: scope) or Scope.new
    def initialize(name = nil, parent: nil)
      name = Lifecycle.to_name(name)
      Lifecycle.set_place(Lifecycle.caller_place)
      if parent
        GLib::Object.instance_method(:initialize).bind_call(self, "parent" => parent, "name" => name)
      else
        typelib_initialize(name)
      end
      Lifecycle.adopt(self)
    end

    class << self
      alias_method :typelib_of, :of
      private :typelib_of

      def of(object)
        Lifecycle.check_object("of", object)
        Lifecycle.set_place(Lifecycle.caller_place)
        Lifecycle.adopt(typelib_of(object))
      end
    end

    # What returns a scope, and has a name or an object.
    %i[new_child get_child renew_child].each do |name|
      next unless method_defined?(name)
      replace(name) do |child_name = nil|
        Lifecycle.set_place(Lifecycle.caller_place)
        Lifecycle.adopt(send("typelib_#{name}", Lifecycle.to_name(child_name)))
      end
    end

    %i[get_child_for renew_child_for].each do |name|
      next unless method_defined?(name)
      replace(name) do |object|
        Lifecycle.check_object(name, object)
        Lifecycle.set_place(Lifecycle.caller_place)
        Lifecycle.adopt(send("typelib_#{name}", object))
      end
    end

    replace(:move) { Lifecycle.adopt(typelib_move) }

    # What takes an object as its first argument.
    %i[add_object add_handler follow_object follow_signal follow_cancellable add_socket_service
       add_subprocess hold_application].each do |name|
      next unless method_defined?(name)
      replace(name) do |object, *arguments|
        Lifecycle.check_object(name, object)
        Lifecycle.set_place(Lifecycle.caller_place)
        send("typelib_#{name}", object, *arguments)
      end
    end

    # What needs the place, and may have a block.
    %i[begin add_binding add_file_monitor add_process add_subprocess_full add_temporary_file bind
       bind_full bind_setting bind_setting_with_mapping export_action_group export_bus_object
       export_bus_object_manager export_bus_skeleton export_menu_model own_bus_name
       subscribe_bus_signal watch_bus_name add_phase].each do |name|
      next unless method_defined?(name)
      replace(name) do |*arguments, &block|
        place = Lifecycle.caller_place
        arguments.map! { |each| each.is_a?(Proc) ? Lifecycle.guard(self, each, place, nil) : each }
        block = Lifecycle.guard(self, block, place, nil) if block
        Lifecycle.set_place(place)
        send("typelib_#{name}", *arguments, &block)
      end
    end

    # What takes numbers, and a block. A source or a timer that has failed ends.
    {
      add_debounce: 1, add_fd: 0, add_idle: 0, add_timeout: 1, add_timeout_full: 2, add_unix_signal: 1,
      connect_cancellable: 0,
    }.each do |name, n_numbers|
      next unless method_defined?(name)
      replace(name) do |*arguments, &block|
        n_numbers.times { |i| Lifecycle.check_number(name, arguments[i]) }
        Lifecycle.check_block(name, block)
        place = Lifecycle.caller_place
        Lifecycle.set_place(place)
        send("typelib_#{name}", *arguments, &Lifecycle.guard(self, block, place, false))
      end
    end

    replace(:set_deadline) do |timeout|
      Lifecycle.check_number("set_deadline", timeout)
      typelib_set_deadline(timeout)
    end
    alias_method :deadline=, :set_deadline

    # Ruby's callbacks cannot have enumerations as arguments, but its closures can.
    replace(:defer) do |&block|
      defer_closure(cleanup("defer", block))
      self
    end

    replace(:defer_for) do |object, &block|
      Lifecycle.check_object("defer_for", object)
      defer_for_closure(object, cleanup("defer_for", block))
      self
    end

    # A cleanup gets the scope as an argument, so that it always hears of a failure.
    def cleanup(name, block)
      Lifecycle.check_block(name, block)
      place = Lifecycle.caller_place
      Lifecycle.set_place(place)
      proc do |scope, reason|
        block.call(scope, reason)
      rescue SystemExit, SignalException
        raise
      rescue Exception => error
        Lifecycle.report(scope, place, error)
      end
    end
    private :cleanup

    # scope.connect_signal(object, "signal", :once, :after) { |object, ...| ... }
    replace(:connect_signal) do |instance, signal, *flags, &block|
      Lifecycle.check_object("connect_signal", instance)
      Lifecycle.check_block("connect_signal", block)
      instance.class.signal(signal.to_s.sub(/::.*/, ""))
      place = Lifecycle.caller_place
      Lifecycle.set_place(place)
      value = flags.flatten.reduce(ConnectFlags::DEFAULT) do |sum, flag|
        sum | (flag.is_a?(Symbol) ? ConnectFlags.const_get(flag.upcase) : flag)
      end
      typelib_connect_signal(instance, signal.to_s, Lifecycle.guard(self, block, place, nil), value)
    end

    # scope.call(file, :query_info, "standard::size", 0, 0) { |info, error| ... } calls
    # query_info_async, and then the block with what query_info_finish returns or raises, unless the
    # scope has closed by then.
    def call(object, name, *arguments, &block)
      Lifecycle.check_object("call", object)
      Lifecycle.check_block("call", block)
      unless object.respond_to?("#{name}_async")
        raise ArgumentError, "call: #{object.class} has no #{name}_async"
      end
      place = Lifecycle.caller_place
      Lifecycle.set_place(place)
      operation = begin_async(name.to_s, &Lifecycle.guard(self, proc do |_source, result|
        value = error = nil
        begin
          value = object.public_send("#{name}_finish", result)
        rescue StandardError => error
          # The block hears of it.
        end
        block.call(value, error)
      end, place, nil))
      object.public_send("#{name}_async", *arguments, operation.cancellable) do |source, result|
        operation.complete(source, result)
      end
      operation
    end

    # GLib says nothing when a handler that Ruby has connected is disconnected, so the scope has to look
    # before it can say how many there are.
    replace(:sweep_handlers) { |recursive = false| typelib_sweep_handlers(recursive) }

    replace(:n_entries) do
      typelib_sweep_handlers(false)
      typelib_n_entries
    end
    alias_method :get_n_entries, :n_entries

    %i[get_statistics list_records].each do |name|
      replace(name) do |recursive = false|
        typelib_sweep_handlers(recursive)
        send("typelib_#{name}", recursive)
      end
    end

    %i[close_async drain_async].each do |name|
      replace(name) do |reason = :completed, timeout = 0, cancellable = nil, &block|
        Lifecycle.check_number(name, timeout)
        block = Lifecycle.guard(self, block, Lifecycle.caller_place, nil) if block
        send("typelib_#{name}", Lifecycle.to_reason(reason), timeout, cancellable, &block)
      end
    end

    replace(:close) do |reason = :completed, detail = nil|
      close_with_reason(Lifecycle.to_reason(reason), detail)
    end

    # The message of the error, or nil.
    def error
      error_message
    end
  end

  def self.to_reason(reason)
    return reason if reason.is_a?(Reason)
    name = reason.to_s.upcase.tr("-", "_")
    raise ArgumentError, "there is no reason #{reason}" unless Reason.const_defined?(name)
    Reason.const_get(name)
  end
end
