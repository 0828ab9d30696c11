/* lifecycle-tool-audit-load.c: reads what the audit has written, and says it in words
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "lifecycle-tool-audit-private.h"

#define MAX_FRAMES  6
#define MAX_HOLDERS 6

typedef struct
{
  JsonArray    *modules;
  AuditSymbols *symbols;
} Loader;

static gint64
get_int (JsonObject *object,
         const char *name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

static gboolean
get_bool (JsonObject *object,
          const char *name)
{
  return json_object_get_boolean_member_with_default (object, name, FALSE);
}

static const char *
get_string (JsonObject *object,
            const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static JsonArray *
get_array (JsonObject *object,
           const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonObject *
get_object (JsonObject *object,
            const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static guint
get_length (JsonArray *array)
{
  return array != NULL ? json_array_get_length (array) : 0;
}

/* Places */

static AuditFrame *
frame_new (const Loader *loader,
           guint64       address)
{
  AuditFrame *self = g_new0 (AuditFrame, 1);

  /* A call returns to what comes after it, which may be another line. */
  address--;
  for (guint i = 0; i < get_length (loader->modules); i++)
    {
      JsonObject *module = json_array_get_object_element (loader->modules, i);

      if (address < (guint64) get_int (module, "start") || address >= (guint64) get_int (module, "end"))
        continue;
      self->module = g_strdup (get_string (module, "path"));
      self->offset = address - (guint64) get_int (module, "bias");
      self->own = get_bool (module, "own");
      audit_symbols_find (loader->symbols, self->module, self->offset, self);
      break;
    }

  return self;
}

static AuditFrame *
frame_new_for_script (const char *place)
{
  AuditFrame *self = g_new0 (AuditFrame, 1);
  const char *colon = strrchr (place, ':');

  self->file = g_strndup (place, (gsize) (colon - place));
  self->line = (guint) g_ascii_strtoull (colon + 1, NULL, 10);
  self->own = TRUE;

  return self;
}

/* The program's own frames of a site, from the innermost; or the caller if there are none. */
static GPtrArray *
frames_of_site (const Loader *loader,
                JsonObject   *site)
{
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_frame_free);
  const char *script = get_string (site, "script");
  JsonArray *stack = get_array (site, "stack");

  if (script == NULL)
    script = get_string (site, "called-by");
  if (script != NULL)
    {
      g_auto (GStrv) lines = g_strsplit (script, "\n", -1);

      for (guint i = 0; lines[i] != NULL; i++)
        if (strrchr (lines[i], ':') != NULL)
          g_ptr_array_add (frames, frame_new_for_script (lines[i]));
    }

  for (guint i = 0; i < get_length (stack) && frames->len < MAX_FRAMES; i++)
    {
      g_autoptr (AuditFrame) frame = frame_new (loader, (guint64) json_array_get_int_element (stack, i));

      /* Inline functions of GLib are not the program's, and that every program starts there says
       * nothing.
       */
      if (frame->own && g_strcmp0 (frame->function, "_start") != 0 &&
          (frame->file == NULL || strstr (frame->file, "/glib-2.0/") == NULL))
        g_ptr_array_add (frames, g_steal_pointer (&frame));
    }

  if (frames->len == 0)
    g_ptr_array_add (frames, frame_new (loader, (guint64) get_int (site, "address")));

  return frames;
}

static char *
describe_site (const Loader *loader,
               JsonObject   *site)
{
  g_autoptr (GPtrArray) frames = frames_of_site (loader, site);

  return audit_frame_describe (g_ptr_array_index (frames, 0));
}

static gboolean
site_is_own (JsonObject *site)
{
  return get_bool (site, "own") || get_string (site, "script") != NULL;
}

/* Sentences */

