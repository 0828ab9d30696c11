/* lifecycle-memory-private.h: where in the memory of the process something is mentioned
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A word that has one of the values that were looked for. */
typedef struct
{
  gsize address;
  gsize value;
} LifecycleMemoryHit;

int       lifecycle_memory_open  (void);
void      lifecycle_memory_close (int         memory);
GArray   *lifecycle_memory_find  (int         memory,
                                  GHashTable *values);
gboolean  lifecycle_memory_read  (int         memory,
                                  gsize       address,
                                  gpointer    buffer,
                                  gsize       size);

G_END_DECLS
