/* lifecycle-gtk-display.c: style of a display, the clipboard
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-entry-private.h"
#include "lifecycle-gtk-surface.h"

static void
css_provider_end (LifecycleResource  *resource,
                  GError            **error)
{
  GdkDisplay *display = lifecycle_resource_peek_watched (resource, 0);

  if (display != NULL)
    gtk_style_context_remove_provider_for_display (display, resource->data);
}

static const LifecycleResourceKind css_provider_kind = {
  .type = LIFECYCLE_ENTRY_ATTACHMENT,
  .end = css_provider_end,
};

/**
 * lifecycle_gtk_add_css_provider:
 * @scope: a scope
 * @display: a display; no reference is held
 * @provider: usually a `GtkCssProvider`
 * @priority: the priority, such as %GTK_STYLE_PROVIDER_PRIORITY_APPLICATION
 *
 * Adds a provider of style to a display, until the scope closes.
 *
 * A provider is in a display once: whoever removes it, removes it for all. The entry also ends when
 * @display is disposed. On a closed scope nothing is added.
 *
 * Returns: whether the provider was added
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_add_css_provider_at (const char       *place,
                                   LifecycleScope   *scope,
                                   GdkDisplay       *display,
                                   GtkStyleProvider *provider,
                                   guint             priority)
{
  LifecycleResource *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GDK_IS_DISPLAY (display), FALSE);
  g_return_val_if_fail (GTK_IS_STYLE_PROVIDER (provider), FALSE);

  entry = lifecycle_gtk_entry_new (sizeof (LifecycleResource), &css_provider_kind, scope, "style",
                                   NULL, g_object_ref (provider), g_object_unref);
  if (entry == NULL)
    return FALSE;

  gtk_style_context_add_provider_for_display (display, provider, priority);
  lifecycle_resource_watch_object (entry, 0, display);

  return lifecycle_resource_add (entry, scope, place);
}

/* Clipboards. */

typedef struct
{
  LifecycleGtkTextFunc  func;
  gpointer              user_data;
  GDestroyNotify        destroy;
} TextCall;

static void
text_call_free (gpointer data)
{
  TextCall *self = data;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self);
}

static void
text_ready_cb (GObject      *clipboard,
               GAsyncResult *result,
               gpointer      data)
{
  TextCall *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (clipboard), result, &error);

  self->func (GDK_CLIPBOARD (clipboard), text, error, self->user_data);
}

/**
 * lifecycle_gtk_read_text:
 * @scope: a scope
 * @clipboard: a clipboard
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call with the text
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Reads the text of a clipboard.
 *
 * If the scope closes first, the call is cancelled, and @func is not called. This is an operation of
 * the scope; for all other calls of this kind see [method@Lifecycle.Scope.begin_async].
 *
 * Since: 1.0
 */
void
lifecycle_gtk_read_text_at (const char           *place,
                            LifecycleScope       *scope,
                            GdkClipboard         *clipboard,
                            LifecycleGtkTextFunc  func,
                            gpointer              user_data,
                            GDestroyNotify        destroy)
{
  LifecycleOperation *operation;
  TextCall *self;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (scope));
  g_return_if_fail (GDK_IS_CLIPBOARD (clipboard));
  g_return_if_fail (func != NULL);

  self = g_new0 (TextCall, 1);
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  operation = lifecycle_scope_begin_async_at (place, scope, "clipboard", text_ready_cb, self,
                                              text_call_free);
  gdk_clipboard_read_text_async (clipboard, lifecycle_operation_get_cancellable (operation),
                                 lifecycle_operation_ready, operation);
}
