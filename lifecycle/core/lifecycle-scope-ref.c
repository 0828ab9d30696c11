/* lifecycle-scope-ref.c: how other structures lead to a scope, and how that ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-scope-private.h"

/* A reference that is dropped away from home may be the last one while the scope still has to be taken
 * down. Then dispose keeps the scope alive for its home, and a thread that has found the scope in a
 * ledger may do the same at any time. But g_object_unref() of the first thread is not over yet, and may
 * be slower than everything that follows elsewhere:
 *
 * - Before GLib 2.80, it goes on to touch the object after it has dropped its reference, to thaw the
 *   notifications. So a later dispose, which may lead to the end of the object, waits for that.
 * - From GLib 2.80 on it does not, but if its reference has become the last one meanwhile, it finalizes
 *   the object without another dispose. So a scope that has been kept alive is made unreachable as soon
 *   as it is finished.
 */

#define UNREF_PATIENCE (5 * G_USEC_PER_SEC)

/* Called in dispose, with the last reference, if there has been a dispose before. Waits until the
 * g_object_unref() that has called that one is over. It is at its very end, where it waits for nothing.
 */
void
lifecycle_scope_await_unref (LifecycleScope *self)
{
  GObject *object = G_OBJECT (self);
  GQuark notify_queue;
  gint64 deadline;

  if (glib_check_version (2, 80, 0) == NULL)
    return;

  /* Without the freeze by the g_object_unref() that we are in, there is a queue for as long as there is
   * another freeze. One that a program has forgotten to thaw must not hold up anything for ever.
   */
  notify_queue = g_quark_from_static_string ("GObject-notify-queue");
  deadline = g_get_monotonic_time () + UNREF_PATIENCE;
  g_object_thaw_notify (object);
  while (g_object_get_qdata (object, notify_queue) != NULL && g_get_monotonic_time () < deadline)
    g_thread_yield ();
  g_object_freeze_notify (object);
}

/* Makes sure that nothing leads to a scope any more, which is finished. */
void
lifecycle_scope_make_unreachable (LifecycleScope *self)
{
  LifecycleExtra *extra = lifecycle_scope_peek_extra (self);

  lifecycle_ledger_set_scope (&self->holdings->ledger, NULL);
  if (extra->handle != NULL)
    lifecycle_ledger_set_scope (extra->handle, NULL);
  if (extra->following != NULL)
    lifecycle_ledger_set_scope (extra->following, NULL);
}

/* Returns a new reference to an empty ledger that leads to the scope for as long as the scope lives:
 * lifecycle_ledger_dup_scope(). Unlike the ledger of what the scope owns, it never leads to another
 * scope. The caller holds a reference to the scope.
 *
 * This is instead of a GWeakRef. If one is cleared while another thread is dropping the last reference
 * to the object, GLib 2.74 writes to it afterwards, when its memory may have been freed.
 */
LifecycleLedger *
lifecycle_scope_ref_handle (LifecycleScope *self)
{
  LifecycleExtra *extra = lifecycle_scope_ensure_extra (self);
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);

  if (extra->handle == NULL)
    extra->handle = lifecycle_ledger_new (self);
  lifecycle_ledger_unlock (ledger);

  return lifecycle_ledger_ref (extra->handle);
}
