// stops.cocci: timeouts and idles that more functions than dispose and finalize stop
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Before: self->id = g_timeout_add (...), and a function that removes it.
// After:  a timer of a child scope, which is renewed by whoever adds the timer, cleared by whoever
//         stops it, and closed when self is disposed. If the id is used in any other way, for
//         example to find out whether there is a timeout, nothing is changed.
//
@ initialize:python @
@@

import os

# Other classes of the same object may have a field of that name, but not in a file of that name.
def name_child (positions, field):
    return f'"{os.path.splitext (os.path.basename (positions[0].file))[0]}.{field}"'

places = lambda positions: {(at.line, at.column) for at in positions}
uses, known, foreign = {}, {}, {}

def note (table, id, *positions):
    for position in positions:
        table.setdefault (id, set ()).update (places (position))

// The id of nobody else is looked at.
@ declared @
identifier id;
@@

struct _Object
{
...
  guint id;
...
};

@ added @
Object *self;
identifier declared.id;
position p;
@@

  self->id@p = \(g_timeout_add\|g_timeout_add_seconds\|g_idle_add\) (..., self);

@ script:python @
id << declared.id;
p << added.p;
@@

note (known, id, p)

@ reset @
Object *self;
identifier declared.id;
position p;
@@

  self->id@p = 0;

@ script:python @
id << declared.id;
p << reset.p;
@@

note (known, id, p)

@ named @
Object *self;
identifier declared.id;
position p;
@@

  g_source_set_name_by_id (self->id@p, ...);

@ script:python @
id << declared.id;
p << named.p;
@@

note (known, id, p)

@ cleared @
Object *self;
identifier declared.id;
position p;
symbol g_source_remove;
@@

  g_clear_handle_id (&self->id@p, g_source_remove);

@ script:python @
id << declared.id;
p << cleared.p;
@@

note (known, id, p)

@ removed @
Object *self;
identifier declared.id;
position p, q, r;
@@

  if (\(self->id@p\|self->id@p != 0\|self->id@p > 0\)) { g_source_remove (self->id@q); self->id@r = 0; }

@ script:python @
id << declared.id;
p << removed.p;
q << removed.q;
r << removed.r;
@@

note (known, id, p, q, r)

@ used @
expression object;
identifier declared.id;
position p;
@@

  object->id@p

@ script:python @
id << declared.id;
p << used.p;
@@

note (uses, id, p)

// A field of that name in something else is another field.
@ elsewhere @
type T;
T *object;
identifier declared.id;
position p;
@@

  object->id@p

@ script:python @
T << elsewhere.T;
id << declared.id;
p << elsewhere.p;
@@

if str (T).split ()[-1] != "Object":
  note (foreign, id, p)

// Where only dispose and finalize stop it, timeouts.cocci does with less.
@ stopped @
identifier function !~ "_(dispose|finalize)$";
Object *self;
identifier declared.id;
position p;
symbol g_source_remove;
@@

function (...)
{
<+...
(
  g_clear_handle_id (&self->id@p, g_source_remove);
|
  g_source_remove (self->id@p);
)
...+>
}

// A name that no field has stands for nothing.
@ script:python converted @
id << declared.id;
p << stopped.p;
plain_id;
child;
@@

understood = id in known and uses.get (id, set ()) - foreign.get (id, set ()) == known[id]
coccinelle.plain_id = cocci.make_ident (id if understood else "no_id")
coccinelle.child = cocci.make_expr (name_child (p, id))

@@
Object *self;
identifier converted.plain_id;
symbol g_source_remove;
@@

- g_clear_handle_id (&self->plain_id, g_source_remove);
  self->plain_id = \(g_timeout_add\|g_timeout_add_seconds\|g_idle_add\) (..., self);

@@
Object *self;
identifier converted.plain_id;
expression converted.child;
expression interval, function;
constant seconds;
@@

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
identifier end =~ "_(dispose|finalize)$";
Object *self;
identifier converted.plain_id;
symbol g_source_remove;
@@

end (...)
{
<+...
(
- g_clear_handle_id (&self->plain_id, g_source_remove);
|
- if (\(self->plain_id\|self->plain_id != 0\|self->plain_id > 0\)) { g_source_remove (self->plain_id); self->plain_id = 0; }
)
...+>
}

@@
Object *self;
identifier converted.plain_id;
expression converted.child;
symbol g_source_remove;
@@

(
- g_clear_handle_id (&self->plain_id, g_source_remove);
+ lifecycle_scope_clear (lifecycle_scope_get_child (lifecycle_scope_of (G_OBJECT (self)), child));
|
- if (\(self->plain_id\|self->plain_id != 0\|self->plain_id > 0\)) { g_source_remove (self->plain_id); self->plain_id = 0; }
+ lifecycle_scope_clear (lifecycle_scope_get_child (lifecycle_scope_of (G_OBJECT (self)), child));
)

@@
Object *self;
identifier converted.plain_id;
@@

(
- self->plain_id = 0;
|
- g_source_set_name_by_id (self->plain_id, ...);
)

@@
identifier converted.plain_id;
@@

struct _Object
{
...
- guint plain_id;
...
};
