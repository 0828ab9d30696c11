/* lifecycle-inspect-private.h: the parts of the inspection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-inspect.h"
#include "lifecycle-snapshot-private.h"
#include "lifecycle-statistics.h"

G_BEGIN_DECLS

#define LIFECYCLE_INSPECT_PATH "/org/lifecycle/Inspect"

/* The longest time that a client can have a method wait, in ms. */
#define LIFECYCLE_INSPECT_MAX_WAIT 10000

typedef struct _LifecycleTrace LifecycleTrace;

/* All of the following is used on the thread of the inspection only, if nothing else is said. */

/* --- lifecycle-inspect.c --- */

/* Since the inspection was started, in ms. */
guint64 lifecycle_inspect_get_uptime (void);

/* --- lifecycle-inspect-server.c: connections --- */

typedef struct _LifecycleInspectServer LifecycleInspectServer;

LifecycleInspectServer *lifecycle_inspect_server_new  (const char              *path,
                                                       LifecycleInspectFlags    flags,
                                                       GMainContext            *context,
                                                       GError                 **error);
void                    lifecycle_inspect_server_free (LifecycleInspectServer  *self);
void                    lifecycle_inspect_server_set_flags (LifecycleInspectServer *self,
                                                            LifecycleInspectFlags   flags);
int                     lifecycle_inspect_server_get_fd    (LifecycleInspectServer *self);

/* --- lifecycle-inspect-call.c: one call, and its answer --- */

typedef struct _LifecycleInspectCall LifecycleInspectCall;

LifecycleInspectFlags lifecycle_inspect_call_get_flags (LifecycleInspectCall *self);
gboolean              lifecycle_inspect_call_is_wanted (LifecycleInspectCall *self);
LifecycleTrace       *lifecycle_inspect_call_get_trace (LifecycleInspectCall *self);
void                  lifecycle_inspect_call_set_trace (LifecycleInspectCall *self,
                                                        LifecycleTrace       *trace);

/* Each call is answered with one of these, now or later. They free the call. */
void                  lifecycle_inspect_call_return    (LifecycleInspectCall *self,
                                                        GVariant             *result);
void                  lifecycle_inspect_call_fail      (LifecycleInspectCall *self,
                                                        const GError         *error);

/* --- lifecycle-inspect-methods.c: what clients can call --- */

void                  lifecycle_inspect_call           (LifecycleInspectCall *call,
                                                        const char           *method,
                                                        GVariant             *parameters);

/* --- lifecycle-inspect-survey.c: descriptions of a snapshot --- */

/* An array for D-Bus, or for JSON, of dictionaries. */
GVariant *lifecycle_survey_list_scopes  (LifecycleSnapshot *snapshot,
                                         GArray            *scopes);
GVariant *lifecycle_survey_list_records (LifecycleSnapshot *snapshot,
                                         GArray            *scopes,
                                         gboolean           recursive,
                                         int                kind,
                                         guint              maximum,
                                         guint             *total);

/* Returns the indices of the scopes that are meant, parents before their children, or NULL for all of
 * them if `what` is empty. The first is the scope itself.
 */
gboolean  lifecycle_survey_find_scope   (LifecycleSnapshot *snapshot,
                                         const char        *what,
                                         GArray           **scopes,
                                         GError           **error);

/* For each follower, by its address, the scopes that it follows, as a GPtrArray of addresses. */
GHashTable *lifecycle_survey_list_follows (void);

/* --- lifecycle-inspect-sites.c: the places where entries were added --- */

typedef GHashTable LifecycleSites;

LifecycleSites *lifecycle_sites_new      (void);
void            lifecycle_sites_add      (LifecycleSites    *self,
                                          LifecycleSnapshot *snapshot,
                                          guint              index,
                                          const char        *cause,
                                          gboolean           certain);
GVariant       *lifecycle_sites_list     (LifecycleSites    *self,
                                          LifecycleSnapshot *snapshot);
GVariant       *lifecycle_sites_list_all (LifecycleSnapshot *snapshot,
                                          GArray            *scopes);

/* --- lifecycle-inspect-summary.c: the program as a whole --- */

GVariant *lifecycle_describe_program    (LifecycleInspectFlags  flags);
GVariant *lifecycle_describe_statistics (LifecycleStatistics   *statistics);
GVariant *lifecycle_describe_leaks      (void);
GVariant *lifecycle_describe_alive      (gpointer               context);

/* --- lifecycle-inspect-contexts.c: whether main contexts are run --- */

typedef enum
{
  LIFECYCLE_CONTEXT_RUNS,
  LIFECYCLE_CONTEXT_BUSY,
  LIFECYCLE_CONTEXT_WAITS,
  LIFECYCLE_CONTEXT_ABANDONED
} LifecycleContextState;

typedef struct
{
  GMainContext          *context;       /* a reference */
  LifecycleContextState  state;
  gint64                 delay;         /* µs, or -1 if there was no answer */
  gboolean               thread_ended;  /* of all scopes at home there */
  guint                  n_scopes;
  guint                  n_entries;
} LifecycleContextReport;

/* Gets an array of LifecycleContextReport, and what the scopes were when the contexts were asked. */
typedef void (* LifecycleContextsFunc) (GPtrArray         *reports,
                                        LifecycleSnapshot *snapshot,
                                        gpointer           data);

void      lifecycle_contexts_check (guint                  timeout,
                                    gboolean               search,
                                    LifecycleContextsFunc  func,
                                    gpointer               data);
GVariant *lifecycle_contexts_list  (GPtrArray             *reports);

/* --- lifecycle-inspect-stuck.c: entries that cannot fire --- */

GVariant *lifecycle_stuck_list (LifecycleSnapshot *snapshot,
                                GPtrArray         *reports);

/* --- lifecycle-inspect-explain.c: why something is there --- */

GVariant *lifecycle_explain (LifecycleSnapshot *snapshot,
                             const char        *what,
                             guint             *n_chains,
                             GError           **error);

/* --- lifecycle-inspect-history.c: what has happened --- */

/* Called once, on any thread. */
void      lifecycle_history_observe (void);
void      lifecycle_history_start   (GMainContext *context);
void      lifecycle_history_stop    (void);
GVariant *lifecycle_history_get     (void);

/* --- lifecycle-inspect-trace.c: what is happening --- */

LifecycleTrace *lifecycle_trace_new  (GVariant       *filter,
                                      GError        **error);
void            lifecycle_trace_free (LifecycleTrace *self);
GVariant       *lifecycle_trace_read (LifecycleTrace *self,
                                      guint64        *lost);

/* --- helpers, in lifecycle-inspect-survey.c --- */

/* These leave out what is not known. */
void  lifecycle_dict_add_string  (GVariantBuilder *dict,
                                  const char      *key,
                                  const char      *value);
void  lifecycle_dict_add_address (GVariantBuilder *dict,
                                  const char      *key,
                                  gconstpointer    value);
void  lifecycle_dict_add_item    (GVariantBuilder   *dict,
                                  LifecycleSnapshot *snapshot,
                                  guint              index);
char *lifecycle_dup_signal       (const LifecycleFacts *facts);

G_END_DECLS
