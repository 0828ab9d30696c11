/* fuzz-model.h: what a library that keeps its promises would have done
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The model knows nothing of the library, nor of GLib: everything is a number in a plain array. It
 * is told of each operation when it begins and when it has returned, and of each call of user code
 * in between. From its own picture of the world it decides whether that call was allowed at that
 * moment, and, when an operation returns, whether a call is missing.
 *
 * Where the order of two things is promised, only that order passes. Where it is not, either does:
 * the model is a set of rules, not a second implementation.
 */

enum
{
  MODEL_NONE = -1,

  MODEL_MAX_SCOPES = 64,        /* fits in the bits of ModelSet */
  MODEL_MAX_THINGS = 256,
  MODEL_MAX_INSTANCES = 24,
  MODEL_MAX_CANCELLABLES = 24,
  MODEL_MAX_LINKS = 96,
  MODEL_MAX_TEARDOWNS = 96,
  MODEL_MAX_FRAMES = 96,
  MODEL_MAX_MESSAGES = 1024,
  MODEL_MAX_PHASES = 3,

  MODEL_N_SIGNALS = 2,
  MODEL_N_NAMES = 3
};

typedef uint64_t ModelSet;

/* The numbers of LifecycleState and LifecycleReason. */
typedef enum
{
  MODEL_OPEN,
  MODEL_CLOSING,
  MODEL_CLOSED
} ModelState;

typedef enum
{
  MODEL_REASON_NONE,
  MODEL_REASON_COMPLETED,
  MODEL_REASON_ABORTED,
  MODEL_REASON_CONFLICTED,
  MODEL_REASON_TIMED_OUT,
  MODEL_REASON_REPLACED,
  MODEL_REASON_PARENT_CLOSED,
  MODEL_REASON_OWNER_GONE,
  MODEL_REASON_SHUTDOWN,
  MODEL_REASON_DROPPED
} ModelReason;

/* The numbers of LifecycleConnectFlags. */
enum
{
  MODEL_CONNECT_AFTER = 1 << 0,
  MODEL_CONNECT_SWAPPED = 1 << 1,
  MODEL_CONNECT_ONCE = 1 << 2,
  MODEL_CONNECT_QUEUED = 1 << 3,
  MODEL_CONNECT_GUARDED = 1 << 4,
  MODEL_CONNECT_GATED = MODEL_CONNECT_QUEUED | MODEL_CONNECT_GUARDED
};

typedef enum
{
  MODEL_HANDLER,
  MODEL_SOURCE,
  MODEL_OBJECT,
  MODEL_DATA,
  MODEL_CLEANUP,
  MODEL_CHILD,
  MODEL_TIMER,
  MODEL_DEADLINE,               /* of a scope, and no entry of it */
  MODEL_OPERATION,
  MODEL_WAITER,                 /* for the end of a close_async() */
  MODEL_PHASE,
  MODEL_BINDING,
  MODEL_MONITOR,
  MODEL_FILE,
  MODEL_KEPT                    /* by an operation, which is its `operation` */
} ModelKind;

typedef enum
{
  MODEL_PHASE_NOTHING,
  MODEL_PHASE_ENTER,
  MODEL_PHASE_LEAVE
} ModelPhaseEvent;

