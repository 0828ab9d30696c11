// handlers.cocci: handlers that a dispose or a finalize disconnects
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Before: self->id = g_signal_connect (emitter, "signal", handler, self), and a disconnect in the
//         dispose or the finalize of self.
// After:  a handler of lifecycle_scope_of (self). unused-ids.cocci then drops the ids.

@ ended @
identifier end =~ "_(dispose|finalize)$";
identifier self, id;
expression emitter;
@@

end (...)
{
<+...
(
- g_clear_signal_handler (&self->id, emitter);
|
- if (\(self->id\|self->id != 0\|self->id > 0\)) { g_signal_handler_disconnect (emitter, self->id); }
|
- if (\(self->id\|self->id != 0\|self->id > 0\)) { g_signal_handler_disconnect (emitter, self->id); self->id = 0; }
)
...+>
}

@ bare @
identifier end =~ "_(dispose|finalize)$";
identifier self, id;
expression emitter;
@@

end (...)
{
<+...
- g_signal_handler_disconnect (emitter, self->id);
...+>
}

@ depends on ended @
identifier ended.id;
Object *self;
expression emitter, signal, handler;
@@

  self->id =
(
- g_signal_connect (emitter, signal, handler, self)
+ lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self)
|
- g_signal_connect_after (emitter, signal, handler, self)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self, NULL, LIFECYCLE_CONNECT_AFTER)
|
- g_signal_connect_swapped (emitter, signal, handler, self)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self, NULL, LIFECYCLE_CONNECT_SWAPPED)
)
  ;

@ depends on bare @
identifier bare.id;
Object *self;
expression emitter, signal, handler;
@@

  self->id =
(
- g_signal_connect (emitter, signal, handler, self)
+ lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self)
|
- g_signal_connect_after (emitter, signal, handler, self)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self, NULL, LIFECYCLE_CONNECT_AFTER)
|
- g_signal_connect_swapped (emitter, signal, handler, self)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self, NULL, LIFECYCLE_CONNECT_SWAPPED)
)
  ;

// Handlers without ids.
@ all_of_it @
identifier end =~ "_(dispose|finalize)$";
identifier self;
expression emitter;
@@

end (...)
{
<+...
- g_signal_handlers_disconnect_by_data (emitter, self);
...+>
}

@ depends on all_of_it @
Object *self;
expression all_of_it.emitter, signal, handler;
@@

(
- g_signal_connect (emitter, signal, handler, self)
+ lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self)
|
- g_signal_connect_after (emitter, signal, handler, self)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self, NULL, LIFECYCLE_CONNECT_AFTER)
|
- g_signal_connect_swapped (emitter, signal, handler, self)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), emitter, signal, handler, self, NULL, LIFECYCLE_CONNECT_SWAPPED)
)
