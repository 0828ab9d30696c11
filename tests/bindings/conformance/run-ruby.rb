# run-ruby.rb: runs the table of cases in Ruby
#
# SPDX-License-Identifier: LGPL-2.1-or-later

require "lifecycle"

$stdout.sync = true
Scope = Lifecycle::Scope

class Runner
  def initialize
    @context = GLib::MainContext.default
    @skipping = false
    forget
  end

  attr_reader :finished

  def forget
    @things = {}
    @watches = {}
    @counts = Hash.new(0)
    @last = {}
  end

  # What begins with "@" ends the case.
  def put(text)
    @skipping = true if text.start_with?("@")
    puts text
  end

  def trace(text)
    put("> #{text}")
  end

  def thing(name)
    @things[name] || put("@there is no #{name}")
  end

  def nick(value)
    value.nick
  end

  # What a callback does after it has traced its label.
  def act(label, step = nil, reason = nil)
    trace(reason ? "#{label} #{nick(reason)}" : label)
    @counts[label[/\S+/]] += 1
    return if step.nil?
    raise step.delete_prefix("throw ") if step.start_with?("throw ")
    run_step(step)
  end

  def iterate_until(label, n)
    deadline = Time.now + 10
    while @counts[label] < n
      return put("@waited 10 seconds for #{label}") if Time.now > deadline
      sleep(0.0005) unless @context.iteration(false)
    end
    @counts.delete(label)
  end

  def settle
    nil while @context.iteration(false)
  end

  def collect
    3.times { GC.start }
  end

  # Ruby has no method for this.
  def dispose(object)
    info = GObjectIntrospection::Repository.default.find("GObject", "Object")
    (0...info.n_methods).map { |i| info.get_method(i) }.find { |each| each.name == "run_dispose" }
      .invoke(object, [])
  end

  def query(scope, path, label)
    file = Gio::File.new_for_path(path)
    scope.call(file, :query_info, "standard::size", 0, 0) do |info, _error|
      act("#{label} #{info ? 'ok' : 'failed'}")
    end
  end

  def try_bad(kind, scope, emitter)
    case kind
    when "signal" then scope.connect_signal(emitter, "nonsense") {}
    when "handler" then scope.connect_signal(emitter, "activate", &17)
    when "emitter" then scope.connect_signal(nil, "activate") {}
    when "cleanup" then scope.defer
    when "callback" then scope.add_timeout(1)
    when "negative" then scope.add_timeout(-1) { false }
    when "huge" then scope.add_timeout(2**40) { false }
    when "object" then scope.add_object({})
    when "reason" then scope.close(:nonsense)
    end
  end

  def make(verb, a)
    @things[a[0]] =
      case verb
      when "scope" then Scope.new(a[0])
      when "child" then thing(a[1]).new_child(a[0])
      when "get-child" then thing(a[1]).get_child(a[2])
      when "renew-child" then thing(a[1]).renew_child(a[2])
      when "scope-of" then Scope.of(thing(a[1]))
      when "move" then thing(a[1]).move
      when "emitter" then Gio::SimpleAction.new(a[0], nil)
      when "cancellable" then Gio::Cancellable.new
      when "begin" then thing(a[1]).begin(a[0])
      end
  end

  def add(verb, a, step)
    scope = thing(verb == "debounce" ? a[1] : a[0])
    case verb
    when "connect"
      @last[:instance] = thing(a[1])
      @last[:id] = scope.connect_signal(thing(a[1]), "activate") { act(a[2], step) }
    when "connect-once" then scope.connect_signal(thing(a[1]), "activate", :once) { act(a[2]) }
    when "connect-capturing"
      captured = thing(a[2])
      scope.connect_signal(thing(a[1]), "activate") { act(a[3]); captured }
    when "adopt"
      @last[:instance] = thing(a[1])
      @last[:id] = thing(a[1]).signal_connect("activate") { act(a[2]) }
      scope.add_handler(thing(a[1]), @last[:id])
    when "on-closing" then scope.signal_connect("closing") { |_, reason| act(a[1], step, reason) }
    when "on-closed" then scope.signal_connect("closed") { |_, reason| act(a[1], step, reason) }
    when "defer" then scope.defer { |_, reason| act(a[1], step, reason) }
    when "defer-for"
      scope.defer_for(thing(a[1])) { |_, reason| act(a[2], nil, reason) }
    when "defer-capturing"
      captured = thing(a[1])
      scope.defer { act(a[2]); captured }
    when "idle" then scope.add_idle { act(a[1], step); false }
    when "timeout" then @last[:timer] = scope.add_timeout(a[1].to_i) { act(a[2], step); false }
    when "every"
      left = a[3].to_i
      scope.add_timeout(a[1].to_i) { left -= 1; act(a[2]); left > 0 }
    when "timeout-capturing"
      captured = thing(a[2])
      scope.add_timeout(a[1].to_i) { act(a[3]); !captured.nil? }
    when "debounce" then @things[a[0]] = scope.add_debounce(a[2].to_i) { act(a[3]) }
    when "add-object" then scope.add_object(thing(a[1]))
    when "call" then query(scope, "/", a[1])
    when "call-failing" then query(scope, "/nonexistent/file", a[1])
    when "follow-object" then scope.follow_object(thing(a[1]))
    when "follow-cancellable" then scope.follow_cancellable(thing(a[1]))
    when "deadline" then scope.set_deadline(a[1].to_i)
    end
  end

  def happen(verb, a, step)
    case verb
    when "emit" then thing(a[0]).activate(nil)
    when "disconnect" then @last[:instance].signal_handler_disconnect(@last[:id])
    when "sweep" then nil # The module does it.
    when "dispose" then dispose(thing(a[0]))
    when "cancel" then thing(a[0]).cancel
    when "cancel-timer" then @last[:timer].cancel
    when "restart" then thing(a[0]).restart
    when "end" then thing(a[0]).end
    when "block" then thing(a[0]).block
    when "unblock" then thing(a[0]).unblock
    when "close" then trace("close #{a[0]} #{thing(a[0]).close(*a[1..])}")
    when "clear" then trace("clear #{a[0]} #{thing(a[0]).clear}")
    when "close-async", "drain"
      method = verb == "drain" ? "drain" : "close"
      thing(a[0]).public_send("#{method}_async", :completed, a[2].to_i) do |scope, result|
        ok = begin
          scope.public_send("#{method}_finish", result)
        rescue StandardError
          false
        end
        act("#{a[1]} #{ok ? 'ok' : 'failed'}")
      end
    when "drop", "drop-scope" then @things.delete(a[0])
    when "watch" then @watches[a[0]] = Scope.of(thing(a[1]))
    when "wait" then iterate_until(a[0], (a[1] || 1).to_i)
    when "settle" then settle
    when "sleep" then sleep(a[0].to_i / 1000.0)
    when "collect" then collect
    when "on-thread" then Thread.new { run_step(step) }.join
    when "exit" then a[0] == "0" ? @finished = true : exit(a[0].to_i)
    end
  end

  def tell(verb, a)
    case verb
    when "entries" then trace("entries #{a[0]} #{thing(a[0]).n_entries}")
    when "state" then trace("state #{a[0]} #{nick(thing(a[0]).state)} #{nick(thing(a[0]).reason)}")
    when "detail" then trace("detail #{a[0]} #{thing(a[0]).reason_detail}")
    when "error"
      error = thing(a[0]).error
      trace("error #{a[0]} #{error.nil? ? 'none' : error.include?(a[1]) ? 'yes' : error}")
    when "late" then trace("late #{a[0]} #{thing(a[0]).get_statistics(false).n_late}")
    when "same" then trace("same #{a[0]} #{a[1]} #{thing(a[0]) == thing(a[1]) ? 'yes' : 'no'}")
    when "path"
      path = thing(a[0]).path
      trace("path #{a[0]} #{path.include?('\x2f') && path.valid_encoding? ? 'valid' : path}")
    when "place"
      records = thing(a[0]).list_records(false)
      places = (0...records.n_items).map { |i| records.get_item(i).place }
      found = !places.empty? && places.all? { |each| each =~ /run-ruby\.rb:\d+\z/ }
      trace("place #{a[0]} #{found ? 'yes' : places.inspect}")
    when "alive" then trace("alive #{a[0]} #{nick(@watches[a[0]].state) == 'open' ? 'yes' : 'no'}")
    when "bad"
      return @things[a[1]] = Scope.new("\xff/\xfe") if a[0] == "name"
      begin
        try_bad(a[0], thing(a[1]), a[2] && thing(a[2]))
        trace("bad #{a[0]} accepted")
      rescue StandardError
        trace("bad #{a[0]} raises")
      end
    end
  end

  MAKING = %w[scope child get-child renew-child scope-of move emitter cancellable begin].freeze
  ADDING = %w[connect connect-once connect-capturing adopt on-closing on-closed defer defer-for
              defer-capturing
              idle timeout every timeout-capturing debounce add-object call call-failing
              follow-object follow-cancellable deadline].freeze
  TELLING = %w[entries state detail error late same path place alive bad].freeze

  def run_step(line)
    step, following = line.split(" : ", 2)
    verb, *a = step.split(" ")
    if MAKING.include?(verb) then make(verb, a)
    elsif ADDING.include?(verb) then add(verb, a, following)
    elsif TELLING.include?(verb) then tell(verb, a)
    else happen(verb, a, following)
    end
    nil
  end

  def run_line(line)
    if line.start_with?("case ")
      put("@case #{line[5..]}")
      @skipping = false
    elsif line == "end"
      put("@end")
      forget
      collect
      settle
    elsif !@skipping
      begin
        run_step(line)
      rescue StandardError => error
        put("@#{error.class}: #{error.message} #{error.backtrace.first(3)}")
      end
    end
  end
end

# Ruby does not collect what the stack may refer to: so each line has a stack of its own.
runner = Runner.new
$stdin.each_line(chomp: true) do |line|
  Fiber.new { runner.run_line(line) }.resume
  break if runner.finished
end