/* Something that a scope can own. It may be owned by none: not yet, or not any more. */
typedef struct
{
  ModelKind kind;
  int       owner;
  int       prev;               /* in the owner's list, the oldest first */
  int       next;

  bool      live;               /* connected, attached, referenced, waiting to be called */
  bool      foreign;            /* adopted: it was not made by its owner */
  bool      stale;              /* dead, but nobody can have told the owner */
  bool      loose;              /* a handler that was muted in an emission, and nothing is released yet */
  bool      overtaken;          /* it may have been released before another teardown took over */
  bool      ending;             /* it dies within the frame `ending_frame` */
  int       ending_frame;

  bool      has_notify;
  bool      notify_held;        /* the user has the last word on when it runs */
  int       n_notified;
  int       due;                /* the frame at the end of which the notify has to have run */

  int       n_running;          /* it is being called, so many times over */
  int       run_frame;          /* the outermost of those calls */
  int       n_called;

  int       instance;           /* handlers and objects */
  int       receiver;           /* handlers and cleanups that go with an object: which */
  bool      lost;               /* that went when it was too late for the cleanup to go, too */
  int       signal;
  unsigned  flags;
  unsigned  serial;             /* the order of connecting and attaching */
  bool      released;           /* queued and guarded ones: the library waits only for calls */
  bool      holding;            /* likewise: it has a reference on the instance */
  bool      maybe_holding;
  bool      unreached;          /* it could not have that */
  bool      waited;             /* a guarded one that runs: a close_async() waits for it */
  bool      was_waited;         /* and perhaps for its notify, if that follows at once */
  bool      outdated;           /* a clear() has let go of what it has sent */
  bool      stolen;
  bool      attached;           /* sources */
  bool      late;               /* a cleanup that was deferred too late */
  bool      fails;
  int       child;

  /* Timers and deadlines; times are in microseconds. */
  int       home;               /* the scope that it was added to, or where that has moved */
  int64_t   interval;
  unsigned  max_calls;
  unsigned  n_timed;            /* calls since it was started */
  bool      armed;
  bool      debounce;
  bool      idle;               /* waits to be restarted */
  bool      paused;
  bool      restarted;          /* by its own call */
  int64_t   restarted_at;
  int64_t   deadline;           /* while it is paused, what remains */
  unsigned  armed_serial;       /* the order of arming */

  /* Operations. */
  int64_t   began_at;
  bool      has_callback;
  bool      expects_call;       /* the callback must have been called when ready() returns */
  bool      ended;
  unsigned  ended_at;           /* the tick */
  bool      straggler;          /* when a wait was over, it was not */
  bool      shielded;
  bool      finishing;          /* shielded, and its callback has not returned */
  int64_t   shield;             /* how long a close waits for it, or 0 */
  int64_t   shield_until;       /* while it is muted, or 0 */
  bool      given_up;           /* that was too long */
  bool      give_up_unsure;     /* or the main loop has yet to come to that */
  int       operation;          /* what is kept: which keeps it */
  bool      cancelled;
  int       progress;           /* which of what it keeps is told of its progress */

  /* Phases. */
  int             run;          /* the scope of it */
  int             busy_frame;   /* where it deals with what has come */
  bool            retiring;     /* its instance is being disposed */
  ModelReason     run_ends;     /* it is about to close the run with that */
  int             closing;      /* the teardown of the last one that it has closed */
  unsigned        closing_tick; /* when it is sure to have caused what is called next */
  int             ends_in;      /* the frame in which its release closes a run */
  bool            owes_call;    /* it is about to begin a run */
  ModelPhaseEvent event;        /* what has come last */

  bool      removed;            /* a file, by others */

  /* Who waits for the end of a close_async(). */
  bool      timed_out;          /* what is waited for took too long */
  int       cancellable;        /* of the wait */
  unsigned  told_at;            /* the tick when the iteration began in which that shows */
  int       n_deaf;             /* iterations since that was cancelled */
} ModelThing;

typedef struct
{
  bool        used;
  bool        is_run;           /* of a phase */
  bool        ghost;            /* what a scope owned when it was cleared: a scope of its own */
  bool        of_kind;          /* likewise, by a clear_kind() */
  bool        bound;            /* the user has seen it */
  bool        watched;          /* its signals are listened to */
  int         name;
  int         key;              /* the instance that it was made for as a child */
  unsigned    serial;           /* when it was made, if there is one */
  int         anchor;           /* the instance whose scope it is */
  bool        anchor_unsure;
  int         parent;
  int         as_child;         /* the thing that it is among its parent's */
  int         first;
  int         last;

  ModelState  state;
  unsigned    reasons;          /* which are possible, as bits, until one is known */
  ModelReason reason;
  const char *detail;           /* NULL: not known */
  bool        announced;
  bool        muted;
  bool        told_closed;
  int         teardown;
  int         drain;            /* the teardown in which it waited for operations */
  bool        draining;         /* refuses operations: it, or what it is below, is drained */
  bool        drains;           /* a drain of it is under way */
  int64_t     drain_due;        /* when that has to be over, or 0 */
  bool        drain_expired;    /* that was in the middle of another close */
  ModelSet    drain_watched;    /* whose operations it waits for */
  ModelReason drain_reason;
  int         n_refs;           /* of the user's */
  int         n_blocked;
  int         limit;            /* of entries, or 0 */
  bool        limit_told;       /* that it was passed, since it was set */
  int         cancellable;
  int         n_failed;
  bool        error_unsure;
} ModelScope;

