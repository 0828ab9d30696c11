/* lifecycle-link.c: an entry with two ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-link-private.h"
#include "lifecycle-scope-private.h"

LifecycleLink *
lifecycle_link_ref (LifecycleLink *link)
{
  g_atomic_int_inc (&link->refs);

  return link;
}

/* The link is the first member of its structure, which is freed with it. */
void
lifecycle_link_unref (LifecycleLink *link)
{
  if (g_atomic_int_dec_and_test (&link->refs))
    {
      lifecycle_ledger_unref (link->own_ledger);
      lifecycle_ledger_unref (link->other_ledger);
      g_free (link);
    }
}

/* The link takes its reference on the ledger under the lock that the addition needs anyway. */
static gboolean
link_add_end (LifecycleLink      *link,
              LifecycleLedger    *ledger,
              LifecycleEntry     *end,
              LifecycleEntryType  type,
              const char         *name)
{
  if (!lifecycle_ledger_begin_add (ledger))
    {
      lifecycle_ledger_ref (ledger);
      return FALSE;
    }

  ledger->refs++;
  lifecycle_link_ref (link);
  lifecycle_ledger_append (ledger, end, type, name);

  return lifecycle_ledger_end_add_of (ledger, end);
}

static gboolean
link_cut_end (LifecycleLink   *link,
              LifecycleLedger *ledger,
              LifecycleEntry  *end)
{
  gboolean linked;

  lifecycle_ledger_lock (ledger);
  linked = (end->flags & LIFECYCLE_ENTRY_LINKED) != 0;
  if (linked)
    lifecycle_ledger_remove (ledger, end);
  lifecycle_ledger_unlock (ledger);

  if (linked)
    lifecycle_link_unref (link);

  return linked;
}

gboolean
lifecycle_link_cut_own_end (LifecycleLink *link)
{
  return link_cut_end (link, link->own_ledger, &link->own_end);
}

gboolean
lifecycle_link_cut_other_end (LifecycleLink *link)
{
  return link_cut_end (link, link->other_ledger, &link->other_end);
}

/* Returns references on the links in a ledger that contains nothing but their other ends. */
GPtrArray *
lifecycle_ledger_dup_links (LifecycleLedger *ledger)
{
  GPtrArray *links = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_link_unref);

  lifecycle_ledger_lock (ledger);
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    g_ptr_array_add (links, lifecycle_link_ref (lifecycle_link_from_other_end (entry)));
  lifecycle_ledger_unlock (ledger);

  return links;
}

/* The ledger of the own end is locked. */
static void
link_block_own_end (LifecycleLink *link)
{
  const LifecycleEntryClass *class = lifecycle_entry_get_class (&link->own_end);

  if (class->set_blocked != NULL && (link->own_end.flags & LIFECYCLE_ENTRY_BLOCKED) == 0)
    {
      class->set_blocked (&link->own_end, TRUE);
      link->own_end.flags |= LIFECYCLE_ENTRY_BLOCKED;
    }
}

/* Adds both ends to their ledgers, which the caller keeps alive meanwhile. The link must be
 * zero-filled, and the caller receives its first reference. If either party has ended, returns FALSE
 * and leaves neither end in its ledger. Otherwise, if the scope is blocked, so is the own end, if it can be.
 */
gboolean
lifecycle_link_connect (LifecycleLink      *link,
                        LifecycleLedger    *own_ledger,
                        LifecycleEntryType  own_type,
                        LifecycleLedger    *other_ledger,
                        LifecycleEntryType  other_type,
                        const char         *name)
{
  gboolean connected;

  link->refs = 1;
  link->own_ledger = own_ledger;
  link->other_ledger = other_ledger;

  connected = link_add_end (link, own_ledger, &link->own_end, own_type, name);
  if (connected)
    connected = link_add_end (link, other_ledger, &link->other_end, other_type, name);
  else
    lifecycle_ledger_ref (other_ledger);

  /* If the own end is ended before the other end has been added, it cannot cut the other end. So
   * check at the end whether it is still live.
   */
  if (connected)
    {
      lifecycle_ledger_lock (own_ledger);
      connected = lifecycle_entry_is_live (&link->own_end);
      if (connected && lifecycle_ledger_is_blocked (own_ledger))
        link_block_own_end (link);
      lifecycle_ledger_unlock (own_ledger);
    }
  if (!connected)
    {
      lifecycle_link_cut_other_end (link);
      lifecycle_link_cut_own_end (link);
    }

  return connected;
}
