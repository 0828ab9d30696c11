/* lifecycle-ledger.c: the locked list of what is owned
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-ledger-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-scope-private.h"

#include <string.h>

LifecycleLedger *
lifecycle_ledger_new (LifecycleScope *scope)
{
  LifecycleLedger *ledger = g_new (LifecycleLedger, 1);

  /* Not with g_new0(): the allocator of glibc has a fast way for this, and not for that. */
  memset (ledger, 0, sizeof *ledger);
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

/* The ledger of what a scope owns, not of what it follows. */
LifecycleLedger *
lifecycle_ledger_new_owned (LifecycleScope *scope)
{
  LifecycleLedger *ledger = lifecycle_ledger_new (scope);

  ledger->owned = TRUE;

  return ledger;
}

/* Somebody may just be looking at them. */
static void
ledger_drop_followers (LifecycleLedger *ledger)
{
  LifecycleLedger *followers;

  if (ledger->followers == NULL)
    return;

  lifecycle_ledger_lock (ledger);
  followers = g_steal_pointer (&ledger->followers);
  lifecycle_ledger_unlock (ledger);
  lifecycle_ledger_unref (followers);
}

static void
lifecycle_ledger_free (LifecycleLedger *ledger)
{
  g_assert (lifecycle_node_is_alone (&ledger->live));
  g_assert (lifecycle_node_is_alone (&ledger->foreign));
  g_assert (lifecycle_node_is_alone (&ledger->muted));
  g_assert (ledger->mail == NULL || ledger->mail->length == 0);
  g_assert (ledger->close_waits == NULL);

  g_clear_pointer (&ledger->index, g_hash_table_unref);
  ledger_drop_followers (ledger);
  g_clear_object (&ledger->cancellable);
  g_clear_pointer (&ledger->mail, g_queue_free);
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
      g_clear_pointer (&ledger->tally, lifecycle_tally_free);
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

  lifecycle_ledger_note (ledger, 1, 0);
  return FALSE;
}

/* Counts what was to be added too late, and what failed. */
void
lifecycle_ledger_note (LifecycleLedger *ledger,
                       guint            n_late,
                       guint            n_failed)
{
  lifecycle_ledger_lock (ledger);
  if (ledger->counted)
    {
      /* Others first: who looks at this ledger at all does not look at what they have by then. */
      lifecycle_ledger_unlock (ledger);
      lifecycle_roots_note (n_late, n_failed);
      lifecycle_ledger_lock (ledger);
    }
  ledger->n_late += n_late;
  ledger->n_failed += n_failed;
  lifecycle_ledger_unlock (ledger);
}

/* An entry that has just been added, while user code is told of the limit. There are hardly ever any,
 * so they are in one list for all ledgers. Its lock comes after that of a ledger.
 */
typedef struct _Newcomer Newcomer;

struct _Newcomer
{
  Newcomer        *next;
  LifecycleLedger *ledger;
  LifecycleEntry  *entry;       /* NULL once it is no entry of the ledger any more */
};

static GMutex newcomers_lock;
static Newcomer *newcomers;

/* The ledger is locked. Says whether it has newcomers, and forgets an entry among them. */
static gboolean
ledger_look_at_newcomers (LifecycleLedger *ledger,
                          LifecycleEntry  *gone)
{
  gboolean found = FALSE;

  g_mutex_lock (&newcomers_lock);
  for (Newcomer *newcomer = newcomers; newcomer != NULL; newcomer = newcomer->next)
    {
      if (newcomer->ledger == ledger)
        {
          found = TRUE;
          if (newcomer->entry == gone)
            newcomer->entry = NULL;
        }
    }
  g_mutex_unlock (&newcomers_lock);

  return found;
}

static void
newcomer_remove (Newcomer *self)
{
  Newcomer **link = &newcomers;

  g_mutex_lock (&newcomers_lock);
  while (*link != self)
    link = &(*link)->next;
  *link = self->next;
  g_mutex_unlock (&newcomers_lock);
}

/* The ledger is locked. */
void
lifecycle_ledger_set_limit (LifecycleLedger *ledger,
                            guint            limit)
{
  ledger->limit = limit;
  ledger->warn_at = limit == 0 && ledger_look_at_newcomers (ledger, NULL) ? G_MAXUINT : limit;
}

