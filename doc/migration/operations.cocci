// operations.cocci: calls whose cancellable a dispose or a finalize cancels
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Before: foo_async (..., self->cancellable, callback, self), and a dispose that cancels.
// After:  an operation of lifecycle_scope_of (self). Its callback is not called once self is disposed.
//
// If a function cancels the call before and starts another one, each belongs to a child scope that is
// renewed. If the cancellable is used in any other way, for example by a call whose data is a reference on self,
// nothing is changed: convert such code by hand.

@ initialize:python @
@@

import os

# Other classes of the same object may have a field of that name, but not in a file of that name.
def name_child (positions, field):
    return f'"{os.path.splitext (os.path.basename (positions[0].file))[0]}.{field}"'

kept = set ()

@ ended @
identifier end =~ "_(dispose|finalize)$";
identifier self, cancellable;
position p, q;
@@

end (...)
{
<+...
  g_cancellable_cancel (self->cancellable@p);
...
  g_clear_object (&self->cancellable@q);
...+>
}

@ made @
identifier ended.cancellable;
identifier self;
position p;
@@

self->cancellable@p = g_cancellable_new ();

@ passed @
identifier ended.cancellable;
identifier self, call;
expression list arguments;
expression callback;
position p;
@@

call (arguments, self->cancellable@p, callback, self);

@ replaced @
identifier ended.cancellable;
identifier self, call;
expression list arguments;
expression callback;
position p, q, r;
@@

g_cancellable_cancel (self->cancellable@p);
g_clear_object (&self->cancellable@q);
self->cancellable@r = g_cancellable_new ();
... when != self->cancellable
call (arguments, self->cancellable, callback, self);

// Everything else keeps the cancellable as it is.
@ other @
identifier ended.cancellable;
identifier self;
position p != { ended.p, ended.q, made.p, passed.p, replaced.p, replaced.q, replaced.r };
@@

self->cancellable@p

@ script:python @
cancellable << ended.cancellable;
p << other.p;
@@

kept.add (cancellable)

// A name that no field has stands for nothing.
@ script:python converted @
cancellable << ended.cancellable;
p << ended.p;
free;
child;
@@

coccinelle.child = cocci.make_expr (name_child (p, cancellable))
coccinelle.free = cocci.make_ident ("no_cancellable" if cancellable in kept else cancellable)

// A call that begins with its cancellable.
@@
identifier converted.free;
expression converted.child;
Object *self;
identifier call;
expression callback;
@@

- g_cancellable_cancel (self->free);
- g_clear_object (&self->free);
- self->free = g_cancellable_new ();
  ... when != self->free
- call (self->free, callback, self);
+ {
+   LifecycleOperation *op = lifecycle_scope_begin_async (lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), child), NULL, callback, self, NULL);
+
+   call (lifecycle_operation_get_cancellable (op), lifecycle_operation_ready, op);
+ }

@@
identifier converted.free;
Object *self;
identifier call;
expression callback;
@@

- call (self->free, callback, self);
+ {
+   LifecycleOperation *op = lifecycle_scope_begin_async (lifecycle_scope_of (G_OBJECT (self)), NULL, callback, self, NULL);
+
+   call (lifecycle_operation_get_cancellable (op), lifecycle_operation_ready, op);
+ }

@@
identifier converted.free;
expression converted.child;
Object *self;
identifier call;
expression list arguments;
expression callback;
@@

- g_cancellable_cancel (self->free);
- g_clear_object (&self->free);
- self->free = g_cancellable_new ();
  ... when != self->free
- call (arguments, self->free, callback, self);
+ {
+   LifecycleOperation *op = lifecycle_scope_begin_async (lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), child), NULL, callback, self, NULL);
+
+   call (arguments, lifecycle_operation_get_cancellable (op), lifecycle_operation_ready, op);
+ }

@@
identifier converted.free;
Object *self;
identifier call;
expression list arguments;
expression callback;
@@

- call (arguments, self->free, callback, self);
+ {
+   LifecycleOperation *op = lifecycle_scope_begin_async (lifecycle_scope_of (G_OBJECT (self)), NULL, callback, self, NULL);
+
+   call (arguments, lifecycle_operation_get_cancellable (op), lifecycle_operation_ready, op);
+ }

@@
identifier converted.free;
identifier self;
@@

- self->free = g_cancellable_new ();

@@
identifier end =~ "_(dispose|finalize)$";
identifier converted.free;
identifier self;
@@

end (...)
{
<+...
- g_cancellable_cancel (self->free);
...+>
}

@@
identifier end =~ "_(dispose|finalize)$";
identifier converted.free;
identifier self;
@@

end (...)
{
<+...
- g_clear_object (&self->free);
...+>
}

@@
identifier converted.free;
identifier tag;
@@

struct tag
{
...
- GCancellable *free;
...
};
