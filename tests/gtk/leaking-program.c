/* leaking-program.c: a program for GTK that has never heard of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gtk/gtk.h>

/* "leaking": the closure of a signal holds a window that is destroyed. "clean": it does not. */

static gboolean done;

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    data)
{
}

static gboolean
destroy_cb (gpointer window)
{
  gtk_window_destroy (window);

  return G_SOURCE_REMOVE;
}

static gboolean
done_cb (gpointer data)
{
  done = TRUE;

  return G_SOURCE_REMOVE;
}

int
main (int    argc,
      char **argv)
{
  gboolean leaking = argc > 1 && g_str_equal (argv[1], "leaking");
  GtkWindow *window;

  if (!gtk_init_check ())
    return 77;

  window = GTK_WINDOW (gtk_window_new ());
  gtk_window_set_title (window, "the title");
  gtk_window_set_child (window, gtk_button_new_with_label ("a button"));
  gtk_widget_set_name (GTK_WIDGET (window), "preferences");
  if (leaking)
    g_signal_connect_data (gtk_settings_get_default (), "notify", G_CALLBACK (notify_cb),
                           g_object_ref (window), (GClosureNotify) (GCallback) g_object_unref,
                           (GConnectFlags) 0);
  gtk_window_present (window);
  g_timeout_add (200, destroy_cb, window);
  /* The time that a widget has is 2 seconds. */
  g_timeout_add (leaking ? 60000 : 3000, done_cb, NULL);
  while (!done)
    g_main_context_iteration (NULL, TRUE);

  return 0;
}
