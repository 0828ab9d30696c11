-- run-lua.lua: runs the table of cases in Lua
--
-- SPDX-License-Identifier: LGPL-2.1-or-later

local lgi = require 'lgi'

local GLib, GObject, Gio = lgi.GLib, lgi.GObject, lgi.Gio
local Lifecycle = lgi.require('Lifecycle', '1')
local Scope = Lifecycle.Scope

local context = GLib.MainContext.default()
local things, watches, counts, last = {}, {}, {}, {}
local run_step, finished, skipping

-- What begins with "@" ends the case.
local function put(text)
   skipping = skipping or text:sub(1, 1) == '@'
   io.stdout:write(text, '\n')
   io.stdout:flush()
end

local function trace(format, ...)
   put('> ' .. format:format(...))
end

local function count(label)
   counts[label] = (counts[label] or 0) + 1
end

local function nick(value)
   return (tostring(value):lower():gsub('_', '-'))
end

local function thing(name)
   return things[name] or put('@there is no ' .. name)
end

-- What a callback does after it has traced its label.
local function act(label, next_step, ...)
   trace('%s%s', label, select('#', ...) > 0 and ' ' .. nick((...)) or '')
   count(label)
   if next_step then
      local message = next_step:match('^throw (.*)')
      if message then error(message) end
      run_step(next_step)
   end
end

local function iterate_until(label, n)
   local deadline = GLib.get_monotonic_time() + 10000000
   while (counts[label] or 0) < n do
      if GLib.get_monotonic_time() > deadline then
         return put('@waited 10 seconds for ' .. label)
      end
      if not context:iteration(false) then GLib.usleep(500) end
   end
   counts[label] = nil
end

local function call(scope, path, label)
   scope:call(Gio.File.new_for_path(path), 'query_info', 'standard::size', {}, 0,
      function(info) act(label .. (info and ' ok' or ' failed')) count(label) end)
end

local bad = {}
function bad.signal(s, e) s:connect_signal(e, 'nonsense', function() end) end
function bad.handler(s, e) s:connect_signal(e, 'activate', 'not a function') end
function bad.emitter(s) s:connect_signal(nil, 'activate', function() end) end
function bad.cleanup(s) s:defer(17) end
function bad.callback(s) s:add_timeout(1, nil) end
function bad.negative(s) s:add_timeout(-1, function() end) end
function bad.huge(s) s:add_timeout(2 ^ 40, function() end) end
function bad.object(s) s:add_object({}) end
function bad.reason(s) s:close('NONSENSE') end

local steps = {}

function steps.scope(s) things[s] = Scope(s) end
function steps.child(c, s) things[c] = thing(s):new_child(c) end
steps['get-child'] = function(c, s, name) things[c] = thing(s):get_child(name) end
steps['renew-child'] = function(c, s, name) things[c] = thing(s):renew_child(name) end
steps['scope-of'] = function(s, e) things[s] = Scope.of(thing(e)) end
function steps.move(t, s) things[t] = thing(s):move() end
function steps.emitter(e) things[e] = Gio.SimpleAction.new(e, nil) end
function steps.cancellable(c) things[c] = Gio.Cancellable.new() end
function steps.drop(x) things[x] = nil end
steps['drop-scope'] = steps.drop
function steps.watch(w, x) watches[w] = Scope.of(thing(x)) end

function steps.connect(s, e, label, next_step)
   last.instance = thing(e)
   last.id = thing(s):connect_signal(thing(e), 'activate', function() act(label, next_step) end)
end
steps['connect-once'] = function(s, e, label)
   thing(s):connect_signal(thing(e), 'activate', function() act(label) end, 'ONCE')
end
steps['connect-capturing'] = function(s, e, owner, label)
   local captured = thing(owner)
   thing(s):connect_signal(thing(e), 'activate', function() act(label) return captured end)
end
function steps.adopt(s, e, label)
   last.instance = thing(e)
   last.id = thing(e).on_activate:connect(function() act(label) end)
   thing(s):add_handler(thing(e), last.id)
end
steps['on-closing'] = function(s, label, next_step)
   thing(s).on_closing:connect(function(_, reason) act(label, next_step, reason) end)
end
steps['on-closed'] = function(s, label, next_step)
   thing(s).on_closed:connect(function(_, reason) act(label, next_step, reason) end)
end
function steps.defer(s, label, next_step)
   thing(s):defer(function(_, reason) act(label, next_step, reason) end)
end
steps['defer-for'] = function(s, e, label)
   thing(s):defer_for(thing(e), function(_, reason) act(label, nil, reason) end)
end
steps['defer-capturing'] = function(s, x, label)
   local captured = thing(x)
   thing(s):defer(function() act(label) return captured end)
end
function steps.idle(s, label, next_step)
   thing(s):add_idle(function() act(label, next_step) return false end)
end
function steps.timeout(s, ms, label, next_step)
   last.timer = thing(s):add_timeout(tonumber(ms), function() act(label, next_step) return false end)
end
function steps.every(s, ms, label, n)
   local left = tonumber(n)
   thing(s):add_timeout(tonumber(ms), function()
      left = left - 1
      act(label)
      return left > 0
   end)
