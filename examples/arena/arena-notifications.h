/* arena-notifications.h: the service "notifications", and its view
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-view.h"

G_BEGIN_DECLS

#define ARENA_TYPE_NOTIFICATION (arena_notification_get_type ())
G_DECLARE_FINAL_TYPE (ArenaNotification, arena_notification, ARENA, NOTIFICATION, ArenaView)

#define ARENA_TYPE_NOTIFICATIONS (arena_notifications_get_type ())
G_DECLARE_FINAL_TYPE (ArenaNotifications, arena_notifications, ARENA, NOTIFICATIONS, ArenaService)

/* @about may be NULL; the notification does not outlive it. */
void  arena_notifications_post    (ArenaNotifications *self,
                                   ArenaPlayer        *player,
                                   ArenaView          *about,
                                   const char         *text);

/* All of the player's; returns how many. */
guint arena_notifications_dismiss (ArenaNotifications *self,
                                   ArenaPlayer        *player);

G_END_DECLS
