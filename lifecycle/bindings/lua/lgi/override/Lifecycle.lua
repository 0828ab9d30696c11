-- Lifecycle.lua: what makes the library at home in Lua
--
-- SPDX-License-Identifier: LGPL-2.1-or-later

-- lgi loads this file by itself when a program asks for lgi.Lifecycle. What it adds:
--
-- * connect_signal() takes a function, and a name in which a signal is unknown is an error.
-- * What cleanups, handlers and callbacks raise becomes part of the error of the scope, with a
--   warning, and never unwinds through the library.
-- * Places are the file and the line in Lua.
-- * call(), await() and start() for asynchronous calls.

local lgi = require 'lgi'

local GLib, GObject = lgi.GLib, lgi.GObject
local Lifecycle = lgi.Lifecycle
local Scope, Operation = Lifecycle.Scope, Lifecycle.Operation

local raw = setmetatable({}, {
   __index = function(self, name)
      local func = Scope[name]
      self[name] = func
      return func
   end
})

local function is_callable(value)
   local meta = getmetatable(value)
   return type(value) == 'function' or (type(meta) == 'table' and meta.__call ~= nil)
end

-- The first line of the caller that is not in this file.
local function find_place()
   local level, info = 2, nil
   local here = debug.getinfo(1, 'S').source
   repeat
      level = level + 1
      info = debug.getinfo(level, 'Sl')
   until info == nil or (info.source ~= here and info.currentline > 0)
   return info and ('%s:%d'):format(info.short_src, info.currentline)
end

local function check_callable(name, func)
   if not is_callable(func) then
      error(("bad argument to '%s' (function expected, got %s)"):format(name, type(func)), 4)
   end
end

-- At the end of the program, Lua finalizes everything, the newest first, and lgi cannot call a
-- function any more once its own parts are gone. So the scopes that are still open are closed by the
-- first finalizer of all, that of the newest guardian: each addition makes a new one.
local opened = setmetatable({}, { __mode = 'v' })
local guardian

local function close_opened(self)
   if self == guardian then
      pcall(Lifecycle.report_leaks)
      for _, scope in pairs(opened) do
         pcall(raw.close_with_reason, scope, 'SHUTDOWN', 'exit')
      end
   end
end

local renew_guardian
if newproxy then
   local prototype = newproxy(true)
   getmetatable(prototype).__gc = close_opened
   function renew_guardian() guardian = newproxy(prototype) end
else
   local meta = { __gc = close_opened }
   function renew_guardian() guardian = setmetatable({}, meta) end
end

local function added(...)
   renew_guardian()
   return ...
end

local function remember(scope)
   opened[scope._native] = scope
   renew_guardian()
   return scope
end

-- Makes a function that a scope may call. An error in it is caught and told to the scope.
--
-- A callback that is handed to C is a root for the collector: it must not hold the scope, or a scope
-- that is dropped open would stay for ever. So the reference is weak. If Lua has forgotten the
-- scope, while its parent has not, the error is only logged.
local function guard(scope, func, place, fallback)
   local weak = setmetatable({ scope = scope }, { __mode = 'v' })

   return function(...)
      local result = { pcall(func, ...) }
      if result[1] then
         return (unpack or table.unpack)(result, 2)
      end
      local message = tostring(result[2])
      if weak.scope then
         weak.scope:add_failure(place, message)
      else
         GLib.log('Lifecycle', 'LEVEL_WARNING',
            ('A callback failed at %s: %s'):format(place or '?', (message:gsub('%%', '%%%%'))))
      end
      return fallback
   end
end

-- Replaces a method that takes a function as its argument at `position`.
local function takes_function(name, position, fallback)
   local method = raw[name]

   Scope[name] = function(self, ...)
      local arguments, n = { ... }, select('#', ...)
      local place = find_place()

      check_callable(name, arguments[position])
      arguments[position] = guard(self, arguments[position], place, fallback)
      Lifecycle.set_place(place)
      return added(method(self, (unpack or table.unpack)(arguments, 1, math.max(n, position))))
   end
end

-- Replaces a method that needs the place, and may have functions among its arguments.
local function has_place(name)
   local method = raw[name]

   if method then
      Scope[name] = function(self, ...)
         local arguments, n = { ... }, select('#', ...)
         local place = find_place()

         for i = 1, n do
            if type(arguments[i]) == 'function' then
               arguments[i] = guard(self, arguments[i], place)
            end
         end
         Lifecycle.set_place(place)
         return added(method(self, (unpack or table.unpack)(arguments, 1, n)))
      end
   end
