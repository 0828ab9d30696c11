/* lifecycle-gtk-surface.c: popovers, windows, dialogs, drag icons
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-entry-private.h"
#include "lifecycle-gtk-surface.h"

/* Popovers, and whatever else is the child of a widget that does not expect it. */

enum
{
  WATCH_POPOVER,
  WATCH_PARENT
};

static void
popover_end (LifecycleResource  *resource,
             GError            **error)
{
  GtkWidget *popover = lifecycle_resource_peek_watched (resource, WATCH_POPOVER);
  GtkWidget *parent = lifecycle_resource_peek_watched (resource, WATCH_PARENT);

  lifecycle_gtk_entry_cut (resource, WATCH_PARENT);
  if (popover == NULL || parent == NULL || gtk_widget_get_parent (popover) != parent)
    return;

  /* A popover that is up when it is unparented leaks in GTK 4.8. */
  if (GTK_IS_POPOVER (popover))
    gtk_popover_popdown (GTK_POPOVER (popover));
  gtk_widget_unparent (popover);
}

static void
popover_gone (LifecycleResource *resource)
{
  lifecycle_gtk_entry_cut (resource, WATCH_PARENT);
}

static const LifecycleResourceKind popover_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = popover_end,
  .gone = popover_gone,
};

/**
 * lifecycle_gtk_add_popover:
 * @scope: a scope
 * @popover: a widget without a parent, usually a `GtkPopover`
 * @parent: the widget that becomes its parent; no reference is held
 *
 * Makes a popover a child of any widget, until the scope closes: then it is popped down and
 * unparented.
 *
 * The same happens when the dispose of @parent begins, or when @parent is a window and is destroyed:
 * its class need not know of the popover. The entry also ends when @popover is disposed. On a closed
 * scope @popover is released at once.
 *
 * Returns: whether the popover was added
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_popover_at (const char     *place,
                              LifecycleScope *scope,
                              GtkWidget      *popover,
                              GtkWidget      *parent)
{
  LifecycleResource *entry;
  gboolean added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (popover), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (parent), FALSE);
  g_return_val_if_fail (gtk_widget_get_parent (popover) == NULL, FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (LifecycleResource), &popover_kind, scope, "popover", NULL,
                                   NULL, NULL);
  if (entry == NULL)
    {
      g_object_unref (g_object_ref_sink (popover));
      return FALSE;
    }

  gtk_widget_set_parent (popover, parent);
  lifecycle_resource_watch_object (entry, WATCH_POPOVER, popover);
  lifecycle_resource_watch_object (entry, WATCH_PARENT, parent);

  lifecycle_resource_ref (entry);
  added = lifecycle_resource_add (entry, scope, place);
  if (added)
    lifecycle_gtk_entry_end_with (entry, WATCH_PARENT);
  lifecycle_resource_unref (entry);

  return added;
}

/* Windows. */

static void
window_end (LifecycleResource  *resource,
            GError            **error)
{
  GtkWindow *window = lifecycle_resource_peek_watched (resource, 0);

  lifecycle_gtk_entry_cut (resource, 0);
  /* This does nothing if the window has been destroyed. */
  if (window != NULL)
    gtk_window_destroy (window);
}

static const LifecycleResourceKind window_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = window_end,
};

/**
 * lifecycle_gtk_add_window:
 * @scope: a scope
 * @window: a window; no reference is held
 *
 * Destroys a window when the scope closes.
 *
 * The entry also ends when @window is destroyed by anybody else, even if it is held. On a closed scope
 * the window is destroyed at once.
 *
 * Returns: whether the scope owns the window
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_window_at (const char     *place,
                             LifecycleScope *scope,
                             GtkWindow      *window)
{
  LifecycleResource *entry;
  gboolean added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_WINDOW (window), FALSE);

  entry = lifecycle_resource_new (sizeof (LifecycleResource), &window_kind, scope, NULL, NULL, NULL);
  lifecycle_resource_set_label (entry, "window");
  lifecycle_resource_watch_object (entry, 0, window);

  lifecycle_resource_ref (entry);
  added = lifecycle_resource_add (entry, scope, place);
  if (added)
    lifecycle_gtk_entry_end_with (entry, 0);
  lifecycle_resource_unref (entry);

  return added;
}

/* Dialogs that are answered once. */

static void
dialog_destroy (gpointer dialog)
{
  if (GTK_IS_WINDOW (dialog))
    gtk_window_destroy (dialog);
  else if (GTK_IS_NATIVE_DIALOG (dialog))
    gtk_native_dialog_destroy (dialog);
}

typedef struct
{
  LifecycleResource  resource;
  GObject           *dialog;    /* a reference */
} Dialog;

