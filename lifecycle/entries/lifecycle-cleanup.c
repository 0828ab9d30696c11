/* lifecycle-cleanup.c: functions that a scope calls when it ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-enums.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-objects.h"
#include "lifecycle-resource-private.h"
#include "lifecycle-scope-private.h"

typedef struct
{
  LifecycleEntry        entry;
  LifecycleCleanupFunc  func;
  gpointer              data;
  GDestroyNotify        destroy;
} CleanupEntry;

static void
cleanup_run (LifecycleScope       *scope,
             LifecycleReason       reason,
             LifecycleCleanupFunc  func,
             gpointer              data,
             GDestroyNotify        destroy,
             LifecycleEntry       *entry)
{
  GError *error = NULL;

  func (scope, reason, data, &error);
  if (error != NULL)
    lifecycle_scope_take_failure (scope, error, lifecycle_entry_get_place (entry));
  if (destroy != NULL)
    destroy (data);
}

static void
cleanup_release (LifecycleLedger *ledger,
                 LifecycleEntry  *entry,
                 guint            flags)
{
  CleanupEntry *self = LIFECYCLE_ENTRY_CONTAINER (entry, CleanupEntry, entry);
  CleanupEntry cleanup = *self;
  g_autoptr (LifecycleScope) scope = lifecycle_ledger_dup_scope (ledger);
  LifecycleReason reason = lifecycle_scope_get_reason (scope);

  g_free (self);
  cleanup_run (scope,
               reason != LIFECYCLE_REASON_NONE ? reason : LIFECYCLE_REASON_COMPLETED,
               cleanup.func, cleanup.data, cleanup.destroy,
               &cleanup.entry);
}

static void
cleanup_describe (LifecycleEntry *entry,
                  LifecycleFacts *facts)
{
  CleanupEntry *self = LIFECYCLE_ENTRY_CONTAINER (entry, CleanupEntry, entry);

  facts->callback = (gpointer) self->func;
  facts->data = self->data;
}

const LifecycleEntryClass lifecycle_cleanup_class = {
  .release = cleanup_release,
  .describe = cleanup_describe,
};

/**
 * lifecycle_scope_defer:
 * @self: a scope
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when the
 *   scope ends
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data after @func has run
 *
 * Calls @func when the scope releases it, with the reason for the close.
 *
 * All cleanups run, even if some of them fail; see [method@Scope.get_error]. On a closed scope
 * @func is called at once, on the calling thread, with the stored reason. May be called on any
 * thread; except on a closed scope, @func is called at home.
 *
 * If @func works on an object that may be disposed before the scope closes, use
 * [method@Scope.defer_for].
 *
 * Since: 1.0
 */
void
lifecycle_scope_defer_at (const char           *place,
                          LifecycleScope       *self,
                          LifecycleCleanupFunc  func,
                          gpointer              user_data,
                          GDestroyNotify        destroy)
{
  LifecycleLedger *ledger;
  CleanupEntry *entry;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (func != NULL);

  ledger = lifecycle_scope_get_ledger (self);
  if (!lifecycle_ledger_begin_add (ledger))
    {
      LifecycleEntry late = { .name = place, .added = lifecycle_entry_clock () };

      g_object_ref (self);
      cleanup_run (self, lifecycle_scope_get_reason (self), func, user_data, destroy, &late);
      if (lifecycle_scope_is_closed (self) && lifecycle_scope_peek_extra (self)->error == NULL)
        lifecycle_scope_settle_error (self);
      g_object_unref (self);
      return;
    }

  entry = g_new0 (CleanupEntry, 1);
  entry->func = func;
  entry->data = user_data;
  entry->destroy = destroy;
  lifecycle_ledger_append (ledger, &entry->entry, LIFECYCLE_ENTRY_CLEANUP, place);
  lifecycle_ledger_end_add (ledger);
}

