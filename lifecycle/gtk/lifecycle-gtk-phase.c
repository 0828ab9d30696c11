/* lifecycle-gtk-phase.c: what lasts as long as a widget is visible, active or focused
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-phase.h"
#include "lifecycle-gtk-widget-state-private.h"

/**
 * lifecycle_gtk_add_phase:
 * @scope: a scope
 * @widget: a widget; no reference is held
 * @phase: a state of the widget
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when a run
 *   begins
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Opens a child scope whenever a widget enters a state, and closes it when the widget leaves that
 * state.
 *
 * If the widget is in that state now, a run begins at once. Runs go on for as long as the widget is
 * alive and @scope is open, also when the widget is taken out of its parent and put back, or moved to
 * another window or display. A run is named after the state, such as `mapped`.
 *
 * When @widget is disposed, the phase leaves the scope. In all other respects this is
 * [method@Lifecycle.Scope.add_property_phase].
 *
 * Returns: whether the phase was added; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_phase_at (const char         *place,
                            LifecycleScope     *scope,
                            GtkWidget          *widget,
                            LifecycleGtkPhase   phase,
                            LifecyclePhaseFunc  func,
                            gpointer            user_data,
                            GDestroyNotify      destroy)
{
  static const char *const properties[] = {
    [LIFECYCLE_GTK_PHASE_ROOTED] = "rooted",
    [LIFECYCLE_GTK_PHASE_REALIZED] = "realized",
    [LIFECYCLE_GTK_PHASE_MAPPED] = "mapped",
    [LIFECYCLE_GTK_PHASE_SHOWN] = "shown",
    [LIFECYCLE_GTK_PHASE_ACTIVE] = "active",
    [LIFECYCLE_GTK_PHASE_FOCUSED] = "focused",
  };

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (widget), FALSE);
  g_return_val_if_fail ((guint) phase < G_N_ELEMENTS (properties), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  return lifecycle_scope_add_property_phase_at (place, scope,
                                                G_OBJECT (lifecycle_gtk_widget_state_get (widget)),
                                                properties[phase], func, user_data, destroy);
}
