/* lifecycle-tool-audit-private.h: reports of what an audited program did
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A place in a program. */
typedef struct
{
  char    *function;            /* or NULL */
  char    *file;                /* or NULL if there is no debug information */
  guint    line;
  char    *module;              /* a path, or NULL if it is not known */
  guint64  offset;              /* in the module */
  gboolean own;                 /* the program's own code */
} AuditFrame;

void       audit_frame_free        (AuditFrame   *self);
char      *audit_frame_describe    (const AuditFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditFrame, audit_frame_free)

/* Reads names and lines from files of programs. */
typedef struct _AuditSymbols AuditSymbols;

AuditSymbols *audit_symbols_new    (void);
void          audit_symbols_free   (AuditSymbols *self);
void          audit_symbols_find   (AuditSymbols *self,
                                    const char   *module,
                                    guint64       offset,
                                    AuditFrame   *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AuditSymbols, audit_symbols_free)

typedef struct
{
  char       *kind;             /* "dangling", "piling-up", "held", "misuse" */
  char       *summary;          /* one line */
  GPtrArray  *details;          /* of char *: more lines */
  GPtrArray  *frames;           /* of AuditFrame: where it was made, the program's own ones first */
  gboolean    own;              /* to be mended in the program, and not in its platform */
  guint       rank;             /* less is first */
  double      weight;
  JsonObject *raw;
} AuditFinding;

typedef struct
{
  int         pid;
  char       *program;
  double      seconds;
  guint       n_snapshots;
  gboolean    finished;         /* the report was written at the exit */
  GPtrArray  *findings;         /* of AuditFinding, the worst first */
  JsonArray  *rounds;
} AuditProcess;

typedef enum
{
  AUDIT_FORMAT_TEXT,
  AUDIT_FORMAT_JSON,
  AUDIT_FORMAT_SARIF,
  AUDIT_FORMAT_JUNIT
} AuditFormat;

AuditProcess *audit_process_load   (const char       *path,
                                    AuditSymbols     *symbols,
                                    GError          **error);
JsonNode     *audit_sites_load     (const char       *path,
                                    AuditSymbols     *symbols,
                                    GError          **error);
void          audit_process_free   (AuditProcess     *self);
guint         audit_process_count  (const AuditProcess *self);

char         *audit_report_text    (GPtrArray        *processes,
                                    gboolean          all);
char         *audit_report_json    (GPtrArray        *processes,
                                    gboolean          all);
char         *audit_report_sarif   (GPtrArray        *processes,
                                    gboolean          all);
char         *audit_report_junit   (GPtrArray        *processes,
                                    gboolean          all);

JsonNode     *lifecycle_audit_snapshot (const char   *who,
                                        GError      **error);

G_END_DECLS
