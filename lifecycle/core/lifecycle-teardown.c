/* lifecycle-teardown.c: the two-phase close of a whole subtree
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-link-private.h"
#include "lifecycle-mail-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-begin-private.h"
#include "lifecycle-teardown-private.h"

/* A teardown runs at home, in five steps:
 *
 * 1. collect: mark as closing, and list, every scope below the root and every scope that follows
 *    one of them. From then on nothing can be added to any of them.
 * 2. announce: emit `closing` on each. User code runs.
 * 3. mute: silence everything that can call user code. No user code runs.
 * 4. cancel: trigger cancellables, and end adopted entries that only user code can end.
 * 5. release: release everything else, strictly last in, first out, a child at its own place. Emit
 *    `closed` on each scope that has become empty.
 *
 * User code may start another teardown of the same scopes at any point of steps 2, 4 and 5, so the
 * teardown itself holds no state. Each step takes the next piece of work from the scopes; whichever
 * teardown gets there first does it, and an outer teardown skips scopes that it finds closed.
 *
 * A teardown handles the scopes of one context, which its thread owns from the first step to the
 * last. A scope of another context is marked, leaves the tree, and gets a teardown of its own: on
 * the thread that runs its context, to which it is handed over, or here, if this thread is at home
 * there, too. The latter happens between steps 2 and 3, and the other context is acquired only
 * then: a handler of `closing` may have to start something that runs there.
 */

/* A teardown begun by another one. It is on the heap, because contexts may alternate down a deep
 * tree.
 */
typedef struct
{
  LifecycleTeardown  base;
  LifecycleScopeList list;
} InnerTeardown;

static void
teardown_mute (LifecycleScopeList *list,
               LifecycleEntry     *fence)
{
  for (guint i = list->n_items; i-- > 0;)
    {
      LifecycleScope *scope = list->items[i];
      LifecycleLedger *ledger = lifecycle_scope_get_ledger (scope);

      if (fence != NULL && i == 0)
        {
          scope->n_released += lifecycle_ledger_mute (ledger, fence);
          break;
        }
      if (lifecycle_scope_peek_extra (scope)->following != NULL)
        lifecycle_ledger_mute (scope->extra->following, NULL);
      scope->n_released += lifecycle_ledger_mute (ledger, NULL);
    }
}

/* Drops the references of what the scope followed. User code may run: they may be the last ones. */
static void
teardown_let_go (LifecycleLedger *following)
{
  g_autoptr (GPtrArray) objects = NULL;
  LifecycleNode *muted;

  lifecycle_ledger_lock (following);
  muted = lifecycle_ledger_get_list (following, LIFECYCLE_LIST_MUTED);
  if (muted != NULL)
    {
      LIFECYCLE_LIST_FOREACH_REVERSE (entry, muted)
        {
          const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);
          GObject *object = class->let_go != NULL ? class->let_go (entry) : NULL;

          if (object != NULL && objects == NULL)
            objects = g_ptr_array_new_with_free_func (g_object_unref);
          if (object != NULL)
            g_ptr_array_add (objects, object);
        }
    }
  lifecycle_ledger_unlock (following);
}

/* Triggers the cancellable of a scope, and ends its adopted entries that only user code can end. If
 * there is a fence, the scope is only cleared.
 */
static void
teardown_cancel_scope (LifecycleScope *scope,
                       LifecycleEntry *fence)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  LifecycleLedger *ledger = &holdings->ledger;
  g_autoptr (GCancellable) cancellable = NULL;
  LifecycleEntry *entry;
  gboolean has_more;
  guint flags;

  lifecycle_ledger_lock (ledger);
  has_more = lifecycle_holdings_peek_extra (holdings)->mail != NULL ||
             lifecycle_ledger_get_list (ledger, LIFECYCLE_LIST_FOREIGN) != NULL;
  if (fence == NULL)
    g_set_object (&cancellable, lifecycle_holdings_peek_extra (holdings)->cancellable);
  else if ((fence->flags & LIFECYCLE_ENTRY_ENDED) == 0 && holdings->extra != NULL)
    cancellable = g_steal_pointer (&holdings->extra->cancellable);
  /* A nested teardown that finishes this clear() must not cancel a new cancellable. */
  if (fence != NULL)
    fence->flags |= LIFECYCLE_ENTRY_ENDED;
  lifecycle_ledger_unlock (ledger);

  if (lifecycle_scope_peek_extra (scope)->following != NULL && fence == NULL)
    teardown_let_go (scope->extra->following);

  /* Most scopes have neither. */
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  else if (!has_more)
    return;

  lifecycle_holdings_drop_mail (holdings, fence == NULL);

  while ((entry = lifecycle_ledger_pop (ledger, LIFECYCLE_LIST_FOREIGN, &flags)) != NULL)
    {
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (!class->silent)
        scope->n_released++;
      class->release (ledger, entry, flags);
    }
}

