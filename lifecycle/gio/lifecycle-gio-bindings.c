/* lifecycle-gio-bindings.c: properties that are bound to each other
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio.h"
#include "lifecycle-gio-closure-private.h"
#include "lifecycle-resource-private.h"

/* The objects that an entry watches. */
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

  /* While the source or the target is being disposed, GLib is about to unbind, and would warn about
   * a handler that is already disconnected.
   */
  if (binding != NULL &&
      !lifecycle_resource_watched_is_dying (resource, BINDING_SOURCE) &&
      !lifecycle_resource_watched_is_dying (resource, BINDING_TARGET))
    g_binding_unbind (binding);
}

/* Unbinding calls the destroy notify of the transform functions, which is user code, so it is done
 * in end() and not in mute(). If one of the three objects is disposed first, GLib does the rest. No
 * references are held on the source and the target meanwhile: if dropping one finalized the target
 * while the source is being disposed, GLib would look for a handler that is already disconnected.
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
 * Adds a binding, to be unbound when the scope closes.
 *
 * The properties are unbound as soon as user code may run again after everything has been muted.
 * The entry leaves the scope when the source or the target is disposed, or when @binding has been
 * unbound by other code and its last reference is dropped.
 *
 * On a closed scope the properties are unbound at once. May be called on any thread, provided that
 * the caller holds references on the source and the target; they are unbound at home.
 *
 * Returns: whether the scope owns the binding now; %FALSE if the scope is closed, or if @binding
 *   has already been unbound
 *
 * Since: 1.0
 */
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
 * @flags: flags that affect the binding
 *
 * Binds two properties, as `g_object_bind_property()` does, until the scope closes.
 *
 * To add a binding that has been created in another way, use [method@Scope.add_binding], which also
 * says when the properties are unbound. On a closed scope nothing is bound. May be called on any
 * thread, provided that the caller holds references on @source and @target.
 *
 * Returns: (transfer none) (nullable): the binding, which is valid until the properties are
 *   unbound; %NULL if the scope is closed
 *
 * Since: 1.0
 */
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
 * @flags: flags that affect the binding
 * @transform_to: (nullable): a function that converts a value of @source to one of @target
 * @transform_from: (nullable): a function that converts a value of @target to one of @source
 * @user_data: data to pass to these functions
 * @destroy: (nullable): a function to free @user_data
 *
 * Binds two properties until the scope closes, and transforms their values, as
 * `g_object_bind_property_full()` does.
 *
 * @destroy is called exactly once: when the properties are unbound, whichever code does that, but
 * not before a transformation in progress has returned; on a closed scope, at once. The transform
 * functions are called on the thread that changes a property.
 *
 * In all other respects this function is like [method@Scope.bind].
 *
 * Returns: (transfer none) (nullable): the binding, which is valid until the properties are
 *   unbound; %NULL if the scope is closed
 *
 * Since: 1.0
 */
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

/* The closure returns the new value, because most languages cannot write to an argument. */
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
 * @flags: flags that affect the binding
 * @transform_to: (nullable): a closure that converts a value of @source to one of @target
 * @transform_from: (nullable): a closure that converts a value of @target to one of @source
 *
 * Binds two properties until the scope closes, and transforms their values. This is the version of
 * [method@Scope.bind_full] for language bindings.
 *
 * A closure is passed the [class@GObject.Binding] and a value, and returns the value for the other
 * property. The references on the closures are dropped when the properties are unbound; on a closed
 * scope, at once. The closures are invoked on the thread that changes a property. May be called on
 * any thread, provided that the caller holds references on @source and @target.
 *
 * Returns: (transfer none) (nullable): the binding, which is valid until the properties are
 *   unbound; %NULL if the scope is closed
 *
 * Since: 1.0
 */
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
