/* lifecycle-elf-private.h: names of functions and variables that are not exported
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

const char *lifecycle_elf_find_symbol (const char *file,
                                       gsize       base,
                                       gsize       address,
                                       gsize      *offset);

G_END_DECLS
