/* lifecycle-inspect-methods.c: the methods of org.lifecycle.Inspect1
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-enums.h"
#include "lifecycle-inspect-private.h"
#include "lifecycle-statistics.h"
#include "lifecycle-walk-private.h"

#define DEFAULT_RECORDS   10000
#define SNAPSHOT_RECORDS  5000
#define MAX_RECORDS       50000

/* How long snapshots and lists of leaks wait for the answers of main contexts, in ms. */
#define SNAPSHOT_WAIT     300

/* How often something that cannot be waited for is looked at, in ms. */
#define POLL_INTERVAL     5

/* What a method gets. A method that answers later takes the call away. */
typedef struct
{
  LifecycleInspectCall *call;
  GVariant             *parameters;
} Request;

static GVariant *
tuple (GVariant *value)
{
  return g_variant_new_tuple (&value, 1);
}

static guint
get_timeout (GVariant *parameters,
             gsize     index)
{
  guint32 timeout;

  g_variant_get_child (parameters, index, "u", &timeout);

  return MIN (timeout, LIFECYCLE_INSPECT_MAX_WAIT);
}

/* Takes a snapshot, and finds a scope in it. Returns NULL with the error set if there is no such one.
 */
static LifecycleSnapshot *
look (GVariant  *parameters,
      GArray   **scopes,
      GError   **error)
{
  g_autoptr (LifecycleSnapshot) snapshot = lifecycle_snapshot_new_all ();
  const char *what;

  g_variant_get_child (parameters, 0, "&s", &what);
  if (!lifecycle_survey_find_scope (snapshot, what, scopes, error))
    return NULL;

  return g_steal_pointer (&snapshot);
}

static GVariant *
get_info (Request *request,
          GError **error)
{
  return tuple (lifecycle_describe_program (lifecycle_inspect_call_get_flags (request->call)));
}

static GVariant *
list_scopes (Request *request,
             GError **error)
{
  g_autoptr (GArray) scopes = NULL;
  g_autoptr (LifecycleSnapshot) snapshot = look (request->parameters, &scopes, error);

  return snapshot != NULL ? tuple (lifecycle_survey_list_scopes (snapshot, scopes)) : NULL;
}

static gboolean
parse_nick (GType         type,
            const char   *nick,
            const char   *what,
            int          *value,
            GError      **error)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value_by_nick (class, nick);

  if (found == NULL)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "There is no %s '%s'", what, nick);
      return FALSE;
    }
  *value = found->value;

  return TRUE;
}

static GVariant *
list_records (Request *request,
              GError **error)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (request->parameters, 1);
  g_autoptr (GArray) scopes = NULL;
  g_autoptr (LifecycleSnapshot) snapshot = NULL;
  gboolean recursive = TRUE;
  guint32 maximum = DEFAULT_RECORDS;
  const char *nick;
  int kind = -1;
  guint total;
  GVariant *result[2];

  g_variant_lookup (options, "recursive", "b", &recursive);
  g_variant_lookup (options, "maximum", "u", &maximum);
  if (g_variant_lookup (options, "kind", "&s", &nick) &&
      !parse_nick (LIFECYCLE_TYPE_KIND, nick, "kind", &kind, error))
    return NULL;

  snapshot = look (request->parameters, &scopes, error);
  if (snapshot == NULL)
    return NULL;

  result[0] = lifecycle_survey_list_records (snapshot, scopes, recursive, kind,
                                             MIN (maximum, MAX_RECORDS), &total);
  result[1] = g_variant_new_uint32 (total);

  return g_variant_new_tuple (result, 2);
}

static GVariant *
list_sites (Request *request,
            GError **error)
{
  g_autoptr (GArray) scopes = NULL;
  g_autoptr (LifecycleSnapshot) snapshot = look (request->parameters, &scopes, error);

  return snapshot != NULL ? tuple (lifecycle_sites_list_all (snapshot, scopes)) : NULL;
}

static void
set_gone_error (GError **error)
{
  g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "The scope has just gone");
}

/* Finds the scope that a call is about. Returns its address, or NULL with the error set. */
static gpointer
find_scope (GVariant  *parameters,
            GError   **error)
{
  g_autoptr (GArray) scopes = NULL;
  g_autoptr (LifecycleSnapshot) snapshot = look (parameters, &scopes, error);

  if (snapshot == NULL)
    return NULL;
  if (scopes == NULL)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "Name a scope");
      return NULL;
    }

  return lifecycle_snapshot_get_scope (snapshot, g_array_index (scopes, guint, 0))->address;
}

