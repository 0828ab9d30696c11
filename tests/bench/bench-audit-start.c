/* bench-audit-start.c: a GTK program that ends when it has started
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gtk/gtk.h>

#define N_ROWS 60

/* What is counted; exported, so that no compiler gives it another name. */
void callgrind_start (GMainLoop *loop);

static void
clicked_cb (GtkButton *button,
            gpointer   data)
{
}

/* A row of six widgets. */
static GtkWidget *
row_new (guint i)
{
  g_autofree char *text = g_strdup_printf ("Row %u", i);
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *button = gtk_button_new_with_label (text);
  GtkWidget *toggle = gtk_switch_new ();

  g_signal_connect (button, "clicked", G_CALLBACK (clicked_cb), row);
  g_object_bind_property (toggle, "active", button, "sensitive", G_BINDING_SYNC_CREATE);
  gtk_box_append (GTK_BOX (row), button);
  gtk_box_append (GTK_BOX (row), gtk_label_new (text));
  gtk_box_append (GTK_BOX (row), toggle);
  gtk_box_append (GTK_BOX (row), gtk_entry_new ());

  return row;
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);

  return G_SOURCE_REMOVE;
}

static void
mapped_cb (GtkWidget *window,
           gpointer   loop)
{
  g_idle_add_full (G_PRIORITY_LOW, quit_cb, loop, NULL);
}

void
callgrind_start (GMainLoop *loop)
{
  GtkWidget *window, *box;

  gtk_init ();
  window = gtk_window_new ();
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  for (guint i = 0; i < N_ROWS; i++)
    gtk_box_append (GTK_BOX (box), row_new (i));
  gtk_window_set_child (GTK_WINDOW (window), box);
  g_signal_connect (window, "map", G_CALLBACK (mapped_cb), loop);
  gtk_window_present (GTK_WINDOW (window));
  g_main_loop_run (loop);
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  void (* volatile start) (GMainLoop *) = callgrind_start;

  start (loop);

  return 0;
}
