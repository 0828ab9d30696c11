/* lifecycle-ledger.c: locked lists of entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-ledger-private.h"
#include "lifecycle-scope-private.h"

#include <string.h>

static LifecycleLedger *
ledger_alloc (gsize                size,
              LifecycleLedgerRole  role,
              LifecycleScope      *scope)
{
  LifecycleLedger *ledger = g_malloc (size);

  /* glibc has a fast path for malloc(), but not for calloc(), which g_malloc0() calls. */
  memset (ledger, 0, size);
  ledger->role = role;
  g_mutex_init (&ledger->lock);
  lifecycle_node_init (&ledger->live);
  ledger->scope = scope;
  ledger->refs = 1;
  ledger->memory_refs = 1;
  ledger->open = TRUE;

  return ledger;
}

LifecycleLedger *
lifecycle_ledger_new (LifecycleScope *scope)
{
  return ledger_alloc (sizeof (LifecycleLedger), LIFECYCLE_LEDGER_PLAIN, scope);
}

LifecycleHoldings *
lifecycle_holdings_new (LifecycleScope *scope)
{
  return (LifecycleHoldings *) ledger_alloc (sizeof (LifecycleHoldings),
                                             LIFECYCLE_LEDGER_HOLDINGS, scope);
}

/* `size` is that of a structure which begins with the ledger; the rest is zero-filled. */
LifecycleObjectLedger *
lifecycle_object_ledger_new (gsize size)
{
  return (LifecycleObjectLedger *) ledger_alloc (size, LIFECYCLE_LEDGER_OBJECT, NULL);
}

static void
lifecycle_ledger_free (LifecycleLedger *ledger)
{
  g_assert (lifecycle_node_is_alone (&ledger->live));
  g_assert (lifecycle_ledger_get_list (ledger, LIFECYCLE_LIST_FOREIGN) == NULL);
  g_assert (lifecycle_ledger_get_list (ledger, LIFECYCLE_LIST_MUTED) == NULL);

  if (lifecycle_ledger_is_owned (ledger))
    lifecycle_holdings_clear (lifecycle_ledger_get_holdings (ledger));
  lifecycle_ledger_release_memory (ledger);
}

/* Keeps the memory of a ledger alive, and nothing else. The caller need not hold the lock, but must
 * know that the memory has not been freed. A reference on the scope would do the same, but might
 * turn out to be the last one, and close the scope when and where nothing should close it.
 */
LifecycleLedger *
lifecycle_ledger_hold_memory (LifecycleLedger *ledger)
{
  g_atomic_int_inc (&ledger->memory_refs);

  return ledger;
}

void
lifecycle_ledger_release_memory (LifecycleLedger *ledger)
{
  if (g_atomic_int_dec_and_test (&ledger->memory_refs))
    {
      if (lifecycle_ledger_is_owned (ledger))
        {
          lifecycle_tally_clear (&lifecycle_ledger_get_holdings (ledger)->tally);
          g_free (lifecycle_ledger_get_holdings (ledger)->extra);
        }
      /* A walk on another thread may have looked into these lists until now. */
      g_free (ledger->muted);
      g_mutex_clear (&ledger->lock);
      g_free (ledger);
    }
}

LifecycleLedger *
lifecycle_ledger_ref (LifecycleLedger *ledger)
{
  lifecycle_ledger_lock (ledger);
  ledger->refs++;
  lifecycle_ledger_unlock (ledger);

  return ledger;
}

/* Drops a reference, and unlocks the ledger. The lock guards the count, because code that removes
 * an entry holds the lock anyway.
 */
void
lifecycle_ledger_unref_locked (LifecycleLedger *ledger)
{
  gboolean last = --ledger->refs == 0;

  lifecycle_ledger_unlock (ledger);

  if (last)
    lifecycle_ledger_free (ledger);
}