static void G_GNUC_PRINTF (2, 3)
add_detail (AuditFinding *self,
            const char   *format,
            ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (self->details, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

static const char *
plural (gint64 n)
{
  return n == 1 ? "" : "s";
}

/* What was made at a site: "handler of "changed" on GSettings" and the like. */
static char *
describe_thing (JsonObject *site,
                const char *emitter)
{
  const char *of = get_string (site, "of");
  const char *what = get_string (site, "what");

  if (g_strcmp0 (of, "handler") == 0)
    return g_strdup_printf ("handler of \"%s\"%s%s", what != NULL ? what : "?",
                            emitter != NULL ? " on " : "", emitter != NULL ? emitter : "");
  if (g_strcmp0 (of, "source") == 0 && get_bool (site, "unseen"))
    return g_strdup_printf ("source%s%s%s", what != NULL ? " \"" : "", what != NULL ? what : "",
                            what != NULL ? "\"" : "");
  if (g_strcmp0 (of, "source") == 0)
    return g_strdup_printf ("source of %s()", what != NULL ? what : "g_source_attach");
  if (g_strcmp0 (of, "weak-reference") == 0)
    return g_strdup_printf ("%s%s%s", what != NULL ? what : "weak reference",
                            emitter != NULL ? " on " : "", emitter != NULL ? emitter : "");
  if (g_strcmp0 (of, "binding") == 0)
    return g_strdup_printf ("binding of %s()%s%s", what != NULL ? what : "?",
                            emitter != NULL ? " on " : "", emitter != NULL ? emitter : "");

  return g_strdup_printf ("registration of %s()", what != NULL ? what : "?");
}

/* The place of a finding is where something was made, if that was seen. */
static void
say_unseen (AuditFinding *self,
            JsonObject   *site)
{
  if (get_bool (site, "unseen"))
    add_detail (self, "nobody was seen to make it; the place is that of its callback");
}

static void
say_dangling (AuditFinding *self,
              const Loader *loader,
              JsonObject   *raw)
{
  JsonObject *site = get_object (raw, "site");
  JsonObject *data = get_object (raw, "data");
  JsonObject *born = get_object (data, "site");
  g_autofree char *thing = describe_thing (site, get_string (raw, "emitter"));
  g_autofree char *birth = describe_site (loader, born);
  gint64 count = get_int (raw, "count");

  self->rank = 0;
  self->weight = (double) count;
  /* What GTK connects with a widget of the program, GTK has to disconnect. */
  self->own = site_is_own (site);
  if (g_strcmp0 (get_string (site, "of"), "weak-reference") == 0 &&
      get_string (site, "what") != NULL)
    self->summary = g_strdup_printf ("%s lives on in the memory of a %s that has been finalized",
                                     thing, get_string (data, "type"));
  else
    self->summary = g_strdup_printf ("%s lives on with data that has been finalized: a %s",
                                     thing, get_string (data, "type"));
  say_unseen (self, site);
  if (count > 1)
    add_detail (self, "%" G_GINT64_FORMAT " times", count);
  add_detail (self, "the %s was made at %s", get_string (data, "type"), birth);
}

static void
say_misuse (AuditFinding *self,
            const Loader *loader,
            JsonObject   *raw)
{
  JsonObject *site = get_object (raw, "site");
  const char *why = get_string (raw, "why");
  const char *type = get_string (raw, "type");
  gint64 count = get_int (raw, "count");

  self->rank = 1;
  self->weight = (double) count;
  self->own = site_is_own (site);
  if (g_strcmp0 (why, "zero") == 0)
    self->summary = g_strdup_printf ("%s() is called with an id of 0", get_string (raw, "function"));
  else if (g_strcmp0 (why, "wrong-instance") == 0)
    self->summary = g_strdup_printf ("%s() is called on the wrong instance (%s): another one has the "
                                     "handler %" G_GINT64_FORMAT, get_string (raw, "function"),
                                     type != NULL ? type : "?", get_int (raw, "number"));
  else
    self->summary = g_strdup_printf ("%s() is called with an id that is gone (%" G_GINT64_FORMAT
                                     "%s%s)", get_string (raw, "function"), get_int (raw, "number"),
                                     type != NULL ? ", on a " : "", type != NULL ? type : "");
  if (count > 1)
    add_detail (self, "%" G_GINT64_FORMAT " times", count);
}

static void
say_growth (AuditFinding *self,
            JsonObject   *raw)
{
  JsonArray *history = get_array (raw, "history");
  guint n = get_length (history);
  guint grew = (guint) get_int (raw, "grew");
  guint first = n > 12 ? n - 12 : 0;
  g_autoptr (GString) counts = g_string_new (NULL);

  if (grew == 0 || n == 0)
    return;

  for (guint i = first; i < n; i++)
    g_string_append_printf (counts, "%s%" G_GINT64_FORMAT, i > first ? ", " : "",
                            json_array_get_int_element (history, i));
  add_detail (self, "live after each round: %s%s", first > 0 ? "..., " : "", counts->str);
}

static void
say_holder (AuditFinding *self,
            const Loader *loader,
            JsonObject   *holder)
{
  const char *how = get_string (holder, "how");
  gint64 count = get_int (holder, "count");
  g_autofree char *times = count > 1 ? g_strdup_printf (" (%" G_GINT64_FORMAT " times)", count)
                                     : g_strdup ("");

  if (g_strcmp0 (how, "data") == 0)
    {
      JsonObject *site = get_object (holder, "site");
      g_autofree char *thing = describe_thing (site, get_string (holder, "emitter"));
      g_autofree char *place = describe_site (loader, site);

      add_detail (self, "  a %s %s%s, made at %s", thing,
                  get_bool (holder, "owns") ? "owns a reference on it" : "has it as its data",
                  times, place);
    }
  else if (g_strcmp0 (how, "toggle") == 0)
    {
      add_detail (self, "  the wrapper of a script (a toggle reference)%s", times);
    }
  else
    {
      gint64 offset = get_int (holder, "offset");

      add_detail (self, "  a field of %s (%s%" G_GINT64_FORMAT ") in a %s points at it%s%s",
                  get_string (holder, "class"), offset < 0 ? "private, " : "+", offset,
                  get_string (holder, "type"),
                  get_bool (holder, "inside") ? ", and that is a part of it: a cycle, if it is a "
                                                "reference" : "", times);
    }
}

/* Those that own a reference first, and then the program's own. */
static guint
rank_holder (JsonObject *holder)
{
  const char *how = get_string (holder, "how");

  if (get_bool (holder, "owns"))
    return 0;
  if (g_strcmp0 (how, "field") == 0)
    return get_bool (holder, "own") ? 1 : get_bool (holder, "inside") ? 2 : 5;
  if (g_strcmp0 (how, "toggle") == 0)
    return 2;

  return site_is_own (get_object (holder, "site")) ? 3 : 4;
}

static void
say_holders (AuditFinding *self,
             const Loader *loader,
             JsonObject   *raw)
{
  JsonArray *holders = get_array (raw, "holders");
  guint n_said = 0;

  if (get_length (holders) == 0)
    return;

  add_detail (self, "one of them has %" G_GINT64_FORMAT " reference%s; what may hold it:",
              get_int (raw, "references"), plural (get_int (raw, "references")));
  for (guint rank = 0; rank <= 5; rank++)
    for (guint i = 0; i < get_length (holders) && n_said < MAX_HOLDERS; i++)
      {
        JsonObject *holder = json_array_get_object_element (holders, i);

        if (rank_holder (holder) == rank)
          {
            say_holder (self, loader, holder);
            n_said++;
          }
      }
}

static void
say_counts (AuditFinding *self,
            const char   *what,
            JsonArray    *counts)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < get_length (counts); i++)
    {
      JsonObject *counted = json_array_get_object_element (counts, i);

      g_string_append_printf (text, "%s%" G_GINT64_FORMAT " %s", i > 0 ? ", " : "",
                              get_int (counted, "count"), get_string (counted, "type"));
    }
  if (text->len > 0)
    add_detail (self, "%s: %s", what, text->str);
}

