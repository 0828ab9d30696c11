/* fuzz-driver.c: runs the fuzzer without libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "../test-sanitizer.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SIZE 512

int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize         size);

/* Of fuzz-world.c. This file knows nothing else of it. */
extern guint64 world_n_operations;

static double seconds;
static gint64 n_runs = -1;
static gint64 first;
static gint seed = 1;
static gboolean minimize;
static char *artifact;
static char **files;

static gboolean replaying;

static const GOptionEntry options[] = {
  { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &seconds, "How long to run random inputs", "S" },
  { "runs", 'n', 0, G_OPTION_ARG_INT64, &n_runs, "How many random inputs to run", "N" },
  { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "Where to begin; each input has its own seed", "N" },
  { "from", 0, 0, G_OPTION_ARG_INT64, &first, "Which of the seed's inputs is the first", "N" },
  { "artifact", 'o', 0, G_OPTION_ARG_FILENAME, &artifact, "Where to write what failed", "FILE" },
  { "minimize", 'm', 0, G_OPTION_ARG_NONE, &minimize, "Make the failing input smaller", NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, "[FILE OR FOLDER…]" },
  { NULL }
};

/* What is running, for the moment when it fails. */
static struct
{
  const guint8 *data;
  gsize         size;
  char          name[256];
} current;

#ifdef TEST_HAS_ASAN
void __sanitizer_set_death_callback (void (* callback) (void));
#endif

/* Runs in a signal handler, of a process that is about to end. */
static void
save_current (void)
{
  static const char hint[] = "The input was written to ";
  const char *path = artifact != NULL ? artifact : "fuzz-failure.bin";
  FILE *file;

  if (current.data == NULL)
    return;

  if (replaying)
    {
      fprintf (stderr, "The input is %s.\n", current.name);
      current.data = NULL;
      return;
    }

  file = fopen (path, "wb");
  if (file != NULL)
    {
      fwrite (current.data, 1, current.size, file);
      fclose (file);
    }
  fprintf (stderr, "%s%s (%s), after %" G_GUINT64_FORMAT " operations.\n", hint, path, current.name,
           world_n_operations);
  fflush (stderr);
  current.data = NULL;
}

static void
fatal_signal_cb (int signum)
{
  save_current ();
  signal (signum, SIG_DFL);
  raise (signum);
}

/* Of processor time, which others do not use up. */
static void
set_limit (int most)
{
  const struct itimerval limit = { .it_value.tv_sec = most };

  setitimer (ITIMER_PROF, &limit, NULL);
}

static void
run (const guint8 *data,
     gsize         size)
{
  /* A copy of the right size, so that a read past the end is noticed. */
  guint8 *copy = g_memdup2 (data, size);

  current.data = copy;
  current.size = size;
  set_limit (5);
  LLVMFuzzerTestOneInput (copy, size);
  set_limit (0);
  current.data = NULL;
  g_free (copy);
}

static int
run_path (const char *path)
{
  g_autofree char *contents = NULL;
  gsize size;
  int n = 0;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          n += run_path (child);
        }

      return n;
    }

  if (!g_file_get_contents (path, &contents, &size, NULL))
    {
      fprintf (stderr, "%s cannot be read\n", path);
      exit (2);
    }

  g_snprintf (current.name, sizeof current.name, "%s", path);
  replaying = TRUE;
  run ((const guint8 *) contents, size);
  replaying = FALSE;

  return 1;
}

/* The same seed gives the same input everywhere. */
static guint64
next_random (guint64 *state)
{
  guint64 z = (*state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return z ^ (z >> 31);
}

static gsize
make_input (guint64  number,
            guint8  *data)
{
  guint64 state = number;
  gsize size = 1 + 4 * (8 + next_random (&state) % (MAX_SIZE / 4 - 9));

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) next_random (&state);

  return size;
}

