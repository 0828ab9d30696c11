/* lifecycle-scope-private.h: the inside of a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"
#include "lifecycle-scope.h"
#include "lifecycle-thread-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleClear LifecycleClear;

/* The key by which a child is found. */
typedef struct
{
  const char *name;
  gpointer    object;           /* an address, not a reference; NULL for a child found by name */
} LifecycleKey;

typedef struct
{
  GPtrArray       *failures;    /* of LifecycleFailure; atomic, guarded by the lock of the ledger */
  guint            n_late_failures; /* of these, since the close; guarded likewise */
  GError          *error;       /* guarded by the lock of the ledger */
  GHashTable      *stillborn;   /* set of children created too late; under their owner's lock */
  LifecycleHoldings *moved;     /* moved to another scope; other threads may still be reading it */
  char            *detail;      /* of the reason */
  LifecycleLedger *handle;      /* see lifecycle_scope_ref_handle(); guarded by the lock of the ledger */
  LifecycleWait   *close_wait;  /* of close_async() or drain_async(); used at home only */
  gint64           waits_until; /* deadline of the wait, or 0; guarded by the lock of the ledger */
  LifecycleClear  *clear;       /* the innermost clear() in progress; used at home only */
  LifecycleLedger *following;   /* what the scope follows; set under the lock of the ledger */
  guint            own_blocked; /* how often the scope itself is blocked; used at home only */
  guint            blocked;     /* the same of the scope and of all scopes above it */
} LifecycleExtra;

typedef enum
{
  LIFECYCLE_SCOPE_REGISTERED = 1 << 0, /* in the list of roots; guarded by the lock of that list */
  LIFECYCLE_SCOPE_FINISHED   = 1 << 1, /* closed, and `closed` has been emitted */
  LIFECYCLE_SCOPE_PERMANENT  = 1 << 2, /* meant to live as long as the program */
  LIFECYCLE_SCOPE_COLLECTED  = 1 << 3, /* the end of an object must not run user code at once */
  LIFECYCLE_SCOPE_NAME_IS_STATIC = 1 << 4, /* like the name of a type */
  LIFECYCLE_SCOPE_NAME_IS_DETAIL = 1 << 5, /* it is the detail of the reason, too */
  LIFECYCLE_SCOPE_OUTLIVED = 1 << 6    /* it has been disposed and goes on; see lifecycle-scope-ref.c */
} LifecycleScopeMarks;

struct _LifecycleScope
{
  GObject          parent_instance;

  LifecycleEntry   as_child;    /* in the ledger of the owner, which holds a reference */
  union
  {
    LifecycleNode  as_root;     /* in the list of roots, if there is no parent */
    LifecycleNode  namesakes;   /* siblings with the same key; the index has the first of them */
  };
  LifecycleKey     key;
  LifecycleLedger *owner;       /* never changes once it is set */
  LifecycleHoldings *holdings;

  GMainContext    *context;     /* the home context */
  LifecycleThread *thread;      /* the creating thread: at home while no thread runs the context */

  LifecycleExtra  *extra;       /* fields that few scopes need; created on demand */

  guint64          visited;     /* serial of the last collection; used at home only */
  guint64          stacked;     /* serial of the last release; used at home only */
  guint            n_released;

  guint            marks;       /* atomic, of LifecycleScopeMarks */
  gint             state;       /* atomic; leaves OPEN under the lock, becomes CLOSED at home */
  guint8           reason;      /* a LifecycleReason */
  guint8           announced : 1;
  guint8           in_teardown : 1;
  guint8           taken_along : 1; /* by a teardown of the parent */
  guint8           awaiting_release : 1; /* everything except the release is done */
  guint8           releasing : 1; /* the release no longer waits for anything */
  guint8           home_gone : 1; /* no thread will ever be at home any more */
};

/* A list that holds a reference on each scope. */
typedef struct
{
  LifecycleScope **items;
  guint            n_items;
  guint            n_allocated;
  LifecycleScope  *few[8];
} LifecycleScopeList;

void            lifecycle_scope_list_init     (LifecycleScopeList *list);
void            lifecycle_scope_list_take     (LifecycleScopeList *list,
                                               LifecycleScope     *scope);
