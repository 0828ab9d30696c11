/* lifecycle-report.c: readable reports of what was left behind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>
#include <stdlib.h>

#ifdef G_OS_UNIX
#include <pthread.h>
#endif

#include "lifecycle-report-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-inventory-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-roots-private.h"

#define MAX_ROWS 8

/* The scopes or leaks that come from the same place. */
typedef struct
{
  guint                 n;
  char                 *key;
  char                 *what;           /* describes the first of them */
  const char           *place;
  const LifecycleStack *stack;
  char                 *handlers;       /* of the first */
  char                 *referrers;
  LifecycleInventory   *owned;          /* by all of them together, if they are scopes */
} Group;

static void
group_free (gpointer data)
{
  Group *self = data;

  g_free (self->key);
  g_free (self->what);
  g_free (self->handlers);
  g_free (self->referrers);
  g_clear_pointer (&self->owned, g_hash_table_unref);
  g_free (self);
}

/* Adds to the group with the given key, which is created if needed. Takes ownership of both
 * strings.
 */
static Group *
groups_add (GPtrArray            *groups,
            char                 *key,
            char                 *what,
            const char           *place,
            const LifecycleStack *stack,
            guint                 n)
{
  Group *group;

  for (guint i = 0; i < groups->len; i++)
    {
      group = g_ptr_array_index (groups, i);
      if (g_str_equal (group->key, key))
        {
          group->n += n;
          g_free (key);
          g_free (what);
          return group;
        }
    }

  group = g_new0 (Group, 1);
  group->n = n;
  group->key = key;
  group->what = what;
  group->place = place;
  group->stack = stack;
  g_ptr_array_add (groups, group);

  return group;
}

static void
groups_add_scope (GPtrArray      *groups,
                  LifecycleScope *scope)
{
  g_autoptr (LifecycleSnapshot) snapshot = lifecycle_snapshot_new (scope, FALSE);
  g_autofree char *path = lifecycle_scope_get_path (scope);
  gboolean open = lifecycle_scope_is_open (scope);
  const char *place = lifecycle_entry_get_place (&scope->as_child);
  char *key = g_strdup_printf ("scope %d %s", open, place != NULL ? place : path);
  char *what = g_strdup_printf ("scope %s %p%s, %s", path, (gpointer) scope,
                                scope->key.object != NULL ? ", of a live object" : "",
                                open ? "still open" : "waiting for its main context to close it");
  Group *group = groups_add (groups, key, what, place, lifecycle_stacks_get (&scope->as_child), 1);

  if (group->owned == NULL)
    group->owned = lifecycle_inventory_new ();
  lifecycle_inventory_add (group->owned, snapshot);
}

static void
groups_add_leaks (GPtrArray *groups,
                  GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    {
      LifecycleLeakFacts *facts = g_ptr_array_index (list, i);
      g_autoptr (LifecycleLeak) leak = NULL;
      guint n = facts->count;
      Group *group;
      char *key = g_strdup_printf ("leak %d %s %s %s", facts->kind, g_type_name (facts->type),
                                   facts->place != NULL ? facts->place : facts->scope_path,
                                   facts->why != NULL ? facts->why : "");

      facts->count = 1;
      leak = lifecycle_leak_new (facts);
      group = groups_add (groups, key, lifecycle_leak_to_string (leak), NULL, facts->stack, n);
      if (group->n == n)
        {
          group->handlers = g_strdup (facts->handlers);
          group->referrers = g_strdup (facts->referrers);
        }
    }
}

static void
append_lines (GString    *string,
              const char *title,
              const char *text)
{
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    {
      if (i == 0)
        g_string_append_printf (string, "    %s\n", title);
      g_string_append_printf (string, "        %s\n", lines[i]);
    }
}

static void
group_append (Group   *self,
              GString *string)
{
  g_autofree char *stack = lifecycle_stack_describe (self->stack);
  guint n_owned = 0;

  g_string_append_printf (string, "%u x %s", self->n, self->what);
  if (self->place != NULL)
    g_string_append_printf (string, ", made %s %s",
                            lifecycle_place_get_preposition (self->place), self->place);

  if (self->owned != NULL)
    {
      GHashTableIter iter;
      gpointer row;

      g_hash_table_iter_init (&iter, self->owned);
      while (g_hash_table_iter_next (&iter, &row, NULL))
        n_owned += ((LifecycleInventoryRow *) row)->n;
      if (n_owned > 0)
        g_string_append_printf (string, ", owning %u %s:", n_owned,
                                n_owned == 1 ? "entry" : "entries");
      else
        g_string_append (string, ", owning nothing");
    }

  g_string_append_c (string, '\n');
  if (n_owned > 0)
    lifecycle_inventory_append (self->owned, string, "    ", MAX_ROWS);
  append_lines (string, "handlers:", self->handlers);
  append_lines (string, "referred to by:", self->referrers);

  if (stack != NULL)
    {
      g_auto (GStrv) frames = g_strsplit (stack, "\n", -1);

      for (guint i = 0; frames[i] != NULL; i++)
        g_string_append_printf (string, "    #%u %s\n", i, frames[i]);
    }
}

static guint
count_noted (GPtrArray         *noted,
             LifecycleLeakKind  kind)
{
  guint n = 0;

  for (guint i = noted->len; i-- > 0;)
    {
      LifecycleLeakFacts *facts = g_ptr_array_index (noted, i);

      if (facts->kind == kind)
        n += facts->count;
      else
        g_ptr_array_remove_index (noted, i);
    }

  return n;
}