typedef struct
{
  bool     used;
  int      n_refs;              /* the user's and those of scopes */
  bool     disposing;           /* its handlers and weak references are going */
  bool     disposed;            /* at least once */
  bool     finalized;
  bool     lost;                /* no weak reference finds it any more */
  bool     adopted;             /* some of its handlers have been */
  bool     maybe_found;         /* unless somebody has watched it again since */
  bool     wrecked;             /* disposed in the middle of an emission */
  bool     had_handlers;        /* when that began */
  int      dispose_frame;       /* the one in which that began */
} ModelInstance;

typedef struct
{
  bool used;
  bool cancelled;
  bool watched;
  bool told;
  int  owner;                   /* the scope that made it */
  int  canceller;               /* the teardown that cancelled it */
} ModelCancellable;

/* An emission on its way to a queued handler. */
typedef struct
{
  int      thing;
  int      home;                /* the scope that the handler was connected by, or where that has moved */
  unsigned tick;                /* when it was sent */
  bool     unsure;              /* it may have been for another handler */
  bool     running;
  bool     delivered;
  bool     dropped;             /* its references are gone */
  bool     freed;
} ModelMessage;

typedef enum
{
  MODEL_LINK_SCOPE,
  MODEL_LINK_SIGNAL,
  MODEL_LINK_CANCELLABLE
} ModelLinkKind;

/* Who follows what. */
typedef struct
{
  ModelLinkKind kind;
  bool          live;
  bool          unsure;
  int           self;
  int           other;          /* scope, instance or cancellable */
  int           signal;
  ModelReason   reason;
  unsigned      serial;
} ModelLink;

typedef enum
{
  MODEL_ANNOUNCING,             /* `closing` is being emitted */
  MODEL_CANCELLING,             /* all is muted; what needs user code to be ended is being ended */
  MODEL_RELEASING               /* the rest goes, last-in-first-out */
} ModelPhase;

typedef struct
{
  bool       used;
  bool       done;
  bool       overlapped;        /* with another one: nobody can say which of them counts what */
  bool       resumed;           /* after a close_async() has begun it */
  bool       moving;
  bool       woken;             /* its turn comes at some time in the iteration */
  int        woken_by;          /* the iteration, the outermost of several */
  bool       overdue;           /* because time is up */
  bool       unsure;            /* whether it has been woken */
  bool       starting;          /* begun by a drain that is over; it may have to wait, too */
  bool       cut_off;           /* likewise, because its time is up */
  bool       draining;          /* all but the release is done, and that waits for operations */
  int64_t    drain_until;       /* or INT64_MAX */
  int        root;
  int        due;               /* the frame at the end of which it has to be complete */
  ModelPhase phase;
  ModelSet   members;
  ModelSet   awaited;           /* the members when it began */
  ModelSet   followers[MODEL_MAX_SCOPES];
  ModelSet   waits[MODEL_MAX_SCOPES]; /* whose end has to come first, directly or not */
  int        n_least;
  int        n_most;
  int        n_removed;
} ModelTeardown;

typedef enum
{
  MODEL_OP_NEW,
  MODEL_OP_NEW_CHILD,
  MODEL_OP_GET_CHILD,
  MODEL_OP_GET_CHILD_FOR,
  MODEL_OP_SCOPE_OF,
  MODEL_OP_RENEW_CHILD,
  MODEL_OP_CLOSE,
  MODEL_OP_CLEAR,
  MODEL_OP_MOVE,
  MODEL_OP_FOLLOW,
  MODEL_OP_FOLLOW_OBJECT,
  MODEL_OP_FOLLOW_SIGNAL,
  MODEL_OP_FOLLOW_CANCELLABLE,
  MODEL_OP_GET_CANCELLABLE,
  MODEL_OP_NEW_CANCELLABLE,
  MODEL_OP_CANCEL,
  MODEL_OP_CONNECT,
  MODEL_OP_FOREIGN_CONNECT,
  MODEL_OP_ADD_HANDLER,
  MODEL_OP_STEAL_HANDLER,
  MODEL_OP_DISCONNECT,
  MODEL_OP_EMIT,
  MODEL_OP_BLOCK,
  MODEL_OP_UNBLOCK,
  MODEL_OP_ADD_IDLE,
  MODEL_OP_FOREIGN_SOURCE,
  MODEL_OP_ADD_SOURCE,
  MODEL_OP_STEAL_SOURCE,
  MODEL_OP_DESTROY_SOURCE,
  MODEL_OP_ITERATE,
  MODEL_OP_ADD_OBJECT,
  MODEL_OP_STEAL_OBJECT,
  MODEL_OP_ADOPT,
  MODEL_OP_DEFER,
  MODEL_OP_UNDEFER,
  MODEL_OP_DROP,
  MODEL_OP_NEW_INSTANCE,
  MODEL_OP_UNREF_INSTANCE,
  MODEL_OP_RUN_DISPOSE,
  MODEL_OP_KEEP,
  MODEL_OP_RELEASE,
  MODEL_OP_ADD_TIMER,
  MODEL_OP_CANCEL_TIMER,
  MODEL_OP_RESTART_TIMER,
  MODEL_OP_STOP_TIMER,
  MODEL_OP_SET_INTERVAL,
  MODEL_OP_SET_DEADLINE,
  MODEL_OP_ADVANCE,
  MODEL_OP_BEGIN,
  MODEL_OP_READY,
  MODEL_OP_SET_SHIELDED,
  MODEL_OP_PROGRESS,
  MODEL_OP_KEEP_DATA,
  MODEL_OP_CLOSE_ASYNC,
  MODEL_OP_DRAIN,
  MODEL_OP_ADD_PHASE,
  MODEL_OP_BIND,
  MODEL_OP_UNBIND,
  MODEL_OP_ADD_MONITOR,
  MODEL_OP_CANCEL_MONITOR,
  MODEL_OP_ADD_FILE,
  MODEL_OP_REMOVE_FILE,
  MODEL_OP_CLEAR_KIND,
  MODEL_OP_SET_LIMIT,
  MODEL_N_OPS
} ModelOpCode;