static void
say_object (AuditFinding *self,
            const Loader *loader,
            JsonObject   *raw)
{
  const char *type = get_string (raw, "type");
  gint64 n_objects = get_int (raw, "objects");
  gint64 n_handlers = get_int (raw, "handlers");
  gint64 n_sources = get_int (raw, "sources");
  gint64 n_bytes = get_int (raw, "bytes");
  gint64 held = get_int (raw, "held");
  gint64 count = get_int (raw, "count");

  self->own = get_bool (raw, "own");
  self->rank = get_bool (raw, "window") ? 2 : held > 0 ? 3 : 4;
  self->weight = (double) (n_objects + n_handlers + n_sources);
  if (held > 0)
    self->summary = g_strdup_printf ("%" G_GINT64_FORMAT " %s %s been %s and live%s on", held, type,
                                     held == 1 ? "has" : "have",
                                     get_bool (raw, "window") ? "destroyed" : "disposed of",
                                     held == 1 ? "s" : "");
  else if (get_int (raw, "grew") > 0)
    self->summary = g_strdup_printf ("%" G_GINT64_FORMAT " %s live, more after each of %" G_GINT64_FORMAT
                                     " rounds", count, type, get_int (raw, "grew"));
  else
    self->summary = g_strdup_printf ("%" G_GINT64_FORMAT " %s live, and their parts are more after each "
                                     "round", count, type);

  if (n_objects > count || n_handlers > 0 || n_sources > 0)
    add_detail (self, "with all that is below: %" G_GINT64_FORMAT " object%s, %" G_GINT64_FORMAT
                " handler%s, %" G_GINT64_FORMAT " source%s; instances alone take %" G_GINT64_FORMAT
                " %s", n_objects, plural (n_objects), n_handlers, plural (n_handlers),
                n_sources, plural (n_sources), n_bytes < 10 * 1024 ? n_bytes : n_bytes / 1024,
                n_bytes < 10 * 1024 ? "bytes" : "KiB");
  say_growth (self, raw);
  say_counts (self, "among them", get_array (raw, "drags"));
  say_counts (self, "in step with it grow", get_array (raw, "in-step"));
  say_holders (self, loader, raw);
}

