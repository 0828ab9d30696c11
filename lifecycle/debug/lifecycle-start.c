/* lifecycle-start.c: parses LIFECYCLE_DEBUG and starts what it asks for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>
#include <string.h>

#include "lifecycle-alive-private.h"
#include "lifecycle-debug-private.h"
#include "lifecycle-inspect.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-report-private.h"
#include "lifecycle-stacks-private.h"

static const struct
{
  const char *key;
  guint       flag;
  const char *help;
} debug_keys[] = {
  { "alive", LIFECYCLE_DEBUG_ALIVE, "print what keeps the default main context busy, every few seconds if it has changed" },
#ifdef G_OS_UNIX
  { "inspect", LIFECYCLE_DEBUG_INSPECT, "let the command 'lifecycle' look into the running program" },
  { "inspect-close", LIFECYCLE_DEBUG_INSPECT_CLOSE, "the same, and let it close scopes" },
#endif
  { "leaks", LIFECYCLE_DEBUG_LEAKS, "print at exit which scopes are still open, and which objects are still alive" },
  { "operations", LIFECYCLE_DEBUG_OPERATIONS, "warn when a scope frees memory that belongs to a pending call" },
  { "stacks", LIFECYCLE_DEBUG_STACKS, "record the stack of each call that adds an entry, and show it in reports" },
  { "threads", LIFECYCLE_DEBUG_THREADS, "warn about calls from threads on which a scope is not at home" },
  { "trace", LIFECYCLE_DEBUG_TRACE, "print each scope and entry that is added or removed" },
  { "widgets", LIFECYCLE_DEBUG_WIDGETS, "with the library for GTK, print which widgets should be gone and are not" },
};

static gboolean
debug_knows (const char *word)
{
  g_autofree char *name = g_strdelimit (g_ascii_strdown (word, -1), "_", '-');

  for (guint i = 0; i < G_N_ELEMENTS (debug_keys); i++)
    if (strcmp (name, debug_keys[i].key) == 0)
      return TRUE;

  return strcmp (name, "all") == 0;
}

/* Prints help if `value` asks for it, warns about words that are misspelt, and returns all words but
 * "help". g_parse_debug_string() could print help, too, but it knows only the names, and ignores what
 * it does not know.
 */
static char *
debug_read_words (const char *value)
{
  g_auto (GStrv) words = g_strsplit_set (value, ":;, \t", -1);
  g_autoptr (GString) rest = g_string_new (NULL);
  gboolean help = FALSE;

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (g_ascii_strcasecmp (words[i], "help") == 0)
        {
          help = TRUE;
          continue;
        }
      if (words[i][0] != '\0' && !debug_knows (words[i]))
        fprintf (stderr, "Lifecycle: LIFECYCLE_DEBUG has no word '%s'; 'help' lists those it has\n",
                 words[i]);
      g_string_append_printf (rest, "%s%s", rest->len > 0 ? "," : "", words[i]);
    }

  if (help)
    {
      fprintf (stderr, "LIFECYCLE_DEBUG is a comma-separated list of these words:\n");
      for (guint i = 0; i < G_N_ELEMENTS (debug_keys); i++)
        fprintf (stderr, "  %-13s %s\n", debug_keys[i].key, debug_keys[i].help);
      fprintf (stderr, "  %-13s %s\n  %-13s %s\n", "all", "all of the above", "help", "print this list");
    }

  return g_strdup (rest->str);
}

#ifdef G_OS_UNIX

static void
debug_start_inspection (void)
{
  LifecycleInspectFlags flags = LIFECYCLE_INSPECT_DEFAULT;
  g_autoptr (GError) error = NULL;

  if (lifecycle_debug_has (LIFECYCLE_DEBUG_INSPECT_CLOSE))
    flags |= LIFECYCLE_INSPECT_ALLOW_CLOSE;
  if (!lifecycle_inspect_start (flags, &error))
    fprintf (stderr, "Lifecycle: this program cannot be inspected: %s\n", error->message);
}

#endif

void
lifecycle_debug_start (void)
{
  const char *value = g_getenv ("LIFECYCLE_DEBUG");
  GDebugKey keys[G_N_ELEMENTS (debug_keys)];
  g_autofree char *words = NULL;

  if (value != NULL)
    {
      words = debug_read_words (value);
      for (guint i = 0; i < G_N_ELEMENTS (debug_keys); i++)
        keys[i] = (GDebugKey) { debug_keys[i].key, debug_keys[i].flag };
      lifecycle_debug_flags = g_parse_debug_string (words, keys, G_N_ELEMENTS (keys));
    }

  lifecycle_log_init ();
#ifdef HAVE_SYSPROF
  lifecycle_sysprof_init ();
#endif
  if (lifecycle_debug_has (LIFECYCLE_DEBUG_TRACE))
    lifecycle_trace_start ();
  /* Must come after the trace, which still needs the place of an entry that is removed. */
  lifecycle_modules_start ((lifecycle_debug_flags &
                            ~(guint) (LIFECYCLE_DEBUG_INSPECT | LIFECYCLE_DEBUG_INSPECT_CLOSE)) != 0);
  if (lifecycle_debug_has (LIFECYCLE_DEBUG_STACKS))
    lifecycle_stacks_start ();
  if (lifecycle_debug_has (LIFECYCLE_DEBUG_LEAKS))
    {
      lifecycle_leaks_set_tracking (TRUE);
      lifecycle_report_report_at_exit ();
    }
  if (lifecycle_debug_has (LIFECYCLE_DEBUG_ALIVE))
    lifecycle_alive_start ();
#ifdef G_OS_UNIX
  if (lifecycle_debug_has (LIFECYCLE_DEBUG_INSPECT | LIFECYCLE_DEBUG_INSPECT_CLOSE))
    debug_start_inspection ();
#endif
}
