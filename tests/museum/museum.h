/* museum.h: what the exhibits of the bug museum share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each exhibit is a program of two halves. The raw half uses plain GLib and shows a fault that has been
 * reported against real programs; it fails if the fault does not show. The scope half does the same work
 * with a scope; it fails if there is any fault, or if it leaves anything behind.
 *
 * A raw half must not do what it shows, for example read freed memory. It uses a MuseumOwner instead,
 * which knows when it is finalized, and reports each use after that.
 */

#pragma once

#include "../test-wait.h"

#include <lifecycle.h>

G_BEGIN_DECLS

#define MUSEUM_TYPE_OWNER (museum_owner_get_type ())
G_DECLARE_DERIVABLE_TYPE (MuseumOwner, museum_owner, MUSEUM, OWNER, GObject)

struct _MuseumOwnerClass
{
  GObjectClass parent_class;
};

/* What an owner's dispose does first. */
typedef void (*MuseumStopFunc) (MuseumOwner *self);

/* The object whose callbacks an exhibit is about. Its dispose calls `stop`, and then closes its scope. */
MuseumOwner    *museum_owner_new       (void);
MuseumOwner    *museum_owner_new_full  (MuseumStopFunc  stop);
LifecycleScope *museum_owner_get_scope (MuseumOwner    *self);
void            museum_owner_set_scope (MuseumOwner    *self,
                                        LifecycleScope *scope);
gpointer        museum_owner_get_data  (MuseumOwner    *self);
void            museum_owner_set_data  (MuseumOwner    *self,
                                        gpointer        data);

/* Uses the owner, which is a fault if it has been finalized. Any thread may call these two. */
void            museum_owner_use       (gpointer        owner);
gboolean        museum_owner_is_alive  (gpointer        owner);

/* Reports a fault that an exhibit has noticed. The warnings and criticals of GLib count as well. */
void            museum_fault           (const char     *format,
                                        ...) G_GNUC_PRINTF (1, 2);

/* Skips a half that cannot run here. */
void            museum_skip            (const char     *why);

/* Iterates the main context until nothing is ready. */
void            museum_settle          (void);

typedef void (*MuseumFunc) (void);

/* @expected is a pattern for g_pattern_match_simple(). The raw half has to show at least one fault, and
 * none that does not match.
 */
int             museum_run             (int             argc,
                                        char          **argv,
                                        const char     *name,
                                        const char     *expected,
                                        MuseumFunc      raw,
                                        MuseumFunc      scope);

G_END_DECLS
