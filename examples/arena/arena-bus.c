/* arena-bus.c: the server's status on the session bus
 *
 *     gdbus call --session --dest org.example.Arena --object-path /org/example/Arena
 *           --method org.example.Arena.Stats
 *
 * The connection, the object and the name belong to one scope, and are released in the opposite
 * order: a client that calls while the server stops is told by the bus that the name has no owner.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-bus.h"

#include "arena-telemetry.h"

#define NAME "org.example.Arena"
#define PATH "/org/example/Arena"

static const char introspection[] =
  "<node>"
  "  <interface name='" NAME "'>"
  "    <annotation name='org.freedesktop.DBus.Property.EmitsChangedSignal' value='false'/>"
  "    <property name='Players' type='u' access='read'/>"
  "    <property name='Matches' type='u' access='read'/>"
  "    <property name='Views' type='u' access='read'/>"
  "    <method name='Stats'>"
  "      <arg name='numbers' type='a{sx}' direction='out'/>"
  "    </method>"
  "  </interface>"
  "</node>";

/* GDBus has checked the name of the method against the introspection data: there is only one. */
static void
call_method (GDBusConnection       *connection,
             const char            *sender,
             const char            *path,
             const char            *interface_name,
             const char            *method_name,
             GVariant              *parameters,
             GDBusMethodInvocation *invocation,
             gpointer               user_data)
{
  ArenaGame *game = user_data;
  GVariantBuilder builder;
  ArenaSample sample;

  arena_sample_take (&sample, game->root);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sx}"));
  arena_sample_build (&sample, &builder);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a{sx})", &builder));
}

static GVariant *
get_property (GDBusConnection  *connection,
              const char       *sender,
              const char       *path,
              const char       *interface_name,
              const char       *property_name,
              GError          **error,
              gpointer          user_data)
{
  ArenaGame *game = user_data;

  if (g_str_equal (property_name, "Players"))
    return g_variant_new_uint32 (arena_players_count (game->players));
  if (g_str_equal (property_name, "Matches"))
    return g_variant_new_uint32 (arena_matches_count (game->matches));

  return g_variant_new_uint32 (arena_live_count (ARENA_LIVE_VIEWS));
}

static const GDBusInterfaceVTable vtable = {
  .method_call = call_method,
  .get_property = get_property,
};

static void
name_cb (GDBusConnection *connection,
         const char      *name,
         const char      *owner,
         gpointer         user_data)
{
  if (owner == NULL)
    g_warning ("The name %s has another owner, or the connection to the bus is closed", name);
}

gboolean
arena_bus_export (LifecycleScope  *root,
                  ArenaGame       *game,
                  GError         **error)
{
  LifecycleScope *scope = lifecycle_scope_get_child (root, "bus");
  g_autoptr (GDBusConnection) connection = NULL;
  GDBusNodeInfo *info;

  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, error);
  if (connection == NULL)
    return FALSE;

  /* If the connection is closed, the game goes on without a bus. */
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  lifecycle_scope_add_object (scope, G_OBJECT (connection));

  info = g_dbus_node_info_new_for_xml (introspection, error);
  if (info == NULL)
    return FALSE;
  lifecycle_scope_adopt (scope, info, (GDestroyNotify) g_dbus_node_info_unref);

  return lifecycle_scope_export_bus_object (scope, connection, PATH, info->interfaces[0], &vtable,
                                            game, NULL, error) &&
         lifecycle_scope_own_bus_name (scope, connection, NAME,
                                       G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, name_cb, NULL, NULL,
                                       error);
}
