/* lifecycle-adopted-source.c: sources that were created elsewhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-scope-private.h"
#include "lifecycle-source-private.h"

/* A source that was handed over already has a callback block of its own. So it gets a child source
 * that is never ready, and the callback block of that child is the entry.
 */
typedef struct
{
  LifecycleEntry   entry;
  LifecycleLedger *ledger;
  GSource         *source;      /* valid while the entry is linked */
  GSource         *watch;       /* its child, valid likewise */
  gint             refs;        /* dropped only with the ledger locked */
} AdoptedSource;

static inline AdoptedSource *
adopted_from_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, AdoptedSource, entry);
}

static void
watch_block_ref (gpointer data)
{
  AdoptedSource *self = data;

  g_atomic_int_inc (&self->refs);
}

/* Called on any thread when the watched source is destroyed, or the watch is removed. The reference
 * is dropped with the ledger locked, so that an entry that adopted_claim() finds in a list is not
 * already being freed.
 */
static void
watch_block_unref (gpointer data)
{
  AdoptedSource *self = data;
  LifecycleLedger *ledger = self->ledger;

  lifecycle_ledger_lock (ledger);
  if (!g_atomic_int_dec_and_test (&self->refs))
    {
      lifecycle_ledger_unlock (ledger);
      return;
    }

  if ((self->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    lifecycle_ledger_remove (ledger, &self->entry);
  lifecycle_source_leave_ledger (&self->entry, ledger);

  g_free (self);
}

static void
watch_block_get (gpointer     data,
                 GSource     *source,
                 GSourceFunc *func,
                 gpointer    *func_data)
{
  *func = NULL;
  *func_data = NULL;
}

static GSourceCallbackFuncs watch_block_funcs = {
  watch_block_ref,
  watch_block_unref,
  watch_block_get,
};

static gboolean
watch_dispatch (GSource     *source,
                GSourceFunc  func,
                gpointer     data)
{
  return G_SOURCE_CONTINUE;
}

/* Without prepare and check functions, the source is never ready. */
static GSourceFuncs watch_funcs = {
  .dispatch = watch_dispatch,
};

/* Another thread may be destroying the source, but cannot finish before the lock is released, so
 * the source is still valid. The block may end between the claim and the release.
 */
static void
adopted_claim (LifecycleLedger *ledger,
               LifecycleEntry  *entry)
{
  AdoptedSource *self = adopted_from_entry (entry);

  g_source_ref (self->source);
  g_atomic_int_inc (&self->refs);
}

static void
adopted_release (LifecycleLedger *ledger,
                 LifecycleEntry  *entry,
                 guint            flags)
{
  AdoptedSource *self = adopted_from_entry (entry);
  GSource *source = self->source;

  watch_block_unref (self);
  g_source_destroy (source);
  g_source_unref (source);
}

static void
adopted_describe (LifecycleEntry *entry,
                  LifecycleFacts *facts)
{
  lifecycle_source_describe (adopted_from_entry (entry)->source, entry, facts);
}

const LifecycleEntryClass lifecycle_adopted_source_class = {
  .foreign = TRUE,
  .claim = adopted_claim,
  .release = adopted_release,
  .describe = adopted_describe,
};

/* The ledger is locked. Returns a reference on the child source if the entry is for the given source,
 * or NULL.
 */
GSource *
lifecycle_adopted_source_dup_watch (LifecycleEntry *entry,
                                    GSource        *source)
{
  AdoptedSource *self = adopted_from_entry (entry);

  return self->source == source ? g_source_ref (self->watch) : NULL;
}

/**
 * lifecycle_scope_add_source:
 * @self: a scope
 * @source: (transfer none): a source
 *
 * Hands over a source: the scope destroys it when it closes.
 *
 * If @source is not attached yet, it is attached to the scope's home context. The scope holds no
 * reference on it. If other code destroys or removes the source, it leaves the scope; to notice
 * that, the scope adds a child source to it that is never ready.
 *
 * When the scope closes, the source is destroyed as soon as user code may run again, because its
 * destroy notify does not belong to the scope. On a closed scope it is destroyed at once. May be
 * called on any thread by a caller that holds a reference on @source.
 *
 * Returns: whether the scope owns the source now; %FALSE if the scope is closed, or if @source is
 *   destroyed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_source_at (const char     *place,
                               LifecycleScope *self,
                               GSource        *source)
{
  LifecycleLedger *ledger;
  AdoptedSource *adopted;
  GSource *watch;
  gboolean added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (source != NULL, FALSE);

  if (g_source_is_destroyed (source))
    return FALSE;

  ledger = lifecycle_scope_get_ledger (self);
  if (!g_atomic_int_get (&ledger->open))
    {
      lifecycle_holdings_note_late (lifecycle_ledger_get_holdings (ledger));
      g_source_destroy (source);
      return FALSE;
    }

  adopted = g_new0 (AdoptedSource, 1);
  adopted->ledger = ledger;
  adopted->source = source;
  adopted->refs = 2;
  adopted->watch = watch = g_source_new (&watch_funcs, sizeof (GSource));
  g_source_set_callback_indirect (watch, adopted, &watch_block_funcs);
  g_source_set_static_name (watch, "Lifecycle watch");
  g_source_add_child_source (source, watch);

  /* Attaching runs no user code, so the lock can be held meanwhile: a close comes either before,
   * and nothing is attached, or after, and finds the entry.
   */
  added = lifecycle_ledger_begin_add (ledger);
  if (added)
    {
      if (g_source_get_context (source) == NULL)
        g_source_attach (source, self->context);
      lifecycle_ledger_append_counted (ledger, &adopted->entry, LIFECYCLE_ENTRY_ADOPTED_SOURCE,
                                       place);
      added = lifecycle_ledger_end_add_of (ledger, &adopted->entry);
    }
  else
    {
      g_source_destroy (source);
    }

  /* Another thread may have destroyed the source before the watch was added. Then nothing ends the
   * watch.
   */
  if (added && g_source_is_destroyed (source))
    {
      added = FALSE;
      lifecycle_ledger_lock (ledger);
      if ((adopted->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
        lifecycle_ledger_remove (ledger, &adopted->entry);
      lifecycle_ledger_unlock (ledger);
      g_source_destroy (watch);
    }

  watch_block_unref (adopted);
  g_source_unref (watch);

  return added;
}