void            lifecycle_scope_list_drop     (LifecycleScopeList *list);
void            lifecycle_scope_list_clear    (LifecycleScopeList *list);
gboolean        lifecycle_scope_list_children (LifecycleScopeList *list,
                                               LifecycleScope     *parent,
                                               LifecycleEntry     *fence);

GPtrArray      *lifecycle_holdings_dup_followers (LifecycleHoldings *self);
void            lifecycle_scope_list_followers (LifecycleScopeList *list,
                                               LifecycleScope     *scope);
LifecycleLedger *lifecycle_scope_lock_ledger  (LifecycleScope     *self);

LifecycleScope *lifecycle_scope_create        (const char         *name,
                                               const char         *place);
LifecycleScope *lifecycle_scope_create_for    (GObject            *object,
                                               const char         *place);
void            lifecycle_scope_become_root   (LifecycleScope     *self);
void            lifecycle_scope_be_born_closed (LifecycleScope    *self,
                                               LifecycleReason     reason);
void            lifecycle_scope_join          (LifecycleScope     *self,
                                               LifecycleScope     *parent);
LifecycleExtra *lifecycle_scope_ensure_extra  (LifecycleScope     *self);
gboolean        lifecycle_scope_mark          (LifecycleScope     *self,
                                               LifecycleReason     reason,
                                               const char         *detail);
void            lifecycle_scope_set_closed    (LifecycleScope     *self);
LifecycleLedger *lifecycle_scope_peek_following    (LifecycleScope     *self);
LifecycleLedger *lifecycle_scope_ensure_following  (LifecycleScope     *self);
void            lifecycle_scope_forget_stillborn (GHashTable      *stillborn);
gboolean        lifecycle_scope_leave         (LifecycleScope     *self);
gboolean        lifecycle_scope_leave_closed  (LifecycleScope     *self,
                                               guint64             closing_time,
                                               LifecycleScope    **parent);
LifecycleScope *lifecycle_scope_dup_owner     (LifecycleScope     *self);
LifecycleLedger *lifecycle_scope_ref_handle   (LifecycleScope     *self);
void            lifecycle_scope_make_unreachable (LifecycleScope   *self);
void            lifecycle_scope_await_unref   (LifecycleScope     *self);
void            lifecycle_scope_drop_cancellable (LifecycleScope  *self);
char           *lifecycle_scope_dup_quoted_name (LifecycleScope   *self);
char           *lifecycle_path_join           (GPtrArray          *names);
char           *lifecycle_ledger_dup_path     (LifecycleLedger    *ledger,
                                               char               *name);
gboolean        lifecycle_scope_has_handlers  (LifecycleScope     *self);
void            lifecycle_scope_emit_closing  (LifecycleScope     *self);
void            lifecycle_scope_emit_closed   (LifecycleScope     *self);
void            lifecycle_scope_limit_reached (LifecycleScope     *self,
                                               guint               limit,
                                               guint               n_entries);
void            lifecycle_scope_shift_blocked (LifecycleScope     *self,
                                               gint                by);

void            lifecycle_scope_take_failure  (LifecycleScope     *self,
                                               GError             *error,
                                               const char         *place);
void            lifecycle_scope_take_failure_of (LifecycleScope   *self,
                                               GError             *error,
                                               const char         *what,
                                               const char         *place);
void            lifecycle_scope_note_failure  (LifecycleScope     *self,
                                               GError             *error,
                                               const char         *place,
                                               guint               max);
void            lifecycle_scope_pass_failures (LifecycleScope     *self,
                                               LifecycleScope     *to);
void            lifecycle_scope_settle_error  (LifecycleScope     *self);
void            lifecycle_scope_collect_error (LifecycleScope     *self);
GError         *lifecycle_scope_dup_error     (LifecycleScope     *self);
GPtrArray      *lifecycle_list_failures       (void);
void            lifecycle_failures_before_fork (void);
void            lifecycle_failures_after_fork  (gboolean           in_child);

extern LifecycleExtra lifecycle_scope_no_extra;

/* Set before the first scope is made. */
extern GType lifecycle_scope_type;

/* What the public header declares under this name calls lifecycle_scope_get_type() each time. Nothing
 * can be derived from the type, so it is enough to compare.
 */
