/* lifecycle-describe-private.h: names of addresses and enumeration values in reports
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

char       *lifecycle_describe_address        (gconstpointer address,
                                               guint         look);
gpointer    lifecycle_address_find_module     (gconstpointer address);
char       *lifecycle_address_dup_module_name (gconstpointer address);
const char *lifecycle_enum_get_nick           (GType         type,
                                               int           value);

/* Remembers the places that it has resolved. */
typedef GHashTable LifecyclePlaces;

LifecyclePlaces *lifecycle_places_new     (void);
const char      *lifecycle_places_resolve (LifecyclePlaces *self,
                                           const char      *place,
                                           guint            look);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecyclePlaces, g_hash_table_unref)

G_END_DECLS
