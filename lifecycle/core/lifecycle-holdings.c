/* lifecycle-holdings.c: what a scope owns besides its list of entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-roots-private.h"
#include "lifecycle-scope-private.h"

const LifecycleHoldingsExtra lifecycle_holdings_no_extra = { 0 };

/* The ledger is locked, or no other thread can know the holdings yet. */
LifecycleHoldingsExtra *
lifecycle_holdings_ensure_extra (LifecycleHoldings *self)
{
  if (self->extra == NULL)
    g_atomic_pointer_set (&self->extra, g_new0 (LifecycleHoldingsExtra, 1));

  return self->extra;
}

/* Another thread may be reading the field: lifecycle_holdings_dup_followers() takes the lock. */
static void
holdings_drop_followers (LifecycleHoldings *self)
{
  LifecycleLedger *followers;

  if (lifecycle_holdings_peek_extra (self)->followers == NULL)
    return;

  lifecycle_ledger_lock (&self->ledger);
  followers = g_steal_pointer (&self->extra->followers);
  lifecycle_ledger_unlock (&self->ledger);
  lifecycle_ledger_unref (followers);
}

/* Called when no entry can leave the ledger any more. The tally stays until the memory is freed. */
void
lifecycle_holdings_clear (LifecycleHoldings *self)
{
  LifecycleHoldingsExtra *extra = self->extra;

  if (extra == NULL)
    return;

  g_clear_pointer (&extra->index, g_hash_table_unref);
  g_assert (extra->mail == NULL || extra->mail->length == 0);
  g_assert (extra->close_waits == NULL);
  holdings_drop_followers (self);
  g_clear_object (&extra->cancellable);
  g_clear_pointer (&extra->mail, g_queue_free);
}

static void
holdings_note (LifecycleHoldings      *self,
               const LifecycleMishaps *mishaps)
{
  LifecycleHoldingsExtra *extra;

  lifecycle_ledger_lock (&self->ledger);
  if (self->counted)
    {
      /* Add to the roots first: observers that read this ledger have already read the roots. */
      lifecycle_ledger_unlock (&self->ledger);
      lifecycle_roots_note (mishaps);
      lifecycle_ledger_lock (&self->ledger);
    }
  extra = lifecycle_holdings_ensure_extra (self);
  extra->mishaps.late += mishaps->late;
  extra->mishaps.failed += mishaps->failed;
  extra->mishaps.abandoned += mishaps->abandoned;
  lifecycle_ledger_unlock (&self->ledger);
}

/* Counts an addition that came too late. */
void
lifecycle_holdings_note_late (LifecycleHoldings *self)
{
  holdings_note (self, &(LifecycleMishaps) { .late = 1 });
}

/* Counts a cleanup that failed. */
void
lifecycle_holdings_note_failed (LifecycleHoldings *self)
{
  holdings_note (self, &(LifecycleMishaps) { .failed = 1 });
}

/* Counts what waited for the home context, and was released because no thread runs it any more. */
void
lifecycle_holdings_note_abandoned (LifecycleHoldings *self,
                                   guint              n_abandoned)
{
  if (n_abandoned > 0)
    holdings_note (self, &(LifecycleMishaps) { .abandoned = n_abandoned });
}

/* Counts what a teardown releases, but only if no thread would have taken care of it otherwise. */
void
lifecycle_holdings_note_if_abandoned (LifecycleHoldings *self,
                                      guint              n)
{
  gboolean abandoned;

  lifecycle_ledger_lock (&self->ledger);
  abandoned = self->ledger.scope != NULL && self->ledger.scope->home_gone;
  lifecycle_ledger_unlock (&self->ledger);

  if (abandoned)
    lifecycle_holdings_note_abandoned (self, n);
}

/* The ledger is locked. */
void
lifecycle_holdings_get_mishaps (LifecycleHoldings *self,
                                LifecycleMishaps  *mishaps)
{
  *mishaps = lifecycle_holdings_peek_extra (self)->mishaps;
}

/* An entry that has just been added, while user code is told that the limit is exceeded. There are
 * hardly ever any, so one list serves all ledgers. Its lock may be taken with a ledger locked.
 */
typedef struct _Newcomer Newcomer;

struct _Newcomer
{
  Newcomer          *next;
  LifecycleHoldings *holdings;
  LifecycleEntry    *entry;     /* NULL once it has left the ledger */
};

static GMutex newcomers_lock;
static Newcomer *newcomers;

