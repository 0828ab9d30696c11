/* window-destroyed-but-held.c: a window that was destroyed, but is held, goes on receiving signals
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gtk_window_destroy() does not dispose a window that somebody holds. What its dispose should
 * disconnect stays connected, and so does what g_signal_connect_object() has tied to its life.
 *
 * Reported as: planify #1588, granite #990
 */

#include "museum.h"

#include <lifecycle-gtk.h>

static GtkWindow *window;
static GtkWindow *held;
static guint n_late;

static void
changed_cb (GObject    *settings,
            GParamSpec *pspec,
            gpointer    user_data)
{
  if (held != NULL)
    n_late++;
}

static GtkAdjustment *
begin (void)
{
  n_late = 0;
  window = GTK_WINDOW (gtk_window_new ());

  return g_object_ref_sink (gtk_adjustment_new (0, 0, 10, 1, 1, 1));
}

/* The user closes the window while something, a closure as a rule, holds it. */
static void
close_and_go_on (GtkAdjustment *settings)
{
  held = g_object_ref (window);
  gtk_window_destroy (window);
  museum_settle ();

  gtk_adjustment_set_value (settings, 1);
  gtk_adjustment_set_value (settings, 2);

  g_clear_object (&held);
  museum_settle ();
  gtk_adjustment_set_value (settings, 3);
  g_object_unref (settings);
}

static void
raw (void)
{
  GtkAdjustment *settings;

  if (!gtk_init_check ())
    {
      museum_skip ("no display");
      return;
    }

  settings = begin ();
  g_signal_connect_object (settings, "notify::value", G_CALLBACK (changed_cb), window, 0);
  close_and_go_on (settings);
  if (n_late > 0)
    museum_fault ("%u changes reach a window that was destroyed", n_late);
}

static void
scope (void)
{
  GtkAdjustment *settings;

  if (!gtk_init_check ())
    {
      museum_skip ("no display");
      return;
    }

  settings = begin ();
  lifecycle_scope_connect_signal (lifecycle_gtk_scope_of (GTK_WIDGET (window)), settings,
                                  "notify::value", G_CALLBACK (changed_cb), window);
  close_and_go_on (settings);
  g_assert_cmpuint (n_late, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "window-destroyed-but-held", "2 changes *", raw, scope);
}
