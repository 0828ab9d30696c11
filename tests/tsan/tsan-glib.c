/* tsan-glib.c: shows the synchronisation of an uninstrumented GLib to ThreadSanitizer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <gio/gio.h>

/* GMutex and GCond are futexes, and the reference counts of GObject are atomic operations, in a
 * library that ThreadSanitizer cannot see into unless it is compiled with it. What they guard, it
 * would call a race. The functions below come before GLib's own in the program that is linked with
 * them: each calls GLib's, and says what that has ordered.
 *
 * GObject and GIO call those functions too, so that the lock of the signals, say, is seen as well.
 * GLib's calls to itself do not come by here. The one that matters is the lock of GMainContext:
 * what is done before a source is attached comes before its callback.
 */

void __tsan_acquire (void *address);
void __tsan_release (void *address);

/* Looked up once; looking up twice does no harm. */
#define REAL(name)                                                           \
  ({                                                                         \
    static gpointer real_##name;                                             \
    gpointer found = __atomic_load_n (&real_##name, __ATOMIC_RELAXED);       \
                                                                             \
    if (found == NULL)                                                       \
      {                                                                      \
        found = dlsym (RTLD_NEXT, #name);                                    \
        __atomic_store_n (&real_##name, found, __ATOMIC_RELAXED);            \
      }                                                                      \
    (__typeof__ (&name)) found;                                              \
  })

void
(g_mutex_lock) (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

static gpointer
context_address (GMainContext *context)
{
  return context != NULL ? context : g_main_context_default ();
}

/* What a thread has done while it owned a context comes before what the next one does. */
gboolean
(g_main_context_acquire) (GMainContext *context)
{
  gboolean acquired = REAL (g_main_context_acquire) (context);

  if (acquired)
    __tsan_acquire (context_address (context));
  return acquired;
}

void
(g_main_context_release) (GMainContext *context)
{
  __tsan_release (context_address (context));
  REAL (g_main_context_release) (context);
}

/* The last one to let go of it closes and frees what others have used. */
void
(g_main_context_unref) (GMainContext *context)
{
  __tsan_release (context);
  __tsan_acquire (context);
  REAL (g_main_context_unref) (context);
}

void
(g_main_context_push_thread_default) (GMainContext *context)
{
  REAL (g_main_context_push_thread_default) (context);
  __tsan_acquire (context);
}

void
(g_main_context_pop_thread_default) (GMainContext *context)
{
  __tsan_release (context);
  REAL (g_main_context_pop_thread_default) (context);
}

gboolean
(g_main_context_iteration) (GMainContext *context,
                            gboolean      may_block)
{
  gpointer address = context_address (context);
  gboolean dispatched;

  /* The thread owns the context by now, in most cases. */
  __tsan_acquire (address);
  dispatched = REAL (g_main_context_iteration) (context, may_block);
  __tsan_release (address);
  return dispatched;
}

gboolean
(g_mutex_trylock) (GMutex *mutex)
{
  gboolean locked = REAL (g_mutex_trylock) (mutex);

  if (locked)
    __tsan_acquire (mutex);
  return locked;
}

void
(g_mutex_unlock) (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

void
(g_cond_wait) (GCond  *cond,
               GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
(g_cond_wait_until) (GCond  *cond,
                     GMutex *mutex,
                     gint64  end_time)
{
  gboolean signalled;

  __tsan_release (mutex);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return signalled;
}

/* What was done with a reference comes before what the last one brings about. */
void
(g_object_unref) (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  REAL (g_object_unref) (object);
}

/* After dispose() and before finalize(), both of which are within the unref, GLib clears some of
 * the object's data by this: the others may have given up their references only since the unref
 * began.
 */
void
(g_datalist_id_set_data_full) (GData          **datalist,
                               GQuark           key,
                               gpointer         data,
                               GDestroyNotify   destroy)
{
  __tsan_acquire ((guint8 *) datalist - G_STRUCT_OFFSET (GObject, qdata));
  REAL (g_datalist_id_set_data_full) (datalist, key, data, destroy);
}

void
(g_closure_unref) (GClosure *closure)
{
  __tsan_release (closure);
  __tsan_acquire (closure);
  REAL (g_closure_unref) (closure);
}

void
(g_source_unref) (GSource *source)
{
  __tsan_release (source);
  REAL (g_source_unref) (source);
}

/* A weak reference that is got orders what was done before it was set. */
void
(g_weak_ref_set) (GWeakRef *weak_ref,
                  gpointer  object)
{
  __tsan_release (weak_ref);
  REAL (g_weak_ref_set) (weak_ref, object);
}

gpointer
(g_weak_ref_get) (GWeakRef *weak_ref)
{
  gpointer object = REAL (g_weak_ref_get) (weak_ref);

  __tsan_acquire (weak_ref);
  return object;
}

/* The data of objects is guarded by a lock of GLib's own. */
gpointer
(g_object_get_qdata) (GObject *object,
                      GQuark   quark)
{
  gpointer data = REAL (g_object_get_qdata) (object, quark);

  if (data != NULL)
    __tsan_acquire (data);
  return data;
}

gboolean
(g_object_replace_qdata) (GObject        *object,
                          GQuark          quark,
                          gpointer        oldval,
                          gpointer        newval,
                          GDestroyNotify  destroy,
                          GDestroyNotify *old_destroy)
{
  if (newval != NULL)
    __tsan_release (newval);
  return REAL (g_object_replace_qdata) (object, quark, oldval, newval, destroy, old_destroy);
}

/* Idles and timeouts, whose callbacks are all of one type. */
typedef struct
{
  GSourceFunc    func;
  gpointer       data;
  GDestroyNotify destroy;
} Callback;

static gboolean
callback_run (gpointer data)
{
  Callback *self = data;

  __tsan_acquire (self);
  return self->func (self->data);
}

static void
callback_free (gpointer data)
{
  Callback *self = data;

  __tsan_acquire (self);
  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self);
}

void
(g_source_set_callback) (GSource        *source,
                         GSourceFunc     func,
                         gpointer        data,
                         GDestroyNotify  destroy)
{
  if (func != NULL &&
      (source->source_funcs == &g_idle_funcs || source->source_funcs == &g_timeout_funcs))
    {
      Callback *self = g_new0 (Callback, 1);

      self->func = func;
      self->data = data;
      self->destroy = destroy;
      __tsan_release (self);
      func = callback_run;
      data = self;
      destroy = callback_free;
    }

  REAL (g_source_set_callback) (source, func, data, destroy);
}

/* The same for callbacks of any type, which bring functions that count references. */
typedef struct
{
  GSourceCallbackFuncs *funcs;
  gpointer              data;
  gint                  refs;
} IndirectCallback;

static void
indirect_ref (gpointer data)
{
  IndirectCallback *self = data;

  __tsan_acquire (self);
  g_atomic_int_inc (&self->refs);
  self->funcs->ref (self->data);
}

static void
indirect_unref (gpointer data)
{
  IndirectCallback *self = data;

  __tsan_acquire (self);
  self->funcs->unref (self->data);
  if (g_atomic_int_dec_and_test (&self->refs))
    g_free (self);
}

static void
indirect_get (gpointer     data,
              GSource     *source,
              GSourceFunc *func,
              gpointer    *func_data)
{
  IndirectCallback *self = data;

  __tsan_acquire (self);
  self->funcs->get (self->data, source, func, func_data);
}

void
(g_source_set_callback_indirect) (GSource              *source,
                                  gpointer              data,
                                  GSourceCallbackFuncs *funcs)
{
  static GSourceCallbackFuncs indirect_funcs = { indirect_ref, indirect_unref, indirect_get };
  IndirectCallback *self = g_new0 (IndirectCallback, 1);

  self->funcs = funcs;
  self->data = data;
  self->refs = 1;
  __tsan_release (self);
  REAL (g_source_set_callback_indirect) (source, self, &indirect_funcs);
}
