/* lifecycle-follow.c: scopes that end when something else does
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-link-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/* The `following` ledger of a scope holds what it follows: handlers, its deadline, and its own ends
 * of links whose other ends are in the `followers` ledger of another scope.
 */

/* A link calls no user code, so it need not be muted. It must stay until the follower is released,
 * so that the teardown of the other scope finds it.
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

/* Returns the `following` ledger, which is valid as long as the scope, or NULL. */
LifecycleLedger *
lifecycle_scope_peek_following (LifecycleScope *self)
{
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);
  LifecycleLedger *following = lifecycle_scope_peek_extra (self)->following;

  lifecycle_ledger_unlock (ledger);

  return following;
}

/* Returns the `following` ledger, created on demand, or NULL if the scope is not open. The holdings
 * of a scope that has moved are open again, but they belong to another scope.
 */
LifecycleLedger *
lifecycle_scope_ensure_following (LifecycleScope *self)
{
  LifecycleExtra *extra = lifecycle_scope_ensure_extra (self);
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);
  LifecycleLedger *following = NULL;

  if (ledger->open)
    {
      if (extra->following == NULL)
        extra->following = lifecycle_ledger_new (self);
      following = extra->following;
    }
  lifecycle_ledger_unlock (ledger);

  return following;
}

/* Returns a reference on the `followers` ledger, which may move to another scope at any time;
 * created on demand, or NULL if the scope is not open.
 */
static LifecycleLedger *
follow_dup_followers (LifecycleScope *self)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (self);
  LifecycleLedger *ledger = &holdings->ledger;
  LifecycleLedger *followers = NULL;

  if (lifecycle_ledger_lock_open (ledger))
    {
      LifecycleHoldingsExtra *extra = lifecycle_holdings_ensure_extra (holdings);

      if (extra->followers == NULL)
        g_atomic_pointer_set (&extra->followers, lifecycle_ledger_new (NULL));
      followers = lifecycle_ledger_ref (extra->followers);
      lifecycle_ledger_unlock (ledger);
    }

  return followers;
}

/* Called on any thread, with no lock held. Returns the links to all followers, the newest first, or
 * NULL. The `own_ledger` of each belongs to the follower.
 */
GPtrArray *
lifecycle_holdings_dup_followers (LifecycleHoldings *self)
{
  LifecycleHoldingsExtra *extra = g_atomic_pointer_get (&self->extra);
  LifecycleLedger *followers;
  GPtrArray *links;

  if (extra == NULL || g_atomic_pointer_get (&extra->followers) == NULL)
    return NULL;

  lifecycle_ledger_lock (&self->ledger);
  followers = extra->followers;
  if (followers != NULL)
    lifecycle_ledger_hold_memory (followers);
  lifecycle_ledger_unlock (&self->ledger);
  if (followers == NULL)
    return NULL;

  links = lifecycle_ledger_dup_links (followers);
  lifecycle_ledger_release_memory (followers);

  return links;
}

/* Called on any thread. Appends the followers of a scope to the list. */
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
 * @self does not become an entry of @other. It is muted together with @other, and taken down before
 * the entries of @other. A scope may follow any number of others, and closes with the first of
 * them; circles are allowed.
 *
 * If @other is already closing or closed, @self closes at once. If @self is closing or closed, this
 * does nothing. May be called on any thread.
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

  /* If other ends with an object, self ends inside of the object's dispose as well. */
  if (lifecycle_scope_has_mark (self, LIFECYCLE_SCOPE_COLLECTED))
    g_atomic_int_or (&other->marks, LIFECYCLE_SCOPE_COLLECTED);

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
 * @self follows the scope that [func@Scope.of] returns for @object, so it also closes when that
 * scope is closed. If @self is closing or closed, it does not follow anything. May be called on any
 * thread, provided that the caller holds a reference on @object.
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

  /* Take a reference: the home thread of that scope could free a borrowed one. */
  other = lifecycle_scope_ref_of (object);
  lifecycle_scope_follow (self, other);
}
