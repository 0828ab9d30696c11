/* consumer.c: a program outside the tree; also compiled as C++
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#if !LIFECYCLE_CHECK_VERSION (1, 0, 0)
#error "The version macros are wrong."
#endif

static guint n_heard;

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      data)
{
  n_heard++;
}

static void
goodbye_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          user_data,
            GError          **error)
{
  g_print ("goodbye %s\n", (const char *) user_data);
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GCancellable) emitter = g_cancellable_new ();
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("consumer");
  char name[] = "consumer";

  lifecycle_scope_connect_signal (scope, emitter, "cancelled", G_CALLBACK (cancelled_cb), NULL);
  lifecycle_scope_defer (scope, goodbye_cb, name, NULL);

  g_cancellable_cancel (emitter);
  g_print ("%u released\n", lifecycle_scope_close (scope));

  g_cancellable_reset (emitter);
  g_cancellable_cancel (emitter);
  g_print ("%u heard\n", n_heard);

  return lifecycle_scope_is_closed (scope) ? 0 : 1;
}
