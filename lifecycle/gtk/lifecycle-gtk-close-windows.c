/* lifecycle-gtk-close-windows.c: closing all windows of an application
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-application.h"
#include "lifecycle-gtk-toplevels-private.h"
#include "lifecycle-gtk-widget-private.h"

typedef struct
{
  GTask     *task;              /* not held */
  GPtrArray *windows;           /* of ClosingWindow */
  GString   *problems;          /* what to tell in the end */
  guint      n_problems;
  gint64     deadline;          /* µs, or 0 */
  GSource   *timeout;
  GSource   *cancelled;
  gboolean   late;
} CloseWindows;

typedef struct
{
  GTask     *task;              /* held while drains are under way */
  GtkWindow *window;            /* a reference; NULL once it is destroyed */
  guint      n_drains;
} ClosingWindow;

static GPtrArray *all_calls;    /* of CloseWindows: those that wait for windows */

static void
closing_window_free (gpointer data)
{
  ClosingWindow *self = data;

  g_clear_object (&self->window);
  g_free (self);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
close_windows_free (gpointer data)
{
  CloseWindows *self = data;

  clear_source (&self->timeout);
  clear_source (&self->cancelled);
  g_ptr_array_remove_fast (all_calls, self);
  g_ptr_array_unref (self->windows);
  g_string_free (self->problems, TRUE);
  g_free (self);
}

G_GNUC_PRINTF (3, 4) static void
add_problem (CloseWindows *self,
             GtkWindow    *window,
             const char   *format,
             ...)
{
  const char *title = gtk_window_get_title (window);
  va_list args;

  if (self->n_problems++ > 0)
    g_string_append (self->problems, "; ");
  if (title != NULL && *title != '\0')
    g_string_append_printf (self->problems, "'%s' (%s) ", title, G_OBJECT_TYPE_NAME (window));
  else
    g_string_append_printf (self->problems, "a %s ", G_OBJECT_TYPE_NAME (window));
  va_start (args, format);
  g_string_append_vprintf (self->problems, format, args);
  va_end (args);
}

/* Completes the call when nothing remains to wait for. */
static void
check_complete (CloseWindows *self)
{
  GTask *task = self->task;
  gboolean cancelled = g_cancellable_is_cancelled (g_task_get_cancellable (task));

  for (guint i = 0; i < self->windows->len; i++)
    {
      ClosingWindow *closing = g_ptr_array_index (self->windows, i);

      if (closing->n_drains > 0 || (closing->window != NULL && !self->late && !cancelled))
        return;
    }

  /* It has completed before. */
  if (!g_ptr_array_remove_fast (all_calls, self))
    return;

  clear_source (&self->timeout);
  clear_source (&self->cancelled);
  for (guint i = 0; i < self->windows->len; i++)
    {
      ClosingWindow *closing = g_ptr_array_index (self->windows, i);

      if (closing->window != NULL)
        add_problem (self, closing->window, "refused to close");
    }

  if (cancelled)
    g_task_return_error_if_cancelled (task);
  else if (self->n_problems > 0)
    g_task_return_new_error (task, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT,
                             "Not all windows closed in time: %s", self->problems->str);
  else
    g_task_return_boolean (task, TRUE);
  /* The reference of the call itself. */
  g_object_unref (task);
}

static void
window_destroyed (GtkWindow *window)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < all_calls->len; i++)
    g_ptr_array_add (tasks, g_object_ref (((CloseWindows *) g_ptr_array_index (all_calls, i))->task));

  for (guint i = 0; i < tasks->len; i++)
    {
      CloseWindows *self = g_task_get_task_data (g_ptr_array_index (tasks, i));

      for (guint j = 0; j < self->windows->len; j++)
        {
          ClosingWindow *closing = g_ptr_array_index (self->windows, j);

          if (closing->window == window)
            g_clear_object (&closing->window);
        }
      check_complete (self);
    }
}

static gboolean
timeout_cb (gpointer data)
{
  CloseWindows *self = data;

  self->late = TRUE;
  check_complete (self);

  return G_SOURCE_REMOVE;
}

static gboolean
cancelled_cb (GCancellable *cancellable,
              gpointer      data)
{
  check_complete (data);

  return G_SOURCE_REMOVE;
}

static void
drained_cb (GObject      *scope,
            GAsyncResult *result,
            gpointer      data)
{
  ClosingWindow *closing = data;
  g_autoptr (GTask) task = g_object_ref (closing->task);
  CloseWindows *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  closing->n_drains--;
  if (!lifecycle_scope_drain_finish (LIFECYCLE_SCOPE (scope), result, &error) &&
      closing->window != NULL &&
      g_error_matches (error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT))
    add_problem (self, closing->window, "waited in vain: %s", error->message);

  if (closing->n_drains == 0)
    {
      if (closing->window != NULL)
        gtk_window_destroy (closing->window);
      g_object_unref (closing->task);
      check_complete (self);
    }
}

