/* lifecycle-audit-write-private.h: reports as JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <stdio.h>

#include "lifecycle-audit-private.h"

G_BEGIN_DECLS

typedef struct
{
  FILE *file;
  guint n_modules;
} AuditWriter;

/* A field of an object that points at another one. */
typedef struct
{
  AuditObject *holder;          /* the first of its type */
  gssize       offset;          /* less than 0 for private data */
  guint        count;
} AuditPointer;

#define AUDIT_MAX_POINTERS 12

/* An object whose address is looked for. */
struct _AuditTarget
{
  AuditPointer pointers[AUDIT_MAX_POINTERS];
  guint        n_pointers;
};

/* How far up owners are followed. */
#define AUDIT_MAX_DEPTH 200

void  audit_write_string        (AuditWriter       *self,
                                 const char        *string);
void  audit_write_site          (AuditWriter       *self,
                                 const AuditSite   *site,
                                 const AuditStack  *stack);
void  audit_module_write        (AuditWriter       *self);
guint audit_misuse_write_locked (AuditWriter       *self,
                                 guint              n_before);
guint audit_dangling_write_locked (AuditWriter     *self,
                                   gboolean         at_home,
                                   guint            n_before);
void  audit_growth_note_locked  (void);
void  audit_judge_write_locked  (AuditWriter       *self);
void  audit_holders_write_locked (AuditWriter      *self,
                                  AuditObject      *object);
void  audit_pointers_find_locked (AuditObject     **all,
                                  gsize             n_all);
gboolean audit_object_is_part_of (AuditObject      *part,
                                  AuditObject      *whole);
void  audit_rounds_note_locked  (double            seconds);
void  audit_rounds_write_locked (AuditWriter       *self);
void  audit_sites_write_locked  (AuditWriter       *self);

G_END_DECLS
