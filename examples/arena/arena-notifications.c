/* arena-notifications.c: the service "notifications", and its view
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-notifications.h"

#include "arena-player.h"

#define NOTIFICATION_MS 60000

struct _ArenaNotifications
{
  ArenaService parent_instance;

  GPtrArray   *shown;       /* of ArenaNotification; holds no reference */
};

struct _ArenaNotification
{
  ArenaView parent_instance;
};

G_DEFINE_FINAL_TYPE (ArenaNotification, arena_notification, ARENA_TYPE_VIEW)
G_DEFINE_FINAL_TYPE (ArenaNotifications, arena_notifications, ARENA_TYPE_SERVICE)

static void
arena_notification_ended (ArenaView       *view,
                          LifecycleReason  reason,
                          const char      *detail)
{
  ArenaNotifications *service = ARENA_NOTIFICATIONS (arena_view_get_service (view));

  g_ptr_array_remove_fast (service->shown, view);
  arena_service_changed (ARENA_SERVICE (service));
}

static void
arena_notification_class_init (ArenaNotificationClass *klass)
{
  ARENA_VIEW_CLASS (klass)->ended = arena_notification_ended;
}

static void
arena_notification_init (ArenaNotification *self)
{
}

static void
arena_notifications_finalize (GObject *object)
{
  g_ptr_array_unref (ARENA_NOTIFICATIONS (object)->shown);

  G_OBJECT_CLASS (arena_notifications_parent_class)->finalize (object);
}

static void
arena_notifications_class_init (ArenaNotificationsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_notifications_finalize;
}

static void
arena_notifications_init (ArenaNotifications *self)
{
  self->shown = g_ptr_array_new ();
}

void
arena_notifications_post (ArenaNotifications *self,
                          ArenaPlayer        *player,
                          ArenaView          *about,
                          const char         *text)
{
  g_autoptr (ArenaView) notification = NULL;

  if (arena_player_is_gone (player))
    return;

  notification = arena_view_new (ARENA_TYPE_NOTIFICATION, "notification", ARENA_SERVICE (self),
                                 player, NULL);
  arena_view_start (notification, NOTIFICATION_MS);
  if (about != NULL)
    arena_view_follow (notification, about);
  if (arena_view_is_ended (notification))
    return;

  g_ptr_array_add (self->shown, notification);
  arena_view_write (notification, text);
  arena_player_notice (player, "%s", text);
  arena_service_changed (ARENA_SERVICE (self));
}

guint
arena_notifications_dismiss (ArenaNotifications *self,
                             ArenaPlayer        *player)
{
  g_autoptr (GPtrArray) mine = g_ptr_array_new_with_free_func (g_object_unref);
  guint i;

  for (i = 0; i < self->shown->len; i++)
    {
      ArenaView *notification = g_ptr_array_index (self->shown, i);

      if (arena_view_get_first (notification) == player)
        g_ptr_array_add (mine, g_object_ref (notification));
    }
  for (i = 0; i < mine->len; i++)
    arena_view_end (g_ptr_array_index (mine, i), LIFECYCLE_REASON_COMPLETED, NULL);

  return mine->len;
}
