/* lifecycle-follow.c: scopes that end when something else does
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-link-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/* What a scope follows is in its ledger of ties: handlers, its deadline, and the near ends of links
 * whose far ends are in the ledger of followers of another scope. The teardown knows what to do with
 * them.
 */

/* Ties call nobody, so there is nothing to mute; and until the follower is released, the teardown of
 * the other scope has to find it.
 */
static void
following_release (LifecycleLedger *ledger,
                   LifecycleEntry  *entry,
                   guint            flags)
{
  LifecycleLink *link = lifecycle_link_from_own_end (entry);

  lifecycle_link_cut_other_end (link);
  lifecycle_link_unref (link);
}

const LifecycleEntryClass lifecycle_following_class = {
  .release = following_release,
};

static void
follower_release (LifecycleLedger *ledger,
                  LifecycleEntry  *entry,
                  guint            flags)
{
  lifecycle_link_unref (lifecycle_link_from_other_end (entry));
}

const LifecycleEntryClass lifecycle_follower_class = {
  .release = follower_release,
};

/* The ledger of what the scope follows, which lives as long as the scope, or NULL. */
LifecycleLedger *
lifecycle_scope_peek_following (LifecycleScope *self)
{
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);
  LifecycleLedger *following = self->following;

  lifecycle_ledger_unlock (ledger);

  return following;
}

/* The ledger of what the scope follows, made on demand, or NULL when the scope is not open. The
 * ledger of a scope that has moved is open again, but it is another scope's.
 */
LifecycleLedger *
lifecycle_scope_ensure_following (LifecycleScope *self)
{
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);
  LifecycleLedger *following = NULL;

  if (ledger->open)
    {
      if (self->following == NULL)
        self->following = lifecycle_ledger_new (self);
      following = self->following;
    }
  lifecycle_ledger_unlock (ledger);

  return following;
}

/* The same for the ledger of followers, referenced, because it can change hands. */
static LifecycleLedger *
follow_dup_followers (LifecycleScope *self)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (self);
  LifecycleLedger *ledger = &holdings->ledger;
  LifecycleLedger *followers = NULL;

  if (lifecycle_ledger_lock_open (ledger))
    {
      if (holdings->followers == NULL)
        holdings->followers = lifecycle_ledger_new (NULL);
      followers = lifecycle_ledger_ref (holdings->followers);
      lifecycle_ledger_unlock (ledger);
    }

  return followers;
}

/* On any thread, with nothing locked: the links to all that follows a scope, the last first, or NULL.
 * Their own ledgers belong to the followers.
 */
GPtrArray *
lifecycle_holdings_dup_followers (LifecycleHoldings *self)
{
  LifecycleLedger *followers;
  GPtrArray *links;

  if (g_atomic_pointer_get (&self->followers) == NULL)
    return NULL;

  lifecycle_ledger_lock (&self->ledger);
  followers = self->followers;
  if (followers != NULL)
    lifecycle_ledger_hold_memory (followers);
  lifecycle_ledger_unlock (&self->ledger);
  if (followers == NULL)
    return NULL;

  links = lifecycle_ledger_dup_links (followers);
  lifecycle_ledger_release_memory (followers);

  return links;
}

/* On any thread: puts the followers of a scope at the end of the list. */
void
lifecycle_scope_list_followers (LifecycleScopeList *list,
                                LifecycleScope     *scope)
{
  g_autoptr (GPtrArray) links = lifecycle_holdings_dup_followers (lifecycle_scope_get_holdings (scope));

  for (guint i = 0; links != NULL && i < links->len; i++)
    {
      LifecycleLink *link = g_ptr_array_index (links, i);
      LifecycleScope *follower = lifecycle_ledger_dup_scope (link->own_ledger);

      if (follower != NULL)
        lifecycle_scope_list_take (list, follower);
    }
}

/**
 * lifecycle_scope_follow:
 * @self: a scope
 * @other: another scope; no reference is held
 *
 * Closes @self as [enum@Reason.owner_gone] when @other closes, for whatever reason.
 *
 * @self is not one of the entries of @other. It is muted together with @other, and taken down
 * before the entries of @other. A scope may follow any number of others, and it ends with the
 * first; a circle is allowed.
 *
 * If @other is closing or closed already, @self closes at once. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_scope_follow (LifecycleScope *self,
                        LifecycleScope *other)
{
  g_autoptr (LifecycleLedger) followers = NULL;
  LifecycleLedger *following;
  LifecycleLink *link;
  gboolean connected = FALSE;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (LIFECYCLE_IS_SCOPE (other));
  g_return_if_fail (self != other);

  following = lifecycle_scope_ensure_following (self);
  if (following == NULL)
    return;

  followers = follow_dup_followers (other);
  if (followers != NULL)
    {
      link = g_new0 (LifecycleLink, 1);
      connected = lifecycle_link_connect (link,
                                          following, LIFECYCLE_ENTRY_FOLLOWING,
                                          followers, LIFECYCLE_ENTRY_FOLLOWER,
                                          NULL);
      lifecycle_link_unref (link);
    }

  if (!connected)
    lifecycle_teardown_close (self, LIFECYCLE_REASON_OWNER_GONE, other->key.name);
}

/**
 * lifecycle_scope_follow_object:
 * @self: a scope
 * @object: an object; no reference is held
 *
 * Closes @self as [enum@Reason.owner_gone] when @object is disposed.
 *
 * This follows the scope that [func@Scope.of] gives for @object, so it happens as well when that
 * one is closed. May be called on any thread by a holder of a reference on @object.
 *
 * Since: 1.0
 */
void
lifecycle_scope_follow_object (LifecycleScope *self,
                               GObject        *object)
{
  g_autoptr (LifecycleScope) other = NULL;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (G_IS_OBJECT (object));

  /* A borrowed one may be freed by the thread where it is at home. */
  other = lifecycle_scope_ref_of (object);
  lifecycle_scope_follow (self, other);
}
