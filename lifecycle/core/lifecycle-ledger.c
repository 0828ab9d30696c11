/* lifecycle-ledger.c: the locked list of what is owned
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

  /* Not with g_malloc0(): the allocator of glibc has a fast way for this, and not for that. */
  memset (ledger, 0, size);
  ledger->role = role;
  g_mutex_init (&ledger->lock);
  lifecycle_node_init (&ledger->live);
  lifecycle_node_init (&ledger->foreign);
  lifecycle_node_init (&ledger->muted);
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

LifecycleObjectLedger *
lifecycle_object_ledger_new (void)
{
  return (LifecycleObjectLedger *) ledger_alloc (sizeof (LifecycleObjectLedger),
                                                 LIFECYCLE_LEDGER_OBJECT, NULL);
}

static void
lifecycle_ledger_free (LifecycleLedger *ledger)
{
  g_assert (lifecycle_node_is_alone (&ledger->live));
  g_assert (lifecycle_node_is_alone (&ledger->foreign));
  g_assert (lifecycle_node_is_alone (&ledger->muted));

  if (lifecycle_ledger_is_owned (ledger))
    lifecycle_holdings_clear (lifecycle_ledger_get_holdings (ledger));
  else if (ledger->role == LIFECYCLE_LEDGER_OBJECT)
    g_clear_pointer (&lifecycle_ledger_get_object_ledger (ledger)->children.index, g_hash_table_unref);
  g_clear_pointer (&ledger->timer_queue, g_source_unref);
  lifecycle_ledger_release_memory (ledger);
}