static void
say_piling_up (AuditFinding *self,
               const Loader *loader,
               JsonObject   *raw)
{
  JsonObject *site = get_object (raw, "site");
  g_autofree char *thing = NULL;

  if (g_strcmp0 (get_string (raw, "what"), "object") == 0)
    {
      say_object (self, loader, raw);
      return;
    }

  thing = describe_thing (site, get_string (raw, "emitter"));
  self->own = get_bool (raw, "own");
  self->rank = 5;
  self->weight = (double) get_int (raw, "count");
  self->summary = g_strdup_printf ("a %s is made and not ended: %" G_GINT64_FORMAT
                                   " live, more after each of %" G_GINT64_FORMAT " rounds", thing,
                                   get_int (raw, "count"), get_int (raw, "grew"));
  if (get_string (raw, "data-type") != NULL)
    add_detail (self, "its data is a %s", get_string (raw, "data-type"));
  say_unseen (self, get_object (raw, "site"));
  say_growth (self, raw);
}

static void
finding_free (gpointer data)
{
  AuditFinding *self = data;

  g_free (self->kind);
  g_free (self->summary);
  g_ptr_array_unref (self->details);
  g_ptr_array_unref (self->frames);
  json_object_unref (self->raw);
  g_free (self);
}

static AuditFinding *
finding_new (const Loader *loader,
             JsonObject   *raw)
{
  AuditFinding *self = g_new0 (AuditFinding, 1);

  self->kind = g_strdup (get_string (raw, "kind"));
  self->details = g_ptr_array_new_with_free_func (g_free);
  self->frames = frames_of_site (loader, get_object (raw, "site"));
  self->raw = json_object_ref (raw);
  if (g_strcmp0 (self->kind, "dangling") == 0)
    say_dangling (self, loader, raw);
  else if (g_strcmp0 (self->kind, "misuse") == 0)
    say_misuse (self, loader, raw);
  else
    say_piling_up (self, loader, raw);

  return self;
}

static int
compare_findings (gconstpointer a,
                  gconstpointer b)
{
  const AuditFinding *first = *(AuditFinding *const *) a;
  const AuditFinding *second = *(AuditFinding *const *) b;

  if (first->own != second->own)
    return first->own ? -1 : 1;
  if (first->rank != second->rank)
    return first->rank < second->rank ? -1 : 1;

  return first->weight > second->weight ? -1 : first->weight < second->weight;
}

