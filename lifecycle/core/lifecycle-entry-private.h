/* lifecycle-entry-private.h: what an owned thing is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <time.h>

#include "lifecycle-types.h"

G_BEGIN_DECLS

typedef struct _LifecycleEntry      LifecycleEntry;
typedef struct _LifecycleEntryClass LifecycleEntryClass;
typedef struct _LifecycleLedger     LifecycleLedger;
typedef struct _LifecycleNode       LifecycleNode;
typedef struct _LifecycleFacts      LifecycleFacts;

/* What no statistics count. */
#define LIFECYCLE_N_KINDS   (LIFECYCLE_KIND_PHASE + 1)
#define LIFECYCLE_KIND_NONE LIFECYCLE_N_KINDS

/* The types of entries, and what kind they are to those who look. A new one takes a row here, and a
 * file that defines its class.
 */
#define LIFECYCLE_ENTRY_TYPES(X) \
  X (HANDLER,         lifecycle_handler_class,          HANDLER)   /* connected by the scope */ \
  X (FULL_HANDLER,    lifecycle_handler_class,          HANDLER)   /* with more to do in the end */ \
  X (ADOPTED_HANDLER, lifecycle_adopted_handler_class,  HANDLER)   /* an id that was handed over */ \
  X (NOTICE,          lifecycle_notice_class,           HANDLER)   /* what is left of a muted one */ \
  X (SOURCE,          lifecycle_source_class,           SOURCE)    /* made by the scope */ \
  X (ADOPTED_SOURCE,  lifecycle_adopted_source_class,   SOURCE)    /* one that was handed over */ \
  X (TIMER,           lifecycle_timer_class,            TIMER)     \
  X (DEBOUNCE,        lifecycle_timer_class,            TIMER)     /* a timer that waits for restarts */ \
  X (DEADLINE,        lifecycle_timer_class,            NONE)      /* the first of what a scope follows */ \
  X (SCOPE,           lifecycle_child_class,            SCOPE)     /* a child */ \
  X (OBJECT,          lifecycle_object_class,           OBJECT)    \
  X (DATA,            lifecycle_data_class,             DATA)      \
  X (CLEANUP,         lifecycle_cleanup_class,          CLEANUP)   \
  X (CLEANUP_FOR,     lifecycle_resource_class,         CLEANUP)   /* that goes with an object */ \
  X (OPERATION,       lifecycle_operation_class,        OPERATION) \
  X (CANCELLATION,    lifecycle_cancellation_class,     NONE)      /* what an operation needs first */ \
  X (BUS,             lifecycle_resource_class,         BUS)       \
  X (MONITOR,         lifecycle_foreign_resource_class, MONITOR)   /* of a file */ \
  X (PROCESS,         lifecycle_resource_class,         PROCESS)   \
  X (SERVICE,         lifecycle_foreign_resource_class, SERVICE)   /* of sockets */ \
  X (HOLD,            lifecycle_resource_class,         HOLD)      /* on an application */ \
  X (BINDING,         lifecycle_foreign_resource_class, BINDING)   \
  X (FILE,            lifecycle_resource_class,         FILE)      /* a temporary one */ \
  X (PHASE,           lifecycle_resource_class,         PHASE)     \
  X (FENCE,           lifecycle_fence_class,            NONE)      /* the end of what a clear() clears */ \
  X (HANDLER_WATCH,          lifecycle_handler_watch_class,           NONE)      /* an adopted handler, seen from its instance */ \
  X (RESOURCE_WATCH,         lifecycle_resource_watch_class,          NONE)      /* a resource, seen from an object */ \
  X (RESOURCE_STOP,          lifecycle_resource_stop_class,           NONE)      /* what a resource does before the release */ \
  X (RECEIVER,        lifecycle_receiver_class,         NONE)      /* a handler, seen from its object */ \
  X (FOLLOWING,             lifecycle_following_class,              NONE)      /* what a scope follows */ \
  X (FOLLOWER,        lifecycle_follower_class,         NONE)      /* who follows a scope */ \
  X (EXPECTATION,     lifecycle_expectation_class,      NONE)      /* what is to be gone soon after it */

typedef enum
{
#define LIFECYCLE_ENTRY_TYPE_VALUE(NAME, class, KIND) LIFECYCLE_ENTRY_##NAME,
  LIFECYCLE_ENTRY_TYPES (LIFECYCLE_ENTRY_TYPE_VALUE)
#undef LIFECYCLE_ENTRY_TYPE_VALUE
  LIFECYCLE_N_ENTRY_TYPES
} LifecycleEntryType;

/* All of them are guarded by the lock of the ledger. */
typedef enum
{
  LIFECYCLE_ENTRY_LINKED  = 1 << 0, /* in a list of a ledger */
  LIFECYCLE_ENTRY_MUTED   = 1 << 1, /* phase one of a teardown has been here */
  LIFECYCLE_ENTRY_ENDED   = 1 << 2, /* muted, and what it stood for is gone: its memory is waiting */
  LIFECYCLE_ENTRY_BLOCKED = 1 << 3, /* the scope blocks it */
  LIFECYCLE_ENTRY_COUNTED = 1 << 4, /* it has a reference on the ledger */
  LIFECYCLE_ENTRY_RETIRED = 1 << 5  /* a handler that the library has disconnected by itself */
} LifecycleEntryFlags;

struct _LifecycleNode
{
  LifecycleNode *prev;
  LifecycleNode *next;
};