static void
cleanup_invoke_closure (LifecycleScope   *scope,
                        LifecycleReason   reason,
                        gpointer          closure,
                        GError          **error)
{
  GValue arguments[2] = { G_VALUE_INIT, G_VALUE_INIT };

  g_value_init (&arguments[0], LIFECYCLE_TYPE_SCOPE);
  g_value_set_object (&arguments[0], scope);
  g_value_init (&arguments[1], LIFECYCLE_TYPE_REASON);
  g_value_set_enum (&arguments[1], reason);
  g_closure_invoke (closure, NULL, G_N_ELEMENTS (arguments), arguments, NULL);
  g_value_unset (&arguments[1]);
  g_value_unset (&arguments[0]);
}

static GClosure *
cleanup_take_closure (GClosure *closure)
{
  g_closure_ref (closure);
  g_closure_sink (closure);
  if (G_CLOSURE_NEEDS_MARSHAL (closure))
    g_closure_set_marshal (closure, g_cclosure_marshal_generic);

  return closure;
}

/**
 * lifecycle_scope_defer_closure:
 * @self: a scope
 * @closure: the closure to invoke when the scope ends, with the scope and the reason as arguments
 *
 * Invokes a closure when the scope releases it, as [method@Scope.defer] calls a function.
 *
 * This is for languages whose closures can do more than their callbacks. A floating reference is
 * sunk. The closure cannot report an error, but [method@Scope.add_failure] can. On a closed scope,
 * it is invoked at once, on the calling thread. May be called on any thread; except on a closed
 * scope, the closure is invoked at home.
 *
 * Since: 1.0
 */
void
lifecycle_scope_defer_closure_at (const char     *place,
                                  LifecycleScope *self,
                                  GClosure       *closure)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (closure != NULL);

  lifecycle_scope_defer_at (place, self, cleanup_invoke_closure, cleanup_take_closure (closure),
                            (GDestroyNotify) g_closure_unref);
}

/* Cleanups that work on an object. */

typedef struct
{
  LifecycleResource  resource;
  LifecycleScope    *adding_to; /* not referenced: only for a cleanup that is called while it is added */
} CleanupFor;

/* A scope that has been kept alive by a handler of its own `closing` is not found through its ledger
 * any more.
 */
static void
cleanup_for_end (LifecycleResource  *resource,
                 GError            **error)
{
  g_autoptr (LifecycleScope) scope = NULL;
  LifecycleReason reason;

  if (lifecycle_resource_hold_watched (resource, 0) == NULL)
    return;

  scope = lifecycle_ledger_dup_scope (resource->ledger);
  if (scope == NULL)
    scope = g_object_ref (((CleanupFor *) resource)->adding_to);
  reason = lifecycle_scope_get_reason (scope);
  ((LifecycleCleanupFunc) resource->func) (scope,
                                           reason != LIFECYCLE_REASON_NONE
                                             ? reason
                                             : LIFECYCLE_REASON_COMPLETED,
                                           resource->data, error);
}

/* No reference is held on the object while the entry waits to be released, so the object may still
 * be disposed first.
 */
static const LifecycleResourceKind cleanup_for_kind = {
  .type = LIFECYCLE_ENTRY_CLEANUP_FOR,
  .unheld = 1u << 0,
  .end = cleanup_for_end,
};

/**
 * lifecycle_scope_defer_for:
 * @self: a scope
 * @object: (transfer none): the object that @func works on; no reference is held
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when the
 *   scope ends
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data, after @func has run or once it is certain
 *   not to run
 *
 * Calls @func when the scope releases it, unless @object has been disposed by then.
 *
 * This is for pairs: something is added to an object, and has to be removed from it again. If the
 * object is disposed first, there is nothing to remove. The entry then leaves the scope: @func is
 * not called, and @destroy is called on the thread that disposes @object.
 *
 * While @func runs, @object is kept alive, so @user_data may point to it.
 *
 * ```c
 * static void
 * remove_controller (LifecycleScope *scope, LifecycleReason reason, gpointer data, GError **error)
 * {
 *   Attachment *attachment = data;
 *
 *   gtk_widget_remove_controller (attachment->widget, attachment->controller);
 * }
 *
 * lifecycle_scope_defer_for (scope, G_OBJECT (widget), remove_controller, attachment, g_free);
 * ```
 *
 * In all other respects this is [method@Scope.defer]: on a closed scope @func is called at once,
 * with the stored reason. May be called on any thread by a caller that holds a reference on
 * @object.
 *
 * Since: 1.0
 */
