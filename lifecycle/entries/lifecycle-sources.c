/* lifecycle-sources.c: sources of the main loop that a scope creates
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-source-private.h"

/* The callback block of a source. GLib drops it when the source is destroyed or removed, or when
 * its context is destroyed, but not before a callback in progress has returned. This reports the
 * end of the source.
 */
typedef struct
{
  LifecycleEntry   entry;
  LifecycleLedger *ledger;
  GSource         *source;      /* valid while the entry is linked and not muted */
  gint             refs;
  GSourceFunc      func;
  gpointer         data;
  GDestroyNotify   destroy;
} SourceEntry;

static inline SourceEntry *
source_from_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, SourceEntry, entry);
}

static void
source_free (SourceEntry *self)
{
  GDestroyNotify destroy = self->destroy;
  gpointer data = self->data;

  g_free (self);
  if (destroy != NULL)
    destroy (data);
}

/* Called on any thread when the source has dropped its block. */
static void
source_ended (SourceEntry *self)
{
  LifecycleLedger *ledger = self->ledger;
  LifecycleScope *scope = NULL;
  GSource *replaced = NULL;
  gboolean waits = FALSE;

  lifecycle_ledger_lock (ledger);
  if ((self->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    {
      if ((self->entry.flags & LIFECYCLE_ENTRY_MUTED) != 0)
        {
          /* The teardown calls the destroy notify when it releases the entry. */
          self->entry.flags |= LIFECYCLE_ENTRY_ENDED;
          waits = TRUE;
        }
      else
        {
          lifecycle_ledger_remove (ledger, &self->entry);

          /* Other code has set another callback on the source. It continues, and the scope still
           * has to destroy it.
           */
          if (!g_source_is_destroyed (self->source) && ledger->scope != NULL)
            {
              replaced = g_source_ref (self->source);
              scope = g_object_ref (ledger->scope);
            }
        }
    }
  lifecycle_source_leave_ledger (&self->entry, ledger);

  if (replaced != NULL)
    {
      lifecycle_scope_add_source_at (self->entry.name, scope, replaced);
      g_source_unref (replaced);
      g_object_unref (scope);
    }

  if (!waits)
    source_free (self);
}

static void
source_block_ref (gpointer data)
{
  SourceEntry *self = data;

  g_atomic_int_inc (&self->refs);
}

static void
source_block_unref (gpointer data)
{
  SourceEntry *self = data;

  if (g_atomic_int_dec_and_test (&self->refs))
    source_ended (self);
}

static void
source_block_get (gpointer     data,
                  GSource     *source,
                  GSourceFunc *func,
                  gpointer    *func_data)
{
  SourceEntry *self = data;

  *func = self->func;
  *func_data = self->data;
}

static GSourceCallbackFuncs source_block_funcs = {
  source_block_ref,
  source_block_unref,
  source_block_get,
};

/* Destroying a source that the scope created runs no user code, but GLib takes locks for it, and
 * source_ended() takes the ledger's lock.
 */
static void
source_mute (LifecycleLedger *ledger,
             LifecycleEntry  *entry)
{
  GSource *source = g_source_ref (source_from_entry (entry)->source);

  lifecycle_ledger_unlock (ledger);
  g_source_destroy (source);
  g_source_unref (source);
  lifecycle_ledger_lock (ledger);

  /* The lock was dropped, so what was known about other instances may no longer be true. */
  lifecycle_ledger_get_mute (ledger)->sound = NULL;
}

/* A block whose callback is in progress is freed when the callback returns. */
static void
source_release (LifecycleLedger *ledger,
                LifecycleEntry  *entry,
                guint            flags)
{
  if ((flags & LIFECYCLE_ENTRY_ENDED) != 0)
    source_free (source_from_entry (entry));
}

/* The ledger is locked and the source is not muted, so it is valid. */
void
lifecycle_source_describe (GSource        *source,
                           LifecycleEntry *entry,
                           LifecycleFacts *facts)
{
  const char *name = g_source_get_name (source);

  facts->valid = !g_source_is_destroyed (source);
  facts->id = facts->valid ? g_source_get_id (source) : 0;
  /* The name of a source that the scope created is its place in the code. */
  if (name != entry->name)
    {
      g_autofree char *copy = lifecycle_modules_dup_name (name, lifecycle_modules_get_look (entry));

      facts->name = lifecycle_name_dup (copy);
    }
}

static void
source_describe (LifecycleEntry *entry,
                 LifecycleFacts *facts)
{
  lifecycle_source_describe (source_from_entry (entry)->source, entry, facts);
  facts->callback = (gpointer) source_from_entry (entry)->func;
  facts->data = source_from_entry (entry)->data;
}

const LifecycleEntryClass lifecycle_source_class = {
  .mute = source_mute,
  .release = source_release,
  .describe = source_describe,
};

/* Attaches a new source that no other code has seen yet. Returns the reference on it. If the scope
 * is closed, drops the reference and returns NULL.
 */
static GSource *
scope_attach (LifecycleScope *self,
              GSource        *source,
              GSourceFunc     func,
              gpointer        data,
              GDestroyNotify  destroy,
              const char     *place)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (self);
  SourceEntry *block;
  gboolean added;

  block = g_new0 (SourceEntry, 1);
  block->ledger = ledger;
  block->source = source;
  block->refs = 1;
  block->func = func;
  block->data = data;
  block->destroy = destroy;

  g_source_set_callback_indirect (source, block, &source_block_funcs);
  if (place != NULL)
    g_source_set_static_name (source, place);

  /* Attaching runs no user code, so the lock can be held meanwhile: a close comes either before,
   * and nothing is attached, or after, and finds the entry. The home thread may run the source
   * before it is an entry, and may even remove it. But dropping the block needs this lock, so the
   * block must not be accessed once the lock has been released.
   */
  added = lifecycle_ledger_begin_add (ledger);
  if (added)
    {
      g_source_attach (source, self->context);
      lifecycle_ledger_append_counted (ledger, &block->entry, LIFECYCLE_ENTRY_SOURCE, place);
      /* A handler of `limit-reached` may have closed the scope. */
      if (lifecycle_ledger_end_add (ledger) && g_source_is_destroyed (source))
        added = FALSE;
    }

  if (!added)
    g_clear_pointer (&source, g_source_unref);

  return source;
}

/* For callers at home, where the source can end only once the caller returns to the main loop or
 * ends the source itself. Until then the context holds a reference.
 */
static GSource *
source_borrow (GSource *source)
{
  gboolean ended;

  if (source == NULL)
    return NULL;

  ended = g_source_is_destroyed (source);
  g_source_unref (source);

  return ended ? NULL : source;
}

/**
 * lifecycle_scope_add_idle: (skip)
 * @self: a scope
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function when the home context is idle, until it returns %G_SOURCE_REMOVE or the scope
 * closes.
 *
 * @destroy is called exactly once, but not before a call of @func in progress has returned; on a
 * closed scope it is called at once.
 *
 * May be called on any thread. If the calling thread is not at home, the source may have run and
 * been freed by the time this function returns: ignore the result, or call [method@Scope.new_idle]
 * instead.
 *
 * Returns: (transfer none) (nullable): the source, valid at home until it is removed; %NULL if the
 *   scope is closed
 *
 * Since: 1.0
 */
GSource *
lifecycle_scope_add_idle_at (const char     *place,
                             LifecycleScope *self,
                             GSourceFunc     func,
                             gpointer        data,
                             GDestroyNotify  destroy)
{
  return source_borrow (lifecycle_scope_new_idle_at (place, self, func, data, destroy));
}

/**
 * lifecycle_scope_new_idle: (rename-to lifecycle_scope_add_idle)
 * @self: a scope
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function when the home context is idle, until it returns %G_SOURCE_REMOVE or the scope
 * closes.
 *
 * @destroy is called exactly once, but not before a call of @func in progress has returned; on a
 * closed scope it is called at once. Dropping the returned reference does not remove the source.
 *
 * May be called on any thread. If the calling thread is not at home, the source may have run and
 * been removed by the time this function returns.
 *
 * Returns: (transfer full) (nullable): the source; %NULL if the scope is closed
 *
 * Since: 1.0
 */
GSource *
lifecycle_scope_new_idle_at (const char     *place,
                             LifecycleScope *self,
                             GSourceFunc     func,
                             gpointer        data,
                             GDestroyNotify  destroy)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  return scope_attach (self, g_idle_source_new (), func, data, destroy, place);
}

