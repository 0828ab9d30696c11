/* bench-private.h: what the parts of the benchmark share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

#include <stdlib.h>

G_BEGIN_DECLS

/* How a budget is worded. */
typedef enum
{
  BENCH_BUDGET_NONE,
  BENCH_BUDGET_RATIO, /* ours / baseline */
  BENCH_BUDGET_OURS,  /* ours alone, in the unit of the row */
  BENCH_BUDGET_EXTRA  /* ours - baseline, in the unit of the row */
} BenchBudget;

/* A row of the table. Fields that do not apply stay 0 or NULL. */
typedef struct
{
  const char  *id;            /* for --filter and for machines */
  const char  *what;
  const char  *unit;          /* "ns", "bytes", "Ir" */
  const char  *baseline_name; /* NULL: there is nothing to compare with */
  double       ours;
  double       baseline;
  BenchBudget  budget;
  double       limit;
  const char  *note;
  const char  *skipped;       /* why there are no figures */
} BenchRow;

/* One way of doing the same thing: does it @n times. */
typedef struct
{
  void     (*run) (gpointer fixture,
                   guint    n);
  gpointer   fixture;
} BenchSide;

#define BENCH_MAX_SIDES 3

typedef struct
{
  guint     rounds;
  gboolean  quick;
  gboolean  full;
  gboolean  json;
} BenchOptions;

extern BenchOptions bench_options;

/* lifecycle-bench.c */
gboolean  bench_wants      (const char      *id);
gint64    bench_now        (void);
double    bench_median     (double          *values,
                            guint            n_values);
void      bench_interleave (const BenchSide *sides,
                            guint            n_sides,
                            guint            n,
                            double          *ns_each);
char    **bench_environ    (void);
char     *bench_self       (void);
void      bench_remove_directory (const char *path);

/* bench-report.c */
void      bench_report_row (const BenchRow  *row);
void      bench_report_end (void);

/* bench-emitter.c */
#define BENCH_TYPE_EMITTER (bench_emitter_get_type ())
G_DECLARE_FINAL_TYPE (BenchEmitter, bench_emitter, BENCH, EMITTER, GObject)

BenchEmitter *bench_emitter_new      (void);
void          bench_emitter_tick     (BenchEmitter *self);
void          bench_emitter_change   (BenchEmitter *self,
                                      guint         value);
void          bench_tick_cb          (BenchEmitter *emitter,
                                      gpointer      data);
void          bench_changed_cb       (BenchEmitter *emitter,
                                      guint         value,
                                      gpointer      data);
guint64       bench_emitter_n_calls  (void);

/* bench-timers.c */
void      bench_timers_arm    (const char *name,
                               gpointer   *timers,
                               guint       n);
void      bench_timers_cancel (void);

/* The groups of rows. */
void      bench_handlers     (void);
void      bench_emissions    (void);
void      bench_scopes       (void);
void      bench_entries      (void);
void      bench_observing    (void);
int       bench_debug_child  (void);
void      bench_memory       (void);
int       bench_memory_child (void);
void      bench_monitor      (void);
void      bench_timers       (void);
void      bench_instructions (void);
int       bench_instructions_child (const char *name);
void      bench_audit        (void);

/* bench-instructions.c */
gboolean  bench_callgrind    (const char *const  *words,
                              const char         *function,
                              char              **envp,
                              double             *ir);
gboolean  bench_instructions_count (const char    *name,
                                    char         **envp,
                                    double        *ir_each);

/* The benchmark is broken, as opposed to slow, when this does not hold. */
#define bench_check(condition)                                                    \
  G_STMT_START {                                                                  \
    if (G_UNLIKELY (!(condition)))                                                \
      {                                                                           \
        g_printerr ("lifecycle-bench: %s: does not hold: %s\n", G_STRLOC, #condition); \
        exit (1);                                                                 \
      }                                                                           \
  } G_STMT_END

G_END_DECLS