void
lifecycle_scope_defer_for_at (const char           *place,
                              LifecycleScope       *self,
                              GObject              *object,
                              LifecycleCleanupFunc  func,
                              gpointer              user_data,
                              GDestroyNotify        destroy)
{
  CleanupFor *cleanup;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (G_IS_OBJECT (object));
  g_return_if_fail (func != NULL);

  cleanup = lifecycle_resource_new (sizeof (CleanupFor), &cleanup_for_kind, self,
                                    G_CALLBACK (func), user_data, destroy);
  cleanup->adding_to = self;
  lifecycle_resource_watch_object (cleanup, 0, object);
  lifecycle_resource_add (cleanup, self, place);
}

/**
 * lifecycle_scope_defer_for_closure:
 * @self: a scope
 * @object: (transfer none): the object that @closure works on; no reference is held
 * @closure: the closure to invoke when the scope ends, with the scope and the reason as arguments
 *
 * Invokes a closure when the scope releases it, unless @object has been disposed by then.
 *
 * This is to [method@Scope.defer_for] what [method@Scope.defer_closure] is to
 * [method@Scope.defer]. A floating reference is sunk. May be called on any thread by a caller that
 * holds a reference on @object; on a closed scope, @closure is invoked at once.
 *
 * Since: 1.0
 */
void
lifecycle_scope_defer_for_closure_at (const char     *place,
                                      LifecycleScope *self,
                                      GObject        *object,
                                      GClosure       *closure)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (G_IS_OBJECT (object));
  g_return_if_fail (closure != NULL);

  lifecycle_scope_defer_for_at (place, self, object, cleanup_invoke_closure,
                                cleanup_take_closure (closure), (GDestroyNotify) g_closure_unref);
}

/* The ledger is locked. */
static gboolean
cleanup_is (LifecycleEntry       *entry,
            LifecycleCleanupFunc  func,
            gpointer              data)
{
  if (entry->type == LIFECYCLE_ENTRY_CLEANUP)
    {
      CleanupEntry *self = LIFECYCLE_ENTRY_CONTAINER (entry, CleanupEntry, entry);

      return self->func == func && self->data == data;
    }

  if (entry->type == LIFECYCLE_ENTRY_CLEANUP_FOR)
    {
      LifecycleResource *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleResource, entry);

      return self->func == G_CALLBACK (func) && self->data == data;
    }

  return FALSE;
}

/**
 * lifecycle_scope_undefer: (skip)
 * @self: a scope
 * @func: a function that was passed to [method@Scope.defer] or [method@Scope.defer_for]
 * @user_data: the data that was passed with it
 *
 * Removes the cleanup that was added last with this function and data: it will not be called any
 * more.
 *
 * Its data is freed with its destroy notify. A cleanup that a close has already muted cannot be
 * removed, so on a closed scope this returns %FALSE.
 *
 * The cost grows with the number of entries that were added after the cleanup. Must be called at
 * home.
 *
 * Returns: whether a cleanup was removed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_undefer (LifecycleScope       *self,
                         LifecycleCleanupFunc  func,
                         gpointer              user_data)
{
  LifecycleLedger *ledger;
  CleanupEntry *cleanup = NULL;
  LifecycleResource *resource = NULL;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (func != NULL, FALSE);

  ledger = lifecycle_scope_lock_ledger (self);
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    {
      if (!cleanup_is (entry, func, user_data))
        continue;

      if (entry->type == LIFECYCLE_ENTRY_CLEANUP)
        {
          cleanup = LIFECYCLE_ENTRY_CONTAINER (entry, CleanupEntry, entry);
          lifecycle_ledger_remove (ledger, entry);
        }
      else
        {
          resource = lifecycle_resource_ref (LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleResource,
                                                                        entry));
        }
      break;
    }
  lifecycle_ledger_unlock (ledger);

  if (cleanup != NULL)
    {
      GDestroyNotify destroy = cleanup->destroy;

      g_free (cleanup);
      if (destroy != NULL)
        destroy (user_data);
    }
  else if (resource != NULL)
    {
      lifecycle_resource_retire (resource);
      lifecycle_resource_unref (resource);
    }

  return cleanup != NULL || resource != NULL;
}
