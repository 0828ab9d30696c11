/* lifecycle-operation.c: asynchronous calls
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-facts-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-operation.h"
#include "lifecycle-scope-private.h"

/**
 * LifecycleOperation:
 *
 * Something under way that belongs to a scope: an asynchronous call, or any other work that a close
 * may have to wait for.
 *
 * For a call in the style of GIO, [method@Scope.begin_async] gives the operation, which provides the
 * cancellable and the callback:
 *
 * ```c
 * LifecycleOperation *op =
 *   lifecycle_scope_begin_async (self->scope, "load", loaded_cb, self, NULL);
 *
 * g_file_load_contents_async (file, lifecycle_operation_get_cancellable (op),
 *                             lifecycle_operation_ready, op);
 * ```
 *
 * If the scope closes first, the call is cancelled, and `loaded_cb()` is not called, even if the call
 * has succeeded and its result is on the way. The result is dropped, unfinished, and frees what it
 * holds.
 *
 * An operation lives until it has ended, even past its scope. It ends when
 * [func@Operation.ready] has been called, or, if it was made by [method@Scope.begin],
 * [method@Operation.end].
 *
 * Since: 1.0
 */
struct _LifecycleOperation
{
  LifecycleEntry       entry;
  LifecycleEntry       cancellation;    /* what is to be done about it before the release */
  LifecycleLedger     *ledger;
  GCancellable        *cancellable;
  char                *name;
  gint64               began;           /* µs of monotonic time */
  GAsyncReadyCallback  callback;
  gpointer             user_data;
  GDestroyNotify       destroy;
  gint                 refs;
  gint                 has_ended;
  gboolean             pending;         /* counted by the ledger, and under its lock */
};

G_DEFINE_BOXED_TYPE (LifecycleOperation, lifecycle_operation,
                     lifecycle_operation_ref, lifecycle_operation_unref)

static inline LifecycleOperation *
operation_from_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleOperation, entry);
}

static void
operation_destroy_data (LifecycleOperation *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->destroy);

  if (destroy != NULL)
    destroy (self->user_data);
}

/* Cancelling runs user code, so it is put down for later. */
static void
operation_mute (LifecycleLedger *ledger,
                LifecycleEntry  *entry)
{
  LifecycleOperation *self = operation_from_entry (entry);

  lifecycle_operation_ref (self);
  self->cancellation.type = LIFECYCLE_ENTRY_CANCELLATION;
  self->cancellation.flags = LIFECYCLE_ENTRY_LINKED | LIFECYCLE_ENTRY_MUTED;
  lifecycle_node_insert_after (&self->cancellation.node, &ledger->foreign);
}

static void
operation_release (LifecycleLedger *ledger,
                   LifecycleEntry  *entry,
                   guint            flags)
{
  LifecycleOperation *self = operation_from_entry (entry);

  operation_destroy_data (self);
  lifecycle_operation_unref (self);
}

static char *
operation_describe_pending (LifecycleEntry *entry)
{
  LifecycleOperation *self = operation_from_entry (entry);

  if ((entry->flags & LIFECYCLE_ENTRY_ENDED) != 0)
    return NULL;

  return g_strdup_printf ("operation '%s', %.3f s old%s%s",
                          self->name != NULL ? self->name : "unnamed",
                          (double) lifecycle_operation_get_age (self) / 1000.0,
                          entry->name != NULL ? ", begun at " : "",
                          entry->name != NULL ? entry->name : "");
}

static void
operation_describe (LifecycleEntry *entry,
                    LifecycleFacts *facts)
{
  LifecycleOperation *self = operation_from_entry (entry);

  facts->name = g_strdup (self->name);
  facts->callback = (gpointer) self->callback;
}

const LifecycleEntryClass lifecycle_operation_class = {
  .mute = operation_mute,
  .release = operation_release,
  .describe_pending = operation_describe_pending,
  .describe = operation_describe,
};

static void
cancellation_release (LifecycleLedger *ledger,
                      LifecycleEntry  *entry,
                      guint            flags)
{
  LifecycleOperation *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleOperation, cancellation);

  g_cancellable_cancel (self->cancellable);
  lifecycle_operation_unref (self);
}

const LifecycleEntryClass lifecycle_cancellation_class = {
  .silent = TRUE,
  .release = cancellation_release,
};

/* The call is over. At home, its callback is called if the scope is still open. Elsewhere there must
 * be none, or nobody to call it for.
 */
