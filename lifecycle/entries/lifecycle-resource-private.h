/* lifecycle-resource-private.h: entries that are undone by a function of their kind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"
#include "lifecycle-shared-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleResource     LifecycleResource;
typedef struct _LifecycleResourceKind LifecycleResourceKind;

typedef void (* LifecycleResourceFunc) (LifecycleResource *self);

struct _LifecycleResourceKind
{
  /* If a resource keeps calling user code until end(), and end() runs user code, its type needs a
   * foreign class, so that it is ended before everything that was muted for good.
   */
  LifecycleEntryType    type;

  /* Whether the resource stands for something outside the process: a file, another process, a claim
   * on a server, or something that the kernel shares between a process and its forked children. In
   * a forked child it still belongs to the parent, so only clear() is called there.
   */
  gboolean              outside;

  /* A bit mask of watched objects that mute() and end() do not need: no reference is
   * taken on them.
   */
  guint                 unheld;

  /* Called in the muted phase, or just before end() or gone(), once no further calls can start. No
   * user code may run.
   */
  LifecycleResourceFunc mute;

  /* Called after the muted phase, and before a close_async() starts to wait: asks whatever the
   * resource stands for to end. It may add something pending to the ledger.
   */
  LifecycleResourceFunc stop;

  /* Describes what is still pending, for reports, or returns NULL. The ledger is locked. */
  char               *(* describe_pending) (LifecycleResource *self);

  /* Undoes the rest. User code may run. References on the watched objects that are still alive are
   * held until then, except for those in `unheld`.
   */
  void               (* end) (LifecycleResource  *self,
                              GError            **error);

  /* Called instead of end(), on any thread, when a watched object was disposed or the resource has
   * ended by itself.
   */
  LifecycleResourceFunc gone;

  /* Called last, after the user's data has been freed. User code may run. */
  LifecycleResourceFunc finished;

  /* Frees the remaining memory. No user code may run. */
  LifecycleResourceFunc clear;
};

#define LIFECYCLE_RESOURCE_MAX_WATCHES 3
#define LIFECYCLE_RESOURCE_MAX_HANDLERS 2

/* An object that the resource needs. No reference is held on it, but when it is disposed, the
 * resource retires.
 */
typedef struct
{
  LifecycleEntry     entry;     /* in the ledger of the object's watch */
  LifecycleLedger   *ledger;
  LifecycleResource *resource;
  GObject           *object;    /* valid while the entry is linked */
  GObject           *held;      /* a reference, from mute() to end() */
  gulong             handlers[LIFECYCLE_RESOURCE_MAX_HANDLERS];
} LifecycleResourceWatch;

/* The first member of an entry's structure, with room for a callback of the user's. */
struct _LifecycleResource
{
  LifecycleEntry               entry;
  const LifecycleResourceKind *kind;
  LifecycleLedger             *ledger;
  GMainContext                *context; /* home; NULL once finished */
  LifecycleResourceWatch       watches[LIFECYCLE_RESOURCE_MAX_WATCHES];

  GCallback                    func;
  gpointer                     data;
  GDestroyNotify               destroy;

  char                        *label;   /* for reports */
  GType                        type;    /* of the first watched object, for reports */

  gint                         process; /* the process that created it, if its kind is outside */
  gint                         refs;
  gint                         users;   /* users of the data: the entry, and calls in progress */
  gint                         shut;    /* set once no more calls may start */
  gboolean                     silenced;
};

LIFECYCLE_SHARED
gpointer  lifecycle_resource_new              (gsize                        size,
                                               const LifecycleResourceKind *kind,
                                               LifecycleScope              *scope,
                                               GCallback                    func,
                                               gpointer                     data,
                                               GDestroyNotify               destroy);
LIFECYCLE_SHARED
gpointer  lifecycle_resource_ref              (gpointer                     self);
LIFECYCLE_SHARED
void      lifecycle_resource_unref            (gpointer                     self);
LIFECYCLE_SHARED
void      lifecycle_resource_set_label        (gpointer                     self,
                                               const char                  *label);
LIFECYCLE_SHARED
GClosure *lifecycle_resource_new_closure      (gpointer                     self,
                                               LifecycleResourceFunc        func);
LIFECYCLE_SHARED
gboolean  lifecycle_resource_add              (gpointer                     self,
                                               LifecycleScope              *scope,
                                               const char                  *place);
LIFECYCLE_SHARED
void      lifecycle_resource_discard          (gpointer                     self);
LIFECYCLE_SHARED
void      lifecycle_resource_retire           (gpointer                     self);
LIFECYCLE_SHARED
void      lifecycle_resource_undo             (gpointer                     self);
LIFECYCLE_SHARED
gboolean  lifecycle_resource_begin_call       (gpointer                     self);
LIFECYCLE_SHARED
void      lifecycle_resource_end_call         (gpointer                     self);
void      lifecycle_resource_run_at_home      (gpointer                     self,
                                               LifecycleResourceFunc        func);

gboolean lifecycle_resource_go_home          (LifecycleScope  *scope);
void     lifecycle_resource_leave_home       (LifecycleScope  *scope);
void     lifecycle_resource_set_closed_error (GError         **error);
LIFECYCLE_SHARED
gboolean lifecycle_resource_check_open       (LifecycleScope  *scope,
                                              GError         **error);

/* In lifecycle-resource-watch.c. */
LIFECYCLE_SHARED
void      lifecycle_resource_watch_object     (gpointer                     self,
                                               guint                        which,
                                               gpointer                     object);
LIFECYCLE_SHARED
gpointer  lifecycle_resource_hold_watched     (gpointer                     self,
                                               guint                        which);
LIFECYCLE_SHARED
gpointer  lifecycle_resource_peek_watched     (gpointer                     self,
                                               guint                        which);
gboolean  lifecycle_resource_watched_is_dying (gpointer                     self,
                                               guint                        which);
LIFECYCLE_SHARED
void      lifecycle_resource_connect          (gpointer                     self,
                                               guint                        which,
                                               const char                  *detailed_signal,
                                               LifecycleResourceFunc        func);
void      lifecycle_resource_link_watches     (LifecycleResource           *self);
void      lifecycle_resource_mute_watches     (LifecycleResource           *self);
void      lifecycle_resource_cut_watches      (LifecycleResource           *self);
void      lifecycle_resource_free_watches     (LifecycleResource           *self);
gboolean  lifecycle_resource_has_lost_watch   (LifecycleResource           *self);

static inline gboolean
lifecycle_resource_is_shut (gpointer self)
{
  return g_atomic_int_get (&((LifecycleResource *) self)->shut) != 0;
}

G_END_DECLS