/* The ledger is locked, and has a limit or newcomers. The entry may have been freed already. */
void
lifecycle_ledger_entry_left (LifecycleLedger *ledger,
                             LifecycleEntry  *entry)
{
  ledger_look_at_newcomers (ledger, entry);

  if (ledger->limit != 0 && ledger->n_entries <= ledger->limit - ledger->limit / 4)
    ledger->warn_at = ledger->limit;
}

/* Unlocks the ledger and has user code told that there are too many entries. Says whether an entry,
 * if that is not NULL, is still live afterwards.
 */
static gboolean
ledger_tell_of_limit (LifecycleLedger *ledger,
                      LifecycleEntry  *entry)
{
  Newcomer newcomer = { .ledger = ledger, .entry = entry };
  LifecycleScope *scope = g_object_ref (ledger->scope);
  guint limit = ledger->limit;
  guint n_entries = ledger->n_entries;
  gboolean live;

  ledger->warn_at = n_entries <= G_MAXUINT / 2 ? n_entries + n_entries / 2 : G_MAXUINT;
  ledger->refs++;
  g_mutex_lock (&newcomers_lock);
  newcomer.next = newcomers;
  /* cppcheck-suppress autoVariables ; it is taken away again before this returns */
  newcomers = &newcomer;
  g_mutex_unlock (&newcomers_lock);
  lifecycle_ledger_unlock (ledger);

  lifecycle_scope_limit_reached (scope, limit, n_entries);

  lifecycle_ledger_lock (ledger);
  newcomer_remove (&newcomer);
  if (ledger->limit == 0 && !ledger_look_at_newcomers (ledger, NULL))
    ledger->warn_at = 0;
  live = newcomer.entry != NULL && lifecycle_entry_is_live (newcomer.entry);
  lifecycle_ledger_unref_locked (ledger);
  g_object_unref (scope);

  return live;
}

static inline gboolean
ledger_is_over_limit (LifecycleLedger *ledger)
{
  return G_UNLIKELY (ledger->limit != 0) && ledger->n_entries > ledger->warn_at && ledger->scope != NULL;
}

/* Unlocks the ledger. If it has become too long, user code runs, and TRUE is returned. */
gboolean
lifecycle_ledger_end_add (LifecycleLedger *ledger)
{
  if (ledger_is_over_limit (ledger))
    {
      ledger_tell_of_limit (ledger, NULL);
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
    return ledger_tell_of_limit (ledger, entry);

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
  ledger->generation++;
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
  if (G_UNLIKELY (ledger->moving) && fence == NULL)
    {
      ledger->moving = FALSE;
      ledger->generation++;
    }

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
    ledger->generation++;
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

/* The ledger is locked, as for the next two. Counts what a teardown may have to wait for. */
void
lifecycle_ledger_add_pending (LifecycleLedger *ledger)
{
  ledger->n_pending++;
}

void
lifecycle_ledger_drop_pending (LifecycleLedger *ledger)
{
  if (--ledger->n_pending == 0)
    lifecycle_ledger_wake_waits (ledger);
}

/* The ledger is locked. Nobody waits any longer for something that goes on, and will be named. */
void
lifecycle_ledger_give_up_pending (LifecycleLedger *ledger)
{
  ledger->gave_up = TRUE;
  lifecycle_ledger_drop_pending (ledger);
}

void
lifecycle_ledger_wake_waits (LifecycleLedger *ledger)
{
  for (GSList *link = ledger->close_waits; link != NULL; link = link->next)
    {
      LifecycleWait *wait = link->data;

      wait->wake (wait);
    }
}

/* Nothing is locked. The ledger moves to another scope, which nobody waits for. */
void
lifecycle_ledger_forget_waits (LifecycleLedger *ledger)
{
  GSList *waits;

  lifecycle_ledger_lock (ledger);
  waits = g_steal_pointer (&ledger->close_waits);
  ledger->draining = FALSE;
  lifecycle_ledger_unlock (ledger);

  while (waits != NULL)
    {
      LifecycleWait *wait = waits->data;

      wait->wake (wait);
      wait->unref (wait);
      waits = g_slist_delete_link (waits, waits);
    }
}
