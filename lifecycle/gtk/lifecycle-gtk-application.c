/* lifecycle-gtk-application.c: the scope of an application
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-entry-private.h"
#include "lifecycle-gtk-application-private.h"
#include "lifecycle-gtk-widget-private.h"

/* The scope of an application that has one, open or closed. */
LIFECYCLE_DEFINE_STATIC_QUARK (application_scope_quark, "lifecycle-gtk-application-scope")

static LifecycleScope *
application_peek_scope (GtkApplication *application)
{
  return g_object_get_qdata (G_OBJECT (application), application_scope_quark ());
}

/* Makes the scope of a window close with the one of its application. */
void
lifecycle_gtk_follow_application (GtkWindow      *window,
                                  LifecycleScope *scope)
{
  GtkApplication *application = gtk_window_get_application (window);
  LifecycleScope *above = application != NULL ? application_peek_scope (application) : NULL;

  if (above != NULL)
    lifecycle_scope_follow (scope, above);
}

static void
window_added_cb (GtkApplication *application,
                 GtkWindow      *window,
                 gpointer        data)
{
  LifecycleScope *scope = lifecycle_gtk_peek_scope_of (GTK_WIDGET (window));

  if (scope != NULL)
    lifecycle_scope_follow (scope, application_peek_scope (application));
}

static void
shutdown_cb (GtkApplication *application,
             gpointer        data)
{
  lifecycle_scope_close_with_reason (application_peek_scope (application),
                                     LIFECYCLE_REASON_SHUTDOWN, NULL);
}

/**
 * lifecycle_gtk_scope_of_application:
 * @application: an application; no reference is held
 *
 * Gets the scope of an application, or creates it.
 *
 * The scope closes, as [enum@Lifecycle.Reason.shutdown], when `GApplication::shutdown` begins, before
 * GTK's own handler. The scopes that [func@scope_of] has made for the windows of the application close
 * with it, and before anything that it owns is released. It also closes when @application is disposed.
 *
 * There is one such scope in the life of an application. Once closed, it stays closed. It is the one
 * that [func@Lifecycle.Scope.of] gets. To be called on GTK's thread, by a caller that holds a reference
 * on @application.
 *
 * Returns: (transfer none): the scope, which is valid as long as @application
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_gtk_scope_of_application_at (const char     *place,
                                       GtkApplication *application)
{
  LifecycleScope *scope;

  g_return_val_if_fail (GTK_IS_APPLICATION (application), NULL);

  scope = application_peek_scope (application);
  if (scope != NULL)
    return scope;

  scope = lifecycle_scope_of_at (place, G_OBJECT (application));
  g_object_set_qdata_full (G_OBJECT (application), application_scope_quark (), g_object_ref (scope),
                           g_object_unref);
  g_signal_connect (application, "shutdown", G_CALLBACK (shutdown_cb), NULL);
  g_signal_connect (application, "window-added", G_CALLBACK (window_added_cb), NULL);
  for (GList *l = gtk_application_get_windows (application); l != NULL; l = l->next)
    window_added_cb (application, l->data, NULL);

  return scope;
}