static void
teardown_cancel (LifecycleScopeList *list,
                 LifecycleEntry     *fence)
{
  for (guint i = list->n_items; i-- > 0;)
    teardown_cancel_scope (list->items[i], i == 0 ? fence : NULL);
}

static void
teardown_tell_waits (LifecycleScope *scope)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  LifecycleWait *own = lifecycle_scope_peek_extra (scope)->close_wait;

  /* Scopes above this one no longer have to wait for it. */
  if (lifecycle_holdings_has_waits (holdings))
    {
      lifecycle_ledger_lock (&holdings->ledger);
      lifecycle_holdings_wake_waits (holdings);
      lifecycle_ledger_unlock (&holdings->ledger);
    }

  if (own != NULL)
    own->scope_closed (own, scope);
}

/* `began` is the time when the teardown of the root began, or 0 if the duration is not needed. Nobody
 * is told that the scope has closed if it is known that nobody listens. Returns whether the scope has
 * left an owner, whose reference the caller receives.
 */
static gboolean
teardown_finish (LifecycleScope *scope,
                 LifecycleScope *root,
                 gint64          began,
                 gboolean        tell)
{
  g_autoptr (LifecycleScope) owner = NULL;
  guint64 duration = 0;
  gboolean left;

  if (g_atomic_pointer_get (&scope->extra) != NULL)
    lifecycle_scope_settle_error (scope);
  lifecycle_scope_set_closed (scope);
  /* Another thread may have added a failure in between: afterwards it does this by itself. */
  if (g_atomic_pointer_get (&scope->extra) != NULL)
    lifecycle_scope_settle_error (scope);

  if (began != 0 && (scope == root || lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES)))
    duration = (guint64) (g_get_monotonic_time () - began);

  left = lifecycle_scope_leave_closed (scope, scope == root ? duration : 0, &owner);
  if (owner != NULL)
    {
      owner->n_released += scope->n_released + 1;
      lifecycle_scope_pass_failures (scope, owner);
    }

  if (tell)
    lifecycle_scope_emit_closed (scope);
  if (lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES))
    lifecycle_watch_scope_closed (scope, duration);

  teardown_tell_waits (scope);
  if (G_UNLIKELY ((g_atomic_int_or (&scope->marks, LIFECYCLE_SCOPE_FINISHED) &
                   LIFECYCLE_SCOPE_OUTLIVED) != 0))
    lifecycle_scope_make_unreachable (scope);

  return left;
}

/* Returns the next follower, which must be released before the entries of the scope, or NULL. It
 * stays in the list until it has closed, so that other teardowns find it. In a circle, followers
 * that are already on the stack of this release are skipped.
 */
static LifecycleScope *
teardown_next_follower (LifecycleScope *scope,
                        guint64         release)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  LifecycleLedger *followers = lifecycle_holdings_peek_extra (holdings)->followers;
  guint n_passed = 0;

  while (followers != NULL)
    {
      LifecycleLink *link = NULL;
      LifecycleScope *follower;
      guint n = 0;

      lifecycle_ledger_lock (followers);
      LIFECYCLE_LIST_FOREACH_REVERSE (entry, &followers->live)
        {
          if (n++ == n_passed)
            {
              link = lifecycle_link_ref (lifecycle_link_from_other_end (entry));
              break;
            }
        }
      lifecycle_ledger_unlock (followers);

      if (link == NULL)
        break;

      follower = lifecycle_ledger_dup_scope (link->own_ledger);
      if (follower == NULL)
        lifecycle_link_cut_other_end (link);
      lifecycle_link_unref (link);

      if (follower != NULL)
        {
          if (follower->stacked != release)
            return follower;
          g_object_unref (follower);
          n_passed++;
        }
    }

  return NULL;
}