/* Which rule an input breaks: run in a process of its own, because that ends with it. */
static char *
find_rule (const guint8 *data,
           gsize         size)
{
  int fds[2];
  pid_t pid;
  char buffer[4096];
  gsize n = 0;
  gssize got;
  int status;
  char *failed;

  if (pipe (fds) != 0)
    exit (2);

  fflush (stdout);
  pid = fork ();
  if (pid == 0)
    {
      dup2 (fds[1], STDOUT_FILENO);
      dup2 (fds[1], STDERR_FILENO);
      close (fds[0]);
      close (fds[1]);
      replaying = TRUE;
      run (data, size);
      _exit (0);
    }

  close (fds[1]);
  while ((got = read (fds[0], buffer + n, sizeof buffer - 1 - n)) > 0)
    n += (gsize) got;
  close (fds[0]);
  buffer[n] = '\0';
  waitpid (pid, &status, 0);

  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return NULL;

  failed = strstr (buffer, "FAILED ");
  if (failed != NULL)
    return g_strndup (failed, strcspn (failed, ":"));

  /* Of the sanitizers, without an address; of an assertion. */
  failed = strstr (buffer, "ERROR: ");
  if (failed != NULL)
    return g_strndup (failed, strcspn (failed, "\n0"));
  failed = strstr (buffer, "assertion failed");
  if (failed != NULL)
    return g_strndup (failed, strcspn (failed, "\n"));

  return g_strdup_printf ("signal %d", WIFSIGNALED (status) ? WTERMSIG (status) : 0);
}

static gboolean
fails_alike (const guint8 *data,
             gsize         size,
             const char   *rule)
{
  g_autofree char *found = find_rule (data, size);

  return g_strcmp0 (found, rule) == 0;
}

/* Takes out records, and makes bytes simple, as long as the same rule is broken. */
static int
minimize_file (const char *path)
{
  g_autofree char *contents = NULL;
  g_autofree char *rule = NULL;
  g_autofree char *target = NULL;
  guint8 *data;
  gsize size;
  gboolean smaller = TRUE;

  if (!g_file_get_contents (path, &contents, &size, NULL))
    return 2;

  data = (guint8 *) contents;
  rule = find_rule (data, size);
  if (rule == NULL)
    {
      printf ("%s does not fail\n", path);
      return 2;
    }
  printf ("%s\n", rule);

  while (smaller)
    {
      smaller = FALSE;

      for (gsize chunk = 64; chunk >= 4; chunk /= 2)
        for (gsize at = 1; at + chunk <= size;)
          {
            g_autofree guint8 *attempt = g_memdup2 (data, size);

            memmove (attempt + at, attempt + at + chunk, size - at - chunk);
            if (fails_alike (attempt, size - chunk, rule))
              {
                size -= chunk;
                memcpy (data, attempt, size);
                smaller = TRUE;
              }
            else
              {
                at += 4;
              }
          }

      for (gsize at = 0; at < size; at++)
        {
          const guint8 simple[2] = { at % 4 == 1 ? 0xff : 0, 0 };

          for (gsize i = 0; i < G_N_ELEMENTS (simple); i++)
            {
              guint8 before = data[at];

              if (before == simple[i] || before == simple[0])
                continue;
              data[at] = simple[i];
              if (fails_alike (data, size, rule))
                smaller = TRUE;
              else
                data[at] = before;
            }
        }
    }

  target = g_strconcat (path, ".min", NULL);
  g_file_set_contents (target, contents, (gssize) size, NULL);
  printf ("%s has %" G_GSIZE_FORMAT " bytes\n", target, size);

  return 0;
}

int
main (int    argc,
      char **argv)
{
  static const int fatal_signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF, SIGTRAP };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  gint64 begin;
  gint64 n = 0;
  double took;
  int n_files = 0;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      fprintf (stderr, "%s\n", error->message);
      return 2;
    }

  if (minimize)
    return files != NULL ? minimize_file (files[0]) : 2;

#ifdef TEST_HAS_ASAN
  __sanitizer_set_death_callback (save_current);
#endif
  for (gsize i = 0; i < G_N_ELEMENTS (fatal_signals); i++)
    signal (fatal_signals[i], fatal_signal_cb);

  for (char **path = files; path != NULL && *path != NULL; path++)
    n_files += run_path (*path);
  if (n_files > 0)
    printf ("%d files\n", n_files);

  printf ("seed %d\n", seed);
  fflush (stdout);
  begin = g_get_real_time ();
  while ((n_runs >= 0 && n < n_runs) ||
         (double) (g_get_real_time () - begin) < seconds * G_USEC_PER_SEC)
    {
      guint8 data[MAX_SIZE];
      guint64 number = ((guint64) (guint) seed << 40) + (guint64) (first + n);
      gsize size = make_input (number, data);

      g_snprintf (current.name, sizeof current.name, "seed %d, number %" G_GINT64_FORMAT, seed,
                  first + n);
      run (data, size);
      n++;
    }

  took = (double) (g_get_real_time () - begin) / G_USEC_PER_SEC;
  if (n > 0)
    printf ("%" G_GINT64_FORMAT " random inputs, %.0f a second; %" G_GUINT64_FORMAT
            " operations, %.0f a second\n",
            n, (double) n / took, world_n_operations, (double) world_n_operations / took);

  return 0;
}
