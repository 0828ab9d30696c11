/* lifecycle-inspect-trace.c: events for clients that trace
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-inspect-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-paths-private.h"

/* How many events wait for each client. */
#define MAX_EVENTS 8192

/* How many of them one call returns. */
#define MAX_READ 2000

typedef enum
{
  EVENT_OPENED,
  EVENT_CLOSED,
  EVENT_ADDED,
  EVENT_REMOVED
} EventType;

typedef struct
{
  EventType        type;
  gint64           time;        /* µs since the Epoch */
  char            *scope;       /* a path */
  gpointer         scope_id;
  gpointer         entry;
  const char      *place;       /* never freed */
  guint            kind;
  LifecycleReason  reason;
  guint            n_released;
  guint64          duration;
} Event;

struct _LifecycleTrace
{
  guint         kinds;          /* a mask */
  gboolean      scopes;
  gboolean      entries;
  GPatternSpec *path;           /* or NULL */
  GPatternSpec *place;          /* likewise */
  GQueue        events;         /* guarded by the lock */
  guint64       n_lost;         /* likewise */
};

/* Events are noted on the threads of the program, some of them with a ledger locked. */
static struct
{
  GMutex     lock;              /* last in the lock order */
  GPtrArray *traces;
  gint       n_traces;          /* atomic */
  gboolean   observing;
} tracing;

static void
event_free (gpointer data)
{
  Event *event = data;

  g_free (event->scope);
  g_free (event);
}

static gboolean
matches (GPatternSpec *pattern,
         const char   *text)
{
  return pattern == NULL || (text != NULL && g_pattern_spec_match_string (pattern, text));
}

static gboolean
trace_wants (LifecycleTrace *self,
             const Event    *event)
{
  gboolean is_entry = event->type == EVENT_ADDED || event->type == EVENT_REMOVED;

  if (is_entry ? !self->entries || (self->kinds & 1u << event->kind) == 0 : !self->scopes)
    return FALSE;

  return matches (self->path, event->scope) && matches (self->place, event->place);
}

/* Takes ownership of the scope's path. */
static void
note (Event event)
{
  event.time = g_get_real_time ();

  g_mutex_lock (&tracing.lock);
  for (guint i = 0; tracing.traces != NULL && i < tracing.traces->len; i++)
    {
      LifecycleTrace *trace = g_ptr_array_index (tracing.traces, i);

      if (!trace_wants (trace, &event))
        continue;
      if (trace->events.length >= MAX_EVENTS)
        {
          trace->n_lost++;
          continue;
        }

      g_queue_push_tail (&trace->events, g_memdup2 (&event, sizeof event));
      ((Event *) trace->events.tail->data)->scope = g_strdup (event.scope);
    }
  g_mutex_unlock (&tracing.lock);

  g_free (event.scope);
}

static gboolean
is_tracing (void)
{
  return g_atomic_int_get (&tracing.n_traces) > 0;
}

static void
trace_scope_opened (LifecycleScope *scope)
{
  if (is_tracing ())
    note ((Event) {
      .type = EVENT_OPENED,
      .scope = lifecycle_scope_get_path (scope),
      .scope_id = scope,
      .place = lifecycle_entry_get_place (&scope->as_child),
    });
}

static void
trace_scope_closed (LifecycleScope *scope,
                    guint64         duration)
{
  if (is_tracing ())
    note ((Event) {
      .type = EVENT_CLOSED,
      .scope = lifecycle_scope_get_path (scope),
      .scope_id = scope,
      .place = lifecycle_entry_get_place (&scope->as_child),
      .reason = scope->reason,
      .n_released = scope->n_released,
      .duration = duration,
    });
}

static void
note_entry (LifecycleLedger *ledger,
            LifecycleEntry  *entry,
            EventType        type)
{
  if (is_tracing ())
    note ((Event) {
      .type = type,
      .scope = lifecycle_paths_dup (ledger),
      .scope_id = ledger->scope,
      .entry = entry,
      .place = lifecycle_entry_get_place (entry),
      .kind = lifecycle_entry_type_get_kind (entry->type),
    });
}

static void
trace_entry_added (LifecycleLedger *ledger,
                   LifecycleEntry  *entry)
{
  note_entry (ledger, entry, EVENT_ADDED);
}

static void
trace_entry_removed (LifecycleLedger *ledger,
                     LifecycleEntry  *entry)
{
  note_entry (ledger, entry, EVENT_REMOVED);
}

static const LifecycleObserver trace_observer = {
  .scope_opened = trace_scope_opened,
  .scope_closed = trace_scope_closed,
  .entry_added = trace_entry_added,
  .entry_removed = trace_entry_removed,
};