/* Keeps the memory of a ledger, for who has no lock of it, but knows in another way that it has not
 * been freed; and nothing else. A reference on a scope would do that, too; but it might come to be
 * the last one, and to have the scope closed where and when nobody meant it to be.
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
        g_clear_pointer (&lifecycle_ledger_get_holdings (ledger)->tally, lifecycle_tally_free);
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

/* Gives up a reference, and unlocks. The count is kept under the lock because those who retire hold
 * it anyway.
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

/* A reference on the scope, from any thread, or NULL when it is gone. */
LifecycleScope *
lifecycle_ledger_dup_scope (LifecycleLedger *ledger)
{
  LifecycleScope *scope;

  /* A scope takes itself out of its ledgers at the end of its dispose, under this lock: what is
   * still here has not been finalized, and a reference taken now keeps it from being.
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

/* Nothing can be added any more. */
void
lifecycle_ledger_shut (LifecycleLedger *ledger)
{
  lifecycle_ledger_lock (ledger);
  g_atomic_int_set (&ledger->open, FALSE);
  lifecycle_ledger_unlock (ledger);
}

/* Takes a live entry out, for its end. Says FALSE when a teardown, or somebody else, is doing that. */
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

/* Locks the ledger and says TRUE, or says FALSE when it is too late. */
gboolean
lifecycle_ledger_lock_open (LifecycleLedger *ledger)
{
  lifecycle_ledger_lock (ledger);
  if (G_LIKELY (ledger->open))
    return TRUE;

  lifecycle_ledger_unlock (ledger);
  return FALSE;
}

/* The same, for what is about to be added. */
gboolean
lifecycle_ledger_begin_add (LifecycleLedger *ledger)
{
  if (G_LIKELY (lifecycle_ledger_lock_open (ledger)))
    return TRUE;

  if (lifecycle_ledger_is_owned (ledger))
    lifecycle_holdings_note (lifecycle_ledger_get_holdings (ledger), 1, 0);
  return FALSE;
}

static inline gboolean
ledger_is_over_limit (LifecycleLedger *ledger)
{
  return G_UNLIKELY (ledger->limited) &&
         lifecycle_holdings_is_over_limit (lifecycle_ledger_get_holdings (ledger));
}

/* Unlocks the ledger. If it has become too long, user code runs, and TRUE is returned. */
gboolean
lifecycle_ledger_end_add (LifecycleLedger *ledger)
{
  if (ledger_is_over_limit (ledger))
    {
      lifecycle_holdings_tell_of_limit (lifecycle_ledger_get_holdings (ledger), NULL);
      return TRUE;
    }

  lifecycle_ledger_unlock (ledger);
  return FALSE;
}

/* Unlocks the ledger and says whether the new entry is still live: a handler of `limit-reached` may
 * end it, and then the caller must not touch it any more.
 */
gboolean
lifecycle_ledger_end_add_of (LifecycleLedger *ledger,
                             LifecycleEntry  *entry)
{
  if (ledger_is_over_limit (ledger))
    return lifecycle_holdings_tell_of_limit (lifecycle_ledger_get_holdings (ledger), entry);

  lifecycle_ledger_unlock (ledger);
  return TRUE;
}

const LifecycleEntryClass lifecycle_fence_class = { 0 };

static void
ledger_insert_fence (LifecycleLedger *ledger,
                     LifecycleEntry  *fence)
{
  fence->type = LIFECYCLE_ENTRY_FENCE;
  lifecycle_node_insert_after (&fence->node, ledger->live.prev);
}

/* Puts a mark behind all that is live. It is not an entry, and does not count. */
void
lifecycle_ledger_set_fence (LifecycleLedger *ledger,
                            LifecycleEntry  *fence)
{
  lifecycle_ledger_lock (ledger);
  lifecycle_ledger_get_holdings (ledger)->generation++;
  ledger_insert_fence (ledger, fence);
  lifecycle_ledger_unlock (ledger);
}

/* The ledger is locked. From then on the fence is alone. */
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

/* Phase one: silences all that is live, or what is before the fence, the last added first; unless
 * `kind` is NONE, there is a fence, and other kinds stay where they are. No user code runs. Says how
 * many entries it has done with already.
 */
static guint
ledger_mute (LifecycleLedger *ledger,
             LifecycleEntry  *fence,
             guint            kind)
{
  LifecycleNode *end = fence != NULL ? &fence->node : &ledger->live;
  LifecycleMute mute = { NULL, 0 };
  LifecycleNode muted;

  lifecycle_node_init (&muted);

  lifecycle_ledger_lock (ledger);

  /* It has been taken down in the middle of a move. */
  if (lifecycle_ledger_is_owned (ledger) && fence == NULL)
    lifecycle_holdings_end_move (lifecycle_ledger_get_holdings (ledger));

  /* cppcheck-suppress autoVariables ; it is taken away again before this returns */
  ledger->mute = &mute;
  while (end->prev != &ledger->live && !lifecycle_node_is_alone (end))
    {
      LifecycleEntry *entry = (LifecycleEntry *) end->prev;
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (kind != LIFECYCLE_KIND_NONE && lifecycle_entry_type_get_kind (entry->type) != kind)
        {
          /* The fence passes it by. */
          lifecycle_node_remove (end);
          lifecycle_node_insert_after (end, entry->node.prev);
          continue;
        }

      if (entry->type == LIFECYCLE_ENTRY_FENCE)
        {
          /* All that it fenced in is being done here. */
          ledger_remove_fence (entry);
          continue;
        }

      /* It moves first, because mute() may put an end to it, or open the lock for a moment. */
      lifecycle_node_remove (&entry->node);
      lifecycle_node_insert_after (&entry->node, class->foreign ? &ledger->foreign : &muted);
      entry->flags |= LIFECYCLE_ENTRY_MUTED;

      if (class->mute != NULL)
        class->mute (ledger, entry);
    }

  /* What an unfinished clear() has left is older than this. */
  if (!lifecycle_node_is_alone (&muted))
    {
      muted.next->prev = ledger->muted.prev;
      ledger->muted.prev->next = muted.next;
      muted.prev->next = &ledger->muted;
      ledger->muted.prev = muted.prev;
    }

  if (fence != NULL)
    ledger_remove_fence (fence);

  ledger->mute = NULL;
  lifecycle_ledger_unlock (ledger);

  return mute.n_dropped;
}

guint
lifecycle_ledger_mute (LifecycleLedger *ledger,
                       LifecycleEntry  *fence)
{
  return ledger_mute (ledger, fence, LIFECYCLE_KIND_NONE);
}

/* The same for entries of one kind. */
guint
lifecycle_ledger_mute_kind (LifecycleLedger *ledger,
                            LifecycleKind    kind)
{
  LifecycleEntry fence;

  /* What handlers have been sent is part of them. */
  lifecycle_ledger_lock (ledger);
  if (kind == LIFECYCLE_KIND_HANDLER)
    lifecycle_ledger_get_holdings (ledger)->generation++;
  ledger_insert_fence (ledger, &fence);
  lifecycle_ledger_unlock (ledger);

  return ledger_mute (ledger, &fence, kind);
}

/* Whether the last entry of one of the lists is of that kind. */
gboolean
lifecycle_ledger_ends_with (LifecycleLedger *ledger,
                            LifecycleNode   *list,
                            LifecycleKind    kind)
{
  LifecycleEntry *entry;
  gboolean found;

  lifecycle_ledger_lock (ledger);
  entry = lifecycle_list_peek_last (list);
  found = entry != NULL && lifecycle_entry_type_get_kind (entry->type) == kind;
  lifecycle_ledger_unlock (ledger);

  return found;
}

/* Takes the last entry out of one of the lists, for its release. A child is only looked at: it
 * leaves by itself when it has closed.
 */
LifecycleEntry *
lifecycle_ledger_pop (LifecycleLedger *ledger,
                      LifecycleNode   *list,
                      guint           *flags)
{
  LifecycleEntry *entry;

  lifecycle_ledger_lock (ledger);

  entry = lifecycle_list_peek_last (list);
  if (entry != NULL)
    {
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (class->claim != NULL)
        class->claim (ledger, entry);
      /* What is silent was never counted. */
      if (class->silent)
        ledger->n_entries++;
      if (entry->type != LIFECYCLE_ENTRY_SCOPE)
        lifecycle_ledger_remove (ledger, entry);
      *flags = entry->flags;
    }

  lifecycle_ledger_unlock (ledger);

  return entry;
}

/* Blocks or unblocks all that can be. */
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
