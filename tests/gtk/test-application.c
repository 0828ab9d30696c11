/* test-application.c: the scope of an application, and the end of its windows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

typedef struct
{
  GtkApplication     *application;
  GtkWindow          *first;
  GtkWindow          *second;
  LifecycleOperation *operation;
  gboolean            refuse;
  char               *error;
  guint               n_results;
  void             (* run) (gpointer fixture);
} Fixture;

static void
closed_cb (LifecycleScope  *scope,
           LifecycleReason  reason,
           gpointer         name)
{
  test_log ("%s", (const char *) name);
}

static gboolean
close_request_cb (GtkWindow *window,
                  Fixture   *fixture)
{
  return fixture->refuse;
}

static void
activate_cb (GtkApplication *application,
             Fixture        *fixture)
{
  fixture->first = GTK_WINDOW (gtk_application_window_new (application));
  fixture->second = GTK_WINDOW (gtk_application_window_new (application));
  gtk_window_set_title (fixture->second, "second");
  g_signal_connect (fixture->second, "close-request", G_CALLBACK (close_request_cb), fixture);
  test_gtk_show (fixture->first);
  test_gtk_show (fixture->second);
  fixture->run (fixture);
}

static void
run_application (Fixture    *fixture,
                 void     (* run) (gpointer fixture))
{
  fixture->application = gtk_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  fixture->run = run;
  g_signal_connect (fixture->application, "activate", G_CALLBACK (activate_cb), fixture);
  g_assert_cmpint (g_application_run (G_APPLICATION (fixture->application), 0, NULL), ==, 0);
}

static void
never_activated (GSimpleAction *action,
                 GVariant      *parameter,
                 gpointer       data)
{
  g_assert_not_reached ();
}

static void
shutdown_run (gpointer data)
{
  Fixture *fixture = data;
  LifecycleScope *scope;

  /* One window has a scope before the application does, and one after it. */
  g_signal_connect (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->first)), "closed",
                    G_CALLBACK (closed_cb), (gpointer) "first");
  scope = lifecycle_gtk_scope_of_application (fixture->application);
  g_assert_true (scope == lifecycle_gtk_scope_of_application (fixture->application));
  g_signal_connect (scope, "closed", G_CALLBACK (closed_cb), (gpointer) "application");
  lifecycle_scope_defer (scope, test_gtk_log_cb, (gpointer) "entry", NULL);
  g_signal_connect (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->second)), "closed",
                    G_CALLBACK (closed_cb), (gpointer) "second");
  /* Another scope of the same window follows, too. */
  lifecycle_scope_close (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->second)));
  test_assert_log ("second");
  g_signal_connect (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->second)), "closed",
                    G_CALLBACK (closed_cb), (gpointer) "second");
  lifecycle_gtk_add_simple_action (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->first)),
                                   G_ACTION_MAP (fixture->first), "test", NULL,
                                   never_activated, NULL, NULL);
  g_application_quit (G_APPLICATION (fixture->application));
}

static void
test_shutdown (void)
{
  Fixture fixture = { NULL };
  LifecycleScope *scope;

  run_application (&fixture, shutdown_run);
  test_assert_log ("second first entry application");
  scope = lifecycle_gtk_scope_of_application (fixture.application);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_SHUTDOWN);
  gtk_window_destroy (fixture.first);
  gtk_window_destroy (fixture.second);
  g_assert_finalize_object (fixture.application);
}

static void
result_cb (GObject      *application,
           GAsyncResult *result,
           gpointer      data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  gboolean closed = lifecycle_gtk_close_windows_finish (GTK_APPLICATION (application), result,
                                                        &error);

  fixture->n_results++;
  g_assert_true (closed == (error == NULL));
  g_free (fixture->error);
  fixture->error = error != NULL ? g_strdup (error->message) : NULL;
}

static void
close_windows (Fixture      *fixture,
               guint         timeout_ms,
               GCancellable *cancellable)
{
  fixture->n_results = 0;
  lifecycle_gtk_close_windows_async (fixture->application, timeout_ms, cancellable, result_cb,
                                     fixture);
  g_assert_cmpuint (fixture->n_results, ==, 0);
}

static guint
count_windows (Fixture *fixture)
{
  return g_list_length (gtk_application_get_windows (fixture->application));
}

static void
close_run (gpointer data)
{
  Fixture *fixture = data;

  g_application_hold (G_APPLICATION (fixture->application));

  /* A save is under way in a widget of one window. */
  fixture->operation = lifecycle_scope_begin (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->first)),
                                              "save");
  close_windows (fixture, 0, NULL);
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_results, ==, 0);
  g_assert_cmpuint (count_windows (fixture), ==, 1);
  lifecycle_operation_end (fixture->operation);
  test_iterate_until (fixture->n_results == 1);
  g_assert_cmpuint (count_windows (fixture), ==, 0);
  g_assert_null (fixture->error);

  /* No windows at all. */
  close_windows (fixture, 0, NULL);
  test_iterate_until (fixture->n_results == 1);
  g_assert_null (fixture->error);

  g_application_release (G_APPLICATION (fixture->application));
}

static void
test_close (void)
{
  Fixture fixture = { NULL };

  run_application (&fixture, close_run);
  g_assert_finalize_object (fixture.application);
}

static void
refuse_run (gpointer data)
{
  Fixture *fixture = data;

  g_application_hold (G_APPLICATION (fixture->application));
  fixture->refuse = TRUE;

  /* It asks the user, who agrees in the end. */
  close_windows (fixture, 0, NULL);
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_results, ==, 0);
  gtk_window_destroy (fixture->second);
  test_iterate_until (fixture->n_results == 1);
  g_assert_null (fixture->error);

  g_application_release (G_APPLICATION (fixture->application));
}

static void
test_refuse (void)
{
  Fixture fixture = { NULL };

  run_application (&fixture, refuse_run);
  g_assert_finalize_object (fixture.application);
}

static void
deadline_run (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_application_hold (G_APPLICATION (fixture->application));
  fixture->refuse = TRUE;
  fixture->operation = lifecycle_scope_begin (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->first)),
                                              "save");
  close_windows (fixture, 50, NULL);
  test_iterate_until (fixture->n_results == 1);
  g_assert_nonnull (strstr (fixture->error, "save"));
  g_assert_nonnull (strstr (fixture->error, "'second' (GtkApplicationWindow) refused to close"));
  g_assert_cmpuint (count_windows (fixture), ==, 1);
  lifecycle_operation_end (fixture->operation);

  close_windows (fixture, 0, cancellable);
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_results, ==, 0);
  g_cancellable_cancel (cancellable);
  test_iterate_until (fixture->n_results == 1);
  g_assert_nonnull (fixture->error);
  g_assert_cmpuint (count_windows (fixture), ==, 1);

  fixture->refuse = FALSE;
  close_windows (fixture, 0, NULL);
  test_iterate_until (fixture->n_results == 1);
  g_assert_null (fixture->error);
  g_application_release (G_APPLICATION (fixture->application));
}

static void
test_deadline (void)
{
  Fixture fixture = { NULL };

  run_application (&fixture, deadline_run);
  g_assert_finalize_object (fixture.application);
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/gtk/application/shutdown", test_shutdown);
  g_test_add_func ("/lifecycle/gtk/application/close", test_close);
  g_test_add_func ("/lifecycle/gtk/application/refuse", test_refuse);
  g_test_add_func ("/lifecycle/gtk/application/deadline", test_deadline);

  return g_test_run ();
}