/**
 * lifecycle_scope_steal_source:
 * @self: a scope
 * @source: a source
 *
 * Removes a source from the scope without destroying it: it stays attached.
 *
 * A destroy notify that was passed when the source was added still belongs to the source. The cost
 * grows with the number of entries that were added after the source. A closed scope has no sources,
 * so there this returns %FALSE. Must be called at home.
 *
 * Returns: whether the source was an entry of this scope
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_steal_source (LifecycleScope *self,
                              GSource        *source)
{
  LifecycleLedger *ledger;
  LifecycleEntry *found = NULL;
  GSource *watch = NULL;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (source != NULL, FALSE);

  ledger = lifecycle_scope_get_ledger (self);
  lifecycle_ledger_lock (ledger);
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    {
      if (entry->type == LIFECYCLE_ENTRY_ADOPTED_SOURCE)
        watch = lifecycle_adopted_source_dup_watch (entry, source);
      if (watch != NULL ||
          (entry->type == LIFECYCLE_ENTRY_SOURCE && source_from_entry (entry)->source == source))
        {
          found = entry;
          break;
        }
    }
  if (found != NULL)
    lifecycle_ledger_remove (ledger, found);
  lifecycle_ledger_unlock (ledger);

  if (watch != NULL)
    {
      /* This does not use g_source_remove_child_source(), which logs a critical message if the
       * source has been destroyed.
       */
      g_source_destroy (watch);
      g_source_unref (watch);
    }

  return found != NULL;
}

