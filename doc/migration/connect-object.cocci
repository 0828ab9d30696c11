// connect-object.cocci: g_signal_connect_object()
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// After: a handler of the object's scope, which is disconnected when the object is disposed.

@@
expression emitter, signal, handler, object;
@@

(
- g_signal_connect_object (emitter, signal, handler, object, \(0\|G_CONNECT_DEFAULT\))
+ lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (object)), emitter, signal, handler, object)
|
- g_signal_connect_object (emitter, signal, handler, object, G_CONNECT_SWAPPED)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (object)), emitter, signal, handler, object, NULL, LIFECYCLE_CONNECT_SWAPPED)
|
- g_signal_connect_object (emitter, signal, handler, object, G_CONNECT_AFTER)
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (object)), emitter, signal, handler, object, NULL, LIFECYCLE_CONNECT_AFTER)
|
- g_signal_connect_object (emitter, signal, handler, object, \(G_CONNECT_AFTER | G_CONNECT_SWAPPED\|G_CONNECT_SWAPPED | G_CONNECT_AFTER\))
+ lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (object)), emitter, signal, handler, object, NULL, LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_SWAPPED)
)