/* An entry does not know its ledger: who needs to retire one keeps the ledger in a place that costs
 * nothing, such as the data of a closure's notifier. This is what keeps a handler within its budget
 * of memory.
 */
struct _LifecycleEntry
{
  LifecycleNode  node;
  const char    *name;
  guint8         type;
  guint8         flags;
  guint16        more;          /* for the type's own use, and under its own lock */
  guint32        added;         /* when, see lifecycle_entry_clock() */
};

struct _LifecycleEntryClass
{
  /* Whether the entry can be ended only by running user code. Such an entry is silenced by mute(),
   * and released before all that was muted for good.
   */
  gboolean foreign;

  /* Whether it does not count among what was released. */
  gboolean silent;

  /* Phase one, on the home thread, the ledger locked, the entry in its list. No user code may run.
   * It may take the entry out of the list, put another in its place, or leave it for release().
   */
  void (* mute) (LifecycleLedger *ledger,
                 LifecycleEntry  *entry);

  /* Phase two, part one: the ledger is locked, the entry is about to leave the list. What
   * release() needs is made safe here, before another thread can take it away.
   */
  void (* claim) (LifecycleLedger *ledger,
                  LifecycleEntry  *entry);

  /* Phase two, part two: nothing is locked, and the entry belongs to the caller, unless it lives
   * in something that others keep alive and `flags` lacks ENDED. User code may run.
   */
  void (* release) (LifecycleLedger *ledger,
                    LifecycleEntry  *entry,
                    guint            flags);

  /* For what a scope follows: the ledger is locked, and the entry muted. Gives away the reference
   * that was needed to mute it, or NULL: the release may be a long time off.
   */
  GObject *(* let_go) (LifecycleEntry *entry);

  /* For what a scope follows: nothing is locked, and the entry belongs to the caller. The scope has
   * moved; makes the same for the new one. What has no such function stays behind.
   */
  void (* move_on) (LifecycleLedger *ledger,
                    LifecycleEntry  *entry,
                    LifecycleScope  *to);

  /* The ledger is locked. No user code may run. */
  void (* set_blocked) (LifecycleEntry *entry,
                        gboolean        blocked);

  /* The ledger is locked. What is still under way of it, for reports, or NULL. */
  char *(* describe_pending) (LifecycleEntry *entry);

  /* The ledger is locked, and the entry live. Fills in what there is to know; see
   * lifecycle-facts-private.h. No user code may run.
   */
  void (* describe) (LifecycleEntry *entry,
                     LifecycleFacts *facts);
};

#define LIFECYCLE_ENTRY_TYPE_CLASS(NAME, class, KIND) extern const LifecycleEntryClass class;
LIFECYCLE_ENTRY_TYPES (LIFECYCLE_ENTRY_TYPE_CLASS)
#undef LIFECYCLE_ENTRY_TYPE_CLASS

extern const LifecycleEntryClass *const lifecycle_entry_classes[LIFECYCLE_N_ENTRY_TYPES];

static inline const LifecycleEntryClass *
lifecycle_entry_get_class (LifecycleEntry *entry)
{
  return lifecycle_entry_classes[entry->type];
}

static inline guint
lifecycle_entry_type_get_kind (LifecycleEntryType type)
{
  static const guint8 kinds[LIFECYCLE_N_ENTRY_TYPES] = {
#define LIFECYCLE_ENTRY_TYPE_KIND(NAME, class, KIND) [LIFECYCLE_ENTRY_##NAME] = LIFECYCLE_KIND_##KIND,
    LIFECYCLE_ENTRY_TYPES (LIFECYCLE_ENTRY_TYPE_KIND)
#undef LIFECYCLE_ENTRY_TYPE_KIND
  };

  return kinds[type];
}

/* Tenths of a second of monotonic time: enough for the age of an entry, in four bytes, for 13 years.
 * Adding an entry cannot afford an exact clock.
 */
static inline guint32
lifecycle_entry_clock (void)
{
#ifdef CLOCK_MONOTONIC_COARSE
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC_COARSE, &now);

  return (guint32) now.tv_sec * 10 + (guint32) now.tv_nsec / 100000000;
#else
  return (guint32) (g_get_monotonic_time () / 100000);
#endif
}

/* The ledger is locked. Whether no teardown has come across the entry yet. */
static inline gboolean
lifecycle_entry_is_live (LifecycleEntry *entry)
{
  return (entry->flags & (LIFECYCLE_ENTRY_LINKED | LIFECYCLE_ENTRY_MUTED)) == LIFECYCLE_ENTRY_LINKED;
}

/* Defines a static function that gives a quark. G_DEFINE_QUARK() would do, but it exports the
 * function, and writes its variable without synchronisation; that does no harm, but it hides what
 * does from a search for data races.
 */
#define LIFECYCLE_DEFINE_STATIC_QUARK(function, string)       \
static GQuark                                                 \
function (void)                                               \
{                                                             \
  static guint quark;                                         \
                                                              \
  if (G_UNLIKELY (g_atomic_int_get (&quark) == 0))            \
    g_atomic_int_set (&quark, g_quark_from_static_string (string)); \
                                                              \
  return (GQuark) g_atomic_int_get (&quark);                  \
}

#define LIFECYCLE_ENTRY_CONTAINER(entry, Type, member) \
  ((Type *) (gpointer) ((guint8 *) (entry) - G_STRUCT_OFFSET (Type, member)))

G_END_DECLS
