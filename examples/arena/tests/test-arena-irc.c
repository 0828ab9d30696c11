/* test-arena-irc.c: the pure half of the protocol
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-irc.h"

#include <string.h>

/* Splits @input in pieces of @step bytes and joins the lines with "|"; "!" is a line that was too
 * long. */
static char *
split_all (const char *input,
           gsize       n,
           gsize       step)
{
  ArenaIrcSplitter splitter = { "", 0, FALSE };
  GString *lines = g_string_new (NULL);
  gsize start;

  for (start = 0; start < n; start += step)
    {
      const guint8 *data = (const guint8 *) input + start;
      gsize length = MIN (step, n - start);

      for (;;)
        {
          g_autofree char *line = NULL;
          ArenaIrcResult result = arena_irc_split (&splitter, &data, &length, &line);

          if (result == ARENA_IRC_MORE)
            break;
          if (result == ARENA_IRC_TOO_LONG)
            g_string_append (lines, "!|");
          else
            g_string_append_printf (lines, "%s|", line);
        }
      g_assert_cmpuint (length, ==, 0);
    }

  return g_string_free (lines, FALSE);
}

static void
assert_split (const char *input,
              gsize       n,
              const char *expected)
{
  gsize step;

  for (step = 1; step <= n; step++)
    {
      g_autofree char *lines = split_all (input, n, step);

      g_assert_cmpstr (lines, ==, expected);
    }
}

static void
test_split_lines (void)
{
  assert_split ("NICK a\r\nUSER b\nPING\rhalf", 25, "NICK a|USER b|PING|");
  assert_split ("\r\n\n\r", 4, "");
  assert_split ("A\0B\0\r\n", 6, "AB|");
  assert_split ("\0\0\r\n", 4, "");
}

static void
test_split_long (void)
{
  g_autofree char *fits = g_strnfill (510, 'x');
  g_autofree char *fits_line = g_strconcat (fits, "\r\n", NULL);
  g_autofree char *fits_result = g_strconcat (fits, "|", NULL);
  g_autofree char *over = g_strnfill (511, 'x');
  g_autofree char *over_line = g_strconcat (over, "\r\nPING\r\n", NULL);
  g_autofree char *huge = g_strnfill (100000, 'x');
  g_autofree char *huge_result = split_all (huge, strlen (huge), 4096);

  assert_split (fits_line, strlen (fits_line), fits_result);
  assert_split (over_line, strlen (over_line), "!|PING|");
  g_assert_cmpstr (huge_result, ==, "");
}

static void
test_split_binary (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  char bytes[4096];
  gsize step;
  gsize i;

  for (i = 0; i < sizeof bytes; i++)
    bytes[i] = (char) g_rand_int_range (rand, 0, 256);

  for (step = 1; step < sizeof bytes; step = step * 3 + 1)
    {
      g_autofree char *lines = split_all (bytes, sizeof bytes, step);

      g_assert_true (g_utf8_validate (lines, -1, NULL));
    }
}

static void
assert_parse (const char *line,
              const char *prefix,
              const char *command,
              const char *params)
{
  g_auto (ArenaIrcMessage) message = { NULL, };
  g_autoptr (GString) joined = g_string_new (NULL);
  guint i;

  g_assert_true (arena_irc_parse (&message, line));
  g_assert_cmpstr (message.prefix, ==, prefix);
  g_assert_cmpstr (message.command, ==, command);
  for (i = 0; i < message.n_params; i++)
    g_string_append_printf (joined, "%s|", message.params[i]);
  g_assert_cmpstr (joined->str, ==, params);
}

static void
test_parse (void)
{
  assert_parse ("PING", NULL, "PING", "");
  assert_parse ("  PING   a  ", NULL, "PING", "a|");
  assert_parse ("PRIVMSG #lobby :!report win", NULL, "PRIVMSG", "#lobby|!report win|");
  assert_parse ("PRIVMSG #lobby :", NULL, "PRIVMSG", "#lobby||");
  assert_parse ("PRIVMSG #lobby ::)", NULL, "PRIVMSG", "#lobby|:)|");
  assert_parse (":a!b@c QUIT :so  long", "a!b@c", "QUIT", "so  long|");
  assert_parse (":server 001 nick :Welcome", "server", "001", "nick|Welcome|");
  assert_parse ("@time=now :x PING y", "x", "PING", "y|");
  assert_parse ("A 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", NULL, "A",
                "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15 16|");
}

static void
test_parse_rubbish (void)
{
  static const char * const lines[] = {
    "", " ", ":", ":prefix", ":prefix ", "@tags", "@tags :prefix", "123 4", "12", "1234", "P1NG",
    "\001", "-", "PING\t", ":: :", "\xef\xbf\xbd",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      ArenaIrcMessage message;
      gboolean is_message = arena_irc_parse (&message, lines[i]);

      if (is_message)
        arena_irc_message_clear (&message);
      g_assert_cmpint (is_message, ==, g_str_equal (lines[i], "123 4"));
    }
}

static void
test_nick (void)
{
  g_assert_true (arena_irc_is_nick ("a"));
  g_assert_true (arena_irc_is_nick ("[alice]-9"));
  g_assert_true (arena_irc_is_nick ("abcdefghijklmnopqrstuvwx"));
  g_assert_false (arena_irc_is_nick ("abcdefghijklmnopqrstuvwxy"));
  g_assert_false (arena_irc_is_nick (""));
  g_assert_false (arena_irc_is_nick ("9a"));
  g_assert_false (arena_irc_is_nick ("-a"));
  g_assert_false (arena_irc_is_nick ("a b"));
  g_assert_false (arena_irc_is_nick ("a!b"));
  g_assert_false (arena_irc_is_nick ("#lobby"));
  g_assert_false (arena_irc_is_nick ("\303\251"));
}

static void
test_append (void)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autoptr (GString) line = g_string_new (NULL);

  arena_irc_append_line (output, "PING");
  g_assert_cmpmem (output->data, output->len, "PING\r\n", 6);

  /* 509 bytes and a character of three: it goes as a whole. */
  g_byte_array_set_size (output, 0);
  while (line->len < 509)
    g_string_append_c (line, 'x');
  g_string_append (line, "\342\202\254");
  arena_irc_append_line (output, line->str);
  g_assert_cmpuint (output->len, ==, 511);
  g_assert_true (g_utf8_validate ((const char *) output->data, output->len, NULL));

  g_byte_array_set_size (output, 0);
  while (line->len < 2000)
    g_string_append_c (line, 'x');
  arena_irc_append_line (output, line->str);
  g_assert_cmpuint (output->len, <=, ARENA_IRC_LINE_MAX);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/arena/irc/split-lines", test_split_lines);
  g_test_add_func ("/arena/irc/split-long", test_split_long);
  g_test_add_func ("/arena/irc/split-binary", test_split_binary);
  g_test_add_func ("/arena/irc/parse", test_parse);
  g_test_add_func ("/arena/irc/parse-rubbish", test_parse_rubbish);
  g_test_add_func ("/arena/irc/nick", test_nick);
  g_test_add_func ("/arena/irc/append", test_append);

  return g_test_run ();
}