/* The ledger is locked. Returns whether it has newcomers; forgets `gone` if it is one of them. */
static gboolean
holdings_look_at_newcomers (LifecycleHoldings *self,
                            LifecycleEntry    *gone)
{
  gboolean found = FALSE;

  g_mutex_lock (&newcomers_lock);
  for (Newcomer *newcomer = newcomers; newcomer != NULL; newcomer = newcomer->next)
    {
      if (newcomer->holdings == self)
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

static void
holdings_set_warn_at (LifecycleHoldings *self,
                      guint              n_entries)
{
  lifecycle_holdings_ensure_extra (self)->warn_at = n_entries;
  self->ledger.limited = n_entries != 0;
}

/* The ledger is locked. */
void
lifecycle_holdings_set_limit (LifecycleHoldings *self,
                              guint              limit)
{
  lifecycle_holdings_ensure_extra (self)->limit = limit;
  holdings_set_warn_at (self, limit == 0 && holdings_look_at_newcomers (self, NULL) ? G_MAXUINT
                                                                                   : limit);
}

/* The ledger is locked, and has a limit or newcomers. The entry may already have been freed. */
void
lifecycle_holdings_entry_left (LifecycleHoldings *self,
                               LifecycleEntry    *entry)
{
  guint limit = lifecycle_holdings_peek_extra (self)->limit;

  holdings_look_at_newcomers (self, entry);

  if (limit != 0 && self->ledger.n_entries <= limit - limit / 4)
    holdings_set_warn_at (self, limit);
}

/* The ledger is locked. */
gboolean
lifecycle_holdings_is_over_limit (LifecycleHoldings *self)
{
  const LifecycleHoldingsExtra *extra = lifecycle_holdings_peek_extra (self);

  return extra->limit != 0 && self->ledger.n_entries > extra->warn_at && self->ledger.scope != NULL;
}

/* Unlocks the ledger, and runs user code that reports too many entries. Returns whether the entry,
 * if it is not NULL, is still live afterwards.
 */
gboolean
lifecycle_holdings_tell_of_limit (LifecycleHoldings *self,
                                  LifecycleEntry    *entry)
{
  Newcomer newcomer = { .holdings = self, .entry = entry };
  LifecycleScope *scope = g_object_ref (self->ledger.scope);
  guint limit = self->extra->limit;
  guint n_entries = self->ledger.n_entries;
  gboolean live;

  holdings_set_warn_at (self, n_entries <= G_MAXUINT / 2 ? n_entries + n_entries / 2 : G_MAXUINT);
  self->ledger.refs++;
  g_mutex_lock (&newcomers_lock);
  newcomer.next = newcomers;
  /* cppcheck-suppress autoVariables ; it is removed before this function returns */
  newcomers = &newcomer;
  g_mutex_unlock (&newcomers_lock);
  lifecycle_ledger_unlock (&self->ledger);

  lifecycle_scope_limit_reached (scope, limit, n_entries);
  /* If this is the last reference, the entry ends here. */
  g_object_unref (scope);

  lifecycle_ledger_lock (&self->ledger);
  newcomer_remove (&newcomer);
  if (self->extra->limit == 0 && !holdings_look_at_newcomers (self, NULL))
    holdings_set_warn_at (self, 0);
  live = newcomer.entry != NULL && lifecycle_entry_is_live (newcomer.entry);
  lifecycle_ledger_unref_locked (&self->ledger);

  return live;
}

/* The ledger is locked, as in the functions below. Counts what a teardown may have to wait for. */
void
lifecycle_holdings_add_pending (LifecycleHoldings *self)
{
  self->n_pending++;
}

void
lifecycle_holdings_drop_pending (LifecycleHoldings *self)
{
  if (--self->n_pending == 0)
    lifecycle_holdings_wake_waits (self);
}

/* The ledger is locked. Gives up waiting for something that is still running, and that the error of
 * the close will name.
 */
void
lifecycle_holdings_give_up_pending (LifecycleHoldings *self)
{
  self->gave_up = TRUE;
  lifecycle_holdings_drop_pending (self);
}

void
lifecycle_holdings_wake_waits (LifecycleHoldings *self)
{
  for (GSList *link = lifecycle_holdings_peek_extra (self)->close_waits; link != NULL; link = link->next)
    {
      LifecycleWait *wait = link->data;

      wait->wake (wait);
    }
}

/* Called with no lock held, when the holdings move to another scope, for which there is no wait. */
void
lifecycle_holdings_forget_waits (LifecycleHoldings *self)
{
  GSList *waits = NULL;

  lifecycle_ledger_lock (&self->ledger);
  lifecycle_holdings_wake_waits (self);
  if (self->extra != NULL)
    waits = g_steal_pointer (&self->extra->close_waits);
  self->draining = FALSE;
  lifecycle_ledger_unlock (&self->ledger);

  while (waits != NULL)
    {
      LifecycleWait *wait = waits->data;

      wait->unref (wait);
      waits = g_slist_delete_link (waits, waits);
    }
}
