/* test-sysprof.c: what a profiler gets to see
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * This program runs itself again, as the child of Sysprof's own source for programs that
 * have something to tell, which writes what comes from there to a file.
 */

#include <glib/gstdio.h>
#include <lifecycle.h>
#include <string.h>
#include <sysprof.h>

#include "test-util.h"

#define N_DATA 7

static const char *self_path;

static int
run_child (void)
{
  LifecycleScope *service = lifecycle_scope_new ("service");
  LifecycleScope *player = lifecycle_scope_new_child (service, "player");

  for (guint i = 0; i < N_DATA; i++)
    lifecycle_scope_adopt (player, g_malloc (1), g_free);
  g_usleep (20 * 1000);
  lifecycle_scope_adopt (service, g_malloc (1), g_free);
  lifecycle_scope_close_with_reason (player, LIFECYCLE_REASON_ABORTED, "bored");
  lifecycle_scope_close (service);
  g_object_unref (player);
  g_object_unref (service);

  return 0;
}

typedef struct
{
  GHashTable *marks;            /* message, by name */
  gint64      durations;        /* the longest, ns */
  guint       ids[2];
  gint64      highest[2];
  gint64      last[2];
  guint       n_defined;
} Seen;

static void
see_mark (Seen                     *self,
          const SysprofCaptureMark *mark)
{
  if (strcmp (mark->group, "Lifecycle") != 0)
    return;

  g_hash_table_insert (self->marks, g_strdup (mark->name), g_strdup (mark->message));
  self->durations = MAX (self->durations, mark->duration);
}

static void
see_definition (Seen                              *self,
                const SysprofCaptureCounterDefine *define)
{
  for (guint i = 0; i < define->n_counters; i++)
    {
      const SysprofCaptureCounter *counter = &define->counters[i];

      if (strcmp (counter->category, "Lifecycle") == 0)
        {
          self->ids[strcmp (counter->name, "Scopes") == 0 ? 0 : 1] = counter->id;
          self->n_defined++;
        }
    }
}

static void
see_values (Seen                           *self,
            const SysprofCaptureCounterSet *set)
{
  for (guint i = 0; i < set->n_values; i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (set->values[i].ids); j++)
        {
          for (guint k = 0; k < 2; k++)
            {
              if (self->ids[k] != 0 && set->values[i].ids[j] == self->ids[k])
                {
                  self->last[k] = set->values[i].values[j].v64;
                  self->highest[k] = MAX (self->highest[k], self->last[k]);
                }
            }
        }
    }
}

/* The last thing that the child does is to close its service. */
static gboolean
seen_all (Seen *self)
{
  return g_hash_table_contains (self->marks, "service");
}

static void
look (const char *path,
      Seen       *self)
{
  SysprofCaptureReader *reader = sysprof_capture_reader_new (path);
  SysprofCaptureFrameType type;

  g_assert_nonnull (reader);
  while (sysprof_capture_reader_peek_type (reader, &type))
    {
      if (type == SYSPROF_CAPTURE_FRAME_MARK)
        see_mark (self, sysprof_capture_reader_read_mark (reader));
      else if (type == SYSPROF_CAPTURE_FRAME_CTRDEF)
        see_definition (self, sysprof_capture_reader_read_counter_define (reader));
      else if (type == SYSPROF_CAPTURE_FRAME_CTRSET)
        see_values (self, sysprof_capture_reader_read_counter_set (reader));
      else
        sysprof_capture_reader_skip (reader);
    }
  sysprof_capture_reader_unref (reader);
}

static gboolean
look_again (const char           *path,
            SysprofCaptureWriter *writer,
            Seen                 *self)
{
  sysprof_capture_writer_flush (writer);
  look (path, self);

  return seen_all (self);
}

static void
exited_cb (GObject      *process,
           GAsyncResult *result,
           gpointer      exited)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_check_finish (G_SUBPROCESS (process), result, &error);
  g_assert_no_error (error);
  *(gboolean *) exited = TRUE;
}

/* Profiles the child. */
static void
capture (const char *path,
         Seen       *seen)
{
  g_autoptr (SysprofSource) source = SYSPROF_SOURCE (sysprof_control_source_new ());
  g_autoptr (SysprofSpawnable) spawnable = sysprof_spawnable_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) envp = g_get_environ ();
  SysprofCaptureWriter *writer = sysprof_capture_writer_new (path, 0);
  gboolean exited = FALSE;

  g_assert_nonnull (writer);
  sysprof_source_set_writer (source, writer);
  sysprof_spawnable_set_environ (spawnable, (const char *const *) envp);
  sysprof_spawnable_append_argv (spawnable, self_path);
  sysprof_spawnable_append_argv (spawnable, "--child");
  sysprof_source_modify_spawn (source, spawnable);
  sysprof_source_prepare (source);
  sysprof_source_start (source);

  process = sysprof_spawnable_spawn (spawnable, &error);
  g_assert_no_error (error);
  g_subprocess_wait_check_async (process, NULL, exited_cb, &exited);

  /* What the child has left in shared memory is read from time to time. */
  test_iterate_until (exited);
  test_iterate_until (look_again (path, writer, seen));

  /* It lets go of itself when its reading has been cancelled. */
  sysprof_source_stop (source);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  sysprof_capture_writer_unref (writer);
}

static void
test_capture (void)
{
  g_autofree char *directory = g_dir_make_tmp ("lifecycle-sysprof-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "capture.syscap", NULL);
  g_autoptr (GHashTable) marks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Seen seen = { .marks = marks };
  const char *message;

  capture (path, &seen);

  g_assert_cmpuint (g_hash_table_size (marks), ==, 2);
  message = g_hash_table_lookup (marks, "service/player");
  g_assert_nonnull (message);
  g_assert_true (g_str_has_prefix (message, "aborted (bored); added 7, released 7, retired 0, "
                                            "late 0, failed 0, abandoned 0; closed in "));
  message = g_hash_table_lookup (marks, "service");
  g_assert_nonnull (message);
  g_assert_true (g_str_has_prefix (message, "completed; added 2, released 1, retired 1, "));
  /* It slept, and less cannot be the life of the longer one. */
  g_assert_cmpint (seen.durations, >=, 20 * 1000 * 1000);

  g_assert_cmpuint (seen.n_defined, ==, 2);
  g_assert_cmpint (seen.highest[0], ==, 2);
  g_assert_cmpint (seen.last[0], ==, 0);
  /* The child is an entry, too. */
  g_assert_cmpint (seen.highest[1], ==, N_DATA + 2);
  g_assert_cmpint (seen.last[1], ==, 0);

  g_unlink (path);
  g_rmdir (directory);
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *path = NULL;

  if (argc > 1 && strcmp (argv[1], "--child") == 0)
    return run_child ();

  g_test_init (&argc, &argv, NULL);
  self_path = path = g_file_read_link ("/proc/self/exe", NULL);

  g_test_add_func ("/lifecycle/sysprof/capture", test_capture);

  return g_test_run ();
}