/* Does one piece of work for the scope. Returns FALSE if none is left. Sets `next` to a scope that
 * must be finished before the next piece.
 */
static gboolean
teardown_step (LifecycleScope  *scope,
               gboolean         clear,
               guint64          release,
               LifecycleScope **next)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (scope);
  LifecycleEntry *entry;
  guint flags;

  if (!clear && (*next = teardown_next_follower (scope, release)) != NULL)
    return TRUE;

  entry = lifecycle_ledger_pop (ledger, LIFECYCLE_LIST_MUTED, &flags);
  if (entry != NULL && entry->type == LIFECYCLE_ENTRY_SCOPE)
    {
      *next = lifecycle_scope_from_child_entry (entry);
      return TRUE;
    }

  if (entry != NULL)
    {
      scope->n_released++;
      lifecycle_entry_get_class (entry)->release (ledger, entry, flags);
      return TRUE;
    }

  if (!clear &&
      lifecycle_scope_peek_extra (scope)->following != NULL &&
      (entry = lifecycle_ledger_pop (scope->extra->following, LIFECYCLE_LIST_MUTED, &flags)) != NULL)
    {
      lifecycle_entry_get_class (entry)->release (scope->extra->following, entry, flags);
      return TRUE;
    }

  return FALSE;
}

/* Uses a stack on the heap instead of recursion, because trees may be deep. */
static void
teardown_release (LifecycleScope *root,
                  gboolean        clear,
                  gint64          began)
{
  guint64 release = lifecycle_teardown_next_serial ();
  LifecycleScopeList stack;

  lifecycle_scope_list_init (&stack);
  lifecycle_scope_list_take (&stack, g_object_ref (root));
  root->stacked = release;
  if (!clear)
    root->releasing = TRUE;

  while (stack.n_items > 0)
    {
      LifecycleScope *scope = stack.items[stack.n_items - 1];
      gboolean clears = clear && stack.n_items == 1;
      LifecycleScope *next = NULL;

      if (lifecycle_scope_has_closed (scope) || (clears && scope->awaiting_release))
        {
          /* Another teardown has done the rest, or will do it after a wait. */
          lifecycle_scope_list_drop (&stack);
        }
      else if (teardown_step (scope, clears, release, &next))
        {
          if (next != NULL)
            {
              next->stacked = release;
              next->releasing = TRUE;
              lifecycle_scope_list_take (&stack, next);
            }
        }
      else
        {
          if (!clears && teardown_finish (scope, root, began, TRUE))
            g_object_unref (scope);
          lifecycle_scope_list_drop (&stack);
        }
    }

  lifecycle_scope_list_clear (&stack);
}

static LifecycleTeardown *
teardown_begin_inner (LifecycleTeardown *outer,
                      LifecycleScope    *root)
{
  InnerTeardown *self = g_new0 (InnerTeardown, 1);

  self->base.outer = outer;
  self->base.list = &self->list;
  lifecycle_teardown_begin (&self->base, root, FALSE);

  return &self->base;
}

/* Finishes a teardown that was begun by another one, and returns that one. */
static LifecycleTeardown *
teardown_end_inner (LifecycleTeardown *self)
{
  LifecycleScope *root = self->list->items[0];
  LifecycleTeardown *outer = self->outer;

  teardown_release (root, FALSE, self->began);
  lifecycle_scope_leave_home (root);
  g_object_unref (root);
  lifecycle_scope_list_clear (self->list);
  g_free (self);

  return outer;
}

/* Does everything up to the release. On the way, takes down the scopes that were set aside, and
 * before each of them, those that its own teardown has set aside.
 */
