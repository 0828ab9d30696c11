/* lifecycle-link.c: an entry with two ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-link-private.h"

LifecycleLink *
lifecycle_link_ref (LifecycleLink *link)
{
  g_atomic_int_inc (&link->refs);

  return link;
}

/* The link stands at the head of its structure, which goes with it. */
void
lifecycle_link_unref (LifecycleLink *link)
{
  if (g_atomic_int_dec_and_test (&link->refs))
    {
      g_clear_pointer (&link->near_ledger, lifecycle_ledger_unref);
      g_clear_pointer (&link->far_ledger, lifecycle_ledger_unref);
      g_free (link);
    }
}

static gboolean
link_add_end (LifecycleLink      *link,
              LifecycleLedger    *ledger,
              LifecycleEntry     *end,
              LifecycleEntryType  type,
              const char         *name)
{
  if (!lifecycle_ledger_begin_add (ledger))
    return FALSE;

  lifecycle_link_ref (link);
  lifecycle_ledger_append (ledger, end, type, name);
  lifecycle_ledger_end_add (ledger);

  return TRUE;
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
lifecycle_link_cut_near (LifecycleLink *link)
{
  return link_cut_end (link, link->near_ledger, &link->near);
}

gboolean
lifecycle_link_cut_far (LifecycleLink *link)
{
  return link_cut_end (link, link->far_ledger, &link->far);
}

static gboolean
link_end_is_linked (LifecycleLedger *ledger,
                    LifecycleEntry  *end)
{
  gboolean linked;

  lifecycle_ledger_lock (ledger);
  linked = (end->flags & LIFECYCLE_ENTRY_LINKED) != 0;
  lifecycle_ledger_unlock (ledger);

  return linked;
}

/* The links whose far ends are in a ledger that has nothing else, each referenced. */
GPtrArray *
lifecycle_ledger_dup_links (LifecycleLedger *ledger)
{
  GPtrArray *links = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_link_unref);

  lifecycle_ledger_lock (ledger);
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    g_ptr_array_add (links, lifecycle_link_ref (lifecycle_link_from_far (entry)));
  lifecycle_ledger_unlock (ledger);

  return links;
}

/* Puts both ends in their places. The link comes as zeroes, and the caller gets its first reference.
 * Says FALSE, with neither end in its place, when either party has ended.
 */
gboolean
lifecycle_link_connect (LifecycleLink      *link,
                        LifecycleLedger    *near_ledger,
                        LifecycleEntryType  near_type,
                        LifecycleLedger    *far_ledger,
                        LifecycleEntryType  far_type,
                        const char         *name)
{
  gboolean connected;

  link->refs = 1;
  link->near_ledger = lifecycle_ledger_ref (near_ledger);
  link->far_ledger = lifecycle_ledger_ref (far_ledger);

  /* The far end last: a near end that ends between the two looks for it in vain. */
  connected = link_add_end (link, near_ledger, &link->near, near_type, name) &&
              link_add_end (link, far_ledger, &link->far, far_type, name) &&
              link_end_is_linked (near_ledger, &link->near);
  if (!connected)
    {
      lifecycle_link_cut_far (link);
      lifecycle_link_cut_near (link);
    }

  return connected;
}
