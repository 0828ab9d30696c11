/* notes.c: a note-taking application
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "notes-application.h"

#include <stdlib.h>

int
main (int   argc,
      char *argv[])
{
  g_autofree char *directory = NULL;
  g_autofree char *text = NULL;
  GOptionEntry options[] = {
    { "folder", 'f', 0, G_OPTION_ARG_FILENAME, &directory, "Where the notes are", "FOLDER" },
    { "add", 'a', 0, G_OPTION_ARG_STRING, &text, "Add a note to the program that is running", "TEXT" },
    { NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("— take notes");
  g_autoptr (NotesApplication) application = NULL;
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return EXIT_FAILURE;
    }

  application = notes_application_new (G_APPLICATION_DEFAULT_FLAGS, directory);
  if (text != NULL)
    {
      if (!g_application_register (G_APPLICATION (application), NULL, &error))
        {
          g_printerr ("%s\n", error->message);
          return EXIT_FAILURE;
        }
      g_action_group_activate_action (G_ACTION_GROUP (application), "add-note",
                                      g_variant_new_string (text));
    }

  return g_application_run (G_APPLICATION (application), argc, argv);
}
