/* test-stacks.c: LIFECYCLE_DEBUG=stacks remembers where things were added
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#include "lifecycle-describe-private.h"
#include "lifecycle-leaks-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-stacks-private.h"
#include "test-util.h"

static LifecycleEntry *
get_last_entry (LifecycleScope *scope)
{
  LifecycleEntry *entry;

  lifecycle_ledger_lock (lifecycle_scope_get_ledger (scope));
  entry = lifecycle_list_peek_last (&lifecycle_scope_get_ledger (scope)->live);
  lifecycle_ledger_unlock (lifecycle_scope_get_ledger (scope));

  return entry;
}

static guint
count_lines (const char *text)
{
  guint n = 1;

  for (; *text != '\0'; text++)
    n += *text == '\n';

  return n;
}

static G_GNUC_NO_INLINE LifecycleEntry *
add_data (LifecycleScope *scope)
{
  lifecycle_scope_adopt (scope, g_malloc (1), g_free);

  return get_last_entry (scope);
}

/* One stack for each way to a place, and as many entries as there are. */
static void
test_entries (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  const LifecycleStack *stack = NULL;
  LifecycleEntry *entry = NULL;
  g_autofree char *text = NULL;

  for (volatile guint i = 0; i < 3; i++)
    {
      entry = add_data (scope);
      g_assert_nonnull (lifecycle_stacks_get (entry));
      if (i > 0)
        g_assert_true (lifecycle_stacks_get (entry) == stack);
      stack = lifecycle_stacks_get (entry);
    }
  g_assert_true (lifecycle_stacks_get (add_data (scope)) != stack);

  text = lifecycle_stacks_describe (entry);
  g_assert_cmpuint (count_lines (text), >, 2);
  g_assert_null (strstr (text, "lifecycle_stacks_capture"));
#ifdef __linux__
  /* A function that is not exported. */
  g_assert_nonnull (strstr (text, "\nadd_data+0x"));
#endif

  lifecycle_scope_close (scope);
  g_assert_null (lifecycle_stacks_get (entry));
  g_assert_null (lifecycle_stacks_describe (entry));
  g_assert_finalize_object (scope);
}

/* A handler with a notify is replaced when it is muted. What is left of it has its stack, and no one
 * else has.
 */
static LifecycleEntry *handler_entry;
static const LifecycleStack *handler_stack;
static LifecycleScope *handler_scope;

static void
look_at_notice (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          user_data,
                GError          **error)
{
  LifecycleEntry *notice;

  g_assert_null (lifecycle_stacks_get (handler_entry));
  lifecycle_ledger_lock (lifecycle_scope_get_ledger (handler_scope));
  notice = lifecycle_list_peek_last (&lifecycle_scope_get_ledger (handler_scope)->muted->others);
  lifecycle_ledger_unlock (lifecycle_scope_get_ledger (handler_scope));
  g_assert_cmpint (notice->type, ==, LIFECYCLE_ENTRY_NOTICE);
  g_assert_true (lifecycle_stacks_get (notice) == handler_stack);
  handler_entry = notice;
}

static void
test_notice (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n_notified = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &n_notified, test_count_closure_notify, 0);
  handler_scope = scope;
  handler_entry = get_last_entry (scope);
  handler_stack = lifecycle_stacks_get (handler_entry);
  g_assert_nonnull (handler_stack);
  /* Comes first in the release. */
  lifecycle_scope_defer (scope, look_at_notice, NULL, NULL);

  lifecycle_scope_close (scope);
  g_assert_cmpint (n_notified, ==, 1);
  g_assert_null (lifecycle_stacks_get (handler_entry));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_record (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GListModel) records = NULL;
  g_autoptr (LifecycleRecord) record = NULL;
  g_autofree char *text = NULL;

  lifecycle_scope_adopt (scope, g_strdup ("data"), g_free);
  text = lifecycle_stacks_describe (get_last_entry (scope));
  records = lifecycle_scope_list_records (scope, FALSE);
  record = g_list_model_get_item (records, 0);
  g_assert_nonnull (strstr (text, "test_record"));
  g_assert_cmpstr (lifecycle_record_get_stack (record), ==, text);

  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* Scopes, with a parent or without. */
static void
test_scopes (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleScope *by_name = lifecycle_scope_get_child (parent, "by-name");
  g_autofree char *text = lifecycle_stacks_describe (&parent->as_child);
  gpointer entry = &child->as_child;

  g_assert_nonnull (text);
  g_assert_nonnull (lifecycle_stacks_get (&child->as_child));
  g_assert_nonnull (lifecycle_stacks_get (&by_name->as_child));

  lifecycle_scope_close (child);
  g_assert_finalize_object (child);
  g_assert_null (lifecycle_stacks_get (entry));
  lifecycle_scope_close (parent);
  g_assert_null (lifecycle_stacks_get (&parent->as_child));
  g_assert_finalize_object (parent);
}

/* Expectations keep theirs, also when the scope moves. */
static void
test_leaks (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleScope *to;
  g_autoptr (GListModel) list = NULL;
  g_autoptr (LifecycleLeak) leak = NULL;
  g_autoptr (LifecycleLeak) dropped = NULL;

  lifecycle_set_leak_grace (0);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  to = lifecycle_scope_move (scope);
  lifecycle_scope_close (to);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (to);

  lifecycle_leaks_set_tracking (TRUE);
  scope = lifecycle_scope_new ("dropped");
  add_data (scope);
  g_assert_finalize_object (scope);
  lifecycle_leaks_set_tracking (FALSE);

  list = lifecycle_list_leaks ();
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 2);
  leak = g_list_model_get_item (list, 0);
  g_assert_nonnull (lifecycle_leak_get_stack (leak));
  dropped = g_list_model_get_item (list, 1);
  g_assert_nonnull (lifecycle_leak_get_stack (dropped));

  g_assert_finalize_object (emitter);
  lifecycle_clear_leaks ();
}

static gpointer
add_thread (gpointer data)
{
  for (guint i = 0; i < test_amount (20000) / 10; i++)
    add_data (data);

  return NULL;
}

/* Two threads add, and one closes. */
static void
test_threads (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GThread *threads[2];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("add", add_thread, scope);
  g_usleep (1000);
  lifecycle_scope_close (scope);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_setenv ("LIFECYCLE_DEBUG", "stacks", TRUE);
  g_test_init (&argc, &argv, NULL);

#ifndef __GLIBC__
  g_print ("1..0 # SKIP there is no backtrace () here\n");
  return 0;
#endif

  g_test_add_func ("/lifecycle/stacks/entries", test_entries);
  g_test_add_func ("/lifecycle/stacks/notice", test_notice);
  g_test_add_func ("/lifecycle/stacks/record", test_record);
  g_test_add_func ("/lifecycle/stacks/scopes", test_scopes);
  g_test_add_func ("/lifecycle/stacks/leaks", test_leaks);
  g_test_add_func ("/lifecycle/stacks/threads", test_threads);

  return g_test_run ();
}
