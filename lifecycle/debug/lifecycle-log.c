/* lifecycle-log.c: a log record for each scope that closes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-debug-private.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-names-private.h"
#include "lifecycle-observer-private.h"

typedef struct
{
  GLogField fields[9 + LIFECYCLE_N_KINDS];
  gsize     n_fields;
  char      names[LIFECYCLE_N_KINDS][32];
  char      values[LIFECYCLE_N_KINDS][24];
} Record;

static void
record_add (Record     *self,
            const char *name,
            const char *value)
{
  self->fields[self->n_fields++] = (GLogField) { name, value, -1 };
}

/* Adds the number of released entries of each kind, to the message and as fields. */
static void
record_add_released (Record         *self,
                     GString        *message,
                     LifecycleTally *tally)
{
  const char *separator = "; released ";

  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      const char *nick = lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) kind);
      LifecycleTallyRow row;

      lifecycle_tally_get (tally, kind, &row);
      if (row.released == 0)
        continue;

      g_string_append_printf (message, "%s%s %" G_GUINT64_FORMAT, separator, nick, row.released);
      separator = ", ";

      g_snprintf (self->values[kind], sizeof self->values[kind], "%" G_GUINT64_FORMAT,
                  row.released);
      g_snprintf (self->names[kind], sizeof self->names[kind], "LIFECYCLE_RELEASED_%s", nick);
      for (char *c = self->names[kind]; *c != '\0'; c++)
        *c = g_ascii_toupper (*c);
      record_add (self, self->names[kind], self->values[kind]);
    }
}

static void
log_scope_closed (LifecycleScope *scope,
                  guint64         duration)
{
  g_autoptr (GString) message = g_string_new (NULL);
  g_autofree char *path = lifecycle_scope_get_path (scope);
  g_autofree char *usec = g_strdup_printf ("%" G_GUINT64_FORMAT, duration);
  const char *reason = lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) scope->reason);
  g_autofree char *detail = lifecycle_name_quote (lifecycle_scope_get_reason_detail (scope),
                                                  LIFECYCLE_QUOTE_TEXT);
  char failed[16];
  char abandoned[16];
  Record record = { .n_fields = 0 };
  LifecycleHoldings *holdings;
  guint n_failed;
  guint n_abandoned;

  g_string_append_printf (message, "Scope %s has closed: %s", path, reason);
  if (detail != NULL)
    g_string_append_printf (message, " (%s)", detail);

  holdings = lifecycle_scope_lock_holdings (scope);
  n_failed = (guint) lifecycle_holdings_peek_extra (holdings)->mishaps.failed;
  n_abandoned = (guint) lifecycle_holdings_peek_extra (holdings)->mishaps.abandoned;
  record_add_released (&record, message, &holdings->tally);
  lifecycle_ledger_unlock (&holdings->ledger);

  if (n_failed > 0)
    g_string_append_printf (message, "; failed %u", n_failed);
  if (n_abandoned > 0)
    g_string_append_printf (message, "; abandoned %u", n_abandoned);
  g_string_append_printf (message, "; %.3f ms", (double) duration / 1000);
  g_snprintf (failed, sizeof failed, "%u", n_failed);
  g_snprintf (abandoned, sizeof abandoned, "%u", n_abandoned);

  record_add (&record, "MESSAGE", message->str);
  record_add (&record, "GLIB_DOMAIN", G_LOG_DOMAIN);
  record_add (&record, "PRIORITY", "7");
  record_add (&record, "LIFECYCLE_SCOPE", path);
  record_add (&record, "LIFECYCLE_REASON", reason);
  if (detail != NULL)
    record_add (&record, "LIFECYCLE_DETAIL", detail);
  record_add (&record, "LIFECYCLE_FAILED", failed);
  record_add (&record, "LIFECYCLE_ABANDONED", abandoned);
  record_add (&record, "LIFECYCLE_DURATION_USEC", usec);

  g_log_structured_array (G_LOG_LEVEL_DEBUG, record.fields, record.n_fields);
}

static const LifecycleObserver log_observer = {
  .scope_closed = log_scope_closed,
};

/* This is checked only once, because the check costs more than closing a small scope. */
void
lifecycle_log_init (void)
{
  if (!g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))
    lifecycle_add_observer (&log_observer);
}
