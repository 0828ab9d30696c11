/* lifecycle-gio.c: file monitors, socket services, applications
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-gio.h"
#include "lifecycle-resource-private.h"

/* An entry that holds a reference on its object. */
typedef struct
{
  LifecycleResource resource;
  gpointer          object;
} HeldObject;

static void
held_object_gone (LifecycleResource *resource)
{
  g_clear_object (&((HeldObject *) resource)->object);
}

static HeldObject *
held_object_new (const LifecycleResourceKind *kind,
                 LifecycleScope              *scope,
                 gpointer                     object)
{
  HeldObject *self = lifecycle_resource_new (sizeof (HeldObject), kind, scope, NULL, NULL, NULL);

  self->object = g_object_ref (object);
  lifecycle_resource_watch_object (self, 0, object);

  return self;
}

static void
file_monitor_end (LifecycleResource  *resource,
                  GError            **error)
{
  HeldObject *self = (HeldObject *) resource;

  g_file_monitor_cancel (self->object);
  g_clear_object (&self->object);
}

/* Handlers that other code has connected keep running until the monitor is cancelled. Cancelling
 * emits notify::cancelled, so it cannot be done in mute().
 */
static const LifecycleResourceKind file_monitor_kind = {
  .type = LIFECYCLE_ENTRY_MONITOR,
  .outside = TRUE,
  .end = file_monitor_end,
  .gone = held_object_gone,
};

static void
file_monitor_cancelled_cb (LifecycleResource *resource)
{
  lifecycle_resource_retire (resource);
}

/**
 * lifecycle_scope_add_file_monitor:
 * @self: a scope
 * @monitor: (transfer none): a file monitor
 *
 * Adds a file monitor, to be cancelled when the scope closes.
 *
 * The scope holds a reference on @monitor until then. Dropping that reference would not be enough:
 * a monitor that is not cancelled keeps watching for as long as any other code holds a reference on
 * it.
 *
 * The monitor is cancelled as soon as user code may run again after everything has been muted. If
 * other code cancels it first, it leaves the scope. To connect to
 * [signal@Gio.FileMonitor::changed], use [method@Scope.connect_signal].
 *
 * On a closed scope the monitor is cancelled at once. May be called on any thread; the monitor is
 * cancelled at home.
 *
 * Returns: whether the scope owns the monitor now; %FALSE if the scope is closed, or if @monitor
 *   has been cancelled
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_file_monitor_at (const char     *place,
                                     LifecycleScope *self,
                                     GFileMonitor   *monitor)
{
  HeldObject *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_FILE_MONITOR (monitor), FALSE);

  if (g_file_monitor_is_cancelled (monitor))
    return FALSE;

  /* A monitor is cancelled only once, so this handler does not slow down other notifications. */
  entry = held_object_new (&file_monitor_kind, self, monitor);
  lifecycle_resource_connect (entry, 0, "notify::cancelled", file_monitor_cancelled_cb);

  return lifecycle_resource_add (entry, self, place);
}

static void
socket_service_end (LifecycleResource  *resource,
                    GError            **error)
{
  HeldObject *self = (HeldObject *) resource;

  /* The order matters: the service warns if a socket is closed while it still accepts on it. */
  g_socket_service_stop (self->object);
  g_socket_listener_close (self->object);
  g_clear_object (&self->object);
}

static const LifecycleResourceKind socket_service_kind = {
  .type = LIFECYCLE_ENTRY_SERVICE,
  .end = socket_service_end,
  .gone = held_object_gone,
};

/**
 * lifecycle_scope_add_socket_service:
 * @self: a scope
 * @service: (transfer none): a socket service
 *
 * Adds a socket service, to be stopped when the scope closes.
 *
 * The scope holds a reference on @service until then. The service is stopped and its sockets are
 * closed as soon as user code may run again after everything has been muted. Connections that it
 * has accepted are not affected. To connect to [signal@Gio.SocketService::incoming], use
 * [method@Scope.connect_signal] or a similar method of the scope, because the service still emits
 * that signal after it has been stopped, for connections that it has accepted just before.
 *
 * On a closed scope the service is stopped and its sockets are closed at once. May be called on any
 * thread; the service is stopped at home.
 *
 * Returns: whether the scope owns the service now; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_socket_service_at (const char     *place,
                                       LifecycleScope *self,
                                       GSocketService *service)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_SOCKET_SERVICE (service), FALSE);

  return lifecycle_resource_add (held_object_new (&socket_service_kind, self, service),
                                 self, place);
}

static void
application_end (LifecycleResource  *resource,
                 GError            **error)
{
  GApplication *application = lifecycle_resource_peek_watched (resource, 0);

  if (application != NULL)
    g_application_release (application);
}

static const LifecycleResourceKind application_kind = {
  .type = LIFECYCLE_ENTRY_HOLD,
  .end = application_end,
};

/**
 * lifecycle_scope_hold_application:
 * @self: a scope
 * @application: an application; no reference is held
 *
 * Keeps an application running until the scope closes.
 *
 * This calls `g_application_hold()` now, and `g_application_release()` when the scope closes.
 *
 * If @application is disposed first, the entry leaves the scope. On a closed scope nothing happens.
 * Must be called at home, which must be the thread of @application.
 *
 * Returns: whether the application is held; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_hold_application_at (const char     *place,
                                     LifecycleScope *self,
                                     GApplication   *application)
{
  LifecycleResource *entry;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (G_IS_APPLICATION (application), FALSE);

  if (!lifecycle_resource_check_open (self, NULL))
    return FALSE;

  g_application_hold (application);
  entry = lifecycle_resource_new (sizeof (LifecycleResource), &application_kind, self,
                                  NULL, NULL, NULL);
  lifecycle_resource_watch_object (entry, 0, application);

  return lifecycle_resource_add (entry, self, place);
}