end

-- A source or a timer that has failed ends.
takes_function('add_idle', 1, false)
takes_function('add_timeout', 2, false)
takes_function('add_timeout_full', 3, false)
takes_function('add_debounce', 2)
takes_function('add_unix_signal', 2, false)
takes_function('add_fd', 3, false)
takes_function('connect_cancellable', 2)
takes_function('add_phase', 4)

for _, name in ipairs {
   'new_child', 'get_child', 'get_child_for', 'renew_child', 'renew_child_for',
   'add_source', 'add_handler', 'add_object', 'begin', 'bind', 'bind_setting', 'add_file_monitor',
   'add_subprocess', 'add_subprocess_full', 'add_process', 'add_socket_service', 'hold_application', 'add_temporary_file', 'own_bus_name',
   'watch_bus_name', 'subscribe_bus_signal', 'export_action_group', 'export_menu_model',
   'export_bus_skeleton', 'export_bus_object_manager',
} do
   has_place(name)
end

-- Scope 'name', Scope { name = 'name', parent = scope } and Scope().
local construct = Scope._new
function Scope._new(class, argument, ...)
   Lifecycle.set_place(find_place())
   if argument == nil or type(argument) == 'string' then
      return remember(raw.new(argument))
   end
   return remember(construct(class, argument, ...))
end

for _, name in ipairs { 'new', 'of' } do
   local method = raw[name]

   Scope[name] = function(...)
      Lifecycle.set_place(find_place())
      return remember(method(...))
   end
end

-- Cleanups get the scope as an argument, so the error always finds it.
local function guard_cleanup(func, place)
   return function(scope, reason)
      local ok, message = pcall(func, scope, reason)
      if not ok then
         scope:add_failure(place, tostring(message))
      end
   end
end

local defer, defer_for = raw.defer, raw.defer_for

function Scope:defer(func)
   local place = find_place()

   check_callable('defer', func)
   Lifecycle.set_place(place)
   return added(defer(self, guard_cleanup(func, place)))
end

function Scope:defer_for(object, func)
   local place = find_place()

   check_callable('defer_for', func)
   Lifecycle.set_place(place)
   return added(defer_for(self, object, guard_cleanup(func, place)))
end

-- Handlers. lgi keeps the function of a closure for ever. So it gets one that knows the handler only
-- through a cell, and the cells of a scope are emptied when the scope closes.
local cells = {}

local function new_cell(scope, func)
   local address = scope._native
   local list = cells[address]
   local cell = { func = func }

   if not list then
      list = {}
      cells[address] = list
      scope.on_closed:connect(function()
         for each in pairs(list) do
            each.func = nil
            list[each] = nil
         end
         cells[address] = nil
      end)
   end
   list[cell] = true
   return cell, list
end

-- A closure that knows its function only through a cell.
local function new_closure(scope, func, place)
   local cell = new_cell(scope, guard(scope, func, place))

   return GObject.Closure(function(...)
      local handler = cell.func
      if handler then
         return handler(...)
      end
   end)
end

for _, name in ipairs { 'bind_full', 'bind_setting_with_mapping', 'export_bus_object' } do
   local method = raw[name]

   Scope[name] = method and function(self, ...)
      local arguments, n = { ... }, select('#', ...)
      local place = find_place()

      for i = 1, n do
         if type(arguments[i]) == 'function' then
            arguments[i] = new_closure(self, arguments[i], place)
         end
      end
      Lifecycle.set_place(place)
      return added(method(self, (unpack or table.unpack)(arguments, 1, n)))
   end
end

-- Flags may be a table, { 'ONCE', 'AFTER' }, or a single name.
local function has_flag(flags, name)
   if type(flags) == 'table' then
      for key, value in pairs(flags) do
         if value == name or (key == name and value) then
            return true
         end
      end
   end
   return flags == name
end

local connect_closure = raw.connect_signal

