/* test-adw.c: animations of libadwaita
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

#include <adwaita.h>

static void
animate_cb (double   value,
            gpointer data)
{
  ++*(guint *) data;
}

static AdwAnimation *
new_animation (GtkWidget *widget,
               guint      duration,
               guint     *n_calls)
{
  return adw_timed_animation_new (widget, 0, 1, duration,
                                  adw_callback_animation_target_new (animate_cb, n_calls, NULL));
}

static void
test_animation (void)
{
  GtkWindow *window = GTK_WINDOW (gtk_window_new ());
  GtkWidget *label = gtk_label_new ("label");
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  AdwAnimation *animation;
  guint n_calls = 0;
  guint n_refs;

  gtk_window_set_child (window, label);
  test_gtk_show (window);

  /* It ends by itself. */
  animation = new_animation (label, 20, &n_calls);
  n_refs = G_OBJECT (animation)->ref_count;
  g_assert_true (lifecycle_gtk_add_animation (scope, G_OBJECT (animation)));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  adw_animation_play (animation);
  test_iterate_until (adw_animation_get_state (animation) == ADW_ANIMATION_FINISHED);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (G_OBJECT (animation)->ref_count, ==, n_refs);

  /* The scope closes in the middle. */
  animation = new_animation (label, 100000, &n_calls);
  g_assert_true (lifecycle_gtk_add_animation (scope, G_OBJECT (animation)));
  adw_animation_play (animation);
  n_calls = 0;
  test_iterate_until (n_calls > 2);
  lifecycle_scope_close (scope);
  g_assert_cmpint (adw_animation_get_state (animation), ==, ADW_ANIMATION_PAUSED);

  /* Late. */
  adw_animation_resume (animation);
  g_assert_false (lifecycle_gtk_add_animation (scope, G_OBJECT (animation)));
  g_assert_cmpint (adw_animation_get_state (animation), ==, ADW_ANIMATION_PAUSED);
  g_assert_cmpuint (G_OBJECT (animation)->ref_count, ==, n_refs);

  g_assert_finalize_object (scope);
  gtk_window_destroy (window);
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/lifecycle/gtk/adw/animation", test_animation);

  return g_test_run ();
}
