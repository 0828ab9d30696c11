/* lifecycle-error.c: the error domain, and the failures of cleanups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-error.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-scope-private.h"

/**
 * lifecycle_error_quark:
 *
 * Gets the domain of [error@Error]. May be called on any thread.
 *
 * Returns: the quark
 *
 * Since: 1.0
 */
G_DEFINE_QUARK (lifecycle-error-quark, lifecycle_error)

/* How many failures a scope takes that happen after it has closed. Code that goes on after that may
 * fail any number of times.
 */
#define MAX_LATE_FAILURES 16

typedef struct
{
  LifecycleNode  node;          /* in the list of uncollected failures of all scopes */
  GError        *error;
  char          *what;          /* for example "operation 'save'"; NULL for a cleanup */
  char          *where;
  gboolean       settled;       /* part of the error of the scope */
  gboolean       collected;     /* a caller has received it */
} LifecycleFailure;

/* A failure that is never collected is reported when its scope is finalized, or when the program
 * exits.
 */
static struct
{
  GMutex        lock;           /* may be taken with a ledger locked */
  LifecycleNode uncollected;
} failures = {
  .uncollected = { &failures.uncollected, &failures.uncollected },
};

static void
failure_collect (LifecycleFailure *failure)
{
  g_mutex_lock (&failures.lock);
  if (!failure->collected)
    lifecycle_node_remove (&failure->node);
  failure->collected = TRUE;
  g_mutex_unlock (&failures.lock);
}

static char *
failure_describe (LifecycleFailure *failure)
{
  g_autofree char *valid = lifecycle_name_dup (failure->error->message);
  g_autofree char *message = lifecycle_name_quote (valid, LIFECYCLE_QUOTE_TEXT);

  if (failure->what != NULL)
    return g_strdup_printf ("The %s of scope %s failed, and its error was never collected: %s",
                            failure->what, failure->where, message);

  return g_strdup_printf ("A cleanup of scope %s failed, and its error was never collected: %s",
                          failure->where, message);
}

static void
failure_free (gpointer data)
{
  LifecycleFailure *failure = data;

  if (!failure->collected)
    {
      g_autofree char *text = failure_describe (failure);

      failure_collect (failure);
      g_warning ("%s", text);
    }

  g_error_free (failure->error);
  g_free (failure->what);
  g_free (failure->where);
  g_free (failure);
}

static LifecycleFailure *
failure_new (GError *error,
             char   *what,
             char   *where)
{
  LifecycleFailure *self = g_new0 (LifecycleFailure, 1);

  self->error = error;
  self->what = what;
  self->where = where;

  g_mutex_lock (&failures.lock);
  lifecycle_node_insert_after (&self->node, failures.uncollected.prev);
  g_mutex_unlock (&failures.lock);

  return self;
}

/* Returns whether the scope takes the failure, and the failure with it. */
static gboolean
scope_add_failure (LifecycleScope   *self,
                   LifecycleFailure *failure)
{
  LifecycleExtra *extra = lifecycle_scope_ensure_extra (self);
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);
  gboolean added;

  added = !lifecycle_scope_has_closed (self) || extra->n_late_failures < MAX_LATE_FAILURES;
  if (added)
    {
      extra->n_late_failures += lifecycle_scope_has_closed (self) ? 1 : 0;
      if (extra->failures == NULL)
        g_atomic_pointer_set (&extra->failures, g_ptr_array_new_with_free_func (failure_free));
      g_ptr_array_add (extra->failures, failure);
    }
  lifecycle_ledger_unlock (ledger);

  return added;
}

/* Records a failure. One that the scope does not take is reported now, if nobody has done so: nobody
 * could collect it later.
 */
static void
scope_take_failure (LifecycleScope *self,
                    GError         *error,
                    const char     *what,
                    const char     *place,
                    gboolean        reported)
{
  g_autofree char *path = lifecycle_scope_get_path (self);
  LifecycleFailure *failure;

  lifecycle_holdings_note_failed (lifecycle_scope_get_holdings (self));

  failure = failure_new (error, g_strdup (what),
                         place != NULL
                           ? g_strdup_printf ("%s %s %s", path,
                                              lifecycle_place_get_preposition (place), place)
                           : g_strdup (path));
  if (reported)
    failure_collect (failure);
  if (!scope_add_failure (self, failure))
    failure_free (failure);
}