void
lifecycle_ledger_unref (LifecycleLedger *ledger)
{
  lifecycle_ledger_lock (ledger);
  lifecycle_ledger_unref_locked (ledger);
}

/* Called on any thread. Returns a reference on the scope, or NULL if it is gone. */
LifecycleScope *
lifecycle_ledger_dup_scope (LifecycleLedger *ledger)
{
  LifecycleScope *scope;

  /* A scope removes itself from its ledgers at the end of its dispose, under this lock. So a scope
   * that is still here has not been finalized, and a reference taken now keeps it alive.
   */
  lifecycle_ledger_lock (ledger);
  scope = ledger->scope != NULL ? g_object_ref (ledger->scope) : NULL;
  lifecycle_ledger_unlock (ledger);

  return scope;
}

void
lifecycle_ledger_set_scope (LifecycleLedger *ledger,
                            LifecycleScope  *scope)
{
  lifecycle_ledger_lock (ledger);
  ledger->scope = scope;
  lifecycle_ledger_unlock (ledger);
}

/* From now on nothing can be added. */
void
lifecycle_ledger_shut (LifecycleLedger *ledger)
{
  lifecycle_ledger_lock (ledger);
  g_atomic_int_set (&ledger->open, FALSE);
  lifecycle_ledger_unlock (ledger);
}

/* Removes a live entry, so that the caller can end it. Returns FALSE if a teardown or other code is
 * already doing that.
 */
gboolean
lifecycle_ledger_take_live (LifecycleLedger *ledger,
                            LifecycleEntry  *entry)
{
  gboolean live;

  lifecycle_ledger_lock (ledger);
  live = lifecycle_entry_is_live (entry);
  if (live)
    lifecycle_ledger_remove (ledger, entry);
  lifecycle_ledger_unlock (ledger);

  return live;
}

/* The ledger is locked, and not open. Unlocks it, and counts a late addition. */
void
lifecycle_ledger_refuse (LifecycleLedger *ledger)
{
  lifecycle_ledger_unlock (ledger);
  if (lifecycle_ledger_is_owned (ledger))
    lifecycle_holdings_note_late (lifecycle_ledger_get_holdings (ledger));
}

const LifecycleEntryClass lifecycle_fence_class = { 0 };

static void
ledger_insert_fence (LifecycleLedger *ledger,
                     LifecycleEntry  *fence)
{
  fence->type = LIFECYCLE_ENTRY_FENCE;
  lifecycle_node_insert_after (&fence->node, ledger->live.prev);
}

/* Inserts a fence after all live entries. It does not count as an entry. */
void
lifecycle_ledger_set_fence (LifecycleLedger *ledger,
                            LifecycleEntry  *fence)
{
  lifecycle_ledger_lock (ledger);
  lifecycle_ledger_get_holdings (ledger)->generation++;
  ledger_insert_fence (ledger, fence);
  lifecycle_ledger_unlock (ledger);
}

/* The ledger is locked. Afterwards the fence is not in any list. */
static void
ledger_remove_fence (LifecycleEntry *fence)
{
  lifecycle_node_remove (&fence->node);
  lifecycle_node_init (&fence->node);
}

void
lifecycle_ledger_lift_fence (LifecycleLedger *ledger,
                             LifecycleEntry  *fence)
{
  lifecycle_ledger_lock (ledger);
  ledger_remove_fence (fence);
  lifecycle_ledger_unlock (ledger);
}

/* The ledger is locked. */
LifecycleMuted *
lifecycle_ledger_ensure_muted (LifecycleLedger *ledger)
{
  if (ledger->muted == NULL)
    {
      ledger->muted = g_new (LifecycleMuted, 1);
      lifecycle_node_init (&ledger->muted->foreign);
      lifecycle_node_init (&ledger->muted->others);
    }

  return ledger->muted;
}

/* The ledger is locked. Most ledgers have no lists of muted entries, neither before nor after a mute
 * phase, so the state of that has them meanwhile.
 */
