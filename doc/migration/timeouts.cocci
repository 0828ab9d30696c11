// timeouts.cocci: timeouts and idles that a dispose or a finalize removes
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Before: self->id = g_timeout_add (...), and a dispose that removes it.
// After:  a timer of lifecycle_scope_of (self). If a function removes the timeout and adds it again,
//         each timer belongs to a child scope that is renewed. If the id is used in any other way, the
//         code keeps it, and the scope owns the source.

@ initialize:python @
@@

import os

# Other classes of the same object may have a field of that name, but not in a file of that name.
def name_child (positions, field):
    return f'"{os.path.splitext (os.path.basename (positions[0].file))[0]}.{field}"'

kept = set ()

@ ended @
identifier end =~ "_(dispose|finalize)$";
identifier self, id;
position p;
symbol g_source_remove;
@@

end (...)
{
<+...
(
  g_clear_handle_id (&self->id@p, g_source_remove);
|
  g_source_remove (self->id@p);
)
...+>
}

// The tests and resets around a removal in dispose.
@ around @
identifier end =~ "_(dispose|finalize)$";
identifier self, ended.id;
position p;
@@

end (...)
{
<+...
  self->id@p
...+>
}

@ added @
identifier ended.id;
identifier self;
position p;
@@

  self->id@p = \(g_timeout_add\|g_timeout_add_seconds\|g_idle_add\) (..., self);

@ reset @
identifier ended.id;
identifier self;
position p;
@@

  self->id@p = 0;

@ named @
identifier ended.id;
identifier self;
position p;
@@

  g_source_set_name_by_id (self->id@p, ...);

@ again @
identifier ended.id;
identifier self;
position p;
symbol g_source_remove;
@@

  g_clear_handle_id (&self->id@p, g_source_remove);
  self->id = \(g_timeout_add\|g_timeout_add_seconds\|g_idle_add\) (..., self);

@ other @
identifier ended.id;
identifier self;
position p != { ended.p, around.p, added.p, reset.p, named.p, again.p };
@@

  self->id@p

@ script:python @
id << ended.id;
p << other.p;
@@

kept.add (id)

// A name that no field has stands for nothing.
@ script:python plain @
id << ended.id;
p << ended.p;
plain_id;
kept_id;
child;
@@

coccinelle.plain_id = cocci.make_ident ("no_id" if id in kept else id)
coccinelle.kept_id = cocci.make_ident (id if id in kept else "no_id")
coccinelle.child = cocci.make_expr (name_child (p, id))

@@
identifier plain.plain_id;
expression plain.child;
Object *self;
expression interval, function;
constant seconds;
symbol g_source_remove;
@@

- g_clear_handle_id (&self->plain_id, g_source_remove);
(
- self->plain_id = g_timeout_add (interval, function, self);
+ lifecycle_scope_add_timeout (lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), child), interval, function, self, NULL);
|
- self->plain_id = g_timeout_add_seconds (seconds, function, self);
+ lifecycle_scope_add_timeout (lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), child), 1000 * seconds, function, self, NULL);
|
- self->plain_id = g_timeout_add_seconds (interval, function, self);
+ lifecycle_scope_add_timeout (lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), child), 1000 * (interval), function, self, NULL);
|
- self->plain_id = g_idle_add (function, self);
+ lifecycle_scope_add_idle (lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), child), function, self, NULL);
)

@@
identifier plain.plain_id;
Object *self;
expression interval, function;
constant seconds;
@@

(
- self->plain_id = g_timeout_add (interval, function, self);
+ lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (self)), interval, function, self, NULL);
|
- self->plain_id = g_timeout_add_seconds (seconds, function, self);
+ lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (self)), 1000 * seconds, function, self, NULL);
|
- self->plain_id = g_timeout_add_seconds (interval, function, self);
+ lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (self)), 1000 * (interval), function, self, NULL);
|
- self->plain_id = g_idle_add (function, self);
+ lifecycle_scope_add_idle (lifecycle_scope_of (G_OBJECT (self)), function, self, NULL);
)

@@
identifier end =~ "_(dispose|finalize)$";
identifier self, ended.id;
symbol g_source_remove;
@@

end (...)
{
<+...
(
- g_clear_handle_id (&self->id, g_source_remove);
|
- if (\(self->id\|self->id != 0\|self->id > 0\)) { g_source_remove (self->id); }
|
- if (\(self->id\|self->id != 0\|self->id > 0\)) { g_source_remove (self->id); self->id = 0; }
)
...+>
}

@@
identifier end =~ "_(dispose|finalize)$";
identifier self, ended.id;
@@

end (...)
{
<+...
- g_source_remove (self->id);
...+>
}

@@
identifier plain.plain_id;
identifier self;
@@

(
- self->plain_id = 0;
|
- g_source_set_name_by_id (self->plain_id, ...);
)

@@
identifier plain.plain_id;
identifier tag;
@@

struct tag
{
...
- guint plain_id;
...
};

@@
identifier plain.kept_id;
Object *self;
@@

  self->kept_id = \(g_timeout_add\|g_timeout_add_seconds\|g_idle_add\) (..., self);
+ lifecycle_scope_add_source (lifecycle_scope_of (G_OBJECT (self)), g_main_context_find_source_by_id (NULL, self->kept_id));
