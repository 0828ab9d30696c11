/* planted-gtk.c: a program whose windows live on after they were destroyed, and its twin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: planted-gtk [clean]
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <gtk/gtk.h>
#include <string.h>

#define N_ROUNDS 6

/* A part of a window that holds the window. */
#define PLANTED_TYPE_PART (planted_part_get_type ())
G_DECLARE_FINAL_TYPE (PlantedPart, planted_part, PLANTED, PART, GtkBox)

struct _PlantedPart
{
  GtkBox     parent_instance;
  GtkWindow *window;
};

G_DEFINE_TYPE (PlantedPart, planted_part, GTK_TYPE_BOX)

#define PLANTED_TYPE_WINDOW (planted_window_get_type ())
G_DECLARE_FINAL_TYPE (PlantedWindow, planted_window, PLANTED, WINDOW, GtkWindow)

struct _PlantedWindow
{
  GtkWindow parent_instance;
};

G_DEFINE_TYPE (PlantedWindow, planted_window, GTK_TYPE_WINDOW)

static gboolean clean;
static guint n_rounds;
static GtkWindow *window;

static void
planted_part_class_init (PlantedPartClass *class)
{
}

static void
planted_part_init (PlantedPart *self)
{
  for (guint i = 0; i < 5; i++)
    gtk_box_append (GTK_BOX (self), gtk_button_new_with_label ("Hello"));
}

static void
planted_window_class_init (PlantedWindowClass *class)
{
}

static void
planted_window_init (PlantedWindow *self)
{
  PlantedPart *part = g_object_new (PLANTED_TYPE_PART, NULL);

  part->window = GTK_WINDOW (self);
  if (!clean)
    g_object_ref (part->window);
  gtk_window_set_child (GTK_WINDOW (self), GTK_WIDGET (part));
}

static gboolean
round_cb (gpointer data)
{
  void (* snapshot) (void) = (void (*) (void)) dlsym (RTLD_DEFAULT, "lifecycle_audit_snapshot");

  if (window == NULL)
    {
      window = g_object_new (PLANTED_TYPE_WINDOW, NULL);
      gtk_window_present (window);
      return G_SOURCE_CONTINUE;
    }

  gtk_window_destroy (g_steal_pointer (&window));
  if (snapshot != NULL)
    snapshot ();
  if (++n_rounds < N_ROUNDS)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (data);

  return G_SOURCE_REMOVE;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  clean = argc > 1 && strcmp (argv[1], "clean") == 0;
  gtk_init ();
  g_timeout_add (150, round_cb, loop);
  g_main_loop_run (loop);

  return 0;
}
