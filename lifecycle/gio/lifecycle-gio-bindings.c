/* lifecycle-gio-bindings.c: properties that are bound to each other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio.h"
#include "lifecycle-gio-closure-private.h"
#include "lifecycle-resource-private.h"

/* What is watched for a binding. */
enum
{
  BINDING_ITSELF,
  BINDING_SOURCE,
  BINDING_TARGET
};

static void
binding_end (LifecycleResource  *resource,
             GError            **error)
{
  GBinding *binding = lifecycle_resource_peek_watched (resource, BINDING_ITSELF);

  /* In the middle of a dispose, GLib is about to unbind, and would complain about a handler that is
   * gone already.
   */
  if (binding != NULL &&
      !lifecycle_resource_watched_is_dying (resource, BINDING_SOURCE) &&
      !lifecycle_resource_watched_is_dying (resource, BINDING_TARGET))
    g_binding_unbind (binding);
}

/* Unbinding frees the data of its functions, which is user code. If one of the three goes first,
 * GLib sees to the rest. The source and the target must be free to go: if the target went only at the
 * end of this, in the middle of a dispose of the source, GLib would look for a handler that is gone.
 */
static const LifecycleResourceKind binding_kind = {
  .type = LIFECYCLE_ENTRY_BINDING,
  .unheld = 1u << BINDING_SOURCE | 1u << BINDING_TARGET,
  .end = binding_end,
};

static GBinding *
scope_add_binding (LifecycleScope *self,
                   GBinding       *binding,
                   const char     *place)
{
  g_autoptr (GObject) source = g_binding_dup_source (binding);
  g_autoptr (GObject) target = g_binding_dup_target (binding);
  LifecycleResource *entry;

  if (source == NULL || target == NULL)
    return NULL;

  entry = lifecycle_resource_new (sizeof (LifecycleResource), &binding_kind, self,
                                  NULL, NULL, NULL);
  lifecycle_resource_watch_object (entry, BINDING_ITSELF, binding);
  lifecycle_resource_watch_object (entry, BINDING_SOURCE, source);
  lifecycle_resource_watch_object (entry, BINDING_TARGET, target);

  return lifecycle_resource_add (entry, self, place) ? binding : NULL;
}

/**
 * lifecycle_scope_add_binding:
 * @self: a scope
 * @binding: (transfer none): a binding; no reference is held
 *
 * Unbinds two properties when the scope closes.
 *
 * That happens as soon as user code may run again after the handlers have been silenced. The entry
 * leaves the scope when the source or the target is disposed, and when somebody else unbinds and
 * nobody holds a reference on @binding any more.
 *
 * On a closed scope the properties are unbound at once. May be called on any thread by a holder of
 * a reference on the source and the target; they are unbound at home.
 *
 * Returns: whether the scope owns it now; %FALSE if the scope is closed, or nothing is bound any
 *   more
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_binding (LifecycleScope *self,
                             GBinding       *binding)
{
  return lifecycle_scope_add_binding_at (NULL, self, binding);
}

gboolean
lifecycle_scope_add_binding_at (const char     *place,
                                LifecycleScope *self,
                                GBinding       *binding)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_BINDING (binding), FALSE);

  return scope_add_binding (self, binding, place) != NULL;
}

/**
 * lifecycle_scope_bind:
 * @self: a scope
 * @source: an object; no reference is held
 * @source_property: a property of @source
 * @target: an object; no reference is held
 * @target_property: a property of @target
 * @flags: how to bind
 *
 * Binds two properties, as `g_object_bind_property()` does, until the scope closes.
 *
 * See [method@Scope.add_binding], which takes a binding that has been made in another way. On a
 * closed scope nothing is bound. May be called on any thread by a holder of references on @source
 * and @target.
 *
 * Returns: (transfer none) (nullable): the binding, which lives until the properties are unbound;
 *   %NULL if the scope is closed
 *
 * Since: 1.0
 */
GBinding *
lifecycle_scope_bind (LifecycleScope *self,
                      GObject        *source,
                      const char     *source_property,
                      GObject        *target,
                      const char     *target_property,
                      GBindingFlags   flags)
{
  return lifecycle_scope_bind_at (NULL, self, source, source_property, target, target_property,
                                  flags);
}

GBinding *
lifecycle_scope_bind_at (const char     *place,
                         LifecycleScope *self,
                         GObject        *source,
                         const char     *source_property,
                         GObject        *target,
                         const char     *target_property,
                         GBindingFlags   flags)
{
  GBinding *binding;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (G_IS_OBJECT (source), NULL);
  g_return_val_if_fail (source_property != NULL, NULL);
  g_return_val_if_fail (G_IS_OBJECT (target), NULL);
  g_return_val_if_fail (target_property != NULL, NULL);

  if (!lifecycle_resource_check_open (self, NULL))
    return NULL;

  binding = g_object_bind_property (source, source_property, target, target_property, flags);

  return binding != NULL ? scope_add_binding (self, binding, place) : NULL;
}

/**
 * lifecycle_scope_bind_full: (skip)
 * @self: a scope
 * @source: an object; no reference is held
 * @source_property: a property of @source
 * @target: an object; no reference is held
 * @target_property: a property of @target
 * @flags: how to bind
 * @transform_to: (nullable): how to turn a value of @source into one of @target
 * @transform_from: (nullable): how to turn a value of @target into one of @source
 * @user_data: data for these functions
 * @destroy: (nullable): how to free @user_data
 *
 * Binds two properties, and transforms their values, as `g_object_bind_property_full()` does, until
 * the scope closes.
 *
 * @destroy is called exactly once: when the properties are unbound, whoever does that, but not
 * before a transformation that is under way has returned; on a closed scope, at once. The functions
 * are called on the thread that changes a property.
 *
 * See [method@Scope.bind] for the rest.
 *
 * Returns: (transfer none) (nullable): the binding, which lives until the properties are unbound;
 *   %NULL if the scope is closed
 *
 * Since: 1.0
 */
