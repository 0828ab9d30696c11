/* lifecycle-gtk-widget.c: the scope of a widget
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-entry-private.h"
#include "lifecycle-gtk-application-private.h"
#include "lifecycle-gtk-dispose-private.h"
#include "lifecycle-gtk-entry-private.h"
#include "lifecycle-gtk-toplevels-private.h"
#include "lifecycle-gtk-widget-private.h"

LIFECYCLE_DEFINE_STATIC_QUARK (widget_scoped_quark, "lifecycle-gtk-scoped")
LIFECYCLE_DEFINE_STATIC_QUARK (widget_ended_quark, "lifecycle-gtk-ended")

/* The scope of a widget is the one of its object, which ends at the end of a dispose. It is made to
 * end earlier. The widget holds a reference, so that it is known when there is another one.
 */
static LifecycleScope *
widget_peek_scope (GtkWidget *widget)
{
  LifecycleScope *scope = g_object_get_qdata (G_OBJECT (widget), widget_scoped_quark ());

  return scope != NULL && !lifecycle_scope_is_closed (scope) ? scope : NULL;
}

static void
widget_set_scope (GtkWidget      *widget,
                  LifecycleScope *scope)
{
  g_object_set_qdata_full (G_OBJECT (widget), widget_scoped_quark (), g_object_ref (scope),
                           g_object_unref);
}

/* Returns the reference, or NULL. */
static LifecycleScope *
widget_steal_scope (GtkWidget *widget)
{
  return g_object_steal_qdata (G_OBJECT (widget), widget_scoped_quark ());
}

/* The scope that ended with the window which a widget is in, or was in. */
static LifecycleScope *
widget_get_ended (GtkWidget *widget)
{
  return g_object_get_qdata (G_OBJECT (widget), widget_ended_quark ());
}

static void
widget_set_ended (GtkWidget      *widget,
                  LifecycleScope *scope)
{
  g_object_set_qdata_full (G_OBJECT (widget), widget_ended_quark (), g_object_ref (scope),
                           g_object_unref);
}

/* If a garbage collector may be at work, nothing of the program can be called: the scope is left to the end of
 * the dispose, which has the main loop do the rest.
 */
static void
widget_before_dispose (GtkWidget *widget)
{
  g_autoptr (LifecycleScope) scope = widget_steal_scope (widget);

  if (scope != NULL && !lifecycle_scope_get_collected (scope))
    lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_OWNER_GONE, "disposed");
  lifecycle_gtk_end_entries (widget);
}

static gboolean
widget_has_scoped (GtkWidget *widget)
{
  if (widget_peek_scope (widget) != NULL)
    return TRUE;

  for (GtkWidget *child = gtk_widget_get_first_child (widget);
       child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      if (widget_has_scoped (child))
        return TRUE;
    }

  return FALSE;
}

/* Makes the scopes of all widgets below `widget` follow the one of the nearest widget above them, so
 * that they end together: all are muted before any is released, and children go before their
 * parents.
 */
static void
widget_bind_children (GtkWidget      *widget,
                      LifecycleScope *above)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget);
       child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      g_autoptr (LifecycleScope) scope = widget_steal_scope (child);

      if (scope != NULL)
        {
          widget_set_ended (child, scope);
          lifecycle_scope_follow (scope, above);
        }
      widget_bind_children (child, scope != NULL ? scope : above);
    }
}

static void
widget_close_window (GtkWidget *window)
{
  g_autoptr (LifecycleScope) scope = NULL;

  if (!widget_has_scoped (window))
    {
      g_autoptr (LifecycleScope) closed = lifecycle_scope_new_at (NULL, G_OBJECT_TYPE_NAME (window));

      lifecycle_scope_close_with_reason (closed, LIFECYCLE_REASON_OWNER_GONE, "destroyed");
      widget_set_ended (window, closed);
      return;
    }

  scope = widget_steal_scope (window);
  if (scope == NULL)
    scope = g_object_ref (lifecycle_scope_of_at (NULL, G_OBJECT (window)));
  widget_set_ended (window, scope);
  widget_bind_children (window, scope);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_OWNER_GONE, "destroyed");
}

