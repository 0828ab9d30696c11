/* lifecycle-gtk-builder.c: closures of a GtkBuilder that belong to a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-builder.h"
#include "lifecycle-gtk-entry-private.h"

/**
 * LifecycleGtkBuilderScope:
 *
 * A scope of `GtkBuilder`, whose closures belong to a [class@Lifecycle.Scope].
 *
 * Functions are found as by a `GtkBuilderCScope`. Each signal handler that a `GtkBuilder` connects, and
 * each closure of an expression, is an entry of the scope; once that is closing, none is called any
 * more, and the handlers are disconnected.
 *
 * ```c
 * g_autoptr (GtkBuilder) builder = gtk_builder_new ();
 * g_autoptr (LifecycleGtkBuilderScope) scope =
 *   lifecycle_gtk_builder_scope_new (lifecycle_gtk_scope_of (window));
 *
 * lifecycle_gtk_builder_scope_add_callback (scope, "saved_cb", G_CALLBACK (saved_cb));
 * gtk_builder_set_scope (builder, GTK_BUILDER_SCOPE (scope));
 * ```
 *
 * Since: 1.0
 */
struct _LifecycleGtkBuilderScope
{
  GObject          parent_instance;

  LifecycleScope  *scope;
  GtkBuilderScope *inner;
};

typedef struct
{
  LifecycleResource  resource;
  GClosure          *outer;     /* NULL once it has been finalized */
  GClosure          *inner;     /* a reference */
} OwnedClosure;

static void
owned_closure_end (LifecycleResource  *resource,
                   GError            **error)
{
  OwnedClosure *self = (OwnedClosure *) resource;

  /* This disconnects the handler. */
  if (self->outer != NULL)
    g_closure_invalidate (self->outer);
}

static void
owned_closure_finished (LifecycleResource *resource)
{
  g_clear_pointer (&((OwnedClosure *) resource)->inner, g_closure_unref);
}

static const LifecycleResourceKind owned_closure_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = owned_closure_end,
  .finished = owned_closure_finished,
};

static void
owned_closure_marshal (GClosure     *closure,
                       GValue       *return_value,
                       guint         n_param_values,
                       const GValue *param_values,
                       gpointer      invocation_hint,
                       gpointer      marshal_data)
{
  OwnedClosure *self = closure->data;

  if (!lifecycle_resource_begin_call (self))
    return;

  g_closure_invoke (self->inner, return_value, n_param_values, param_values, invocation_hint);
  lifecycle_resource_end_call (self);
}

static void
owned_closure_finalized (gpointer  data,
                         GClosure *closure)
{
  OwnedClosure *self = data;

  self->outer = NULL;
  lifecycle_resource_retire (self);
  lifecycle_resource_unref (self);
}

static GClosure *
builder_scope_create_closure (GtkBuilderScope         *builder_scope,
                              GtkBuilder              *builder,
                              const char              *name,
                              GtkBuilderClosureFlags   flags,
                              GObject                 *object,
                              GError                 **error)
{
  LifecycleGtkBuilderScope *self = LIFECYCLE_GTK_BUILDER_SCOPE (builder_scope);
  GClosure *inner = GTK_BUILDER_SCOPE_GET_IFACE (self->inner)->create_closure (self->inner, builder,
                                                                               name, flags, object,
                                                                               error);
  OwnedClosure *entry;

  if (inner == NULL)
    return NULL;

  g_closure_ref (inner);
  g_closure_sink (inner);
  if (G_CLOSURE_NEEDS_MARSHAL (inner))
    g_closure_set_marshal (inner, g_cclosure_marshal_generic);

  entry = lifecycle_resource_new (sizeof (OwnedClosure), &owned_closure_kind, self->scope, NULL,
                                  NULL, NULL);
  lifecycle_resource_set_label (entry, name);
  entry->inner = inner;
  entry->outer = g_closure_new_simple (sizeof (GClosure), lifecycle_resource_ref (entry));
  g_closure_set_marshal (entry->outer, owned_closure_marshal);
  g_closure_add_finalize_notifier (entry->outer, entry, owned_closure_finalized);

  inner = entry->outer;
  lifecycle_resource_add (entry, self->scope, NULL);

  return inner;
}