static void
operation_finish (LifecycleOperation *self,
                  GObject            *source_object,
                  GAsyncResult       *result)
{
  LifecycleLedger *ledger = self->ledger;
  gboolean live;

  lifecycle_ledger_lock (ledger);
  live = lifecycle_entry_is_live (&self->entry) &&
         (ledger->open || ledger->moving || self->callback == NULL);
  if (live)
    lifecycle_ledger_remove (ledger, &self->entry);
  else
    self->entry.flags |= LIFECYCLE_ENTRY_ENDED;
  if (self->pending)
    {
      self->pending = FALSE;
      lifecycle_ledger_drop_pending (ledger);
    }
  lifecycle_ledger_unlock (ledger);

  if (live)
    {
      if (self->callback != NULL)
        self->callback (source_object, result, self->user_data);
      operation_destroy_data (self);
      lifecycle_operation_unref (self);
    }

  lifecycle_operation_unref (self);
}

/* A result on its way home. */
typedef struct
{
  LifecycleOperation *operation;
  GObject            *source_object;
  GAsyncResult       *result;
} OperationResult;

static gboolean
operation_result_cb (gpointer data)
{
  OperationResult *result = data;

  operation_finish (g_steal_pointer (&result->operation), result->source_object, result->result);

  return G_SOURCE_REMOVE;
}

static void
operation_result_free (gpointer data)
{
  OperationResult *result = data;

  /* The home context has ended before the result came home. */
  if (result->operation != NULL)
    operation_finish (result->operation, result->source_object, result->result);

  g_clear_object (&result->source_object);
  g_object_unref (result->result);
  g_free (result);
}

static void
operation_send_home (LifecycleOperation *self,
                     GMainContext       *context,
                     GObject            *source_object,
                     GAsyncResult       *async_result)
{
  OperationResult *result = g_new0 (OperationResult, 1);

  result->operation = self;
  g_set_object (&result->source_object, source_object);
  result->result = g_object_ref (async_result);

  lifecycle_post (context, G_PRIORITY_DEFAULT, "Lifecycle operation",
                  operation_result_cb, result, operation_result_free);
}

static LifecycleOperation *
scope_begin (LifecycleScope      *self,
             const char          *name,
             GAsyncReadyCallback  callback,
             gpointer             user_data,
             GDestroyNotify       destroy,
             const char          *place)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (self);
  LifecycleOperation *operation = g_new0 (LifecycleOperation, 1);

  operation->refs = 1;
  operation->ledger = lifecycle_ledger_ref (ledger);
  operation->cancellable = g_cancellable_new ();
  operation->name = g_strdup (name);
  operation->began = g_get_monotonic_time ();
  operation->callback = callback;
  operation->user_data = user_data;
  operation->destroy = destroy;

  if (lifecycle_ledger_begin_add (ledger))
    {
      lifecycle_operation_ref (operation);
      lifecycle_ledger_append (ledger, &operation->entry, LIFECYCLE_ENTRY_OPERATION, place);
      operation->pending = TRUE;
      lifecycle_ledger_add_pending (ledger);
      lifecycle_ledger_end_add (ledger);
    }
  else
    {
      /* Nobody listens to it yet. */
      g_cancellable_cancel (operation->cancellable);
      operation_destroy_data (operation);
    }

  return operation;
}

/**
 * lifecycle_scope_begin_async:
 * @self: a scope
 * @name: (nullable): what to call it in reports
 * @callback: (nullable) (scope notified) (closure user_data) (destroy destroy): what to call with the
 *   result
 * @user_data: data for @callback
 * @destroy: (nullable): how to free @user_data
 *
 * Begins an asynchronous call that belongs to the scope.
 *
 * Give the function the cancellable of the operation, [func@Operation.ready] as the callback, and
 * the operation as its data. @callback is called at home, on whatever thread the call completes;
 * if the scope closes before, it is not called. @destroy is called exactly once: after @callback, or
 * when the scope releases the operation.
 *
 * On a closed scope the operation is cancelled already, @destroy is called at once, and @callback
 * will not be. May be called on any thread.
 *
 * Returns: (transfer none): the operation, which lives until the call has completed
 *
 * Since: 1.0
 */
LifecycleOperation *
lifecycle_scope_begin_async (LifecycleScope      *self,
                             const char          *name,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data,
                             GDestroyNotify       destroy)
{
  return lifecycle_scope_begin_async_at (NULL, self, name, callback, user_data, destroy);
}

LifecycleOperation *
lifecycle_scope_begin_async_at (const char          *place,
                                LifecycleScope      *self,
                                const char          *name,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data,
                                GDestroyNotify       destroy)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return scope_begin (self, name, callback, user_data, destroy, place);
}