static void
drain_below (GtkWidget     *widget,
             ClosingWindow *closing,
             guint          timeout_ms)
{
  LifecycleScope *scope = lifecycle_gtk_peek_scope_of (widget);

  for (GtkWidget *child = gtk_widget_get_first_child (widget);
       child != NULL;
       child = gtk_widget_get_next_sibling (child))
    drain_below (child, closing, timeout_ms);

  if (scope != NULL)
    {
      closing->n_drains++;
      lifecycle_scope_drain_async (scope, LIFECYCLE_REASON_SHUTDOWN, timeout_ms, NULL, drained_cb,
                                   closing);
    }
}

/* Asks as a click on the close button would. A window that was never shown is not asked. */
static gboolean
window_agrees (GtkWindow *window)
{
  gboolean refused = FALSE;

  if (!gtk_widget_get_realized (GTK_WIDGET (window)))
    return TRUE;

  g_signal_emit_by_name (window, "close-request", &refused);

  /* Hiding instead is no refusal. */
  return !refused ||
         (gtk_window_get_hide_on_close (window) && !gtk_widget_get_visible (GTK_WIDGET (window)));
}

static void
close_window (CloseWindows  *self,
              ClosingWindow *closing)
{
  g_autoptr (GtkWindow) window = g_object_ref (closing->window);
  guint remaining = 0;

  if (!window_agrees (window) || closing->window == NULL)
    return;

  if (self->deadline != 0)
    remaining = (guint) MAX (1, (self->deadline - g_get_monotonic_time ()) / 1000);

  /* One for this function, so that no drain is the last one while others are about to begin. */
  closing->n_drains = 1;
  closing->task = g_object_ref (self->task);
  drain_below (GTK_WIDGET (window), closing, remaining);
  if (--closing->n_drains == 0)
    {
      gtk_window_destroy (window);
      g_object_unref (closing->task);
    }
}

/**
 * lifecycle_gtk_close_windows_async:
 * @application: an application
 * @timeout_ms: how long to wait at most, in milliseconds, or 0 for no limit
 * @cancellable: (nullable): a cancellable that ends the wait
 * @callback: (nullable) (scope async): a function to call when no window is left, or at the deadline
 * @user_data: data to pass to @callback
 *
 * Asks all windows of an application to close, lets them finish, and destroys them.
 *
 * Each window emits `close-request`, as if the user had closed it. If it agrees, the scopes of the
 * window and of the widgets in it are drained, see [method@Lifecycle.Scope.drain_async], and then it is
 * destroyed: a save that is under way is completed. If it refuses, because it asks the user first, it
 * is waited for until it is destroyed.
 *
 * At the deadline, windows whose operations have not finished are destroyed nevertheless, and those
 * that refused stay. The error, [error@Lifecycle.Error.timed_out], names all of them. If @cancellable
 * is cancelled, windows that refused are not waited for any more.
 *
 * Windows that are opened meanwhile are not closed. To be called on GTK's thread.
 *
 * Since: 1.0
 */
void
lifecycle_gtk_close_windows_async (GtkApplication      *application,
                                   guint                timeout_ms,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_autoptr (GTask) task = NULL;
  CloseWindows *self;

  g_return_if_fail (GTK_IS_APPLICATION (application));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  if (all_calls == NULL)
    {
      all_calls = g_ptr_array_new ();
      lifecycle_gtk_watch_toplevels (window_destroyed);
    }

  task = g_task_new (application, cancellable, callback, user_data);
  g_task_set_source_tag (task, lifecycle_gtk_close_windows_async);
  g_task_set_check_cancellable (task, FALSE);

  self = g_new0 (CloseWindows, 1);
  self->task = task;
  self->windows = g_ptr_array_new_with_free_func (closing_window_free);
  self->problems = g_string_new (NULL);
  g_task_set_task_data (task, self, close_windows_free);
  g_ptr_array_add (all_calls, self);
  g_object_ref (task);

  if (timeout_ms > 0)
    {
      self->deadline = g_get_monotonic_time () + timeout_ms * G_GINT64_CONSTANT (1000);
      self->timeout = g_timeout_source_new (timeout_ms);
      g_source_set_callback (self->timeout, timeout_cb, self, NULL);
      g_source_attach (self->timeout, NULL);
    }
  if (cancellable != NULL)
    {
      self->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->cancelled, G_SOURCE_FUNC (cancelled_cb), self, NULL);
      g_source_attach (self->cancelled, NULL);
    }

  for (GList *l = gtk_application_get_windows (application); l != NULL; l = l->next)
    {
      ClosingWindow *closing = g_new0 (ClosingWindow, 1);

      closing->window = g_object_ref (l->data);
      g_ptr_array_add (self->windows, closing);
    }

  /* Closing one may destroy others. */
  for (guint i = 0; i < self->windows->len; i++)
    {
      ClosingWindow *closing = g_ptr_array_index (self->windows, i);

      if (closing->window != NULL)
        close_window (self, closing);
    }

  check_complete (self);
}

/**
 * lifecycle_gtk_close_windows_finish:
 * @application: an application
 * @result: the result that was passed to the callback
 * @error: return location for an error
 *
 * Finishes [func@close_windows_async].
 *
 * Returns: whether all windows were closed in time
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_close_windows_finish (GtkApplication  *application,
                                    GAsyncResult    *result,
                                    GError         **error)
{
  g_return_val_if_fail (GTK_IS_APPLICATION (application), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, application), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
