#!/usr/bin/env ruby
# sizes.rb: prints the sizes of files, and asks for all of them at the same time
#
# SPDX-License-Identifier: LGPL-2.1-or-later

require "lifecycle"

abort "Usage: sizes.rb FILE..." if ARGV.empty?

loop = GLib::MainLoop.new
scope = Lifecycle::Scope.new("sizes")
failed = false

ARGV.each do |path|
  scope.call(Gio::File.new_for_path(path), :query_info, "standard::size", 0, 0) do |info, error|
    puts info ? "#{info.size}\t#{path}" : "-\t#{path}: #{error.message}"
    failed ||= error
  end
end

# Lets all calls finish, but not for longer than ten seconds.
scope.drain_async(:completed, 10_000) do |drained, result|
  drained.drain_finish(result)
rescue StandardError => error
  warn error.message
  failed = true
ensure
  loop.quit
end

loop.run
exit(failed ? 1 : 0)