function Scope:connect_signal(instance, detailed_signal, func, flags)
   local place = find_place()

   check_callable('connect_signal', func)
   if not GObject.Object:is_type_of(instance) then
      error(("bad argument #1 to 'connect_signal' (GObject.Object expected, got %s)"):format(
         type(instance)), 2)
   end
   local name = tostring(detailed_signal):match('^[^:]*')
   if GObject.signal_lookup(name, instance._gtype) == 0 then
      error(("bad argument #2 to 'connect_signal' (%s has no signal '%s')"):format(
         tostring(instance._type._name or 'the object'), name), 2)
   end
   if self:get_state() ~= 'OPEN' then
      Lifecycle.set_place(place)
      return connect_closure(self, instance, detailed_signal, GObject.Closure(function() end), {})
   end

   local cell, list = new_cell(self, guard(self, func, place))
   local once = has_flag(flags, 'ONCE')
   local closure = GObject.Closure(function(...)
      local handler = cell.func
      if once then
         cell.func = nil
         list[cell] = nil
      end
      if handler then
         return handler(...)
      end
   end)
   if type(flags) == 'string' then
      flags = { flags }
   end
   Lifecycle.set_place(place)
   return added(connect_closure(self, instance, detailed_signal, closure, flags or {}))
end

-- Asynchronous calls: scope:call(file, 'query_info', 'standard::size', 0, 0, function(info, error)
-- end) calls query_info_async(), and then the function with what query_info_finish() returns, unless
-- the scope has closed by then.
local begin_async, complete = raw.begin_async, Operation.complete

function Scope:begin_async(name, func)
   local place = find_place()

   check_callable('begin_async', func)
   Lifecycle.set_place(place)
   return added(begin_async(self, name, guard(self, func, place)))
end

function Scope:call(object, name, ...)
   local arguments, n = { ... }, select('#', ...)
   local func = arguments[n]
   local start, finish = object[name .. '_async'], object[name .. '_finish']

   check_callable('call', func)
   if not start or not finish then
      error(("bad argument #2 to 'call' (there is no '%s_async')"):format(tostring(name)), 2)
   end
   local operation = self:begin_async(name, function(source, result)
      func(finish(object, result))
   end)
   arguments[n] = operation:get_cancellable()
   arguments[n + 1] = function(source, result)
      complete(operation, source, result)
   end
   start(object, (unpack or table.unpack)(arguments, 1, n + 1))
   return added(operation)
end

-- The same inside of a coroutine: waits for the result, and returns it. If the scope closes first,
-- the coroutine is never resumed.
function Scope:await(object, name, ...)
   local thread = coroutine.running()
   local arguments, n = { ... }, select('#', ...)
   local weak = setmetatable({ scope = self }, { __mode = 'v' })
   local place = find_place()

   assert(thread, 'await() must be called in a coroutine, which start() makes')
   arguments[n + 1] = function(...)
      local ok, message = coroutine.resume(thread, ...)
      if not ok and weak.scope then
         weak.scope:add_failure(place, tostring(message))
      end
   end
   self:call(object, name, (unpack or table.unpack)(arguments, 1, n + 1))
   return coroutine.yield()
end

-- Calls a function in a coroutine of its own, where it may await().
function Scope:start(func, ...)
   local place = find_place()

   check_callable('start', func)
   local ok, message = coroutine.resume(coroutine.create(func), ...)
   if not ok then
      self:add_failure(place, tostring(message))
   end
end

-- GLib says nothing when a handler that lgi has connected is disconnected, so the scope has to look before
-- it can say how many there are.
local sweep_handlers, get_n_entries = raw.sweep_handlers, raw.get_n_entries

function Scope:sweep_handlers(recursive)
   return sweep_handlers(self, recursive or false)
end

function Scope:get_n_entries()
   sweep_handlers(self, false)
   return get_n_entries(self)
end

for _, name in ipairs { 'get_statistics', 'list_records' } do
   local method = raw[name]

   Scope[name] = function(self, recursive)
      sweep_handlers(self, recursive or false)
      return method(self, recursive or false)
   end
end

local close_with_reason = raw.close_with_reason

function Scope:close(reason, detail)
   return close_with_reason(self, reason or 'COMPLETED', detail)
end

function Scope:close_with_reason(reason, detail)
   return close_with_reason(self, reason, detail)
end

-- Runs a function with a new scope, and closes that in any case: as ABORTED if the function fails.
function Lifecycle.using(name, func, ...)
   check_callable('using', func)
   local scope = Scope(name)
   local result = { pcall(func, scope, ...) }
   if result[1] then
      scope:close()
      return (unpack or table.unpack)(result, 2)
   end
   scope:close('ABORTED', tostring(result[2]))
   error(result[2], 0)
end