static void
teardown_prepare (LifecycleTeardown *self,
                  LifecycleScope    *root,
                  gboolean           waits)
{
  LifecycleTeardown *inmost = self;

  lifecycle_teardown_begin (self, root, waits);
  for (;;)
    {
      LifecycleScope *scope = lifecycle_teardown_next_apart (inmost);

      if (scope != NULL)
        {
          inmost = teardown_begin_inner (inmost, scope);
          continue;
        }

      g_clear_pointer (&inmost->apart, g_ptr_array_unref);
      teardown_mute (inmost->list, inmost->fence);
      teardown_cancel (inmost->list, inmost->fence);
      if (inmost == self)
        break;
      inmost = teardown_end_inner (inmost);
    }
}

/* Returns whether the teardown of a scope, which has been marked, can concern no other scope.
 *
 * This needs no lock. Children, followers and what the scope follows are added only while it is open,
 * under the lock that it was marked under, so whoever sees the mark sees all of them. From then on the
 * number of children can only fall, when one that is at home elsewhere leaves; if it has just done so,
 * either answer is right.
 */
static gboolean
teardown_is_of_one (LifecycleScope *scope)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);

  return !scope->in_teardown &&
         !lifecycle_scope_is_open (scope) &&
         lifecycle_glance (&holdings->n_children) == 0 &&
         lifecycle_holdings_peek_extra (holdings)->followers == NULL &&
         lifecycle_scope_peek_extra (scope)->following == NULL;
}

/* Takes down a scope that has no children, is followed by none, and follows nothing, as most are: the
 * same steps, without the lists. User code in the first step and in the last two may start a teardown
 * of a scope above, which then does what is left. Returns whether the caller has to drop a reference:
 * if no user code can run, the one of the owner keeps the scope until then.
 */
static gboolean
teardown_run_one (LifecycleScope *scope,
                  guint          *n_released)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (scope);
  gboolean watched = lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES);
  gboolean tell = scope->announced || lifecycle_scope_has_handlers (scope);
  gboolean held = tell || watched || g_atomic_pointer_get (&scope->extra) != NULL;
  gboolean left = FALSE;
  LifecycleEntry *entry;
  gint64 began = 0;
  gboolean more;
  guint flags;

  if (lifecycle_glance (&ledger->n_entries) > 0 || watched)
    began = g_get_monotonic_time ();

  if (held)
    g_object_ref (scope);

  scope->n_released = 0;
  scope->in_teardown = TRUE;
  scope->releasing = TRUE;

  if (!scope->announced)
    {
      scope->announced = TRUE;
      if (tell)
        lifecycle_scope_emit_closing (scope);
    }

  scope->n_released += lifecycle_ledger_mute_all (ledger, &more);
  if (!more)
    {
      /* No user code has run, so if nobody has listened, nobody does now. */
      if (!lifecycle_scope_has_closed (scope))
        left = teardown_finish (scope, scope, began, tell);
    }
  else
    {
      if (!held)
        g_object_ref (scope);
      held = TRUE;

      teardown_cancel_scope (scope, NULL);
      while (!lifecycle_scope_has_closed (scope))
        {
          entry = lifecycle_ledger_pop (ledger, LIFECYCLE_LIST_MUTED, &flags);
          if (entry == NULL)
            {
              left = teardown_finish (scope, scope, began, TRUE);
              break;
            }

          scope->n_released++;
          lifecycle_entry_get_class (entry)->release (ledger, entry, flags);
        }
    }

  *n_released = scope->n_released;
  if (held && left)
    g_object_unref (scope);

  return held || left;
}

/* Code of another language may throw an exception that unwinds the stack past a teardown, with
 * longjmp() and the like. Nothing can stop that, but a later close, if it is called no deeper in the
 * stack, finds that the outermost teardown of its thread is no longer there. Stacks grow downwards
 * on all systems that GLib supports. Frames are compared and not local variables, which a sanitizer
 * may put elsewhere.
 */
static _Thread_local gconstpointer outermost;

/* Called with the caller's frame, before code that may run user code while it takes a scope down. The
 * caller passes the same frame to leave() afterwards.
 */
void
lifecycle_teardown_enter (gconstpointer frame)
{
  if (outermost == NULL || (gsize) outermost <= (gsize) frame)
    outermost = frame;
}

void
lifecycle_teardown_leave (gconstpointer frame)
{
  if (outermost == frame)
    outermost = NULL;
}