static GVariant *
get_statistics (Request *request,
                GError **error)
{
  g_autoptr (LifecycleStatistics) statistics = NULL;
  const char *what;

  g_variant_get_child (request->parameters, 0, "&s", &what);
  if (*what == '\0')
    {
      statistics = lifecycle_get_statistics ();
    }
  else
    {
      gpointer address = find_scope (request->parameters, error);

      if (address == NULL)
        return NULL;
      /* Without a reference, which could come to be the last one. */
      statistics = lifecycle_statistics_new_at (address);
      if (statistics == NULL)
        {
          set_gone_error (error);
          return NULL;
        }
    }

  return tuple (lifecycle_describe_statistics (statistics));
}

static void
answer_leaks (GPtrArray         *reports,
              LifecycleSnapshot *snapshot,
              gpointer           data)
{
  lifecycle_inspect_call_return (data, tuple (lifecycle_describe_leaks ()));
}

static GVariant *
list_leaks (Request *request,
            GError **error)
{
  lifecycle_contexts_check (SNAPSHOT_WAIT, TRUE, answer_leaks, g_steal_pointer (&request->call));

  return NULL;
}

static GVariant *
list_alive (Request *request,
            GError **error)
{
  const char *id;
  gpointer context = NULL;

  g_variant_get_child (request->parameters, 0, "&s", &id);
  if (*id != '\0')
    {
      if (g_str_has_prefix (id, "0x"))
        context = GSIZE_TO_POINTER (g_ascii_strtoull (id, NULL, 16));
      if (context == NULL)
        {
          g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "'%s' is not the id of a "
                       "main context", id);
          return NULL;
        }
    }

  /* The address is only compared. */
  return tuple (lifecycle_describe_alive (context));
}

static GVariant *
explain (Request *request,
         GError **error)
{
  g_autoptr (LifecycleSnapshot) snapshot = lifecycle_snapshot_new_all ();
  GVariant *result[2];
  const char *what;
  guint n_chains;

  g_variant_get_child (request->parameters, 0, "&s", &what);
  result[0] = lifecycle_explain (snapshot, what, &n_chains, error);
  if (result[0] == NULL)
    return NULL;
  result[1] = g_variant_new_uint32 (n_chains);

  return g_variant_new_tuple (result, 2);
}

static GVariant *
get_history (Request *request,
             GError **error)
{
  return tuple (lifecycle_history_get ());
}

static GVariant *
start_trace (Request *request,
             GError **error)
{
  g_autoptr (GVariant) filter = g_variant_get_child_value (request->parameters, 0);
  LifecycleTrace *trace = lifecycle_trace_new (filter, error);

  if (trace == NULL)
    return NULL;

  lifecycle_inspect_call_set_trace (request->call, trace);

  return g_variant_new_tuple (NULL, 0);
}

static GVariant *
stop_trace (Request *request,
            GError **error)
{
  lifecycle_inspect_call_set_trace (request->call, NULL);

  return g_variant_new_tuple (NULL, 0);
}

/* --- Methods that wait --- */

/* A call that looks for something again and again, until it finds it or the time is over. */
typedef struct _Wait Wait;

struct _Wait
{
  LifecycleInspectCall *call;
  LifecycleScope       *scope;          /* for Close() */
  gint64                until;          /* µs of monotonic time */
  GVariant           *(* look) (Wait     *self,
                                gboolean  is_last);
};

static void
wait_free (gpointer data)
{
  Wait *self = data;

  /* It is closed, or somebody else holds a reference until it is. */
  g_clear_object (&self->scope);
  g_free (self);
}

static gboolean
wait_cb (gpointer data)
{
  Wait *self = data;
  gboolean is_last = g_get_monotonic_time () >= self->until ||
                     !lifecycle_inspect_call_is_wanted (self->call);
  GVariant *result = self->look (self, is_last);

  if (result == NULL)
    return G_SOURCE_CONTINUE;

  lifecycle_inspect_call_return (self->call, result);

  return G_SOURCE_REMOVE;
}

