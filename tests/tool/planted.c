/* planted.c: a program to look into, with things that should be found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads words from standard input, does what they say on its main loop, and answers "done". */

#define TYPE_EMITTER (emitter_get_type ())
G_DECLARE_FINAL_TYPE (Emitter, emitter, PLANTED, EMITTER, GObject)

struct _Emitter
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (Emitter, emitter, G_TYPE_OBJECT)

static void
emitter_class_init (EmitterClass *klass)
{
  g_signal_new ("changed", TYPE_EMITTER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
emitter_init (Emitter *self)
{
}

static LifecycleScope *app;
static LifecycleScope *service;
static LifecycleScope *dialogs;
static Emitter *settings;
static GMainLoop *loop;

static void
changed_cb (Emitter *emitter,
            gpointer data)
{
}

static gboolean
tick_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
loaded_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
}

static void
set_up (void)
{
  app = lifecycle_scope_new ("app");
  service = lifecycle_scope_new_child (app, "service");
  dialogs = lifecycle_scope_new_child (app, "dialogs");
  settings = g_object_new (TYPE_EMITTER, NULL);

  lifecycle_scope_connect_signal (service, settings, "changed", G_CALLBACK (changed_cb), app);
  lifecycle_scope_add_timeout (service, 3600 * 1000, tick_cb, NULL, NULL);
}

/* Opens and closes a dialog, which leaves one handler behind. */
static void
open_and_close (void)
{
  LifecycleScope *dialog = lifecycle_scope_new_child (dialogs, "dialog");

  lifecycle_scope_connect_signal (dialog, settings, "changed", G_CALLBACK (changed_cb), NULL);
  lifecycle_scope_connect_signal (dialogs, settings, "changed", G_CALLBACK (changed_cb), NULL);
  lifecycle_scope_close_with_reason (dialog, LIFECYCLE_REASON_ABORTED, "the user pressed Escape");
  g_object_unref (dialog);
}

/* A clean round: nothing stays. */
static void
clean_round (void)
{
  LifecycleScope *dialog = lifecycle_scope_new_child (dialogs, "dialog");

  lifecycle_scope_connect_signal (dialog, settings, "changed", G_CALLBACK (changed_cb), NULL);
  lifecycle_scope_close (dialog);
  g_object_unref (dialog);
}

static void
leak_object (void)
{
  LifecycleScope *window = lifecycle_scope_new_child (app, "window");
  Emitter *object = g_object_new (TYPE_EMITTER, NULL);

  lifecycle_set_leak_grace (1);
  lifecycle_scope_expect_finalize (window, G_OBJECT (object), "the window is closed");
  /* Another scope holds on to it: that is what `why` has to say. */
  lifecycle_scope_add_object (service, G_OBJECT (object));
  g_object_unref (object);
  lifecycle_scope_close (window);
  g_object_unref (window);
}

/* An emitter that only a scope holds. */
static void
lone_emitter (void)
{
  Emitter *emitter = g_object_new (TYPE_EMITTER, NULL);

  lifecycle_scope_add_object (service, G_OBJECT (emitter));
  lifecycle_scope_connect_signal (service, emitter, "changed", G_CALLBACK (changed_cb), NULL);
  g_object_unref (emitter);
}

/* Also an emitter that only a scope holds; but it may emit whenever its timer comes. */
static void
active_emitter (void)
{
  Emitter *emitter = g_object_new (TYPE_EMITTER, NULL);

  lifecycle_scope_add_object (service, G_OBJECT (emitter));
  lifecycle_scope_connect_signal (service, emitter, "changed", G_CALLBACK (changed_cb), NULL);
  lifecycle_scope_add_timeout (service, 3600 * 1000, tick_cb, emitter, NULL);
  g_object_unref (emitter);
}

/* A call that never takes place. */
static void
lost_operation (void)
{
  lifecycle_scope_begin_async (service, "lost", loaded_cb, NULL, NULL);
}

static gpointer
abandon (gpointer data)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("abandoned");
  lifecycle_scope_add_timeout (scope, 10, tick_cb, NULL, NULL);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return scope;
}

/* Hangs until the file that is named goes away. */
static void
hang (const char *path)
{
  while (access (path, F_OK) == 0)
    g_usleep (10000);
}

static void
many (guint n)
{
  for (guint i = 0; i < n; i++)
    lifecycle_scope_add_timeout (service, 3600 * 1000, tick_cb, NULL, NULL);
}

static gboolean
do_line (const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);

  if (strcmp (words[0], "quit") == 0)
    {
      g_main_loop_quit (loop);
      return FALSE;
    }

  if (strcmp (words[0], "open-and-close") == 0)
    open_and_close ();
  else if (strcmp (words[0], "clean-round") == 0)
    clean_round ();
  else if (strcmp (words[0], "leak") == 0)
    leak_object ();
  else if (strcmp (words[0], "lone-emitter") == 0)
    lone_emitter ();
  else if (strcmp (words[0], "active-emitter") == 0)
    active_emitter ();
  else if (strcmp (words[0], "lost-operation") == 0)
    lost_operation ();
  else if (strcmp (words[0], "abandon") == 0)
    g_thread_join (g_thread_new ("abandon", abandon, NULL));
  else if (strcmp (words[0], "namesake") == 0)
    lifecycle_scope_new_child (app, "service");
  else if (strcmp (words[0], "follow") == 0)
    lifecycle_scope_follow (dialogs, service);
  else if (strcmp (words[0], "many") == 0)
    many ((guint) atoi (words[1]));
  else if (strcmp (words[0], "stop") == 0)
    lifecycle_inspect_stop ();
  else if (strcmp (words[0], "start") == 0)
    lifecycle_inspect_start (LIFECYCLE_INSPECT_DEFAULT, NULL);
  else if (strcmp (words[0], "hang") == 0)
    hang (words[1]);
  else
    return FALSE;

  return TRUE;
}

static gboolean
stdin_cb (GIOChannel   *channel,
          GIOCondition  condition,
          gpointer      data)
{
  g_autofree char *line = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
    {
      g_main_loop_quit (loop);
      return G_SOURCE_REMOVE;
    }

  g_strchomp (line);
  /* Whoever has it hang wants to know when it does. */
  if (g_str_has_prefix (line, "hang"))
    puts ("done");
  fflush (stdout);
  if (do_line (line) && !g_str_has_prefix (line, "hang"))
    puts ("done");
  fflush (stdout);

  return G_SOURCE_CONTINUE;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (GIOChannel) channel = g_io_channel_unix_new (STDIN_FILENO);

  g_set_prgname (argc > 1 ? argv[1] : "planted");
  loop = g_main_loop_new (NULL, FALSE);
  set_up ();
  g_io_add_watch (channel, G_IO_IN | G_IO_HUP, stdin_cb, NULL);
  puts ("ready");
  fflush (stdout);
  g_main_loop_run (loop);

  lifecycle_scope_close (app);
  g_object_unref (service);
  g_object_unref (dialogs);
  g_object_unref (app);
  g_object_unref (settings);
  g_main_loop_unref (loop);

  return 0;
}
