/* result-after-owner.c: the result of an asynchronous call arrives after its owner is finalized
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A dialog is closed while it waits for the bus, for a file or for the network. Cancelling in dispose is
 * not enough: the callback is called nevertheless, and reads its owner before it looks at the error. A
 * result that was on its way already is not even an error.
 *
 * Reported as: mate-panel #1557, xapp #201, gnome-control-center #2733, snapd-glib #108,
 * gnome-text-editor b1699c4, GPaste ad45033b, gnome-network-displays a5c23c0
 */

#include "museum.h"

static guint n_results;

static void
loaded_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      owner)
{
  g_autoptr (GFileInfo) info = NULL;

  museum_owner_use (owner);
  info = g_file_query_info_finish (G_FILE (source), result, NULL);
  n_results++;
}

static void
cancel (MuseumOwner *self)
{
  g_cancellable_cancel (museum_owner_get_data (self));
}

static void
raw (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  MuseumOwner *dialog = museum_owner_new_full (cancel);

  museum_owner_set_data (dialog, cancellable);
  n_results = 0;
  g_file_query_info_async (file, "standard::*", G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT, cancellable,
                           loaded_cb, dialog);
  g_object_unref (dialog);

  test_iterate_until (n_results > 0);
}

static void
note_cb (gpointer gone)
{
  *(gboolean *) gone = TRUE;
}

static void
scope (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/");
  MuseumOwner *dialog = museum_owner_new ();
  LifecycleOperation *op;
  gboolean over = FALSE;

  n_results = 0;
  op = lifecycle_scope_begin_async (lifecycle_scope_of (G_OBJECT (dialog)), "load", loaded_cb, dialog,
                                    NULL);
  /* What is kept for the call is freed when the call is over. */
  lifecycle_operation_keep (op, &over, note_cb);
  g_file_query_info_async (file, "standard::*", G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT,
                           lifecycle_operation_get_cancellable (op), lifecycle_operation_ready, op);
  g_object_unref (dialog);

  test_iterate_until (over);
  g_assert_cmpuint (n_results, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "result-after-owner", "a finalized object is used", raw, scope);
}
