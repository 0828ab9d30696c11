// bindings.cocci: property bindings that a dispose or a finalize unbinds
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// After: a binding of lifecycle_scope_of (self). unused-ids.cocci then drops the fields.

@ ended @
identifier end =~ "_(dispose|finalize)$";
identifier self, binding;
symbol g_binding_unbind;
@@

end (...)
{
<+...
(
- g_clear_pointer (&self->binding, g_binding_unbind);
|
- if (self->binding != NULL) { g_binding_unbind (self->binding); }
|
- if (self->binding != NULL) { g_binding_unbind (self->binding); self->binding = NULL; }
|
- if (self->binding) { g_binding_unbind (self->binding); }
|
- if (self->binding) { g_binding_unbind (self->binding); self->binding = NULL; }
)
...+>
}

@ depends on ended @
identifier ended.binding;
Object *self;
expression source, source_property, target, target_property, flags;
@@

  self->binding =
- g_object_bind_property (source, source_property, target, target_property, flags)
+ lifecycle_scope_bind (lifecycle_scope_of (G_OBJECT (self)), G_OBJECT (source), source_property, G_OBJECT (target), target_property, flags)
  ;
