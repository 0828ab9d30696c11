/* lifecycle-resource-private.h: entries that are undone by a function of their kind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleResource     LifecycleResource;
typedef struct _LifecycleResourceKind LifecycleResourceKind;

typedef void (* LifecycleResourceFunc) (LifecycleResource *self);

struct _LifecycleResourceKind
{
  /* One that goes on calling others until end(), which runs user code, has a type whose class is
   * foreign: it is ended before all that was muted for good.
   */
  LifecycleEntryType    type;

  /* Whether it stands for something outside of the process: a file, another process, a claim at a
   * server, or what the kernel shares between a process and its forked children. In a forked child,
   * none of the functions but clear() is called, because that is the parent's.
   */
  gboolean              outside;

  /* Watches that mute() and end() do without, a bit for each: they are not held for them. */
  guint                 unheld;

  /* Phase one, or just before end() or gone(), after the gate has been shut. No user code may run.
   * */
  LifecycleResourceFunc mute;

  /* After phase one, and before a close_async() starts to wait: tells what it stands for to come to
   * its end. It may add something pending to the ledger.
   */
  LifecycleResourceFunc stop;

  /* The ledger is locked. What is still pending, for reports, or NULL. */
  char               *(* describe_pending) (LifecycleResource *self);

  /* Undoes the rest. User code may run. The watches that still live are held until then,
   * except for those that are not to be.
   */
  void               (* end) (LifecycleResource  *self,
                              GError            **error);

  /* Instead of end(), on whatever thread, when a watched object was disposed, or the thing is over. */
  LifecycleResourceFunc gone;

  /* After all that, when the user's data has been let go of. User code may run. */
  LifecycleResourceFunc finished;

  /* Frees what is not user code. */
  LifecycleResourceFunc clear;
};

#define LIFECYCLE_RESOURCE_MAX_PARTNERS 3
#define LIFECYCLE_RESOURCE_MAX_HANDLERS 2

/* An object without which the resource is nothing. No reference is held on it, but when it is
 * disposed, the resource retires.
 */
typedef struct
{
  LifecycleEntry     entry;     /* in the ledger of the object's watch */
  LifecycleLedger   *ledger;
  LifecycleResource *resource;
  GObject           *object;    /* lives while the entry is linked */
  GObject           *held;      /* a reference on it, from mute() to end() */
  gulong             handlers[LIFECYCLE_RESOURCE_MAX_HANDLERS];
} LifecycleResourceWatch;

/* The head of an entry, with room for a callback of the user's. */
struct _LifecycleResource
{
  LifecycleEntry               entry;
  const LifecycleResourceKind *kind;
  LifecycleLedger             *ledger;
  GMainContext                *context; /* home */
  LifecycleResourceWatch             watches[LIFECYCLE_RESOURCE_MAX_PARTNERS];

  GCallback                    func;
  gpointer                     data;
  GDestroyNotify               destroy;

  char                        *label;   /* for reports */
  GType                        type;    /* of the first watch, the same */

  gint                         process; /* which one made it, if its kind is outside */
  gint                         refs;
  gint                         users;   /* of the data: the entry, and calls that are under way */
  gint                         shut;    /* no call begins any more */
  gboolean                     silenced;
};

gpointer  lifecycle_resource_new              (gsize                        size,
                                               const LifecycleResourceKind *kind,
                                               LifecycleScope              *scope,
                                               GCallback                    func,
                                               gpointer                     data,
                                               GDestroyNotify               destroy);
gpointer  lifecycle_resource_ref              (gpointer                     self);
void      lifecycle_resource_unref            (gpointer                     self);
void      lifecycle_resource_set_label        (gpointer                     self,
                                               const char                  *label);
void      lifecycle_resource_watch_object     (gpointer                     self,
                                               guint                        which,
                                               gpointer                     object);
gpointer  lifecycle_resource_hold_watched     (gpointer                     self,
                                               guint                        which);
gpointer  lifecycle_resource_peek_watched     (gpointer                     self,
                                               guint                        which);
gboolean  lifecycle_resource_watched_is_dying (gpointer                     self,
                                               guint                        which);
GClosure *lifecycle_resource_new_closure      (gpointer                     self,
                                               LifecycleResourceFunc        func);
void      lifecycle_resource_connect          (gpointer                     self,
                                               guint                        which,
                                               const char                  *detailed_signal,
                                               LifecycleResourceFunc        func);
gboolean  lifecycle_resource_add              (gpointer                     self,
                                               LifecycleScope              *scope,
                                               const char                  *place);
void      lifecycle_resource_discard          (gpointer                     self);
void      lifecycle_resource_retire           (gpointer                     self);
void      lifecycle_resource_undo             (gpointer                     self);
gboolean  lifecycle_resource_begin_call       (gpointer                     self);
void      lifecycle_resource_end_call         (gpointer                     self);
void      lifecycle_resource_run_at_home      (gpointer                     self,
                                               LifecycleResourceFunc        func);

gboolean lifecycle_resource_go_home          (LifecycleScope  *scope);
void     lifecycle_resource_leave_home       (LifecycleScope  *scope);
void     lifecycle_resource_set_closed_error (GError         **error);
gboolean lifecycle_resource_check_open       (LifecycleScope  *scope,
                                              GError         **error);

static inline gboolean
lifecycle_resource_is_shut (gpointer self)
{
  return g_atomic_int_get (&((LifecycleResource *) self)->shut) != 0;
}

G_END_DECLS