static GPatternSpec *
look_up_pattern (GVariantDict *options,
                 const char   *key)
{
  const char *text;

  return g_variant_dict_lookup (options, key, "&s", &text) ? g_pattern_spec_new (text) : NULL;
}

static gboolean
parse_kinds (GVariantDict  *options,
             guint         *mask,
             GError       **error)
{
  g_autofree const char **kinds = NULL;
  g_autoptr (GEnumClass) class = g_type_class_ref (LIFECYCLE_TYPE_KIND);

  *mask = G_MAXUINT;
  if (!g_variant_dict_lookup (options, "kinds", "^a&s", &kinds))
    return TRUE;

  *mask = 0;
  for (guint i = 0; kinds[i] != NULL; i++)
    {
      GEnumValue *value = g_enum_get_value_by_nick (class, kinds[i]);

      if (value == NULL)
        {
          g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "There is no kind %s", kinds[i]);
          return FALSE;
        }
      *mask |= 1u << value->value;
    }

  return TRUE;
}

LifecycleTrace *
lifecycle_trace_new (GVariant  *filter,
                     GError   **error)
{
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (filter);
  LifecycleTrace *self;
  guint kinds;

  if (!parse_kinds (&options, &kinds, error))
    return NULL;

  self = g_new0 (LifecycleTrace, 1);
  self->kinds = kinds;
  self->scopes = self->entries = TRUE;
  g_variant_dict_lookup (&options, "scopes", "b", &self->scopes);
  g_variant_dict_lookup (&options, "entries", "b", &self->entries);
  self->path = look_up_pattern (&options, "path");
  self->place = look_up_pattern (&options, "place");
  g_queue_init (&self->events);
  if (self->entries)
    lifecycle_paths_start ();

  g_mutex_lock (&tracing.lock);
  if (tracing.traces == NULL)
    tracing.traces = g_ptr_array_new ();
  g_ptr_array_add (tracing.traces, self);
  g_mutex_unlock (&tracing.lock);
  g_atomic_int_inc (&tracing.n_traces);

  /* Nothing is observed before somebody has asked for it. */
  if (!tracing.observing)
    {
      tracing.observing = TRUE;
      lifecycle_add_observer (&trace_observer);
    }

  return self;
}

void
lifecycle_trace_free (LifecycleTrace *self)
{
  g_atomic_int_add (&tracing.n_traces, -1);
  g_mutex_lock (&tracing.lock);
  g_ptr_array_remove (tracing.traces, self);
  g_mutex_unlock (&tracing.lock);

  if (self->entries)
    lifecycle_paths_stop ();
  g_queue_clear_full (&self->events, event_free);
  g_clear_pointer (&self->path, g_pattern_spec_free);
  g_clear_pointer (&self->place, g_pattern_spec_free);
  g_free (self);
}

static GVariant *
describe_event (const Event *event)
{
  static const char *const types[] = { "opened", "closed", "added", "removed" };
  GVariantBuilder dict;

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&dict, "{sv}", "time", g_variant_new_int64 (event->time));
  lifecycle_dict_add_string (&dict, "event", types[event->type]);
  lifecycle_dict_add_string (&dict, "scope", event->scope);
  lifecycle_dict_add_address (&dict, "scope-id", event->scope_id);
  lifecycle_dict_add_string (&dict, "place", event->place);
  lifecycle_dict_add_address (&dict, "entry", event->entry);
  if (event->type == EVENT_ADDED || event->type == EVENT_REMOVED)
    lifecycle_dict_add_string (&dict, "kind",
                               lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) event->kind));
  if (event->type == EVENT_CLOSED)
    {
      lifecycle_dict_add_string (&dict, "reason",
                                 lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) event->reason));
      g_variant_builder_add (&dict, "{sv}", "released", g_variant_new_uint32 (event->n_released));
      g_variant_builder_add (&dict, "{sv}", "duration", g_variant_new_uint64 (event->duration));
    }

  return g_variant_builder_end (&dict);
}

/* Returns the events that have been collected, and forgets them; or NULL if there are none. */
GVariant *
lifecycle_trace_read (LifecycleTrace *self,
                      guint64        *lost)
{
  GQueue events = G_QUEUE_INIT;
  GVariantBuilder list;
  Event *event;

  g_mutex_lock (&tracing.lock);
  while (events.length < MAX_READ && (event = g_queue_pop_head (&self->events)) != NULL)
    g_queue_push_tail (&events, event);
  *lost = self->n_lost;
  self->n_lost = 0;
  g_mutex_unlock (&tracing.lock);

  if (events.length == 0 && *lost == 0)
    return NULL;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  while ((event = g_queue_pop_head (&events)) != NULL)
    {
      g_variant_builder_add_value (&list, describe_event (event));
      event_free (event);
    }

  return g_variant_builder_end (&list);
}
