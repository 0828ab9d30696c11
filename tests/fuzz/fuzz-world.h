/* fuzz-world.h: the real scopes, instances and sources, beside the model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "fuzz-model.h"

#include <lifecycle.h>

G_BEGIN_DECLS

/* How many bytes make an operation: which, and three arguments. */
#define WORLD_RECORD 4

/* How many ways there are to read the first of them. */
#define WORLD_N_TABLES 6

/* What the user can name at a time. */
#define WORLD_MAX_SCOPES    8
#define WORLD_MAX_INSTANCES 4

/* Handlers whose data is an object, and so cannot tell which one it is, in a program. */
#define WORLD_MAX_OBJECT_HANDLERS 16

typedef struct
{
  int      number;              /* of the thing in the model */
  int      script;              /* what to do when it is called */
  int      budget;              /* sources: how often to go on */
  gpointer address;             /* the closure, the source */
  gulong   id;                  /* handlers */
  gboolean held;                /* there is a reference on it */
  gpointer operation;           /* of a call, while that is under way */
  GObject *target;              /* bindings */
  gboolean has_data;            /* bindings: with functions, and data for them */
  int      n_freed;             /* how often that data was */
} WorldToken;

/* Of an emission. */
typedef struct
{
  int instance;
  int signal;
  int message;                  /* of a copy, or MODEL_NONE */
} WorldArgument;

typedef struct
{
  LifecycleScope *scope;        /* NULL when it has been finalized, or was never seen */
  gboolean        visible;      /* there is a reference of the user's */
  int             on_closing;
  int             on_closed;
  int             on_limit;
} WorldScope;

typedef struct
{
  GObject  *object;             /* NULL when it has been finalized */
  gboolean  visible;
  int       on_dispose;
} WorldInstance;

typedef struct
{
  GCancellable *cancellable;
  int           on_cancelled;
} WorldCancellable;

typedef struct
{
  WorldToken       tokens[MODEL_MAX_THINGS];
  WorldScope       scopes[MODEL_MAX_SCOPES];
  WorldInstance    instances[MODEL_MAX_INSTANCES];
  WorldCancellable cancellables[MODEL_MAX_CANCELLABLES];

  gint64           began;       /* when, by the clock */
  int              depth;       /* of scripts */
  int              n_object_handlers; /* that have been connected */
  gboolean         quiet;       /* no script runs any more */
  int              closing;     /* the scope whose `closing` is being emitted, for KEEP */
  int              disposing;   /* likewise, an instance that is being disposed */
} World;

extern World    world;
extern gboolean world_tracing;

/* How many operations have been done, in all programs; those that made no sense are not counted. */
extern guint64  world_n_operations;

/* What runs in a callback: given by the interpreter. */
extern void (* world_script) (int script);

void        world_init            (void);
void        world_begin_run       (void);
void        world_end_run         (void);

void        world_init_operations (void);
void        world_perform         (const guint8    *record,
                                   int              table);
void        world_give_back       (guint8           how);

G_GNUC_PRINTF (1, 2)
void        world_trace           (const char      *format,
                                   ...);

/* Objects that can be watched dying. */
GObject    *world_instance_new    (int              number);
guint       world_get_signal      (int              signal);
const char *world_get_signal_name (int              signal);

/* The result of an operation. */
GAsyncResult *world_result_new    (WorldToken      *token);

/* What GIO has. */
#define WORLD_PROPERTY "gamma"

gboolean    world_is_there        (int              thing);
void        world_compare_resource (int             thing);
void        world_end_resources   (void);

/* Callbacks. */
WorldToken *world_token           (int              thing,
                                   int              script);
void        world_handler_cb      (gpointer         instance,
                                   WorldArgument   *argument,
                                   gpointer         data);
void        world_swapped_cb      (gpointer         data,
                                   WorldArgument   *argument,
                                   gpointer         instance);
gboolean    world_source_cb       (gpointer         data);
gboolean    world_timer_cb        (gpointer         data);
void        world_debounce_cb     (gpointer         data);
void        world_progress_cb     (goffset          current,
                                   goffset          total,
                                   gpointer         data);
GCallback   world_object_handler  (int              thing);
void        world_ready_cb        (GObject         *source_object,
                                   GAsyncResult    *result,
                                   gpointer         data);
char       *world_operation_name  (int              number);
void        world_closed_cb       (GObject         *source_object,
                                   GAsyncResult    *result,
                                   gpointer         data);
void        world_operation_cancelled_cb (GCancellable *cancellable,
                                   gpointer         data);
void        world_phase_cb        (LifecycleScope  *run,
                                   gpointer         data);
void        world_notify_cb       (gpointer         data);
void        world_closure_notify_cb (gpointer       data,
                                   GClosure        *closure);
void        world_cleanup_cb      (LifecycleScope  *scope,
                                   LifecycleReason  reason,
                                   gpointer         data,
                                   GError         **error);

int         world_find_scope      (LifecycleScope  *scope);
void        world_watch_scope     (int              number,
                                   LifecycleScope  *scope,
                                   guint8           scripts);
int         world_find_cancellable (GCancellable   *cancellable);
void        world_watch_cancellable (int            number,
                                   GCancellable    *cancellable,
                                   int              script);

G_GNUC_PRINTF (2, 3)
void        world_differ          (const char      *rule,
                                   const char      *format,
                                   ...);
void        world_compare         (void);

G_END_DECLS