/* Takes ownership of the wait. */
static void
wait_start (Wait  *self,
            guint  timeout)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GSource) source = g_timeout_source_new (POLL_INTERVAL);

  self->until = g_get_monotonic_time () + (gint64) timeout * 1000;
  g_source_set_static_name (source, "Lifecycle inspect");
  g_source_set_callback (source, wait_cb, self, wait_free);
  g_source_attach (source, context);
}

static GVariant *
look_for_events (Wait     *self,
                 gboolean  is_last)
{
  LifecycleTrace *trace = lifecycle_inspect_call_get_trace (self->call);
  GVariant *result[2] = { NULL, };
  guint64 lost = 0;

  if (trace != NULL)
    result[0] = lifecycle_trace_read (trace, &lost);
  if (result[0] == NULL && !is_last && trace != NULL)
    return NULL;

  if (result[0] == NULL)
    result[0] = g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0);
  result[1] = g_variant_new_uint64 (lost);

  return g_variant_new_tuple (result, 2);
}

static GVariant *
read_trace (Request *request,
            GError **error)
{
  Wait *wait;

  if (lifecycle_inspect_call_get_trace (request->call) == NULL)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED, "Call StartTrace() first");
      return NULL;
    }

  wait = g_new0 (Wait, 1);
  wait->call = g_steal_pointer (&request->call);
  wait->look = look_for_events;
  wait_start (wait, get_timeout (request->parameters, 0));

  return NULL;
}

static GVariant *
look_whether_closed (Wait     *self,
                     gboolean  is_last)
{
  gboolean closed = lifecycle_scope_is_closed (self->scope);

  return closed || is_last ? g_variant_new ("(b)", closed) : NULL;
}

/* Returns a reference on the scope at an address, or NULL if it has gone. */
static LifecycleScope *
dup_scope (gpointer address)
{
  LifecycleScope *scope = NULL;
  LifecycleLedger *ledger;
  LifecycleWalk walk;

  if (!lifecycle_walk_init_at (&walk, address))
    return NULL;

  ledger = lifecycle_walk_next (&walk);
  /* While the ledger is locked, the scope cannot be finalized. */
  if (ledger->scope == address)
    scope = g_object_ref (ledger->scope);
  lifecycle_walk_go_on (&walk);
  lifecycle_walk_clear (&walk);

  return scope;
}

static GVariant *
close_scope (Request *request,
             GError **error)
{
  const char *nick, *detail;
  int reason = LIFECYCLE_REASON_COMPLETED;
  LifecycleScope *scope;
  gpointer address;
  Wait *wait;

  if ((lifecycle_inspect_call_get_flags (request->call) & LIFECYCLE_INSPECT_ALLOW_CLOSE) == 0)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED,
                   "The program does not allow it: set LIFECYCLE_DEBUG=inspect-close, or pass "
                   "LIFECYCLE_INSPECT_ALLOW_CLOSE to lifecycle_inspect_start()");
      return NULL;
    }

  g_variant_get_child (request->parameters, 1, "&s", &nick);
  g_variant_get_child (request->parameters, 2, "&s", &detail);
  if (*nick != '\0' && !parse_nick (LIFECYCLE_TYPE_REASON, nick, "reason", &reason, error))
    return NULL;
  if (reason == LIFECYCLE_REASON_NONE)
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "'none' is not a reason to close");
      return NULL;
    }

  address = find_scope (request->parameters, error);
  if (address == NULL)
    return NULL;
  scope = dup_scope (address);
  if (scope == NULL)
    {
      set_gone_error (error);
      return NULL;
    }

  /* This thread is never the scope's home, so this returns at once. */
  lifecycle_scope_close_with_reason (scope, (LifecycleReason) reason, *detail != '\0' ? detail : NULL);

  wait = g_new0 (Wait, 1);
  wait->call = g_steal_pointer (&request->call);
  wait->scope = scope;
  wait->look = look_whether_closed;
  wait_start (wait, get_timeout (request->parameters, 3));

  return NULL;
}

static void
answer_contexts (GPtrArray         *reports,
                 LifecycleSnapshot *snapshot,
                 gpointer           data)
{
  lifecycle_inspect_call_return (data, tuple (lifecycle_contexts_list (reports)));
}

static GVariant *
check_contexts (Request *request,
                GError **error)
{
  lifecycle_contexts_check (get_timeout (request->parameters, 0), FALSE, answer_contexts,
                            g_steal_pointer (&request->call));

  return NULL;
}

