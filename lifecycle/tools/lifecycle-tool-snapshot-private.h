/* lifecycle-tool-snapshot-private.h: snapshots of programs, as JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

JsonNode   *lifecycle_snapshot_take         (const char *who,
                                             guint       n_records);
JsonNode   *lifecycle_snapshot_load_or_take (const char *what,
                                             guint       n_records);
gboolean    lifecycle_snapshot_has_findings (JsonNode   *snapshot);

/* What is not there is an empty array, "" or 0. */
JsonArray  *lifecycle_json_get_array        (JsonObject *object,
                                             const char *key);
const char *lifecycle_json_get_string       (JsonObject *object,
                                             const char *key);
gint64      lifecycle_json_get_number       (JsonObject *object,
                                             const char *key);

G_END_DECLS
