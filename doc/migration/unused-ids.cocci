// unused-ids.cocci: fields that are assigned by a conversion, and never used
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Run it after the other semantic patches. It sees one file at a time: a field that is declared in a
// header stays there.

@ initialize:python @
@@

used = set ()

@ assigned @
identifier self, id;
position p;
@@

  self->id@p = \(lifecycle_scope_connect_signal\|lifecycle_scope_connect_full\|lifecycle_scope_bind\) (...);

@ reset @
identifier assigned.id;
identifier self;
position p;
@@

  self->id@p = \(0\|NULL\);

@ other @
identifier assigned.id;
identifier self;
position p != { assigned.p, reset.p };
@@

  self->id@p

@ script:python @
id << assigned.id;
p << other.p;
@@

used.add (id)

// A name that no field has stands for nothing.
@ script:python unused @
id << assigned.id;
unused_id;
@@

coccinelle.unused_id = cocci.make_ident ("no_id" if id in used else id)

@@
identifier unused.unused_id;
identifier self;
expression e;
@@

(
- self->unused_id = \(0\|NULL\);
|
- self->unused_id =
  e
  ;
)

@@
identifier unused.unused_id;
identifier tag;
type T;
@@

struct tag
{
...
- T unused_id;
...
};