typedef struct
{
  ModelOpCode code;
  int         scope;
  int         other;            /* a second scope */
  int         instance;
  int         receiver;
  int         thing;
  int         cancellable;
  int         name;
  int         limit;
  int         signal;
  unsigned    flags;
  ModelKind   kind;
  ModelReason reason;
  const char *detail;
  int64_t     time;             /* in microseconds */

  /* For the model's own use. */
  int         made;             /* the scope that comes out of it, if it can be known beforehand */
  bool        was_open;
  bool        was_live;
  bool        either;           /* both answers are right */
  bool        limit_reached;    /* and a handler of that was called before it has returned */
  int         teardown;
} ModelOp;

typedef enum
{
  MODEL_FRAME_OP,
  MODEL_FRAME_CALL,
  MODEL_FRAME_DISPOSE
} ModelFrameKind;

typedef struct
{
  ModelFrameKind kind;
  ModelOp        op;
  int            thing;         /* a call of it */
  int            scope;         /* a call of its closing handler */
  int            closed;        /* a call of its closed handler */
  int            instance;      /* the dispose of it */
  int            message;       /* the delivery of it */
  int            notified;      /* a call of its destroy notify */
  int            held;          /* an instance that somebody may have a reference on */

  /* An emission. */
  bool           in_after;      /* the default handler has run */
  unsigned       tick;          /* when that was */
  unsigned       position;      /* the serial of what was called last */
  unsigned       phase_position; /* likewise, of phases */
  unsigned       horizon;       /* what is connected from here on is not called */

  /* An iteration. */
  bool           first;         /* only what has a high priority is dispatched */
  bool           told;          /* the end of a close_async(): timers may have had their turn */
  bool           awake;         /* a source is ready because of the time */
  int64_t        now;           /* when it began */
  unsigned       arm_horizon;   /* what is armed from here on is not called */
  ModelSet       drained;       /* scopes whose drain has nothing to wait for any more */
  ModelSet       drain_unsure;  /* of these, some that have yet to learn of that */
  ModelSet       drain_over;    /* scopes whose drain has taken too long */
  ModelSet       part_over;     /* likewise, and they wait to be released with one above them */
  int            owed;          /* the timer whose notify has to be called next */
  bool           cut_short;     /* by another one within */
  unsigned       began;         /* the tick */
  unsigned       delivered[MODEL_MAX_SCOPES]; /* since when messages of the scope are */
  int            n_ready;
  int            ready[MODEL_MAX_THINGS];
  int            next_ready;
} ModelFrame;