static GType
builder_scope_get_type_from_name (GtkBuilderScope *builder_scope,
                                  GtkBuilder      *builder,
                                  const char      *type_name)
{
  GtkBuilderScope *inner = LIFECYCLE_GTK_BUILDER_SCOPE (builder_scope)->inner;

  return GTK_BUILDER_SCOPE_GET_IFACE (inner)->get_type_from_name (inner, builder, type_name);
}

static GType
builder_scope_get_type_from_function (GtkBuilderScope *builder_scope,
                                      GtkBuilder      *builder,
                                      const char      *function_name)
{
  GtkBuilderScope *inner = LIFECYCLE_GTK_BUILDER_SCOPE (builder_scope)->inner;

  return GTK_BUILDER_SCOPE_GET_IFACE (inner)->get_type_from_function (inner, builder, function_name);
}

static void
builder_scope_iface_init (GtkBuilderScopeInterface *iface)
{
  iface->create_closure = builder_scope_create_closure;
  iface->get_type_from_name = builder_scope_get_type_from_name;
  iface->get_type_from_function = builder_scope_get_type_from_function;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (LifecycleGtkBuilderScope, lifecycle_gtk_builder_scope, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDER_SCOPE, builder_scope_iface_init))

enum
{
  PROP_0,
  PROP_SCOPE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
lifecycle_gtk_builder_scope_constructed (GObject *object)
{
  LifecycleGtkBuilderScope *self = LIFECYCLE_GTK_BUILDER_SCOPE (object);

  G_OBJECT_CLASS (lifecycle_gtk_builder_scope_parent_class)->constructed (object);

  if (self->scope == NULL)
    self->scope = lifecycle_scope_new_at (NULL, "builder");
}

static void
lifecycle_gtk_builder_scope_set_property (GObject      *object,
                                          guint         prop_id,
                                          const GValue *value,
                                          GParamSpec   *pspec)
{
  LifecycleGtkBuilderScope *self = LIFECYCLE_GTK_BUILDER_SCOPE (object);

  switch (prop_id)
    {
    case PROP_SCOPE:
      self->scope = g_value_dup_object (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_gtk_builder_scope_finalize (GObject *object)
{
  LifecycleGtkBuilderScope *self = LIFECYCLE_GTK_BUILDER_SCOPE (object);

  g_clear_object (&self->scope);
  g_clear_object (&self->inner);

  G_OBJECT_CLASS (lifecycle_gtk_builder_scope_parent_class)->finalize (object);
}

static void
lifecycle_gtk_builder_scope_class_init (LifecycleGtkBuilderScopeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = lifecycle_gtk_builder_scope_constructed;
  object_class->set_property = lifecycle_gtk_builder_scope_set_property;
  object_class->finalize = lifecycle_gtk_builder_scope_finalize;

  /**
   * LifecycleGtkBuilderScope:scope:
   *
   * The scope that owns the closures. Without one, they belong to a scope that lasts as long as this
   * object.
   *
   * Since: 1.0
   */
  properties[PROP_SCOPE] =
    g_param_spec_object ("scope", NULL, NULL,
                         LIFECYCLE_TYPE_SCOPE,
                         G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
lifecycle_gtk_builder_scope_init (LifecycleGtkBuilderScope *self)
{
  self->inner = gtk_builder_cscope_new ();
}

/**
 * lifecycle_gtk_builder_scope_new:
 * @scope: the scope that is to own the closures; a reference is held
 *
 * Creates a scope for a `GtkBuilder`.
 *
 * Returns: (transfer full): a new object
 *
 * Since: 1.0
 */
LifecycleGtkBuilderScope *
lifecycle_gtk_builder_scope_new (LifecycleScope *scope)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), NULL);

  return g_object_new (LIFECYCLE_GTK_TYPE_BUILDER_SCOPE, "scope", scope, NULL);
}

/**
 * lifecycle_gtk_builder_scope_add_callback: (skip)
 * @self: a scope for a `GtkBuilder`
 * @name: the name that is used in the description of the interface
 * @callback: the function
 *
 * Makes a function known by a name, as gtk_builder_cscope_add_callback_symbol() does.
 *
 * Since: 1.0
 */
void
lifecycle_gtk_builder_scope_add_callback (LifecycleGtkBuilderScope *self,
                                          const char               *name,
                                          GCallback                 callback)
{
  g_return_if_fail (LIFECYCLE_GTK_IS_BUILDER_SCOPE (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (callback != NULL);

  gtk_builder_cscope_add_callback_symbol (GTK_BUILDER_CSCOPE (self->inner), name, callback);
}
