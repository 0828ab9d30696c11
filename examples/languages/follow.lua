-- follow.lua: prints what is appended to a file, until SIGINT or SIGTERM
--
-- SPDX-License-Identifier: LGPL-2.1-or-later

local lgi = require 'lgi'
local GLib, Gio = lgi.GLib, lgi.Gio
local Lifecycle = lgi.require('Lifecycle', '1')

local path = arg[1]
if not path then
   io.stderr:write('Usage: follow.lua FILE\n')
   os.exit(2)
end

local SIGINT, SIGTERM = 2, 15
local loop = GLib.MainLoop()
io.stdout:setvbuf 'line'

Lifecycle.using('follow', function(scope)
   local file = assert(io.open(path))
   scope:defer(function() file:close() end)

   local function read()
      -- A read from where the end was.
      file:seek('cur', 0)
      io.write(file:read('*a'))
   end

   -- A burst of changes is one read.
   local read_soon = scope:add_debounce(20, read)
   local monitor = Gio.File.new_for_path(path):monitor_file({})
   scope:add_file_monitor(monitor)
   scope:connect_signal(monitor, 'changed', function() read_soon:restart() end)

   for _, signum in ipairs { SIGINT, SIGTERM } do
      scope:add_unix_signal(signum, function() loop:quit() return true end)
   end

   read()
   loop:run()
   read()
end)