static void
answer_stuck (GPtrArray         *reports,
              LifecycleSnapshot *snapshot,
              gpointer           data)
{
  lifecycle_inspect_call_return (data, tuple (lifecycle_stuck_list (snapshot, reports)));
}

static GVariant *
list_stuck (Request *request,
            GError **error)
{
  lifecycle_contexts_check (get_timeout (request->parameters, 0), FALSE, answer_stuck,
                            g_steal_pointer (&request->call));

  return NULL;
}

typedef struct
{
  LifecycleInspectCall *call;
  gint64                time;           /* ms since the Epoch, when the snapshot was taken */
  guint                 n_records;
} SnapshotRequest;

static void
answer_snapshot (GPtrArray         *reports,
                 LifecycleSnapshot *snapshot,
                 gpointer           data)
{
  g_autofree SnapshotRequest *request = data;
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();
  GVariantBuilder dict;
  guint total;

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&dict, "{sv}", "time", g_variant_new_int64 (request->time));
  g_variant_builder_add (&dict, "{sv}", "info", lifecycle_describe_program (lifecycle_inspect_call_get_flags (request->call)));
  g_variant_builder_add (&dict, "{sv}", "contexts", lifecycle_contexts_list (reports));
  g_variant_builder_add (&dict, "{sv}", "statistics", lifecycle_describe_statistics (statistics));
  g_variant_builder_add (&dict, "{sv}", "scopes", lifecycle_survey_list_scopes (snapshot, NULL));
  g_variant_builder_add (&dict, "{sv}", "sites", lifecycle_sites_list_all (snapshot, NULL));
  g_variant_builder_add (&dict, "{sv}", "records",
                         lifecycle_survey_list_records (snapshot, NULL, TRUE, -1, request->n_records,
                                                        &total));
  g_variant_builder_add (&dict, "{sv}", "leaks", lifecycle_describe_leaks ());
  g_variant_builder_add (&dict, "{sv}", "stuck", lifecycle_stuck_list (snapshot, reports));
  g_variant_builder_add (&dict, "{sv}", "alive", lifecycle_describe_alive (NULL));
  g_variant_builder_add (&dict, "{sv}", "history", lifecycle_history_get ());

  lifecycle_inspect_call_return (request->call, tuple (g_variant_builder_end (&dict)));
}

static GVariant *
take_snapshot (Request *request,
               GError **error)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (request->parameters, 0);
  SnapshotRequest *snapshot = g_new0 (SnapshotRequest, 1);
  guint32 n_records = SNAPSHOT_RECORDS;

  g_variant_lookup (options, "records", "u", &n_records);
  snapshot->time = g_get_real_time () / 1000;
  snapshot->n_records = MIN (n_records, MAX_RECORDS);
  snapshot->call = g_steal_pointer (&request->call);
  lifecycle_contexts_check (SNAPSHOT_WAIT, TRUE, answer_snapshot, snapshot);

  return NULL;
}

static const struct
{
  const char *name;

  /* Returns the answer, or NULL with the error set, or takes the call and answers later. */
  GVariant *(* func) (Request *request,
                      GError **error);
} methods[] = {
  { "GetInfo", get_info },
  { "CheckContexts", check_contexts },
  { "ListScopes", list_scopes },
  { "ListRecords", list_records },
  { "ListSites", list_sites },
  { "GetStatistics", get_statistics },
  { "ListLeaks", list_leaks },
  { "ListStuck", list_stuck },
  { "ListAlive", list_alive },
  { "Explain", explain },
  { "GetHistory", get_history },
  { "StartTrace", start_trace },
  { "ReadTrace", read_trace },
  { "StopTrace", stop_trace },
  { "Close", close_scope },
  { "TakeSnapshot", take_snapshot },
};

/* The types of the parameters are right. */
void
lifecycle_inspect_call (LifecycleInspectCall *call,
                        const char           *method,
                        GVariant             *parameters)
{
  Request request = { call, parameters };
  g_autoptr (GError) error = NULL;
  GVariant *result = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      if (strcmp (methods[i].name, method) == 0)
        result = methods[i].func (&request, &error);
    }

  if (result != NULL)
    lifecycle_inspect_call_return (request.call, result);
  else if (error != NULL)
    lifecycle_inspect_call_fail (request.call, error);
  else
    g_assert (request.call == NULL);
}
