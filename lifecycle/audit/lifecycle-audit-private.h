/* lifecycle-audit-private.h: what the audit remembers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-audit-real-private.h"

G_BEGIN_DECLS

/* Functions that stand in front of one of GLib's. Everything else is hidden. */
#define AUDIT_EXPORT __attribute__ ((visibility ("default")))

/* The place in the program that called one of our functions. */
#define AUDIT_CALLER() __builtin_extract_return_addr (__builtin_return_address (0))

#define AUDIT_MAX_FRAMES 24
#define AUDIT_HISTORY    64
/* What grows in each of this many rounds is reported. */
#define AUDIT_MIN_ROUNDS 3

typedef enum
{
  AUDIT_HANDLER,
  AUDIT_SOURCE,
  AUDIT_BUS,                    /* names, watches, subscriptions and objects on a bus */
  AUDIT_WEAK_REF,
  AUDIT_BINDING,                /* of properties, to each other or to settings */
  AUDIT_OBJECT,
  AUDIT_N_KINDS
} AuditKind;

typedef enum
{
  AUDIT_SCRIPT_NONE,            /* called by compiled code */
  AUDIT_SCRIPT_PYTHON,
  AUDIT_SCRIPT_GJS,
  AUDIT_SCRIPT_ANY              /* libffi: whoever called through it */
} AuditScript;

typedef struct _AuditStack AuditStack;
typedef struct _AuditSite AuditSite;
typedef struct _AuditObject AuditObject;
typedef struct _AuditRecord AuditRecord;
typedef struct _AuditTarget AuditTarget;
typedef struct _AuditType AuditType;

struct _AuditStack
{
  AuditStack   *next;
  guint         hash;
  guint         id;
  guint         n_frames;
  gint          first_own;      /* the first frame that is the program's own, or -1 */
  const char   *script;         /* the lines of a script that called the platform; interned, or NULL */
  gconstpointer frames[];
};

/* Where things of one kind, and objects of one type, are made. Sites are never freed. */
struct _AuditSite
{
  AuditSite    *next;           /* in its bucket */
  AuditSite    *next_made;      /* in the list of all */
  gconstpointer caller;
  const char   *script;         /* lines of FILE:LINE, the innermost first; interned, or NULL */
  GType         type;           /* of objects; of the emitter that was seen first otherwise */
  const char   *what;           /* the signal, interned, or the function, static */
  AuditSite    *variant;        /* the same place, with another signal */
  guint         id;
  AuditKind     kind;
  AuditScript   language;
  gboolean      own;            /* the caller is the program's own code */
  gboolean      deep;           /* it has grown: stacks are recorded */
  gboolean      unseen;         /* what is made here is found later; `caller` is its callback */

  guint64       n_births;
  guint         n_live;

  /* As of the last snapshots. */
  guint64       seen_births;
  guint         baseline;       /* live at the first snapshot */
  guint         history[AUDIT_HISTORY];
  guint         n_history;
  guint         streak;         /* rounds in a row in which it grew */
  guint         n_active;       /* rounds in which something was made here */
  guint         n_grown;        /* active rounds in which it grew */
  guint         n_idle;         /* rounds since it grew last, in which nothing was made here */
  gboolean      growing;

  /* Only during a snapshot. */
  guint         n_explained;    /* live, and part of a culprit */
  AuditRecord  *sample;         /* one that is not */
  gpointer      culprit;
};

typedef enum
{
  AUDIT_STATE_GHOST,            /* an address that was named, and may be no object at all */
  AUDIT_STATE_ALIVE,
  AUDIT_STATE_DEAD              /* finalized; records still name it */
} AuditState;

