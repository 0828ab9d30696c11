/* bus-after.c: bus-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define PLAYER_TYPE (player_get_type ())
G_DECLARE_FINAL_TYPE (Player, player, SAMPLE, PLAYER, GObject)

struct _Player
{
  GObject          parent_instance;

  GDBusConnection *bus;
};

G_DEFINE_FINAL_TYPE (Player, player, G_TYPE_OBJECT)

static void
signal_cb (GDBusConnection *bus,
           const char      *sender,
           const char      *path,
           const char      *interface,
           const char      *signal,
           GVariant        *parameters,
           gpointer         user_data)
{
  sample_called (user_data);
}

static void
method_cb (GDBusConnection       *bus,
           const char            *sender,
           const char            *path,
           const char            *interface,
           const char            *method,
           GVariant              *parameters,
           GDBusMethodInvocation *invocation,
           gpointer               user_data)
{
  sample_called (user_data);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static const GDBusInterfaceVTable vtable = { method_cb, NULL, NULL, { NULL } };

static void
player_dispose (GObject *object)
{
  Player *self = SAMPLE_PLAYER (object);

  g_clear_object (&self->bus);

  G_OBJECT_CLASS (player_parent_class)->dispose (object);
}

static void
player_class_init (PlayerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = player_dispose;
}

static void
player_init (Player *self)
{
  self->bus = g_object_ref (sample_bus ());
  lifecycle_scope_subscribe_bus_signal (lifecycle_scope_of (G_OBJECT (self)), self->bus, NULL,
                                        SAMPLE_INTERFACE, "Changed", SAMPLE_PATH, NULL,
                                        G_DBUS_SIGNAL_FLAGS_NONE, signal_cb, self, NULL, NULL);
  lifecycle_scope_export_bus_object (lifecycle_scope_of (G_OBJECT (self)), self->bus, SAMPLE_PATH,
                                     sample_interface (), &vtable, self, NULL, NULL);
}

int
main (void)
{
  return sample_run (PLAYER_TYPE, 2);
}