/* Returns whether there is anything to report. */
gboolean
lifecycle_report_count (LifecycleReport         *self,
                        const LifecycleLeakMark *since,
                        gboolean                 with_dropped)
{
  g_autoptr (GPtrArray) alive = lifecycle_leaks_list_alive (since, FALSE);
  g_autoptr (GPtrArray) noted = lifecycle_leaks_list_noted (since);

  /* A test that waits calls this again and again, so it must not keep any scope alive. */
  self->n_scopes = lifecycle_roots_list_open (NULL, since != NULL);
  self->n_objects = alive->len;
  self->n_dropped = with_dropped ? count_noted (noted, LIFECYCLE_LEAK_KIND_DROPPED_OPEN) : 0;

  return self->n_scopes + self->n_objects + self->n_dropped > 0;
}

/* Returns the report, one or more lines, or NULL if there is nothing to report. */
char *
lifecycle_report_describe (const LifecycleLeakMark *since,
                           gboolean                 with_dropped)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func (group_free);
  g_autoptr (GPtrArray) alive = NULL;
  GString *string;
  LifecycleScopeList scopes;

  lifecycle_scope_list_init (&scopes);
  lifecycle_roots_list_open (&scopes, since != NULL);
  for (guint i = 0; i < scopes.n_items; i++)
    groups_add_scope (groups, scopes.items[i]);
  lifecycle_scope_list_clear (&scopes);

  lifecycle_leaks_search (since, FALSE);
  alive = lifecycle_leaks_list_alive (since, FALSE);
  groups_add_leaks (groups, alive);
  if (with_dropped)
    {
      g_autoptr (GPtrArray) noted = lifecycle_leaks_list_noted (since);

      count_noted (noted, LIFECYCLE_LEAK_KIND_DROPPED_OPEN);
      groups_add_leaks (groups, noted);
    }

  if (groups->len == 0)
    return NULL;

  string = g_string_new (NULL);
  for (guint i = 0; i < groups->len; i++)
    group_append (g_ptr_array_index (groups, i), string);

  return g_string_free (string, FALSE);
}

/* In a forked child: what had happened before the fork. */
static LifecycleLeakMark report_inherited;
static gboolean report_is_in_child;

static gint report_is_done;

#ifdef G_OS_UNIX

/* A forked child exits without closing its copies of the scopes of the parent. These are not leaks
 * of the child, so it reports only what it has created itself. This also serves programs that fork
 * to become a daemon.
 */
static void
report_before_fork (void)
{
  lifecycle_roots_before_fork ();
  lifecycle_leaks_before_fork ();
  lifecycle_failures_before_fork ();
}

static void
report_after_fork (gboolean in_child)
{
  lifecycle_failures_after_fork (in_child);
  lifecycle_leaks_after_fork ();
  lifecycle_roots_after_fork ();
}

static void
report_after_fork_in_parent (void)
{
  report_after_fork (FALSE);
}

static void
report_after_fork_in_child (void)
{
  report_after_fork (TRUE);
  lifecycle_roots_set_mark ();
  lifecycle_leaks_mark (&report_inherited);
  report_is_in_child = TRUE;
  report_is_done = FALSE;
}

#endif

/**
 * lifecycle_report_leaks:
 *
 * Prints the report that `LIFECYCLE_DEBUG=leaks` asks for now, and not again when the program exits.
 *
 * This is for programs, and for modules for other languages, that close what is still open before
 * the program exits, and would thereby hide that nobody else has. Without `LIFECYCLE_DEBUG=leaks`,
 * it does nothing. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_report_leaks (void)
{
  const LifecycleLeakMark *since = report_is_in_child ? &report_inherited : NULL;
  LifecycleReport report;
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) failures = NULL;

  if (!lifecycle_debug_has (LIFECYCLE_DEBUG_LEAKS) ||
      !g_atomic_int_compare_and_exchange (&report_is_done, FALSE, TRUE))
    return;

  failures = lifecycle_list_failures ();
  for (guint i = 0; i < failures->len; i++)
    fprintf (stderr, "Lifecycle: %s\n", (const char *) g_ptr_array_index (failures, i));

  if (!lifecycle_report_count (&report, since, TRUE))
    return;

  text = lifecycle_report_describe (since, TRUE);
  fprintf (stderr,
           "Lifecycle: at exit, %u %s still open, %u %s that should be gone %s still alive, and "
           "%u %s been dropped open\n%s",
           report.n_scopes, report.n_scopes == 1 ? "scope was" : "scopes were",
           report.n_objects, report.n_objects == 1 ? "object" : "objects",
           report.n_objects == 1 ? "was" : "were",
           report.n_dropped, report.n_dropped == 1 ? "scope had" : "scopes had",
           text != NULL ? text : "");
}

/* Implements LIFECYCLE_DEBUG=leaks. The report is printed after main() has returned. That is safe:
 * neither GLib nor this library destroys its global state at exit. Other threads may still be
 * running.
 */
void
lifecycle_report_report_at_exit (void)
{
  atexit (lifecycle_report_leaks);
#ifdef G_OS_UNIX
  pthread_atfork (report_before_fork, report_after_fork_in_parent, report_after_fork_in_child);
#endif
}