static void
ledger_begin_mute (LifecycleLedger *ledger,
                   LifecycleMute   *mute)
{
  lifecycle_node_init (&mute->lists.foreign);
  lifecycle_node_init (&mute->lists.others);
  lifecycle_node_init (&mute->muted);
  mute->before = ledger->muted;
  mute->sound = NULL;
  mute->n_dropped = 0;
  mute->in_row = FALSE;
  if (ledger->muted != NULL)
    {
      lifecycle_node_append_all (&mute->lists.foreign, &ledger->muted->foreign);
      lifecycle_node_append_all (&mute->lists.others, &ledger->muted->others);
    }

  /* cppcheck-suppress autoVariables ; it is reset when the phase ends */
  ledger->muted = &mute->lists;
  ledger->muting = TRUE;
}

static void
ledger_end_mute (LifecycleLedger *ledger,
                 LifecycleMute   *mute)
{
  ledger->muted = mute->before;
  ledger->muting = FALSE;

  /* Entries that an unfinished clear() has left are older than these: append to them. */
  lifecycle_node_append_all (&mute->lists.others, &mute->muted);
  if (!lifecycle_node_is_alone (&mute->lists.foreign) || !lifecycle_node_is_alone (&mute->lists.others))
    {
      LifecycleMuted *muted = lifecycle_ledger_ensure_muted (ledger);

      lifecycle_node_append_all (&muted->foreign, &mute->lists.foreign);
      lifecycle_node_append_all (&muted->others, &mute->lists.others);
    }
}

/* The ledger is locked. The loop of a mute phase; see ledger_mute(). */
static guint
ledger_mute_before (LifecycleLedger *ledger,
                    LifecycleNode   *end,
                    guint            kind)
{
  LifecycleMute mute;

  ledger_begin_mute (ledger, &mute);
  while (end->prev != &ledger->live && !lifecycle_node_is_alone (end))
    {
      LifecycleEntry *entry = (LifecycleEntry *) end->prev;
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (kind != LIFECYCLE_KIND_NONE && lifecycle_entry_type_get_kind (entry->type) != kind)
        {
          /* Move the fence before this entry. */
          lifecycle_node_remove (end);
          lifecycle_node_insert_after (end, entry->node.prev);
          continue;
        }

      if (entry->type == LIFECYCLE_ENTRY_FENCE)
        {
          /* This is the fence of an outer clear(): its entries are muted here. */
          ledger_remove_fence (entry);
          continue;
        }

      if (class->mute_row != NULL && class->mute_row (ledger, end))
        continue;

      /* Move the entry first, because mute() may end it, or release the lock for a moment. */
      lifecycle_node_remove (&entry->node);
      lifecycle_node_insert_after (&entry->node,
                                   class->foreign ? &mute.lists.foreign
                                                  : &mute.muted);
      entry->flags |= LIFECYCLE_ENTRY_MUTED;

      if (class->mute != NULL)
        class->mute (ledger, entry);
    }
  ledger_end_mute (ledger, &mute);

  return mute.n_dropped;
}

/* Mutes all live entries, or those before the fence, in reverse order of addition. Unless `kind` is
 * NONE, there must be a fence, and entries of other kinds stay where they are. No user code runs.
 * Returns the number of entries that have ended completely, and need no release. Unless it is NULL,
 * sets `more` to whether there is anything else to do before the scope has closed.
 */
static guint
ledger_mute (LifecycleLedger *ledger,
             LifecycleEntry  *fence,
             guint            kind,
             gboolean        *more)
{
  LifecycleNode *end = fence != NULL ? &fence->node : &ledger->live;
  guint n_dropped = 0;

  lifecycle_ledger_lock (ledger);

  /* A teardown during a move ends the move. */
  if (lifecycle_ledger_is_owned (ledger) && fence == NULL)
    lifecycle_holdings_end_move (lifecycle_ledger_get_holdings (ledger));

  if (end->prev != &ledger->live)
    n_dropped = ledger_mute_before (ledger, end, kind);
  if (fence != NULL)
    ledger_remove_fence (fence);
  if (more != NULL)
    *more = ledger->n_entries > 0 ||
            ledger->muted != NULL ||
            lifecycle_holdings_has_more (lifecycle_ledger_get_holdings (ledger));
  lifecycle_ledger_unlock (ledger);

  return n_dropped;
}