struct _AuditObject
{
  AuditObject  *next;           /* in its bucket, or in the list of the dead */
  AuditObject **link;           /* in the list of the dead */
  gpointer      address;
  AuditSite    *site;           /* NULL for ghosts */
  AuditStack   *stack;          /* NULL unless the site was deep */
  GType         type;           /* 0 if not known */
  guint64       id;             /* when its construction began; for ghosts, when it was named */
  guint64       builder;        /* the id of the object in whose construction it was made, or 0 */
  gint64        died;           /* monotonic time, or 0 */
  guint64       died_order;     /* an id of the moment it died */
  gint64        disposed;       /* the time it was disposed of or destroyed, or 0 */
  AuditRecord  *as_instance;
  AuditRecord  *as_data;
  guint         state : 2;
  guint         hashed : 1;
  guint         n_toggles : 8;
  guint         n_seen : 4;     /* snapshots that have seen it disposed of, up to 15 */

  /* Only during a snapshot. */
  AuditObject  *owner;
  AuditObject  *top;
  AuditType    *facts;
  AuditTarget  *target;
  gboolean      is_candidate;
  gboolean      is_held;
};

typedef enum
{
  AUDIT_RECORD_IN_CLOSURE = 1 << 0,     /* a part of the closure, not to be freed */
  AUDIT_RECORD_OWNS_DATA  = 1 << 1,     /* its destroy notify drops a reference on the data */
  AUDIT_RECORD_UNSURE     = 1 << 2,     /* the closure may outlive the connection: ask GLib */
  AUDIT_RECORD_IN_GROUP   = 1 << 3,     /* a handler of a GSignalGroup, which has no id */
  AUDIT_RECORD_IS_PLACE   = 1 << 4      /* a weak pointer or a GWeakRef */
} AuditRecordFlags;

/* Anything that has been made and has not ended, except objects. */
struct _AuditRecord
{
  AuditSite     *site;
  AuditStack    *stack;
  AuditObject   *instance;      /* the emitter, or NULL */
  AuditObject   *data;          /* NULL if there is none */
  AuditRecord   *next_of_instance;
  AuditRecord  **link_of_instance;
  AuditRecord   *next_of_data;
  AuditRecord  **link_of_data;
  gpointer       thing;         /* the closure, the source, or the function of a weak reference */
  gulong         number;        /* the handler's id, or the id on the bus */
  guint64        id;
  AuditRecordFlags flags;
};

/* What is known about a type. Never freed. */
struct _AuditType
{
  AuditType    *next;
  GType         type;
  const char   *name;
  guint         instance_size;
  guint         private_size;   /* of its ancestors, too */
  gboolean      own;            /* registered by the program or by a script */
  gboolean      registered;     /* `own` and `library` have been set by a registration */
  gboolean      library;        /* registered by code that is neither GTK's nor GLib's */
  guint         own_private_size;
  gboolean      complete;
  gboolean      is_widget;
  gboolean      is_window;
  gboolean      is_controller;
};

typedef struct
{
  gboolean         enabled;             /* recording */
  const char      *directory;   /* where reports go */
  AuditSite       *sites;
  AuditObject     *dead;
  guint            n_live[AUDIT_N_KINDS];
  guint64          n_births[AUDIT_N_KINDS];
  gint             loop_depth;          /* of the main thread */
  guint64          loop_ended;          /* an id of the moment the outermost one ended, or 0 */
  gint64           end_began;           /* the time from which on the application was ending, or 0 */
  guint64          first_snapshot;      /* an id of its moment, or 0 */
} Audit;

extern Audit audit;

/* lifecycle-audit-record.c. Functions that end in _locked are called between these two. */
void         audit_lock                 (void);
void         audit_unlock               (void);
gboolean     audit_ready                (AuditLibrary   library);

guint64      audit_next_id              (void);
AuditSite   *audit_site_enter           (AuditKind      kind,
                                         gconstpointer  caller,
                                         GType          type,
                                         AuditStack   **stack);
AuditSite   *audit_site_of_callback_locked (AuditKind      kind,
                                           gconstpointer  callback,
                                           gboolean       own);
AuditSite   *audit_site_vary_locked     (AuditSite     *self,
                                         const char    *what);
AuditObject *audit_object_look_locked   (gconstpointer  address);
AuditObject *audit_object_meet_locked   (gpointer       address,
                                         GType          type);
void         audit_object_leave_locked  (AuditObject   *self);
AuditObject *audit_object_born_locked   (gpointer       address,
                                         GType          type,
                                         guint64        id,
                                         guint64        builder,
                                         AuditSite     *site,
                                         AuditStack    *stack);
