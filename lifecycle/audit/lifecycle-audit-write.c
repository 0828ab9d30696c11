/* lifecycle-audit-write.c: the parts of a report
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>
#include <unistd.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

/* Rounds are what lies between snapshots. */
typedef struct
{
  double  seconds;
  guint64 resident;             /* bytes */
  guint   n_live[AUDIT_N_KINDS];
} Round;

#define MAX_ROUNDS 1024
static Round rounds[MAX_ROUNDS];
static guint n_rounds;

static const char *const kind_names[AUDIT_N_KINDS] = {
  [AUDIT_HANDLER] = "handler",
  [AUDIT_SOURCE] = "source",
  [AUDIT_BUS] = "bus",
  [AUDIT_WEAK_REF] = "weak-reference",
  [AUDIT_BINDING] = "binding",
  [AUDIT_OBJECT] = "object",
};

void
audit_write_string (AuditWriter *self,
                    const char  *string)
{
  if (string == NULL)
    {
      fputs ("null", self->file);
      return;
    }

  fputc ('"', self->file);
  for (const guchar *p = (const guchar *) string; *p != '\0'; p++)
    if (*p == '"' || *p == '\\')
      fprintf (self->file, "\\%c", *p);
    else if (*p < 0x20)
      fprintf (self->file, "\\u%04x", *p);
    else
      fputc (*p, self->file);
  fputc ('"', self->file);
}

/* Addresses are numbers; the reader finds out which module they are in. */
void
audit_write_site (AuditWriter      *self,
                  const AuditSite  *site,
                  const AuditStack *stack)
{
  /* As if it were what a call returns to. */
  gsize address = (gsize) site->caller + (site->unseen ? 1 : 0);

  fprintf (self->file, "\"site\": { \"id\": %u, \"of\": \"%s\", \"address\": %" G_GSIZE_FORMAT ", "
           "\"own\": %s", site->id, kind_names[site->kind], address,
           site->own ? "true" : "false");
  if (site->script != NULL)
    {
      fputs (", \"script\": ", self->file);
      audit_write_string (self, site->script);
    }
  else if (stack != NULL && stack->script != NULL)
    {
      fputs (", \"called-by\": ", self->file);
      audit_write_string (self, stack->script);
    }
  if (site->unseen)
    fputs (", \"unseen\": true", self->file);
  if (site->what != NULL)
    {
      fputs (", \"what\": ", self->file);
      audit_write_string (self, site->what);
    }
  if (stack != NULL)
    {
      fputs (", \"stack\": [", self->file);
      for (guint i = 0; i < stack->n_frames; i++)
        fprintf (self->file, "%s %" G_GSIZE_FORMAT, i > 0 ? "," : "", (gsize) stack->frames[i]);
      fputs (" ]", self->file);
    }
  fputs (" }", self->file);
}

static guint64
get_resident (void)
{
  FILE *file = fopen ("/proc/self/statm", "re");
  unsigned long total, resident;
  guint64 bytes = 0;

  if (file == NULL)
    return 0;
  if (fscanf (file, "%lu %lu", &total, &resident) == 2)
    bytes = (guint64) resident * (guint64) sysconf (_SC_PAGESIZE);
  fclose (file);

  return bytes;
}

void
audit_rounds_note_locked (double seconds)
{
  Round *self;

  if (n_rounds == MAX_ROUNDS)
    {
      for (guint i = 2; i < MAX_ROUNDS; i++)
        rounds[i - 1] = rounds[i];
      n_rounds--;
    }
  self = &rounds[n_rounds++];
  self->seconds = seconds;
  self->resident = get_resident ();
  for (guint i = 0; i < AUDIT_N_KINDS; i++)
    self->n_live[i] = audit.n_live[i];
}

void
audit_rounds_write_locked (AuditWriter *self)
{
  fputs ("  \"rounds\": [", self->file);
  for (guint i = 0; i < n_rounds; i++)
    {
      fprintf (self->file, "%s\n    { \"seconds\": %.1f, \"resident\": %" G_GUINT64_FORMAT,
               i > 0 ? "," : "", rounds[i].seconds, rounds[i].resident);
      for (guint kind = 0; kind < AUDIT_N_KINDS; kind++)
        fprintf (self->file, ", \"%s\": %u", kind_names[kind], rounds[i].n_live[kind]);
      fputs (" }", self->file);
    }
  fputs ("\n  ],\n", self->file);
}

/* All sites that have something live, for comparing snapshots. */
void
audit_sites_write_locked (AuditWriter *self)
{
  gboolean comma = FALSE;

  fputs ("  \"sites\": [", self->file);
  for (const AuditSite *site = audit.sites; site != NULL; site = site->next_made)
    if (site->n_live > 0)
      {
        fprintf (self->file, "%s\n    { \"live\": %u, \"births\": %" G_GUINT64_FORMAT ", ",
                 comma ? "," : "", site->n_live, site->n_births);
        if (site->type != 0)
          {
            fputs ("\"type\": ", self->file);
            audit_write_string (self, audit_real.g_type_name (site->type));
            fputs (", ", self->file);
          }
        audit_write_site (self, site, NULL);
        fputs (" }", self->file);
        comma = TRUE;
      }
  fputs ("\n  ]\n", self->file);
}