static void
dialog_end (LifecycleResource  *resource,
            GError            **error)
{
  lifecycle_gtk_entry_cut (resource, 0);
  dialog_destroy (((Dialog *) resource)->dialog);
}

static void
dialog_finished (LifecycleResource *resource)
{
  g_clear_object (&((Dialog *) resource)->dialog);
}

static const LifecycleResourceKind dialog_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = dialog_end,
  .finished = dialog_finished,
};

static void
dialog_response_cb (GObject  *dialog,
                    int       response,
                    gpointer  data)
{
  LifecycleResource *entry = data;

  if (!lifecycle_resource_begin_call (entry))
    return;

  g_object_ref (dialog);
  ((LifecycleGtkResponseFunc) entry->func) (dialog, response, entry->data);
  lifecycle_resource_undo (entry);
  lifecycle_resource_end_call (entry);
  g_object_unref (dialog);
}

/**
 * lifecycle_gtk_run_dialog:
 * @scope: a scope
 * @dialog: a `GtkDialog` or a `GtkNativeDialog`, such as a `GtkFileChooserNative`
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call with the answer
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Shows a dialog, calls a function with the answer, and destroys the dialog.
 *
 * If the scope closes before there is an answer, the dialog is destroyed, and @func is not called. A
 * reference on @dialog is held until then. On a closed scope the dialog is destroyed at once.
 *
 * For dialogs with an asynchronous call instead of a signal, such as `GtkAlertDialog` and
 * `GtkFileDialog` of GTK 4.10, use [method@Lifecycle.Scope.begin_async].
 *
 * Returns: whether the dialog is shown
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_run_dialog_at (const char               *place,
                             LifecycleScope           *scope,
                             GObject                  *dialog,
                             LifecycleGtkResponseFunc  func,
                             gpointer                  user_data,
                             GDestroyNotify            destroy)
{
  Dialog *entry;
  gboolean added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_NATIVE_DIALOG (dialog) || GTK_IS_WINDOW (dialog), FALSE);
  g_return_val_if_fail (g_signal_lookup ("response", G_OBJECT_TYPE (dialog)) != 0, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  entry = lifecycle_resource_new (sizeof (Dialog), &dialog_kind, scope, G_CALLBACK (func),
                                  user_data, destroy);
  lifecycle_resource_set_label (entry, "dialog");
  entry->dialog = g_object_ref (dialog);
  lifecycle_resource_watch_object (entry, 0, dialog);

  lifecycle_resource_ref (entry);
  added = lifecycle_resource_add (entry, scope, place);
  if (added)
    {
      g_signal_connect_data (dialog, "response", G_CALLBACK (dialog_response_cb),
                             lifecycle_resource_ref (entry),
                             (GClosureNotify) (GCallback) lifecycle_resource_unref,
                             G_CONNECT_DEFAULT);
      if (GTK_IS_WINDOW (dialog))
        {
          lifecycle_gtk_entry_end_with (entry, 0);
          gtk_window_present (GTK_WINDOW (dialog));
        }
      else
        {
          gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
        }
    }
  lifecycle_resource_unref (entry);

  return added;
}

/* Drag icons. */

static void
drag_icon_end (LifecycleResource  *resource,
               GError            **error)
{
  GtkDragIcon *icon = lifecycle_resource_peek_watched (resource, 0);

  if (icon != NULL && (gpointer) gtk_drag_icon_get_child (icon) == resource->data)
    gtk_drag_icon_set_child (icon, NULL);
}

static const LifecycleResourceKind drag_icon_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = drag_icon_end,
};

/**
 * lifecycle_gtk_set_drag_icon:
 * @scope: a scope
 * @drag: a drag operation; no reference is held
 * @child: the widget that is shown at the pointer
 *
 * Shows a widget as the icon of a drag operation, until the scope closes.
 *
 * The entry also ends with the drag operation. On a closed scope @child is released at once.
 *
 * Returns: whether the widget is the icon
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_set_drag_icon_at (const char     *place,
                                LifecycleScope *scope,
                                GdkDrag        *drag,
                                GtkWidget      *child)
{
  LifecycleResource *entry;
  GtkWidget *icon;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GDK_IS_DRAG (drag), FALSE);
  g_return_val_if_fail (GTK_IS_WIDGET (child), FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (LifecycleResource), &drag_icon_kind, scope, "drag icon",
                                   NULL, child, NULL);
  if (entry == NULL)
    {
      g_object_unref (g_object_ref_sink (child));
      return FALSE;
    }

  icon = gtk_drag_icon_get_for_drag (drag);
  gtk_drag_icon_set_child (GTK_DRAG_ICON (icon), child);
  lifecycle_resource_watch_object (entry, 0, icon);

  return lifecycle_resource_add (entry, scope, place);
}