#ifdef G_OS_UNIX

/**
 * lifecycle_scope_add_fd: (skip)
 * @self: a scope
 * @fd: a file descriptor; it is not closed
 * @condition: the condition to wait for
 * @func: (scope notified) (closure data) (destroy destroy): the function to call when @condition is
 *   met
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function each time a condition is met on a file descriptor, until it returns
 * %G_SOURCE_REMOVE or the scope closes.
 *
 * For @destroy, the result, and the use on other threads, see [method@Scope.add_idle]. May be
 * called on any thread.
 *
 * Returns: (transfer none) (nullable): the source, valid at home until it is removed; %NULL if the
 *   scope is closed
 *
 * Since: 1.0
 */
GSource *
lifecycle_scope_add_fd_at (const char        *place,
                           LifecycleScope    *self,
                           int                fd,
                           GIOCondition       condition,
                           GUnixFDSourceFunc  func,
                           gpointer           data,
                           GDestroyNotify     destroy)
{
  return source_borrow (lifecycle_scope_new_fd_at (place, self, fd, condition, func, data,
                                                   destroy));
}

/**
 * lifecycle_scope_new_fd: (rename-to lifecycle_scope_add_fd)
 * @self: a scope
 * @fd: a file descriptor; it is not closed
 * @condition: the condition to wait for
 * @func: (scope notified) (closure data) (destroy destroy): the function to call when @condition is
 *   met
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function each time a condition is met on a file descriptor, until it returns
 * %G_SOURCE_REMOVE or the scope closes.
 *
 * For @destroy, the result, and the use on other threads, see [method@Scope.new_idle]. May be
 * called on any thread.
 *
 * Returns: (transfer full) (nullable): the source; %NULL if the scope is closed
 *
 * Since: 1.0
 */
GSource *
lifecycle_scope_new_fd_at (const char        *place,
                           LifecycleScope    *self,
                           int                fd,
                           GIOCondition       condition,
                           GUnixFDSourceFunc  func,
                           gpointer           data,
                           GDestroyNotify     destroy)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (func != NULL, NULL);

  return scope_attach (self, g_unix_fd_source_new (fd, condition), (GSourceFunc) func, data,
                       destroy, place);
}

/**
 * lifecycle_scope_add_unix_signal: (skip)
 * @self: a scope
 * @signum: `SIGHUP`, `SIGINT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2` or `SIGWINCH`: the signals that
 *   `g_unix_signal_source_new()` accepts
 * @func: (scope notified) (closure data) (destroy destroy): the function to call when the signal is
 *   received
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function when the process receives a signal, until it returns %G_SOURCE_REMOVE or the
 * scope closes.
 *
 * For @destroy, the result, and the use on other threads, see [method@Scope.add_idle]. May be
 * called on any thread.
 *
 * Returns: (transfer none) (nullable): the source, valid at home until it is removed; %NULL if the
 *   scope is closed
 *
 * Since: 1.0
 */
GSource *
lifecycle_scope_add_unix_signal_at (const char     *place,
                                    LifecycleScope *self,
                                    int             signum,
                                    GSourceFunc     func,
                                    gpointer        data,
                                    GDestroyNotify  destroy)
{
  return source_borrow (lifecycle_scope_new_unix_signal_at (place, self, signum, func, data,
                                                            destroy));
}

/**
 * lifecycle_scope_new_unix_signal: (rename-to lifecycle_scope_add_unix_signal)
 * @self: a scope
 * @signum: `SIGHUP`, `SIGINT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2` or `SIGWINCH`: the signals that
 *   `g_unix_signal_source_new()` accepts
 * @func: (scope notified) (closure data) (destroy destroy): the function to call when the signal is
 *   received
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function when the process receives a signal, until it returns %G_SOURCE_REMOVE or the
 * scope closes.
 *
 * For @destroy, the result, and the use on other threads, see [method@Scope.new_idle]. May be
 * called on any thread.
 *
 * Returns: (transfer full) (nullable): the source; %NULL if the scope is closed
 *
 * Since: 1.0
 */
GSource *
lifecycle_scope_new_unix_signal_at (const char     *place,
                                    LifecycleScope *self,
                                    int             signum,
                                    GSourceFunc     func,
                                    gpointer        data,
                                    GDestroyNotify  destroy)
{
  GSource *source;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  source = g_unix_signal_source_new (signum);
  g_return_val_if_fail (source != NULL, NULL);

  return scope_attach (self, source, func, data, destroy, place);
}

#endif
