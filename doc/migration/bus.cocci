// bus.cocci: D-Bus signals and exported objects that a dispose or a finalize takes back
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// After: entries of lifecycle_scope_of (self). If the id is used anywhere else, nothing is changed.

@ initialize:python @
@@

kept = set ()

@ ended @
identifier end =~ "_(dispose|finalize)$";
identifier self, id, call =~ "^g_dbus_connection_(signal_unsubscribe|unregister_object)$";
expression bus;
position p;
@@

end (...)
{
<+...
  call (bus, self->id@p);
...+>
}

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
identifier self, call =~ "^g_dbus_connection_(signal_subscribe|register_object)$";
expression list arguments;
expression error;
position p;
@@

(
  self->id@p = call (arguments, self, NULL);
|
  self->id@p = call (arguments, self, NULL, error);
)

@ other @
identifier ended.id;
identifier self;
position p != { ended.p, around.p, added.p };
@@

  self->id@p

@ script:python @
id << ended.id;
p << other.p;
@@

kept.add (id)

// A name that no field has stands for nothing.
@ script:python converted @
id << ended.id;
plain_id;
@@

coccinelle.plain_id = cocci.make_ident ("no_id" if id in kept else id)

@@
identifier converted.plain_id;
Object *self;
expression bus, sender, interface, member, path, arg0, flags, callback, info, vtable, error;
@@

(
- self->plain_id = g_dbus_connection_signal_subscribe (bus, sender, interface, member, path, arg0, flags, callback, self, NULL);
+ lifecycle_scope_subscribe_bus_signal (lifecycle_scope_of (G_OBJECT (self)), bus, sender, interface, member, path, arg0, flags, callback, self, NULL, NULL);
|
- self->plain_id = g_dbus_connection_register_object (bus, path, info, vtable, self, NULL, error);
+ lifecycle_scope_export_bus_object (lifecycle_scope_of (G_OBJECT (self)), bus, path, info, vtable, self, NULL, error);
)

@@
identifier end =~ "_(dispose|finalize)$";
identifier self, converted.plain_id, call =~ "^g_dbus_connection_(signal_unsubscribe|unregister_object)$";
expression bus;
@@

end (...)
{
<+...
(
- if (\(self->plain_id\|self->plain_id != 0\|self->plain_id > 0\)) { call (bus, self->plain_id); }
|
- if (\(self->plain_id\|self->plain_id != 0\|self->plain_id > 0\)) { call (bus, self->plain_id); self->plain_id = 0; }
)
...+>
}

@@
identifier end =~ "_(dispose|finalize)$";
identifier self, converted.plain_id, call =~ "^g_dbus_connection_(signal_unsubscribe|unregister_object)$";
expression bus;
@@

end (...)
{
<+...
- call (bus, self->plain_id);
...+>
}

@@
identifier converted.plain_id;
identifier self;
@@

- self->plain_id = 0;

@@
identifier converted.plain_id;
identifier tag;
@@

struct tag
{
...
- guint plain_id;
...
};
