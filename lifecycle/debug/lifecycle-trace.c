/* lifecycle-trace.c: a line for each event, for LIFECYCLE_DEBUG=trace
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>

#include "lifecycle-debug-private.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-paths-private.h"

/* Prints to stderr rather than to GLib's log, because the ledger is locked and log handlers are
 * user code.
 */
static void
trace_entry (LifecycleLedger *ledger,
             LifecycleEntry  *entry,
             const char      *place,
             char             sign)
{
  guint kind = lifecycle_entry_type_get_kind (entry->type);
  g_autofree char *path = lifecycle_paths_dup (ledger);

  fprintf (stderr, "Lifecycle: %c %s %p%s%s%s%s, scope %s %p\n",
           sign,
           lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) kind),
           (gpointer) entry,
           place != NULL ? " " : "",
           place != NULL ? lifecycle_place_get_preposition (place) : "",
           place != NULL ? " " : "",
           place != NULL ? place : "",
           path,
           (gpointer) ledger->scope);
}

static void
trace_entry_added (LifecycleLedger *ledger,
                   LifecycleEntry  *entry)
{
  trace_entry (ledger, entry, entry->name, '+');
}

static void
trace_entry_removed (LifecycleLedger *ledger,
                     LifecycleEntry  *entry)
{
  trace_entry (ledger, entry, lifecycle_entry_get_place (entry), '-');
}

static void
trace_entry_replaced (LifecycleLedger *ledger,
                      LifecycleEntry  *entry,
                      LifecycleEntry  *by)
{
  fprintf (stderr, "Lifecycle: ~ handler %p has ended, and is kept as %p for its destroy notify\n",
           (gpointer) entry, (gpointer) by);
}

static void
trace_scope_opened (LifecycleScope *scope)
{
  g_autofree char *path = lifecycle_scope_get_path (scope);

  fprintf (stderr, "Lifecycle: opened scope %s %p%s%s\n",
           path, (gpointer) scope,
           scope->as_child.name != NULL ? " at " : "",
           scope->as_child.name != NULL ? scope->as_child.name : "");
}

static void
trace_scope_closed (LifecycleScope *scope,
                    guint64         duration)
{
  g_autofree char *path = lifecycle_scope_get_path (scope);

  fprintf (stderr, "Lifecycle: closed scope %s %p: %s, %u %s, %" G_GUINT64_FORMAT " us\n",
           path, (gpointer) scope,
           lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) scope->reason),
           scope->n_released, scope->n_released == 1 ? "entry" : "entries", duration);
}

void
lifecycle_trace_start (void)
{
  static const LifecycleObserver observer = {
    .scope_opened = trace_scope_opened,
    .scope_closed = trace_scope_closed,
    .entry_added = trace_entry_added,
    .entry_removed = trace_entry_removed,
    .entry_replaced = trace_entry_replaced,
  };

  /* These references keep the classes alive, so that they need not be created while a ledger is
   * locked.
   */
  g_type_class_ref (LIFECYCLE_TYPE_KIND);
  g_type_class_ref (LIFECYCLE_TYPE_REASON);
  lifecycle_paths_start ();
  lifecycle_add_observer (&observer);
}