static inline gboolean
lifecycle_is_scope (gpointer self)
{
  return self != NULL &&
         ((GTypeInstance *) self)->g_class != NULL &&
         G_TYPE_FROM_INSTANCE (self) == lifecycle_scope_type;
}

#define LIFECYCLE_IS_SCOPE(self) (lifecycle_is_scope (self))

static inline gboolean
lifecycle_scope_is_open (LifecycleScope *self)
{
  return g_atomic_int_get (&self->state) == LIFECYCLE_STATE_OPEN;
}

/* For internal use; lifecycle_scope_is_closed() checks its argument. */
static inline gboolean
lifecycle_scope_has_closed (LifecycleScope *self)
{
  return g_atomic_int_get (&self->state) == LIFECYCLE_STATE_CLOSED;
}

/* Read-only: without an extra this is the shared lifecycle_scope_no_extra. */
static inline LifecycleExtra *
lifecycle_scope_peek_extra (LifecycleScope *self)
{
  LifecycleExtra *extra = g_atomic_pointer_get (&self->extra);

  return extra != NULL ? extra : &lifecycle_scope_no_extra;
}

static inline LifecycleScope *
lifecycle_scope_from_child_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleScope, as_child);
}

static inline gboolean
lifecycle_scope_has_mark (LifecycleScope      *self,
                          LifecycleScopeMarks  mark)
{
  return (g_atomic_int_get (&self->marks) & mark) != 0;
}

/* Iterates over the children in a locked ledger: first the live children, then the muted ones, each
 * in reverse order of addition.
 */
typedef struct
{
  LifecycleNode *node;
  LifecycleNode *list;
  LifecycleNode *muting;        /* a mute phase may have unlocked the ledger for a moment */
  LifecycleNode *muted;
  guint          n_left;
} LifecycleChildIter;

/* If there is a fence, live children that were added after it are skipped. */
static inline void
lifecycle_child_iter_init (LifecycleChildIter *self,
                           LifecycleLedger    *ledger,
                           LifecycleEntry     *fence)
{
  self->n_left = *lifecycle_ledger_get_n_children (ledger);
  self->list = self->node = &ledger->live;
  self->muting = ledger->muting ? &lifecycle_ledger_get_mute (ledger)->muted : NULL;
  self->muted = lifecycle_ledger_get_list (ledger, LIFECYCLE_LIST_MUTED);

  /* A fence that is not in a list has no entries before it. */
  if (fence != NULL)
    self->node = lifecycle_node_is_alone (&fence->node) ? ledger->live.next : &fence->node;
}

/* Returns the next child, or NULL. It is valid as long as it is in the ledger. */
static inline LifecycleScope *
lifecycle_child_iter_next (LifecycleChildIter *self)
{
  while (self->n_left > 0)
    {
      self->node = self->node->prev;
      if (self->node == self->list)
        {
          LifecycleNode **next = self->muting != NULL ? &self->muting : &self->muted;

          if (*next == NULL)
            break;
          self->list = self->node = g_steal_pointer (next);
        }
      else if (((LifecycleEntry *) self->node)->type == LIFECYCLE_ENTRY_SCOPE)
        {
          self->n_left--;
          return lifecycle_scope_from_child_entry ((LifecycleEntry *) self->node);
        }
    }

  return NULL;
}

/* Returns the current holdings of the scope. They may move to another scope at any time, but remain
 * valid as long as this scope.
 */
static inline LifecycleHoldings *
lifecycle_scope_get_holdings (LifecycleScope *self)
{
  return g_atomic_pointer_get (&self->holdings);
}

static inline LifecycleLedger *
lifecycle_scope_get_ledger (LifecycleScope *self)
{
  return &lifecycle_scope_get_holdings (self)->ledger;
}

static inline LifecycleHoldings *
lifecycle_scope_lock_holdings (LifecycleScope *self)
{
  return lifecycle_ledger_get_holdings (lifecycle_scope_lock_ledger (self));
}

/* The ledger is locked. The ledger of what a scope follows is never blocked. */
static inline gboolean
lifecycle_ledger_is_blocked (LifecycleLedger *ledger)
{
  return lifecycle_ledger_is_owned (ledger) &&
         ledger->scope != NULL &&
         lifecycle_scope_peek_extra (ledger->scope)->blocked > 0;
}

G_END_DECLS