/* Called at home. Returns whether the teardown of a scope was left before its end. If another one
 * is running on this thread, it may be that of the scope. A fiber has a stack elsewhere, so this may
 * be wrong; then two teardowns share the work, as they do if a cleanup closes the scope.
 */
gboolean
lifecycle_teardown_is_abandoned (LifecycleScope *scope)
{
  if (!scope->in_teardown || scope->awaiting_release)
    return FALSE;

  return outermost == NULL || (gsize) outermost <= (gsize) LIFECYCLE_FRAME;
}

/* Called at home, on a scope that the caller need not hold. Returns whether the caller has to drop a
 * reference afterwards, which keeps the scope until then.
 */
gboolean
lifecycle_teardown_run_unheld (LifecycleScope *root,
                               guint          *n_released)
{
  gboolean held = TRUE;

  if (teardown_is_of_one (root))
    {
      lifecycle_teardown_enter (LIFECYCLE_FRAME);
      held = teardown_run_one (root, n_released);
      lifecycle_teardown_leave (LIFECYCLE_FRAME);
    }
  else
    {
      g_object_ref (root);
      *n_released = lifecycle_teardown_run (root, NULL);
    }

  return held;
}

/* Called at home, by a caller that holds a reference. If there is a fence, the root is only cleared of
 * the entries before it.
 */
guint
lifecycle_teardown_run (LifecycleScope *root,
                        LifecycleEntry *fence)
{
  LifecycleScopeList list;
  LifecycleTeardown teardown = { .list = &list, .fence = fence };
  guint n_released;

  lifecycle_teardown_enter (LIFECYCLE_FRAME);

  if (fence == NULL && teardown_is_of_one (root))
    {
      if (teardown_run_one (root, &n_released))
        g_object_unref (root);
    }
  else
    {
      teardown_prepare (&teardown, root, FALSE);
      teardown_release (root, teardown.fence != NULL, teardown.began);
      n_released = root->n_released - teardown.n_before;
      lifecycle_scope_list_clear (&list);
    }

  lifecycle_teardown_leave (LIFECYCLE_FRAME);

  return n_released;
}

/* Called at home. Does everything except the release, which has to wait. */
void
lifecycle_teardown_start (LifecycleScopeList *list,
                          LifecycleScope     *scope)
{
  LifecycleTeardown teardown = { .list = list };

  lifecycle_teardown_enter (LIFECYCLE_FRAME);
  teardown_prepare (&teardown, scope, TRUE);
  lifecycle_teardown_leave (LIFECYCLE_FRAME);
}

/* Called at home. Does the release. `began` is the time when the teardown began. */
guint
lifecycle_teardown_finish (LifecycleScope *scope,
                           gint64          began)
{
  guint n_released = scope->n_released;

  g_object_ref (scope);
  scope->awaiting_release = FALSE;
  lifecycle_teardown_enter (LIFECYCLE_FRAME);
  teardown_release (scope, FALSE, began);
  lifecycle_teardown_leave (LIFECYCLE_FRAME);
  n_released = scope->n_released - n_released;
  g_object_unref (scope);

  return n_released;
}

/* Called at home. */
guint
lifecycle_teardown_clear (LifecycleScope *scope)
{
  LifecycleExtra *extra = lifecycle_scope_ensure_extra (scope);
  LifecycleClear *clear = g_new0 (LifecycleClear, 1);
  guint n_released;

  g_object_ref (scope);
  clear->outer = extra->clear;
  extra->clear = clear;
  lifecycle_ledger_set_fence (lifecycle_scope_get_ledger (scope), &clear->fence);
  n_released = lifecycle_teardown_run (scope, &clear->fence);
  extra->clear = clear->outer;
  g_free (clear);

  /* The scope has been marked as closing meanwhile, because it follows one of its children. */
  if (!lifecycle_scope_is_open (scope) && !lifecycle_scope_has_closed (scope) && !scope->in_teardown)
    n_released += lifecycle_teardown_run (scope, NULL);
  if (lifecycle_scope_is_open (scope))
    lifecycle_scope_settle_error (scope);
  g_object_unref (scope);

  return n_released;
}