typedef struct
{
  ModelScope       scopes[MODEL_MAX_SCOPES];
  ModelThing       things[MODEL_MAX_THINGS];
  ModelInstance    instances[MODEL_MAX_INSTANCES];
  ModelCancellable cancellables[MODEL_MAX_CANCELLABLES];
  ModelLink        links[MODEL_MAX_LINKS];
  ModelTeardown    teardowns[MODEL_MAX_TEARDOWNS];
  ModelFrame       frames[MODEL_MAX_FRAMES];
  ModelMessage     messages[MODEL_MAX_MESSAGES];
  int              n_scopes;
  int              n_things;
  int              n_instances;
  int              n_cancellables;
  int              n_links;
  int              n_teardowns;
  int              n_frames;
  int              n_messages;
  unsigned         serial;
  unsigned         tick;         /* counts calls of user code */
  unsigned         unblocked_at; /* the tick when something was unblocked last */
  int64_t          now;
  unsigned         arm_serial;
} Model;

extern Model model;

/* What the model needs from its surroundings: to say what is wrong, and to be told what it cannot
 * know where more than one thing is right.
 */
typedef struct
{
  void (* fail)         (const char *rule,
                         const char *message);
  bool (* is_connected) (int         thing);
  bool (* is_cancelled) (int         cancellable);
  bool (* is_closed)    (int         scope);
  bool (* is_there)     (int         thing); /* a file */
} ModelHooks;

extern ModelHooks model_hooks;

void model_reset             (void);
bool model_has_room          (void);
int  model_count_phases      (void);

/* What is made by the user. */
int  model_add_thing         (ModelKind    kind,
                              bool         has_notify);
int  model_add_instance      (void);
int  model_add_cancellable   (int          owner,
                              bool         cancelled);

/* An operation. In between, model_let_go() says that the references that the caller held on what it
 * operates on are about to be given back.
 */
void model_begin             (ModelOp     *op);
void model_let_go            (void);
void model_let_go_of_instance (void);
void model_let_go_of_receiver (void);
void model_let_go_of_rest    (void);
void model_end               (void);

/* What an operation answered; before model_end(). */
void model_answer_boolean    (bool         answer);
void model_answer_count      (int          count);
int  model_answer_scope      (int          known);
int  model_answer_cancellable (int         known,
                              bool         cancelled);

/* Calls of user code. */
void model_call_handler      (int          thing);
int  model_send              (int          instance,
                              int          signal);
void model_call_message      (int          message,
                              int          thing);
void model_message_freed     (int          message);
void model_call_source       (int          thing);
void model_call_timer        (int          thing);
void model_call_operation    (int          thing);
void model_call_operation_cancelled (int   thing);
void model_operation_failed  (int          thing);
void model_call_progress     (int          thing);
int  model_call_phase        (int          thing);
void model_call_monitor      (int          thing);
void model_call_waiter       (int          thing,
                              bool         cancelled);
void model_call_notify       (int          thing);
void model_call_cleanup      (int          thing,
                              int          scope,
                              ModelReason  reason);
void model_call_closing      (int          scope,
                              ModelReason  reason);
void model_call_closed       (int          scope,
                              ModelReason  reason);
void model_call_limit        (int          scope,
                              int          n_entries);
void model_call_cancelled    (int          cancellable);
void model_call_dispose      (int          instance);
void model_dispose_chains_up (int          instance);
void model_dispose_returned  (int          instance);
void model_finalized         (int          instance);
void model_returned          (bool         goes_on);
void model_cleanup_failed    (int          thing,
                              int          scope);

/* What is to be seen from outside; -1 where both is right. */
int  model_is_connected      (int          thing);
int  model_is_destroyed      (int          thing);
int  model_is_bound          (int          thing);
bool model_counts_entries    (int          scope,
                              int         *least,
                              int         *most);
bool model_is_blocked        (int          thing);
bool model_reaches_others    (int          scope);
bool model_can_drain         (int          scope);
bool model_is_in_drain       (int          scope);
int64_t model_get_scope_remaining (int     scope);
int  model_is_overdue        (int          thing);
int  model_is_straggler      (int          thing,
                              int          waiter);
int64_t model_get_remaining  (int          thing);
bool model_can_be_stolen     (int          thing);
int  model_count_named       (int          scope,
                              int          name,
                              int          key);
int  model_count_maybe_held  (int          instance);
bool model_in_clear          (int          scope);
bool model_is_moving         (int          scope);
bool model_announces_move    (int          scope);
bool model_has_phases        (int          scope);
int  model_find_addition     (int          thing);
bool model_can_connect       (int          instance);
bool model_can_dispose       (int          instance);
bool model_is_kept           (int          thing);
bool model_can_bind          (int          instance);
bool model_can_notify        (int          instance);
bool model_can_add_phase     (int          instance);
bool model_can_adopt         (int          instance);
bool model_phase_is_unsure   (int          instance);
