/* test-phases.c: what lasts as long as a widget is visible, active or focused
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

/* A letter for each phase: a capital when a run begins, a small one when it ends. */
static const char letters[] = "rzmsaf";

static GString *events;

static void
phase_left (LifecycleScope   *run,
            LifecycleReason   reason,
            gpointer          letter,
            GError          **error)
{
  g_string_append_c (events, (char) GPOINTER_TO_INT (letter));
}

static void
phase_entered (LifecycleScope *run,
               gpointer        letter)
{
  g_string_append_c (events, g_ascii_toupper (GPOINTER_TO_INT (letter)));
  lifecycle_scope_defer (run, phase_left, letter, NULL);
}

/* A macro, so that a failure names the line of the test. It waits for what GTK does later. */
#define assert_events(expected) \
  G_STMT_START \
    { \
      test_iterate_until (strlen (events->str) >= strlen (expected)); \
      test_gtk_settle (); \
      g_assert_cmpstr (events->str, ==, expected); \
      g_string_truncate (events, 0); \
    } \
  G_STMT_END

typedef struct
{
  GtkWindow      *window;
  GtkWidget      *box;
  GtkWidget      *entry;
  GtkWidget      *button;
  LifecycleScope *scope;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  events = g_string_new (NULL);
  fixture->window = GTK_WINDOW (gtk_window_new ());
  fixture->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  fixture->entry = g_object_ref (gtk_entry_new ());
  fixture->button = gtk_button_new ();
  gtk_box_append (GTK_BOX (fixture->box), fixture->button);
  gtk_box_append (GTK_BOX (fixture->box), fixture->entry);
  gtk_window_set_child (fixture->window, fixture->box);
  fixture->scope = lifecycle_scope_new ("scope");
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  if (fixture->window != NULL)
    gtk_window_destroy (fixture->window);
  if (fixture->entry != NULL)
    g_assert_finalize_object (fixture->entry);
  lifecycle_scope_close (fixture->scope);
  g_assert_finalize_object (fixture->scope);
  g_string_free (events, TRUE);
}

static void
add_phases (Fixture    *fixture,
            GtkWidget  *widget,
            const char *which)
{
  for (; *which != '\0'; which++)
    g_assert_true (lifecycle_gtk_add_phase (fixture->scope, widget,
                                            (LifecycleGtkPhase) (strchr (letters, *which) - letters),
                                            phase_entered, GINT_TO_POINTER (*which), NULL));
}

static void
test_shown_and_closed (Fixture       *fixture,
                       gconstpointer  data)
{
  add_phases (fixture, fixture->entry, "rzms");
  assert_events ("R");
  gtk_window_present (fixture->window);
  assert_events ("ZMS");
  gtk_widget_set_visible (fixture->entry, FALSE);
  assert_events ("sm");
  gtk_widget_set_visible (fixture->entry, TRUE);
  assert_events ("MS");
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  assert_events ("smrz");
}

/* A window that is destroyed and held; for GTK, the entry stays rooted. */
static void
test_held (Fixture       *fixture,
           gconstpointer  data)
{
  g_autoptr (GtkWindow) window = g_object_ref (fixture->window);

  add_phases (fixture, fixture->entry, "rm");
  gtk_window_present (fixture->window);
  assert_events ("RM");
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  assert_events ("mr");
  g_assert_nonnull (gtk_widget_get_root (fixture->entry));
}

static void
test_reparented (Fixture       *fixture,
                 gconstpointer  data)
{
  GtkWindow *other = GTK_WINDOW (gtk_window_new ());
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  gtk_window_set_child (other, box);
  test_gtk_show (fixture->window);
  test_gtk_show (other);
  add_phases (fixture, fixture->entry, "rzms");
  assert_events ("RZMS");
  gtk_box_remove (GTK_BOX (fixture->box), fixture->entry);
  assert_events ("smzr");
  gtk_box_append (GTK_BOX (box), fixture->entry);
  assert_events ("RZMS");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 8);

  /* The first window is no longer of interest. */
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  assert_events ("");
  gtk_window_destroy (other);
  assert_events ("smrz");
}

static void
test_minimized (Fixture       *fixture,
                gconstpointer  data)
{
  add_phases (fixture, fixture->entry, "ms");
  test_gtk_show (fixture->window);
  assert_events ("MS");
  gtk_window_minimize (fixture->window);
  assert_events ("s");
  gtk_window_unminimize (fixture->window);
  assert_events ("S");
  lifecycle_scope_close (fixture->scope);
  assert_events ("sm");
}

static void
test_active (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWindow *other = GTK_WINDOW (gtk_window_new ());

  add_phases (fixture, fixture->entry, "a");
  test_gtk_show (fixture->window);
  assert_events ("A");
  test_gtk_show (other);
  assert_events ("a");
  gtk_window_destroy (other);
  assert_events ("A");
  gtk_box_remove (GTK_BOX (fixture->box), fixture->entry);
  assert_events ("a");
}

static void
test_focused (Fixture       *fixture,
              gconstpointer  data)
{
  add_phases (fixture, fixture->entry, "f");
  test_gtk_show (fixture->window);
  gtk_widget_grab_focus (fixture->button);
  assert_events ("");
  /* The focus is not on the entry, but on the text inside. */
  gtk_widget_grab_focus (fixture->entry);
  assert_events ("F");
  gtk_widget_grab_focus (fixture->button);
  assert_events ("f");
}

/* The widget goes first, and the phases with it. */
static void
test_disposed (Fixture       *fixture,
               gconstpointer  data)
{
  test_gtk_show (fixture->window);
  add_phases (fixture, fixture->entry, "rzmsaf");
  g_string_truncate (events, 0);
  gtk_box_remove (GTK_BOX (fixture->box), fixture->entry);
  g_string_truncate (events, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 6);
  g_assert_finalize_object (g_steal_pointer (&fixture->entry));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 0);
}

static void
test_late (Fixture       *fixture,
           gconstpointer  data)
{
  gboolean destroyed = FALSE;

  lifecycle_scope_close (fixture->scope);
  g_assert_false (lifecycle_gtk_add_phase (fixture->scope, fixture->entry, LIFECYCLE_GTK_PHASE_ROOTED,
                                           phase_entered, &destroyed, test_gtk_set_true));
  g_assert_true (destroyed);
  assert_events ("");
}

#define add(path, func) \
  g_test_add ("/lifecycle/gtk/phases/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);

  add ("shown-and-closed", test_shown_and_closed);
  add ("held", test_held);
  add ("reparented", test_reparented);
  add ("minimized", test_minimized);
  add ("active", test_active);
  add ("focused", test_focused);
  add ("disposed", test_disposed);
  add ("late", test_late);

  return g_test_run ();
}