/**
 * lifecycle_scope_begin:
 * @self: a scope
 * @name: (nullable): what to call it in reports
 *
 * Begins work that [method@Scope.close_async] has to wait for, until [method@Operation.end].
 *
 * The cancellable of the operation tells when the scope closes. On a closed scope it is cancelled
 * already, and nobody waits. May be called on any thread.
 *
 * Returns: (transfer none): the operation, which lives until it is ended
 *
 * Since: 1.0
 */
LifecycleOperation *
lifecycle_scope_begin (LifecycleScope *self,
                       const char     *name)
{
  return lifecycle_scope_begin_at (NULL, self, name);
}

LifecycleOperation *
lifecycle_scope_begin_at (const char     *place,
                          LifecycleScope *self,
                          const char     *name)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return scope_begin (self, name, NULL, NULL, NULL, place);
}

/**
 * lifecycle_operation_ref:
 * @self: an operation
 *
 * Takes a reference, which does not keep the operation from ending.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
LifecycleOperation *
lifecycle_operation_ref (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->refs);

  return self;
}

/**
 * lifecycle_operation_unref:
 * @self: (transfer full): an operation
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
lifecycle_operation_unref (LifecycleOperation *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_int_dec_and_test (&self->refs))
    {
      lifecycle_ledger_unref (self->ledger);
      g_object_unref (self->cancellable);
      g_free (self->name);
      g_free (self);
    }
}

/**
 * lifecycle_operation_get_cancellable:
 * @self: an operation
 *
 * The cancellable for the call. It is cancelled when the scope is taken down; cancelling it cancels
 * this operation only. May be called on any thread.
 *
 * Returns: (transfer none): the cancellable, which lives as long as the operation
 *
 * Since: 1.0
 */
GCancellable *
lifecycle_operation_get_cancellable (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->cancellable;
}

/**
 * lifecycle_operation_get_name:
 * @self: an operation
 *
 * What the operation is called. May be called on any thread.
 *
 * Returns: (transfer none) (nullable): the name
 *
 * Since: 1.0
 */
const char *
lifecycle_operation_get_name (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * lifecycle_operation_get_age:
 * @self: an operation
 *
 * How long ago the operation began. May be called on any thread.
 *
 * Returns: milliseconds
 *
 * Since: 1.0
 */
gint64
lifecycle_operation_get_age (LifecycleOperation *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return (g_get_monotonic_time () - self->began) / 1000;
}

/**
 * lifecycle_operation_ready:
 * @source_object: (nullable): the object of the call
 * @result: its result
 * @operation: (type gpointer): the operation
 *
 * The callback to give to an asynchronous function, with the operation as its data: it ends the
 * operation.
 *
 * It has to be called exactly once, whether the scope is open or not, on any thread. While the scope
 * is open, it calls the operation's own callback; on another thread than home, the result travels
 * home first.
 *
 * Since: 1.0
 */
void
lifecycle_operation_ready (GObject      *source_object,
                           GAsyncResult *result,
                           gpointer      operation)
{
  LifecycleOperation *self = operation;
  LifecycleScope *scope;
  gboolean owned;
  gboolean first;

  g_return_if_fail (self != NULL);
  g_return_if_fail (G_IS_ASYNC_RESULT (result));

  first = g_atomic_int_compare_and_exchange (&self->has_ended, FALSE, TRUE);
  g_return_if_fail (first);

  /* What the scope has let go of has nobody to tell. */
  lifecycle_ledger_lock (self->ledger);
  owned = (self->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0;
  lifecycle_ledger_unlock (self->ledger);

  scope = lifecycle_ledger_dup_scope (self->ledger);
  if (scope == NULL || !owned || (self->callback == NULL && self->destroy == NULL))
    {
      operation_finish (self, source_object, result);
    }
  else if (lifecycle_scope_enter_home (scope))
    {
      operation_finish (self, source_object, result);
      lifecycle_scope_leave_home (scope);
    }
  else
    {
      operation_send_home (self, scope->context, source_object, result);
    }
  g_clear_object (&scope);
}

/**
 * lifecycle_operation_end:
 * @self: an operation that [method@Scope.begin] gave
 *
 * Ends the operation. It has to be called exactly once, whether the scope is open or not, on any
 * thread.
 *
 * Since: 1.0
 */
void
lifecycle_operation_end (LifecycleOperation *self)
{
  gboolean first;

  g_return_if_fail (self != NULL);
  g_return_if_fail (self->callback == NULL);

  first = g_atomic_int_compare_and_exchange (&self->has_ended, FALSE, TRUE);
  g_return_if_fail (first);

  operation_finish (self, NULL, NULL);
}
