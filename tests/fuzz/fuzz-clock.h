/* fuzz-clock.h: a clock that stands still until the program moves it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void     fuzz_clock_init            (void);
gint64   fuzz_clock_now             (void);
void     fuzz_clock_advance         (gint64 us);
void     fuzz_clock_begin_iteration (void);
gint64   fuzz_clock_get_next        (void);
gboolean fuzz_clock_is_awake        (void);

G_END_DECLS