guint
lifecycle_ledger_mute (LifecycleLedger *ledger,
                       LifecycleEntry  *fence)
{
  return ledger_mute (ledger, fence, LIFECYCLE_KIND_NONE, NULL);
}

/* Like lifecycle_ledger_mute(), for all entries of a scope. */
guint
lifecycle_ledger_mute_all (LifecycleLedger *ledger,
                           gboolean        *more)
{
  return ledger_mute (ledger, NULL, LIFECYCLE_KIND_NONE, more);
}

/* Like lifecycle_ledger_mute(), but for entries of one kind. */
guint
lifecycle_ledger_mute_kind (LifecycleLedger *ledger,
                            LifecycleKind    kind)
{
  LifecycleEntry fence;

  /* Queued emissions end with their handlers. */
  lifecycle_ledger_lock (ledger);
  if (kind == LIFECYCLE_KIND_HANDLER)
    lifecycle_ledger_get_holdings (ledger)->generation++;
  ledger_insert_fence (ledger, &fence);
  lifecycle_ledger_unlock (ledger);

  return ledger_mute (ledger, &fence, kind, NULL);
}

static LifecycleEntry *
ledger_peek_last (LifecycleLedger *ledger,
                  LifecycleList    list)
{
  LifecycleNode *node = lifecycle_ledger_get_list (ledger, list);

  return node != NULL ? lifecycle_list_peek_last (node) : NULL;
}

/* Returns whether the last entry of one of the lists is of that kind. */
gboolean
lifecycle_ledger_ends_with (LifecycleLedger *ledger,
                            LifecycleList    list,
                            LifecycleKind    kind)
{
  LifecycleEntry *entry;
  gboolean found;

  lifecycle_ledger_lock (ledger);
  entry = ledger_peek_last (ledger, list);
  found = entry != NULL && lifecycle_entry_type_get_kind (entry->type) == kind;
  lifecycle_ledger_unlock (ledger);

  return found;
}

/* Removes the last entry of one of the lists, so that the caller can release it. A child is
 * returned without being removed: it leaves the list when it has closed.
 */
LifecycleEntry *
lifecycle_ledger_pop (LifecycleLedger *ledger,
                      LifecycleList    list,
                      guint           *flags)
{
  LifecycleEntry *entry;

  lifecycle_ledger_lock (ledger);

  entry = ledger_peek_last (ledger, list);
  if (entry != NULL)
    {
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (class->claim != NULL)
        class->claim (ledger, entry);
      /* A silent entry is not counted, but lifecycle_ledger_remove() decrements the count. */
      if (class->silent)
        ledger->n_entries++;
      if (entry->type != LIFECYCLE_ENTRY_SCOPE)
        lifecycle_ledger_remove (ledger, entry);
      *flags = entry->flags;
    }

  lifecycle_ledger_unlock (ledger);

  return entry;
}

/* Blocks or unblocks all entries that support it. */
void
lifecycle_ledger_set_blocked (LifecycleLedger *ledger,
                              gboolean         blocked)
{
  lifecycle_ledger_lock (ledger);

  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    {
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (class->set_blocked != NULL &&
          ((entry->flags & LIFECYCLE_ENTRY_BLOCKED) != 0) != blocked)
        {
          class->set_blocked (entry, blocked);
          entry->flags ^= LIFECYCLE_ENTRY_BLOCKED;
        }
    }

  lifecycle_ledger_unlock (ledger);
}
