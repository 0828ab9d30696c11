/* lifecycle-gio.c: file monitors, socket services, applications
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-gio.h"
#include "lifecycle-resource-private.h"

/* An object that is held by the scope. */
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

/* The handlers that others have connected go on running until the monitor is cancelled, which emits
 * a notification.
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
 * Cancels a file monitor when the scope closes, and only then drops the reference that it holds on
 * it: what is not cancelled goes on watching for as long as anybody has a reference.
 *
 * That happens as soon as user code may run again after the handlers have been silenced. When
 * somebody else cancels the monitor, it leaves the scope. Connect to
 * [signal@Gio.FileMonitor::changed] with [method@Scope.connect_signal].
 *
 * On a closed scope the monitor is cancelled at once. May be called on any thread; the monitor is
 * cancelled at home.
 *
 * Returns: whether the scope owns it now; %FALSE if the scope is closed, or @monitor cancelled
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_file_monitor (LifecycleScope *self,
                                  GFileMonitor   *monitor)
{
  return lifecycle_scope_add_file_monitor_at (NULL, self, monitor);
}

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

  /* A monitor is cancelled once, so this costs other notifications nothing. */
  entry = held_object_new (&file_monitor_kind, self, monitor);
  lifecycle_resource_connect (entry, 0, "notify::cancelled", file_monitor_cancelled_cb);

  return lifecycle_resource_add (entry, self, place);
}

static void
socket_service_end (LifecycleResource  *resource,
                    GError            **error)
{
  HeldObject *self = (HeldObject *) resource;

  /* In this order: closing a socket on which it still accepts makes the service warn. */
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
 * @service: (transfer none): a service
 *
 * Stops a service when the scope closes, closes its sockets, and drops the reference that it holds
 * on it.
 *
 * That happens as soon as user code may run again after the handlers have been silenced.
 * Connections that have been accepted are nobody's business here. Connect to
 * [signal@Gio.SocketService::incoming] with [method@Scope.connect_closure] or its like, because
 * what was accepted just before the stop is still announced by the service afterwards.
 *
 * On a closed scope the service is stopped and closed at once. May be called on any thread; the
 * service is stopped at home.
 *
 * Returns: whether the scope owns it now; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_socket_service (LifecycleScope *self,
                                    GSocketService *service)
{
  return lifecycle_scope_add_socket_service_at (NULL, self, service);
}

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
 * Keeps an application from ending until the scope closes: `g_application_hold()` now, and
 * `g_application_release()` then.
 *
 * If @application is disposed first, the entry leaves the scope. On a closed scope nothing happens.
 * To be called on the thread of @application, which has to be the home of the scope.
 *
 * Returns: whether the application is held; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_hold_application (LifecycleScope *self,
                                  GApplication   *application)
{
  return lifecycle_scope_hold_application_at (NULL, self, application);
}

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
