/* lifecycle-holdings.c: what a scope owns, besides the list of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-roots-private.h"
#include "lifecycle-scope-private.h"

/* Somebody may just be looking at them. */
static void
holdings_drop_followers (LifecycleHoldings *self)
{
  LifecycleLedger *followers;

  if (self->followers == NULL)
    return;

  lifecycle_ledger_lock (&self->ledger);
  followers = g_steal_pointer (&self->followers);
  lifecycle_ledger_unlock (&self->ledger);
  lifecycle_ledger_unref (followers);
}

/* Nothing can retire any more; what was counted stays for those who keep the memory. */
void
lifecycle_holdings_clear (LifecycleHoldings *self)
{
  g_assert (self->mail == NULL || self->mail->length == 0);
  g_assert (self->close_waits == NULL);

  g_clear_pointer (&self->children.index, g_hash_table_unref);
  holdings_drop_followers (self);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->mail, g_queue_free);
}

/* Counts what was to be added too late, and what failed. */
void
lifecycle_holdings_note (LifecycleHoldings *self,
                         guint              n_late,
                         guint              n_failed)
{
  lifecycle_ledger_lock (&self->ledger);
  if (self->counted)
    {
      /* Others first: who looks at this ledger at all does not look at what they have by then. */
      lifecycle_ledger_unlock (&self->ledger);
      lifecycle_roots_note (n_late, n_failed);
      lifecycle_ledger_lock (&self->ledger);
    }
  self->n_late += n_late;
  self->n_failed += n_failed;
  lifecycle_ledger_unlock (&self->ledger);
}

/* An entry that has just been added, while user code is told of the limit. There are hardly ever any,
 * so they are in one list for all ledgers. Its lock comes after that of a ledger.
 */
typedef struct _Newcomer Newcomer;

struct _Newcomer
{
  Newcomer          *next;
  LifecycleHoldings *holdings;
  LifecycleEntry    *entry;     /* NULL once it is no entry of the ledger any more */
};

static GMutex newcomers_lock;
static Newcomer *newcomers;

/* The ledger is locked. Says whether it has newcomers, and forgets an entry among them. */
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
  self->warn_at = n_entries;
  self->ledger.limited = n_entries != 0;
}

/* The ledger is locked. */
void
lifecycle_holdings_set_limit (LifecycleHoldings *self,
                              guint              limit)
{
  self->limit = limit;
  holdings_set_warn_at (self, limit == 0 && holdings_look_at_newcomers (self, NULL) ? G_MAXUINT
                                                                                   : limit);
}

/* The ledger is locked, and has a limit or newcomers. The entry may have been freed already. */
void
lifecycle_holdings_entry_left (LifecycleHoldings *self,
                               LifecycleEntry    *entry)
{
  holdings_look_at_newcomers (self, entry);

  if (self->limit != 0 && self->ledger.n_entries <= self->limit - self->limit / 4)
    holdings_set_warn_at (self, self->limit);
}

/* The ledger is locked. */
gboolean
lifecycle_holdings_is_over_limit (LifecycleHoldings *self)
{
  return self->limit != 0 && self->ledger.n_entries > self->warn_at && self->ledger.scope != NULL;
}

/* Unlocks the ledger and has user code told that there are too many entries. Says whether an entry,
 * if that is not NULL, is still live afterwards.
 */
gboolean
lifecycle_holdings_tell_of_limit (LifecycleHoldings *self,
                                  LifecycleEntry    *entry)
{
  Newcomer newcomer = { .holdings = self, .entry = entry };
  LifecycleScope *scope = g_object_ref (self->ledger.scope);
  guint limit = self->limit;
  guint n_entries = self->ledger.n_entries;
  gboolean live;

  holdings_set_warn_at (self, n_entries <= G_MAXUINT / 2 ? n_entries + n_entries / 2 : G_MAXUINT);
  self->ledger.refs++;
  g_mutex_lock (&newcomers_lock);
  newcomer.next = newcomers;
  /* cppcheck-suppress autoVariables ; it is taken away again before this returns */
  newcomers = &newcomer;
  g_mutex_unlock (&newcomers_lock);
  lifecycle_ledger_unlock (&self->ledger);

  lifecycle_scope_limit_reached (scope, limit, n_entries);

  lifecycle_ledger_lock (&self->ledger);
  newcomer_remove (&newcomer);
  if (self->limit == 0 && !holdings_look_at_newcomers (self, NULL))
    holdings_set_warn_at (self, 0);
  live = newcomer.entry != NULL && lifecycle_entry_is_live (newcomer.entry);
  lifecycle_ledger_unref_locked (&self->ledger);
  g_object_unref (scope);

  return live;
}

/* The ledger is locked, as for the others below. Counts what a teardown may have to wait for. */
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

/* The ledger is locked. Nobody waits any longer for something that goes on, and will be named. */
void
lifecycle_holdings_give_up_pending (LifecycleHoldings *self)
{
  self->gave_up = TRUE;
  lifecycle_holdings_drop_pending (self);
}

void
lifecycle_holdings_wake_waits (LifecycleHoldings *self)
{
  for (GSList *link = self->close_waits; link != NULL; link = link->next)
    {
      LifecycleWait *wait = link->data;

      wait->wake (wait);
    }
}

/* Nothing is locked. The holdings move to another scope, which nobody waits for. */
void
lifecycle_holdings_forget_waits (LifecycleHoldings *self)
{
  GSList *waits;

  lifecycle_ledger_lock (&self->ledger);
  waits = g_steal_pointer (&self->close_waits);
  self->draining = FALSE;
  lifecycle_ledger_unlock (&self->ledger);

  while (waits != NULL)
    {
      LifecycleWait *wait = waits->data;

      wait->wake (wait);
      wait->unref (wait);
      waits = g_slist_delete_link (waits, waits);
    }
}
