/* lifecycle-describe-private.h: names of addresses and enumeration values in reports
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

char       *lifecycle_describe_address (gconstpointer address,
                                        guint         look);
const char *lifecycle_enum_get_nick    (GType         type,
                                        int           value);

G_END_DECLS