/* Records that a cleanup failed. The place must be readable, or NULL. */
void
lifecycle_scope_take_failure (LifecycleScope *self,
                              GError         *error,
                              const char     *place)
{
  scope_take_failure (self, error, NULL, place, FALSE);
}

/* The same for something else than a cleanup. */
void
lifecycle_scope_take_failure_of (LifecycleScope *self,
                                 GError         *error,
                                 const char     *what,
                                 const char     *place)
{
  scope_take_failure (self, error, what, place, FALSE);
}

/* Records a failure that has already been reported, unless there are `max` of them. Takes over the
 * error.
 */
void
lifecycle_scope_note_failure (LifecycleScope *self,
                              GError         *error,
                              const char     *place,
                              guint           max)
{
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);
  GPtrArray *list;
  gboolean full;

  list = lifecycle_scope_peek_extra (self)->failures;
  full = list != NULL && list->len >= max;
  lifecycle_ledger_unlock (ledger);

  if (full)
    {
      lifecycle_holdings_note_failed (lifecycle_scope_get_holdings (self));
      g_error_free (error);
    }
  else
    {
      scope_take_failure (self, error, NULL, place, TRUE);
    }
}

/* Returns whether anything has failed in the scope. */
static inline gboolean
scope_has_failures (LifecycleScope *self)
{
  return g_atomic_pointer_get (&lifecycle_scope_peek_extra (self)->failures) != NULL;
}

/* Called at home. Passes the failures of a scope on to its parent, which is closing as well. Another
 * thread may add to them meanwhile; none is freed as long as the scope lives.
 */
void
lifecycle_scope_pass_failures (LifecycleScope *self,
                               LifecycleScope *to)
{
  g_autoptr (GPtrArray) list = NULL;
  LifecycleLedger *ledger;

  if (!scope_has_failures (self))
    return;

  list = g_ptr_array_new ();
  ledger = lifecycle_scope_lock_ledger (self);
  g_ptr_array_extend (list, self->extra->failures, NULL, NULL);
  lifecycle_ledger_unlock (ledger);

  for (guint i = 0; i < list->len; i++)
    {
      LifecycleFailure *failure = g_ptr_array_index (list, i);
      LifecycleFailure *copy;

      copy = failure_new (g_error_copy (failure->error), g_strdup (failure->what),
                          g_strdup (failure->where));
      /* A failure may have been collected already, for example after a clear_kind(). */
      if (failure->collected)
        failure_collect (copy);
      failure_collect (failure);
      if (!scope_add_failure (to, copy))
        failure_free (copy);
    }
}

static gboolean
failures_are_cleanups (GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    {
      if (((LifecycleFailure *) g_ptr_array_index (list, i))->what != NULL)
        return FALSE;
    }

  return TRUE;
}

/* Turns all failures so far into the error of the scope. Called on any thread. */
void
lifecycle_scope_settle_error (LifecycleScope *self)
{
  LifecycleExtra *extra = lifecycle_scope_peek_extra (self);
  LifecycleFailure *failure;
  LifecycleLedger *ledger;
  GError *old;

  if (!scope_has_failures (self))
    return;

  ledger = lifecycle_scope_lock_ledger (self);

  failure = g_ptr_array_index (extra->failures, extra->failures->len - 1);
  if (failure->settled)
    {
      lifecycle_ledger_unlock (ledger);
      return;
    }

  for (guint i = 0; i < extra->failures->len; i++)
    ((LifecycleFailure *) g_ptr_array_index (extra->failures, i))->settled = TRUE;
  failure = g_ptr_array_index (extra->failures, 0);
  old = g_steal_pointer (&extra->error);
  if (extra->failures->len == 1)
    {
      extra->error = g_error_copy (failure->error);
    }
  else
    {
      g_autoptr (GString) message = g_string_new (NULL);

      g_string_append_printf (message, "%u %s failed", extra->failures->len,
                              failures_are_cleanups (extra->failures) ? "cleanups"
                                                                      : "cleanups and operations");
      for (guint i = 0; i < extra->failures->len; i++)
        {
          failure = g_ptr_array_index (extra->failures, i);
          g_string_append_printf (message, "%s%s%s%s: %s", i == 0 ? ": " : "; ",
                                  failure->what != NULL ? failure->what : "",
                                  failure->what != NULL ? " of " : "",
                                  failure->where, failure->error->message);
        }
      extra->error = g_error_new_literal (LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP, message->str);
    }

  lifecycle_ledger_unlock (ledger);

  g_clear_error (&old);
}