GBinding *
lifecycle_scope_bind_full (LifecycleScope        *self,
                           GObject               *source,
                           const char            *source_property,
                           GObject               *target,
                           const char            *target_property,
                           GBindingFlags          flags,
                           GBindingTransformFunc  transform_to,
                           GBindingTransformFunc  transform_from,
                           gpointer               user_data,
                           GDestroyNotify         destroy)
{
  return lifecycle_scope_bind_full_at (NULL, self, source, source_property, target,
                                       target_property, flags, transform_to, transform_from,
                                       user_data, destroy);
}

GBinding *
lifecycle_scope_bind_full_at (const char            *place,
                              LifecycleScope        *self,
                              GObject               *source,
                              const char            *source_property,
                              GObject               *target,
                              const char            *target_property,
                              GBindingFlags          flags,
                              GBindingTransformFunc  transform_to,
                              GBindingTransformFunc  transform_from,
                              gpointer               user_data,
                              GDestroyNotify         destroy)
{
  GBinding *binding;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (G_IS_OBJECT (source), NULL);
  g_return_val_if_fail (source_property != NULL, NULL);
  g_return_val_if_fail (G_IS_OBJECT (target), NULL);
  g_return_val_if_fail (target_property != NULL, NULL);

  if (!lifecycle_resource_check_open (self, NULL))
    {
      if (destroy != NULL)
        destroy (user_data);
      return NULL;
    }

  binding = g_object_bind_property_full (source, source_property, target, target_property, flags,
                                         transform_to, transform_from, user_data, destroy);

  return binding != NULL ? scope_add_binding (self, binding, place) : NULL;
}

typedef struct
{
  GClosure *transform_to;
  GClosure *transform_from;
} BindingClosures;

static void
binding_closures_free (gpointer data)
{
  BindingClosures *self = data;

  g_clear_pointer (&self->transform_to, g_closure_unref);
  g_clear_pointer (&self->transform_from, g_closure_unref);
  g_free (self);
}

/* The closure returns the new value: in most languages it could not write to an argument. */
static gboolean
binding_closure_invoke (GClosure     *closure,
                        GBinding     *binding,
                        const GValue *from,
                        GValue       *to)
{
  GValue values[2] = { G_VALUE_INIT, G_VALUE_INIT };

  g_value_init (&values[0], G_TYPE_BINDING);
  g_value_set_object (&values[0], binding);
  g_value_init (&values[1], G_VALUE_TYPE (from));
  g_value_copy (from, &values[1]);

  g_closure_invoke (closure, to, G_N_ELEMENTS (values), values, NULL);

  g_value_unset (&values[1]);
  g_value_unset (&values[0]);

  return TRUE;
}

static gboolean
binding_closures_transform_to (GBinding     *binding,
                               const GValue *from,
                               GValue       *to,
                               gpointer      data)
{
  return binding_closure_invoke (((BindingClosures *) data)->transform_to, binding, from, to);
}

static gboolean
binding_closures_transform_from (GBinding     *binding,
                                 const GValue *from,
                                 GValue       *to,
                                 gpointer      data)
{
  return binding_closure_invoke (((BindingClosures *) data)->transform_from, binding, from, to);
}

/**
 * lifecycle_scope_bind_with_closures: (rename-to lifecycle_scope_bind_full)
 * @self: a scope
 * @source: an object; no reference is held
 * @source_property: a property of @source
 * @target: an object; no reference is held
 * @target_property: a property of @target
 * @flags: how to bind
 * @transform_to: (nullable): what turns a value of @source into one of @target
 * @transform_from: (nullable): what turns a value of @target into one of @source
 *
 * Binds two properties, and transforms their values, until the scope closes. This is for bindings;
 * see [method@Scope.bind_full].
 *
 * A closure gets the [class@GObject.Binding] and a value, and returns the value for the other
 * property. The references on the closures are dropped when the properties are unbound.
 *
 * Returns: (transfer none) (nullable): the binding, which lives until the properties are unbound;
 *   %NULL if the scope is closed
 *
 * Since: 1.0
 */
GBinding *
lifecycle_scope_bind_with_closures (LifecycleScope *self,
                                    GObject        *source,
                                    const char     *source_property,
                                    GObject        *target,
                                    const char     *target_property,
                                    GBindingFlags   flags,
                                    GClosure       *transform_to,
                                    GClosure       *transform_from)
{
  return lifecycle_scope_bind_with_closures_at (NULL, self, source, source_property, target,
                                                target_property, flags, transform_to,
                                                transform_from);
}

GBinding *
lifecycle_scope_bind_with_closures_at (const char     *place,
                                       LifecycleScope *self,
                                       GObject        *source,
                                       const char     *source_property,
                                       GObject        *target,
                                       const char     *target_property,
                                       GBindingFlags   flags,
                                       GClosure       *transform_to,
                                       GClosure       *transform_from)
{
  BindingClosures *closures = g_new0 (BindingClosures, 1);

  closures->transform_to = lifecycle_closure_own (transform_to);
  closures->transform_from = lifecycle_closure_own (transform_from);

  return lifecycle_scope_bind_full_at (place, self, source, source_property, target,
                                       target_property, flags,
                                       transform_to != NULL ? binding_closures_transform_to : NULL,
                                       transform_from != NULL ? binding_closures_transform_from
                                                              : NULL,
                                       closures, binding_closures_free);
}
