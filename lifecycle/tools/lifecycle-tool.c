/* lifecycle-tool.c: the main function of the command-line tool, its help, and the parser of options
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-private.h"

#include <locale.h>
#include <string.h>

int
lifecycle_tool_fail (const char *format,
                     ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_printerr ("lifecycle: %s\n", message);

  return LIFECYCLE_TOOL_FAILED;
}

const LifecycleCommand *
lifecycle_command_find (const char *name)
{
  for (guint i = 0; lifecycle_commands[i] != NULL; i++)
    {
      if (strcmp (lifecycle_commands[i]->name, name) == 0)
        return lifecycle_commands[i];
    }

  return NULL;
}

/* Parses the options of a command. If `options` is not NULL, it is an array that ends with an empty
 * element. Returns FALSE if the command ends here, with `status`: --help was given, or something
 * wrong, which has been reported.
 *
 * Afterwards, `argv` has the other words, of which there are as many as were asked for. Options end
 * at "--", which is not one of the words.
 */
gboolean
lifecycle_command_parse (const LifecycleCommand   *self,
                         const GOptionEntry       *options,
                         guint                     min_words,
                         guint                     max_words,
                         int                      *argc,
                         char                   ***argv,
                         int                      *status)
{
  g_autofree char *parameters = g_strdup_printf ("%s%s%s", self->name,
                                                 self->arguments != NULL ? " " : "",
                                                 self->arguments != NULL ? self->arguments : "");
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *summary = g_strconcat (self->summary, ".", NULL);
  gboolean help = FALSE;
  GOptionEntry help_entry[] = {
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL },
    { NULL }
  };
  /* The words are used for as long as the program runs; `help COMMAND` comes here twice. */
  static GPtrArray *words;
  guint n_words;

  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, self->help);
  if (options != NULL)
    g_option_context_add_main_entries (context, options, NULL);
  /* GLib's own --help would exit, and the name of the command would be missing from it. */
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, help_entry, NULL);

  /* The parser expects the name of the program first. */
  if (words == NULL)
    words = g_ptr_array_new ();
  g_ptr_array_set_size (words, 0);
  g_ptr_array_add (words, (gpointer) "lifecycle");
  for (int i = 0; i < *argc; i++)
    g_ptr_array_add (words, (*argv)[i]);
  g_ptr_array_add (words, NULL);
  *argc = (int) words->len - 1;
  *argv = (char **) words->pdata;

  if (!g_option_context_parse (context, argc, argv, &error))
    {
      *status = lifecycle_tool_fail ("%s; try 'lifecycle %s --help'", error->message, self->name);
      return FALSE;
    }

  if (help)
    {
      g_autofree char *text = g_option_context_get_help (context, TRUE, NULL);
      const char *rest = strchr (text, '\n');

      /* The first lines are "Usage:", and the usage that GLib makes from the name of the program. */
      rest = rest != NULL ? strchr (rest + 1, '\n') : NULL;
      g_print ("Usage:\n  lifecycle %s%s%s%s%s", self->name, options != NULL ? " [OPTION…]" : "",
               self->arguments != NULL ? " " : "", self->arguments != NULL ? self->arguments : "",
               rest != NULL ? rest : "\n");
      *status = LIFECYCLE_TOOL_CLEAN;
      return FALSE;
    }

  (*argc)--;
  (*argv)++;
  if (*argc > 0 && strcmp ((*argv)[0], "--") == 0)
    {
      (*argc)--;
      (*argv)++;
    }
  n_words = (guint) *argc;
  if (n_words < min_words || n_words > max_words)
    {
      *status = lifecycle_tool_fail ("usage: lifecycle %s; try 'lifecycle %s --help'",
                                     parameters, self->name);
      return FALSE;
    }

  return TRUE;
}

static void
print_help (void)
{
  g_print ("Usage: lifecycle COMMAND [ARGUMENT…]\n"
           "\n"
           "Looks into running programs that use GLib.\n"
           "\n"
           "Commands:\n");
  for (guint i = 0; lifecycle_commands[i] != NULL; i++)
    g_print ("  %-11s %s\n", lifecycle_commands[i]->name, lifecycle_commands[i]->summary);
  g_print ("\n"
           "'lifecycle COMMAND --help' explains a command.\n"
           "\n"
           "The exit status is 0 if all is well, 1 if there are findings, and 2 if the command\n"
           "could not do its work.\n");
}

static int
run_help (const LifecycleCommand  *self,
          int                      argc,
          char                   **argv)
{
  char *help_words[] = { (char *) "--help", NULL };
  const LifecycleCommand *command;
  int status;

  if (!lifecycle_command_parse (self, NULL, 0, 1, &argc, &argv, &status))
    return status;

  if (argc == 0)
    {
      print_help ();
      return LIFECYCLE_TOOL_CLEAN;
    }

  command = lifecycle_command_find (argv[0]);
  if (command == NULL)
    return lifecycle_tool_fail ("there is no command '%s'; try 'lifecycle --help'", argv[0]);

  return command->run (command, 1, help_words);
}

const LifecycleCommand lifecycle_command_help = {
  .name = "help",
  .arguments = "[COMMAND]",
  .summary = "Explain a command, or list all of them",
  .run = run_help,
};

int
main (int    argc,
      char **argv)
{
  const LifecycleCommand *command;

  setlocale (LC_ALL, "");
  g_set_prgname ("lifecycle");

  if (argc < 2)
    {
      g_printerr ("Usage: lifecycle COMMAND [ARGUMENT…]; try 'lifecycle --help'\n");
      return LIFECYCLE_TOOL_FAILED;
    }

  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)
    {
      print_help ();
      return LIFECYCLE_TOOL_CLEAN;
    }

  if (strcmp (argv[1], "--version") == 0)
    {
      g_print ("lifecycle %s\n", LIFECYCLE_TOOL_VERSION);
      return LIFECYCLE_TOOL_CLEAN;
    }

  command = lifecycle_command_find (argv[1]);
  if (command == NULL)
    return lifecycle_tool_fail ("there is no command '%s'; try 'lifecycle --help'", argv[1]);

  return command->run (command, argc - 2, argv + 2);
}