static void
widget_window_destroyed (GtkWindow *window)
{
  widget_close_window (GTK_WIDGET (window));
  lifecycle_gtk_end_entries (GTK_WIDGET (window));
}

/* From now on, the end of a widget is noticed when it begins. */
void
lifecycle_gtk_hook_widget (GtkWidget *widget)
{
  static gboolean watching;

  if (!watching)
    {
      watching = TRUE;
      lifecycle_gtk_watch_toplevels (widget_window_destroyed);
    }

  lifecycle_gtk_hook_dispose (G_OBJECT_GET_CLASS (widget), FALSE, widget_before_dispose);
}

/**
 * lifecycle_gtk_scope_of:
 * @widget: a widget; no reference is held
 *
 * Gets the scope of a widget, or creates it.
 *
 * The scope closes, as [enum@Lifecycle.Reason.owner_gone], when the first of these begins:
 *
 * - the dispose of @widget;
 * - gtk_window_destroy(), on @widget itself or on the window that @widget is in at that moment. A
 *   window that somebody still holds is not disposed by this, but its scope closes, and so do the
 *   scopes of all widgets in it: all of them emit `closing`, all are muted, and then they are
 *   released, children before their parents.
 *
 * In both cases @widget still has its children. GTK takes the widgets apart afterwards. (In a language whose
 * garbage collector must not be disturbed, the main loop closes the scope after a dispose instead; see
 * [method@Lifecycle.Scope.set_collected]. Then nothing is left of the widgets.)
 *
 * A widget that is taken out of its parent keeps its scope; what belongs to the time during which it
 * is in a window or visible goes into a phase, see [func@add_phase].
 *
 * This is the scope that [func@Lifecycle.Scope.of] gets, which without this function would stay open
 * until the end of the dispose. After an explicit close, the next call creates a new scope. Once the
 * window has been destroyed, the scope stays closed for good, unless @widget is moved to another
 * window. To be called on GTK's thread, by a caller that holds a reference on @widget.
 *
 * Returns: (transfer none): the scope of @widget, which is valid until it closes, or a closed one,
 *   which is valid as long as the window
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_gtk_scope_of_at (const char *place,
                           GtkWidget  *widget)
{
  LifecycleScope *scope;
  GtkWidget *root;

  g_return_val_if_fail (GTK_IS_WIDGET (widget), NULL);

  root = GTK_WIDGET (gtk_widget_get_root (widget));
  if (root != NULL && widget_get_ended (root) != NULL)
    {
      LifecycleScope *ended = widget_get_ended (widget);

      return ended != NULL ? ended : widget_get_ended (root);
    }

  scope = lifecycle_scope_of_at (place, G_OBJECT (widget));
  if (scope != widget_peek_scope (widget))
    {
      lifecycle_gtk_hook_widget (widget);
      widget_set_scope (widget, scope);
      if (GTK_IS_WINDOW (widget))
        lifecycle_gtk_follow_application (GTK_WINDOW (widget), scope);
    }

  return scope;
}

/* Gets the scope of a widget, or NULL if it has none. */
LifecycleScope *
lifecycle_gtk_peek_scope_of (GtkWidget *widget)
{
  return widget_peek_scope (widget);
}

/**
 * lifecycle_gtk_widget_class_dispose_template: (skip)
 * @klass: the class of a widget that has a template
 *
 * Makes a class dispose its template: first the scope of the widget closes, then
 * gtk_widget_dispose_template() is called, then the rest of the dispose.
 *
 * This is one line for the class init function, instead of a dispose function:
 *
 * ```c
 * static void
 * my_view_class_init (MyViewClass *klass)
 * {
 *   gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass), "/org/example/view.ui");
 *   lifecycle_gtk_widget_class_dispose_template (GTK_WIDGET_CLASS (klass));
 * }
 * ```
 *
 * If the class has a dispose function of its own, it must be set before this is called. It then runs
 * when the children of the template have been released.
 *
 * Since: 1.0
 */
void
lifecycle_gtk_widget_class_dispose_template (GtkWidgetClass *klass)
{
  g_return_if_fail (GTK_IS_WIDGET_CLASS (klass));

  lifecycle_gtk_hook_dispose (G_OBJECT_CLASS (klass), TRUE, widget_before_dispose);
}
