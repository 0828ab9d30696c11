/* test-referrers.c: who knows an object that should be gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#include "lifecycle-memory-private.h"
#include "lifecycle-referrers-private.h"
#include "../../test-sanitizer.h"
#include "test-util.h"

/* An object that refers to another one without holding it. */
#define TEST_TYPE_POINTER (test_pointer_get_type ())
G_DECLARE_FINAL_TYPE (TestPointer, test_pointer, TEST, POINTER, GObject)

struct _TestPointer
{
  GObject  parent_instance;
  GObject *other;
};

G_DEFINE_FINAL_TYPE (TestPointer, test_pointer, G_TYPE_OBJECT)

static void
test_pointer_class_init (TestPointerClass *klass)
{
}

static void
test_pointer_init (TestPointer *self)
{
}

static LifecycleReferrerRank
rank (GObject       *object,
      GTypeInstance *instance)
{
  return TEST_IS_POINTER (instance) ? LIFECYCLE_REFERRER_USER : LIFECYCLE_REFERRER_TOOLKIT;
}

static gboolean
can_search (void)
{
  int memory = lifecycle_memory_open ();

  if (memory < 0)
    {
      g_test_skip ("memory cannot be searched here");
      return FALSE;
    }
  lifecycle_memory_close (memory);

  return TRUE;
}

static LifecycleReferrers
find (GObject *object)
{
  static const LifecycleToolkit toolkit = { (gpointer) g_object_new, rank };
  LifecycleReferrers result = { .object = object };

  lifecycle_referrers_find (&result, 1, &toolkit);

  return result;
}

static void
clear (LifecycleReferrers *result)
{
  g_free (result->handlers);
  g_free (result->referrers);
}

/* A line is one of them that matches the pattern. */
static gboolean
has_line (const char *text,
          const char *pattern)
{
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_pattern_match_simple (pattern, lines[i]))
        return TRUE;
    }

  return FALSE;
}

G_MODULE_EXPORT void referrers_notify_cb (void);
G_MODULE_EXPORT gboolean referrers_source_cb (gpointer data);

void
referrers_notify_cb (void)
{
}

gboolean
referrers_source_cb (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static void
test_handlers (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GSimpleAction) action = g_simple_action_new ("action", NULL);
  LifecycleReferrers result;
  gulong id;

  if (!can_search ())
    return;

  g_signal_connect (object, "notify", G_CALLBACK (referrers_notify_cb), NULL);
  id = g_signal_connect (action, "notify::enabled", G_CALLBACK (referrers_notify_cb), object);
  result = find (object);
  g_assert_true (has_line (result.handlers, "notify: *referrers_notify_cb*"));
  g_assert_true (has_line (result.referrers, "data of *referrers_notify_cb*, connected to "
                                             "notify::enabled of GSimpleAction 0x*"));
  clear (&result);

  g_signal_handler_disconnect (action, id);
  result = find (object);
  g_assert_false (has_line (result.referrers, "*referrers_notify_cb*"));
  clear (&result);
}

static void
test_sources (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  GMainContext *context = g_main_context_new ();
  GSource *source = g_timeout_source_new (100000);
  LifecycleReferrers result;

  if (can_search ())
    {
      g_source_set_name (source, "a name");
      g_source_set_callback (source, referrers_source_cb, object, NULL);
      g_source_attach (source, context);
      result = find (object);
      g_assert_true (has_line (result.referrers,
                               "data of *referrers_source_cb*, called by the source 'a name'"));
      clear (&result);

      g_source_destroy (source);
      /* AddressSanitizer keeps freed memory for a while, and the search finds in it what was there. */
#ifndef TEST_HAS_ASAN
      result = find (object);
      g_assert_false (has_line (result.referrers, "*referrers_source_cb*"));
      clear (&result);
#endif
    }

  g_source_destroy (source);
  g_source_unref (source);
  g_main_context_unref (context);
}

static void
test_fields (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  TestPointer *pointer = g_object_new (TEST_TYPE_POINTER, NULL);
  g_autofree char *line = g_strdup_printf ("in TestPointer %p", (gpointer) pointer);
  LifecycleReferrers result;

  pointer->other = object;
  if (can_search ())
    {
      result = find (object);
      g_assert_true (has_line (result.referrers, line));
      clear (&result);
    }

  /* Its memory still looks the same. */
  g_object_unref (pointer);
  result = find (object);
  g_assert_false (has_line (result.referrers, "*TestPointer*"));
  clear (&result);
}

/* What scopes own is known on every system. */
static void
test_scopes (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("owner");
  LifecycleReferrers result;

  lifecycle_scope_add_object (scope, object);
  lifecycle_scope_add_timeout (scope, 100000, referrers_source_cb, object, NULL);
  result = find (object);
  g_assert_true (has_line (result.referrers, "a reference, added at *, in scope owner"));
  g_assert_true (has_line (result.referrers, "data of *referrers_source_cb*, timer, added at *, "
                                             "in scope owner"));
  clear (&result);

  lifecycle_scope_close (scope);
  result = find (object);
  g_assert_false (has_line (result.referrers, "*in scope owner*"));
  clear (&result);
}

/* Memory can go while it is searched, and addresses may be wrong. */
static void
test_memory (void)
{
  g_autoptr (GHashTable) values = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) hits = NULL;
  static volatile gsize needle;
  gsize word = 0, value = (gsize) &needle ^ (gsize) 0x5a5a5a5a;
  gboolean found = FALSE;
  int memory;

  if (!can_search ())
    return;

  memory = lifecycle_memory_open ();
  g_assert_false (lifecycle_memory_read (memory, 16, &word, sizeof word));
  g_assert_true (lifecycle_memory_read (memory, (gsize) &value, &word, sizeof word));
  g_assert_cmpuint (word, ==, value);

  needle = value;
  g_hash_table_add (values, GSIZE_TO_POINTER (value));
  hits = lifecycle_memory_find (memory, values);
  for (guint i = 0; i < hits->len; i++)
    found |= g_array_index (hits, LifecycleMemoryHit, i).address == (gsize) &needle;
  g_assert_true (found);
  lifecycle_memory_close (memory);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/referrers/handlers", test_handlers);
  g_test_add_func ("/lifecycle/referrers/sources", test_sources);
  g_test_add_func ("/lifecycle/referrers/fields", test_fields);
  g_test_add_func ("/lifecycle/referrers/scopes", test_scopes);
  g_test_add_func ("/lifecycle/referrers/memory", test_memory);

  return g_test_run ();
}
