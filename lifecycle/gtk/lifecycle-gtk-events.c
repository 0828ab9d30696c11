/* lifecycle-gtk-events.c: event controllers and shortcuts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-entry-private.h"
#include "lifecycle-gtk-events.h"

enum
{
  WATCH_WIDGET,
  WATCH_CONTROLLER
};

static void
controller_end (LifecycleResource  *resource,
                GError            **error)
{
  GtkWidget *widget = lifecycle_resource_peek_watched (resource, WATCH_WIDGET);
  GtkEventController *controller = lifecycle_resource_peek_watched (resource, WATCH_CONTROLLER);

  if (widget != NULL && controller != NULL &&
      gtk_event_controller_get_widget (controller) == widget)
    gtk_widget_remove_controller (widget, controller);
}

static const LifecycleResourceKind controller_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = controller_end,
};

/**
 * lifecycle_gtk_add_controller:
 * @scope: a scope
 * @widget: a widget; no reference is held
 * @controller: (transfer full): an event controller or gesture that has no widget
 *
 * Adds an event controller to a widget, until the scope closes.
 *
 * The entry also ends when @widget is disposed, or when @controller is: if nobody else holds it, that
 * is when it is removed with gtk_widget_remove_controller(). On a closed scope @controller is
 * released at once.
 *
 * Returns: whether the controller was added
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_controller_at (const char         *place,
                                 LifecycleScope     *scope,
                                 GtkWidget          *widget,
                                 GtkEventController *controller)
{
  LifecycleResource *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (widget), FALSE);
  g_return_val_if_fail (GTK_IS_EVENT_CONTROLLER (controller), FALSE);
  g_return_val_if_fail (gtk_event_controller_get_widget (controller) == NULL, FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (LifecycleResource), &controller_kind, scope,
                                   G_OBJECT_TYPE_NAME (controller), NULL, controller, NULL);
  if (entry == NULL)
    {
      g_object_unref (controller);
      return FALSE;
    }

  gtk_widget_add_controller (widget, controller);
  lifecycle_resource_watch_object (entry, WATCH_WIDGET, widget);
  lifecycle_resource_watch_object (entry, WATCH_CONTROLLER, controller);

  return lifecycle_resource_add (entry, scope, place);
}

/* Shortcuts. GTK keeps the action of a shortcut for as long as anybody holds it, so its function may
 * be called late.
 */

static gboolean
shortcut_activated (GtkWidget *widget,
                    GVariant  *args,
                    gpointer   data)
{
  LifecycleResource *entry = data;
  gboolean handled;

  if (!lifecycle_resource_begin_call (entry))
    return FALSE;

  handled = ((GtkShortcutFunc) entry->func) (widget, args, entry->data);
  lifecycle_resource_end_call (entry);

  return handled;
}

/**
 * lifecycle_gtk_add_shortcut:
 * @scope: a scope
 * @widget: a widget; no reference is held
 * @where: where the focus must be: in @widget, anywhere in its window, or where a
 *   `GtkShortcutManager` says
 * @trigger: the keys, in the form of gtk_shortcut_trigger_parse_string(), such as `<Control>w`
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Adds a keyboard shortcut to a widget, until the scope closes.
 *
 * The shortcut has an event controller of its own. The entry also ends when @widget is disposed. On a
 * closed scope nothing is added, and @destroy is called.
 *
 * Returns: whether the shortcut was added; %FALSE also if @trigger cannot be parsed
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_shortcut_at (const char       *place,
                               LifecycleScope   *scope,
                               GtkWidget        *widget,
                               GtkShortcutScope  where,
                               const char       *trigger,
                               GtkShortcutFunc   func,
                               gpointer          user_data,
                               GDestroyNotify    destroy)
{
  GtkShortcutTrigger *parsed;
  GtkEventController *controller;
  LifecycleResource *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (widget), FALSE);
  g_return_val_if_fail (trigger != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  parsed = gtk_shortcut_trigger_parse_string (trigger);
  if (parsed == NULL)
    {
      g_critical ("'%s' is not a trigger of a shortcut", trigger);
      if (destroy != NULL)
        destroy (user_data);
      return FALSE;
    }

  entry = lifecycle_gtk_entry_new (sizeof (LifecycleResource), &controller_kind, scope, trigger,
                                   G_CALLBACK (func), user_data, destroy);
  if (entry == NULL)
    {
      g_object_unref (parsed);
      return FALSE;
    }

  controller = gtk_shortcut_controller_new ();
  gtk_shortcut_controller_set_scope (GTK_SHORTCUT_CONTROLLER (controller), where);
  gtk_shortcut_controller_add_shortcut (
    GTK_SHORTCUT_CONTROLLER (controller),
    gtk_shortcut_new (parsed, gtk_callback_action_new (shortcut_activated,
                                                       lifecycle_resource_ref (entry),
                                                       lifecycle_resource_unref)));
  gtk_widget_add_controller (widget, controller);
  lifecycle_resource_watch_object (entry, WATCH_WIDGET, widget);
  lifecycle_resource_watch_object (entry, WATCH_CONTROLLER, controller);

  return lifecycle_resource_add (entry, scope, place);
}