void
audit_process_free (AuditProcess *self)
{
  g_free (self->program);
  g_ptr_array_unref (self->findings);
  g_clear_pointer (&self->rounds, json_array_unref);
  g_free (self);
}

/* Counts what the program itself is to blame for. */
guint
audit_process_count (const AuditProcess *self)
{
  guint n = 0;

  for (guint i = 0; i < self->findings->len; i++)
    n += ((AuditFinding *) g_ptr_array_index (self->findings, i))->own;

  return n;
}

static JsonObject *
load_report (JsonParser  *parser,
             const char  *path,
             GError     **error)
{
  JsonNode *root;

  if (!json_parser_load_from_file (parser, path, error))
    return NULL;

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root) ||
      g_strcmp0 (get_string (json_node_get_object (root), "format"), "lifecycle-audit-1") != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "'%s' is no report of an audit", path);
      return NULL;
    }

  return json_node_get_object (root);
}

/* Reads all sites, in the format of `lifecycle snapshot`. */
JsonNode *
audit_sites_load (const char    *path,
                  AuditSymbols  *symbols,
                  GError       **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (JsonBuilder) builder = NULL;
  JsonObject *report = load_report (parser, path, error);
  Loader loader = { NULL, symbols };
  JsonArray *sites;

  if (report == NULL)
    return NULL;

  loader.modules = get_array (report, "modules");
  sites = get_array (report, "sites");
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "format");
  json_builder_add_string_value (builder, "lifecycle-snapshot-1");
  json_builder_set_member_name (builder, "pid");
  json_builder_add_int_value (builder, get_int (report, "pid"));
  json_builder_set_member_name (builder, "sites");
  json_builder_begin_array (builder);
  for (guint i = 0; i < get_length (sites); i++)
    {
      JsonObject *raw = json_array_get_object_element (sites, i);
      JsonObject *site = get_object (raw, "site");
      g_autofree char *place = describe_site (&loader, site);
      const struct
      {
        const char *name;
        const char *value;
      } members[] = {
        { "kind", get_string (site, "of") },
        { "place", place },
        { "type", get_string (raw, "type") },
        { "signal", get_string (site, "what") },
      };

      json_builder_begin_object (builder);
      for (guint j = 0; j < G_N_ELEMENTS (members); j++)
        {
          json_builder_set_member_name (builder, members[j].name);
          json_builder_add_string_value (builder, members[j].value != NULL ? members[j].value : "");
        }
      json_builder_set_member_name (builder, "count");
      json_builder_add_int_value (builder, get_int (raw, "live"));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  return json_builder_get_root (builder);
}

AuditProcess *
audit_process_load (const char    *path,
                    AuditSymbols  *symbols,
                    GError       **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *report = load_report (parser, path, error);
  Loader loader = { NULL, symbols };
  AuditProcess *self;
  JsonArray *findings;

  if (report == NULL)
    return NULL;

  self = g_new0 (AuditProcess, 1);
  self->findings = g_ptr_array_new_with_free_func (finding_free);
  self->pid = (int) get_int (report, "pid");
  self->seconds = json_object_get_double_member_with_default (report, "seconds", 0);
  self->n_snapshots = (guint) get_int (report, "snapshots");
  self->finished = g_strcmp0 (get_string (report, "why"), "exit") == 0;
  loader.modules = get_array (report, "modules");
  if (get_length (loader.modules) > 0)
    self->program = g_path_get_basename (get_string (json_array_get_object_element (loader.modules, 0),
                                                     "path"));
  else
    self->program = g_strdup ("?");
  if (get_array (report, "rounds") != NULL)
    self->rounds = json_array_ref (get_array (report, "rounds"));

  findings = get_array (report, "findings");
  for (guint i = 0; i < get_length (findings); i++)
    g_ptr_array_add (self->findings,
                     finding_new (&loader, json_array_get_object_element (findings, i)));
  g_ptr_array_sort (self->findings, compare_findings);

  return self;
}
