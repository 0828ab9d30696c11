/* timeout-outlives-owner.c: a timeout goes on running after its owner is finalized
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A dialog shows figures that a timeout brings up to date. The dialog is closed, the timeout stays.
 *
 * Reported as: transmission-remote-gtk #251, sfwbar #273
 */

#include "museum.h"

static guint n_ticks;

static gboolean
tick_cb (gpointer owner)
{
  museum_owner_use (owner);
  n_ticks++;
  return G_SOURCE_CONTINUE;
}

static gboolean
done_cb (gpointer done)
{
  *(gboolean *) done = TRUE;
  return G_SOURCE_REMOVE;
}

/* Runs the loop for longer than the timeout's interval. */
static void
wait_a_little (void)
{
  gboolean done = FALSE;

  g_timeout_add (20, done_cb, &done);
  test_iterate_until (done);
}

static void
raw (void)
{
  MuseumOwner *dialog = museum_owner_new ();
  guint id = g_timeout_add (1, tick_cb, dialog);

  g_object_unref (dialog);
  n_ticks = 0;
  test_iterate_until (n_ticks > 0);

  g_source_remove (id);
}

static void
scope (void)
{
  MuseumOwner *dialog = museum_owner_new ();

  lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (dialog)), 1, tick_cb, dialog, NULL);
  g_object_unref (dialog);

  n_ticks = 0;
  wait_a_little ();
  g_assert_cmpuint (n_ticks, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "timeout-outlives-owner", "a finalized object is used", raw, scope);
}