end
steps['timeout-capturing'] = function(s, ms, owner, label)
   local captured = thing(owner)
   thing(s):add_timeout(tonumber(ms), function() act(label) return captured ~= nil end)
end
function steps.debounce(d, s, ms, label)
   things[d] = thing(s):add_debounce(tonumber(ms), function() act(label) end)
end
steps['add-object'] = function(s, e) thing(s):add_object(thing(e)) end
function steps.begin(o, s) things[o] = thing(s):begin(o) end
function steps.call(s, label) call(thing(s), '/', label) end
steps['call-failing'] = function(s, label) call(thing(s), '/nonexistent/file', label) end
steps['follow-object'] = function(s, e) thing(s):follow_object(thing(e)) end
steps['follow-cancellable'] = function(s, c) thing(s):follow_cancellable(thing(c)) end
function steps.deadline(s, ms) thing(s):set_deadline(tonumber(ms)) end

function steps.emit(e) thing(e):activate(nil) end
function steps.disconnect() GObject.signal_handler_disconnect(last.instance, last.id) end
-- The override does it.
function steps.sweep() end
function steps.dispose(e) thing(e):run_dispose() end
function steps.cancel(c) thing(c):cancel() end
steps['cancel-timer'] = function() last.timer:cancel() end
function steps.restart(d) thing(d):restart() end
steps['end'] = function(o) thing(o):_end() end
function steps.block(s) thing(s):block() end
function steps.unblock(s) thing(s):unblock() end
function steps.close(s, reason, detail)
   local n = thing(s):close(reason and reason:upper():gsub('-', '_'), detail)
   trace('close %s %d', s, n)
end
function steps.clear(s) trace('clear %s %d', s, thing(s):clear()) end
steps['close-async'] = function(s, label, ms)
   thing(s):close_async('COMPLETED', tonumber(ms), nil, function(scope, result)
      act(label .. (scope:close_finish(result) and ' ok' or ' failed'))
      count(label)
   end)
end
function steps.drain(s, label, ms)
   thing(s):drain_async('COMPLETED', tonumber(ms), nil, function(scope, result)
      act(label .. (scope:drain_finish(result) and ' ok' or ' failed'))
      count(label)
   end)
end
function steps.wait(label, n) iterate_until(label, tonumber(n or 1)) end
function steps.settle() while context:iteration(false) do end end
function steps.sleep(ms) GLib.usleep(tonumber(ms) * 1000) end
function steps.collect() for _ = 1, 4 do collectgarbage() end end
steps['on-thread'] = function() put('@there are no threads') end
function steps.exit(status)
   if status == '0' then finished = true else os.exit(tonumber(status)) end
end

function steps.entries(s) trace('entries %s %d', s, thing(s):get_n_entries()) end
function steps.state(s)
   trace('state %s %s %s', s, nick(thing(s):get_state()), nick(thing(s):get_reason()))
end
function steps.detail(s) trace('detail %s %s', s, tostring(thing(s):get_reason_detail())) end
function steps.error(s, text)
   local err = thing(s):get_error()
   trace('error %s %s', s,
      not err and 'none' or err.message:find(text, 1, true) and 'yes' or err.message)
end
function steps.late(s) trace('late %s %d', s, thing(s):get_statistics(false):get_n_late()) end
function steps.same(a, b) trace('same %s %s %s', a, b, thing(a) == thing(b) and 'yes' or 'no') end
function steps.path(s)
   local path = thing(s):get_path()
   local valid = path:find('\\x2f', 1, true) and not path:find('[\254\255]')
   trace('path %s %s', s, valid and 'valid' or path)
end
function steps.place(s)
   local records = thing(s):list_records(false)
   local found = records:get_n_items() > 0
   for i = 0, records:get_n_items() - 1 do
      local place = records:get_item(i):get_place()
      found = found and place and place:match('run%-lua%.lua:%d+$')
   end
   trace('place %s %s', s, found and 'yes' or 'no')
end
function steps.alive(w) trace('alive %s %s', w, watches[w]:is_closed() and 'no' or 'yes') end
function steps.bad(kind, s, e)
   if kind == 'name' then
      things[s] = Scope('\255/\254')
      return
   end
   local ok = pcall(bad[kind], thing(s), e and thing(e))
   trace('bad %s %s', kind, ok and 'accepted' or 'raises')
end

function run_step(line)
   local words, next_step = {}, line:match(' : (.*)')
   for word in line:gsub(' : .*', ''):gmatch('%S+') do words[#words + 1] = word end
   local step = steps[words[1]]
   if not step then return put('@unknown step ' .. words[1]) end
   if next_step then
      local i = words[1] == 'timeout' and 4 or words[1]:match('^connect') and 4 or 3
      words[i + 1] = next_step
   end
   step((unpack or table.unpack)(words, 2, 6))
end

for line in io.lines() do
   local name = line:match('^case (.*)')
   if name then
      put('@case ' .. name)
      skipping = false
   elseif line == 'end' then
      put('@end')
      things, watches, counts, last = {}, {}, {}, {}
      steps.collect()
      steps.settle()
   elseif not skipping then
      local ok, message = pcall(run_step, line)
      if not ok then put('@' .. tostring(message)) end
   end
   if finished then break end
end