/* Marks the failures that are part of the error of the scope as collected. */
void
lifecycle_scope_collect_error (LifecycleScope *self)
{
  LifecycleExtra *extra = lifecycle_scope_peek_extra (self);
  LifecycleLedger *ledger;

  if (!scope_has_failures (self))
    return;

  ledger = lifecycle_scope_lock_ledger (self);
  for (guint i = 0; i < extra->failures->len; i++)
    {
      LifecycleFailure *failure = g_ptr_array_index (extra->failures, i);

      if (failure->settled)
        failure_collect (failure);
    }
  lifecycle_ledger_unlock (ledger);
}

/* Called on any thread: once the scope has closed, another one may replace its error at any moment. */
GError *
lifecycle_scope_dup_error (LifecycleScope *self)
{
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);
  LifecycleExtra *extra = lifecycle_scope_peek_extra (self);
  GError *error = extra->error != NULL ? g_error_copy (extra->error) : NULL;

  lifecycle_ledger_unlock (ledger);

  return error;
}

/**
 * lifecycle_scope_get_error:
 * @self: a scope
 *
 * Gets the error of the cleanups that failed in the scope, and in scopes that were closed with it.
 *
 * A single failure is returned as it was reported. Several failures become one
 * [error@Error.cleanup], whose message lists them all.
 *
 * Failures do not go unnoticed. A failure counts as collected when this function or
 * [method@Scope.close_finish] has returned it, or when it has been passed on to the parent, because
 * the parent was being closed. If a failure has not been collected when the scope is finalized, a
 * warning is logged that says where the cleanup was added. With `LIFECYCLE_DEBUG=leaks`, failures
 * of scopes that are still alive are reported when the program exits. Of the failures that happen
 * after the close, the scope keeps the first 16; a warning for each further one is logged at once.
 *
 * Must be called at home.
 *
 * Returns: (transfer none) (nullable): the error; %NULL if no cleanup has failed, or if the scope
 *   has not been closed or cleared yet. It is replaced when more cleanups fail in a later clear(), or
 *   by [method@Scope.add_failure] on a closed scope.
 *
 * Since: 1.0
 */
const GError *
lifecycle_scope_get_error (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  LIFECYCLE_DEBUG_HOME (self);

  lifecycle_scope_collect_error (self);

  return lifecycle_scope_peek_extra (self)->error;
}

void
lifecycle_failures_before_fork (void)
{
  g_mutex_lock (&failures.lock);
}

/* The process in which the failures happened reports them, and not its child. */
void
lifecycle_failures_after_fork (gboolean in_child)
{
  while (in_child && !lifecycle_node_is_alone (&failures.uncollected))
    {
      LifecycleNode *node = failures.uncollected.next;

      lifecycle_node_remove (node);
      ((LifecycleFailure *) node)->collected = TRUE;
    }
  g_mutex_unlock (&failures.lock);
}

/* Returns descriptions of the uncollected failures, the oldest first. */
GPtrArray *
lifecycle_list_failures (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&failures.lock);
  for (LifecycleNode *node = failures.uncollected.next; node != &failures.uncollected; node = node->next)
    g_ptr_array_add (list, failure_describe ((LifecycleFailure *) node));
  g_mutex_unlock (&failures.lock);

  return list;
}
