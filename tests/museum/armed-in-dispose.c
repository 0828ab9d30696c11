/* armed-in-dispose.c: a timer is armed again while its owner is being disposed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dispose() removes the timeout, and then calls something that arms it again.
 *
 * Reported as: GPaste 707ccb94
 */

#include "museum.h"

static guint id;
static guint n_saves;

static gboolean
save_cb (gpointer owner)
{
  museum_owner_use (owner);
  n_saves++;
  return G_SOURCE_REMOVE;
}

static void
stop_by_id (MuseumOwner *self)
{
  g_clear_handle_id (&id, g_source_remove);

  /* Something below tells the owner that its data has changed. */
  id = g_timeout_add (1, save_cb, self);
}

static void
raw (void)
{
  MuseumOwner *history = museum_owner_new_full (stop_by_id);

  n_saves = 0;
  id = g_timeout_add (1, save_cb, history);
  g_object_unref (history);

  test_iterate_until (n_saves > 0);
}

static void
stop_by_scope (MuseumOwner *self)
{
  LifecycleScope *own = museum_owner_get_scope (self);

  if (own == NULL)
    return;

  lifecycle_scope_close (own);

  /* Too late: the scope is closed, and nothing is armed. */
  g_assert_null (lifecycle_scope_add_timeout (own, 1, save_cb, self, NULL));
}

static void
scope (void)
{
  MuseumOwner *history = museum_owner_new_full (stop_by_scope);

  n_saves = 0;
  museum_owner_set_scope (history, lifecycle_scope_new ("history"));
  lifecycle_scope_add_timeout (museum_owner_get_scope (history), 1, save_cb, history, NULL);
  g_object_unref (history);

  g_usleep (2000);
  museum_settle ();
  g_assert_cmpuint (n_saves, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "armed-in-dispose", "a finalized object is used", raw, scope);
}