void         audit_object_died_locked   (AuditObject   *self);
void         audit_record_start_locked  (AuditRecord   *self,
                                         AuditSite     *site,
                                         AuditStack    *stack,
                                         gpointer       instance,
                                         GType          instance_type,
                                         gpointer       data);
void         audit_record_end_locked    (AuditRecord   *self);
void         audit_record_set_data_locked (AuditRecord   *self,
                                           AuditObject   *data);
typedef void (*AuditObjectFunc)         (AuditObject   *object,
                                         gpointer       data);
void         audit_object_foreach_locked (AuditObjectFunc func,
                                          gpointer       data);
void         audit_record_after_fork    (void);

/* lifecycle-audit-intern.c */
const char  *audit_intern_locked        (const char    *string);
AuditStack  *audit_stack_intern_locked  (gconstpointer *frames,
                                         guint          n_frames,
                                         gint           first_own,
                                         const char    *script);
AuditType   *audit_type_get_locked      (GType          type);
AuditType   *audit_type_look_locked     (GType          type);
AuditType   *audit_type_of_field_locked (AuditType     *type,
                                         gssize         offset);

/* lifecycle-audit-module.c: called without the lock, because they take those of the linker. */
AuditScript  audit_module_classify      (gconstpointer  address,
                                         gboolean      *own);
gboolean     audit_module_is_generated  (gconstpointer  address);
gboolean     audit_module_is_toolkit    (gconstpointer  address);
guint        audit_module_backtrace     (gconstpointer *frames,
                                         gint          *first_own,
                                         AuditScript   *script);

/* lifecycle-audit-objects.c */
gpointer     audit_object_made          (gpointer       object,
                                         gconstpointer  caller);

/* lifecycle-audit-weak.c */
void         audit_weak_ref_end_locked  (AuditRecord   *record);
void         audit_weak_places_in_locked (AuditObject   *object);

/* lifecycle-audit-sources.c */
gboolean     audit_source_is_known      (const GSource *source);

/* lifecycle-audit-sweep.c */
void         audit_sweep_attached       (const GSource *source,
                                         guint          number,
                                         gconstpointer  caller);
void         audit_sweep                (gboolean       at_home);

/* lifecycle-audit-script.c */
gboolean     audit_script_place         (AuditScript    language,
                                         guint          n_lines,
                                         char          *place,
                                         gsize          size);

/* lifecycle-audit-misuse.c */
typedef enum
{
  AUDIT_MISUSE_ZERO,
  AUDIT_MISUSE_GONE,
  AUDIT_MISUSE_WRONG_INSTANCE
} AuditMisuseWhy;
void         audit_misuse               (const char    *function,
                                         AuditMisuseWhy why,
                                         gulong         number,
                                         GType          type,
                                         gconstpointer  caller);
void         audit_misuse_handler       (const char    *function,
                                         gpointer       instance,
                                         gulong         number,
                                         gconstpointer  caller);

/* lifecycle-audit-toolkit.c: what only a toolkit knows about its objects. */
void         audit_toolkit_start        (gboolean       at_home);
void         audit_toolkit_end          (void);
void         audit_toolkit_classify     (AuditType     *type);
gpointer     audit_toolkit_get_parent   (gpointer       object,
                                         AuditType     *type);
gboolean     audit_toolkit_is_destroyed (gpointer       object,
                                         AuditType     *type);
gboolean     audit_toolkit_is_open      (gpointer       object,
                                         AuditType     *type);

/* lifecycle-audit-control.c */
typedef enum
{
  AUDIT_WHY_SIGNAL,
  AUDIT_WHY_COMMAND,
  AUDIT_WHY_CALL,               /* by the program itself */
  AUDIT_WHY_TIME,
  AUDIT_WHY_EXIT,
  AUDIT_WHY_MISUSE
} AuditWhy;

void         audit_control_start        (void);
void         audit_control_misused      (void);
void         audit_control_loop_ended   (void);
gboolean     audit_is_main_thread       (void);

G_END_DECLS
