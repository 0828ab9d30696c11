/* lifecycle-audit-signals.c: signal handlers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle-audit-private.h"

#define real audit_real

/* Only the births of handlers can be seen by standing in front of GLib: whatever GLib itself
 * disconnects, when an instance is disposed of for example, it disconnects by calls of its own that
 * cannot be intercepted. The end of a handler is the finalization of its closure.
 */
typedef struct
{
  GCClosure   closure;
  AuditRecord record;
} HandlerClosure;

/* The place in the program that called a function of GLib's, which is going to connect a signal. */
static __thread gconstpointer on_behalf_of;

static void
closure_finalized_cb (gpointer  data,
                      GClosure *closure)
{
  AuditRecord *record = data;

  audit_lock ();
  audit_record_end_locked (record);
  audit_unlock ();
  if (!(record->flags & AUDIT_RECORD_IN_CLOSURE))
    free (record);
}

static GType
type_of_instance (gpointer instance)
{
  const GTypeInstance *self = instance;

  return self != NULL && self->g_class != NULL ? self->g_class->g_type : 0;
}

static void
start (AuditRecord   *record,
       GClosure      *closure,
       gpointer       instance,
       gpointer       data,
       const char    *signal,
       gconstpointer  caller)
{
  AuditStack *stack;
  AuditSite *site = audit_site_enter (AUDIT_HANDLER, caller, 0, &stack);

  record->thing = (real.g_closure_ref) (closure);
  if (signal != NULL)
    site = audit_site_vary_locked (site, signal);
  audit_record_start_locked (record, site, stack, instance, type_of_instance (instance), data);
  audit_unlock ();
}

/* A closure has room for three notifiers of this kind, and its user may want some. */
static gboolean
has_room (const GClosure *closure)
{
  return closure->n_fnotifiers < 2;
}

/* Starts a record that lasts as long as the closure, and returns it with a reference on the closure
 * for finish(). Returns NULL if that is impossible.
 */
static AuditRecord *
watch_closure (GClosure      *closure,
               gpointer       instance,
               const char    *signal,
               gconstpointer  caller)
{
  AuditRecord *record;

  if (closure == NULL || instance == NULL || !has_room (closure))
    return NULL;

  record = calloc (1, sizeof *record);
  record->flags = AUDIT_RECORD_UNSURE;
  start (record, closure, instance, closure->data, signal, caller);
  real.g_closure_add_finalize_notifier (closure, record, closure_finalized_cb);

  return record;
}

/* Notes the id of a handler that has been connected. Meanwhile, another thread may have disconnected
 * it, so the closure is held. A closure that was not connected is no handler; it is leaked by GLib,
 * and so is ours.
 */
static gulong
finish (AuditRecord *record,
        GClosure    *closure,
        gulong       number)
{
  if (record == NULL)
    return number;

  if (number != 0)
    {
      __atomic_store_n (&record->number, number, __ATOMIC_RELAXED);
      real.g_closure_unref (closure);
    }
  else
    {
      audit_lock ();
      audit_record_end_locked (record);
      audit_unlock ();
    }

  return number;
}

/* What g_cclosure_new() does, with room for a record. */
static HandlerClosure *
handler_closure_new (gpointer        instance,
                     const char     *detailed_signal,
                     GCallback       handler,
                     gpointer        data,
                     GClosureNotify  destroy_data,
                     GConnectFlags   flags,
                     gconstpointer   caller)
{
  GClosure *closure = real.g_closure_new_simple (sizeof (HandlerClosure), data);
  HandlerClosure *self = (HandlerClosure *) closure;

  self->closure.callback = (gpointer) handler;
  if (flags & G_CONNECT_SWAPPED)
    closure->derivative_flag = TRUE;
  if (destroy_data != NULL)
    real.g_closure_add_finalize_notifier (closure, data, destroy_data);

  memset (&self->record, 0, sizeof self->record);
  self->record.flags = AUDIT_RECORD_IN_CLOSURE;
  if (destroy_data == (GClosureNotify) real.g_object_unref)
    self->record.flags |= AUDIT_RECORD_OWNS_DATA;
  start (&self->record, closure, instance, data, detailed_signal, caller);
  real.g_closure_add_finalize_notifier (closure, &self->record, closure_finalized_cb);

  return self;
}

static gulong
connect_data (gpointer        instance,
              const char     *detailed_signal,
              GCallback       handler,
              gpointer        data,
              GClosureNotify  destroy_data,
              GConnectFlags   flags,
              gconstpointer   caller)
{
  HandlerClosure *self;
  gulong number;

  /* GLib complains about these. */
  if (instance == NULL || detailed_signal == NULL || handler == NULL)
    return real.g_signal_connect_data (instance, detailed_signal, handler, data, destroy_data, flags);

  self = handler_closure_new (instance, detailed_signal, handler, data, destroy_data, flags, caller);
  number = real.g_signal_connect_closure (instance, detailed_signal, &self->closure.closure,
                                          (flags & G_CONNECT_AFTER) != 0);
  return finish (&self->record, &self->closure.closure, number);
}

AUDIT_EXPORT gulong
g_signal_connect_data (gpointer        instance,
                       const char     *detailed_signal,
                       GCallback       c_handler,
                       gpointer        data,
                       GClosureNotify  destroy_data,
                       GConnectFlags   connect_flags)
{
  gconstpointer caller = on_behalf_of != NULL ? on_behalf_of : AUDIT_CALLER ();

  on_behalf_of = NULL;
  if (!audit_ready (AUDIT_LIBRARY_GOBJECT))
    return real.g_signal_connect_data (instance, detailed_signal, c_handler, data, destroy_data,
                                       connect_flags);

  return connect_data (instance, detailed_signal, c_handler, data, destroy_data, connect_flags,
                       caller);
}

/* GLib connects "cancelled", unless that has happened. */
AUDIT_EXPORT gulong
g_cancellable_connect (GCancellable   *cancellable,
                       GCallback       callback,
                       gpointer        data,
                       GDestroyNotify  data_destroy_func)
{
  gulong number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  on_behalf_of = AUDIT_CALLER ();
  number = real.g_cancellable_connect (cancellable, callback, data, data_destroy_func);
  on_behalf_of = NULL;

  return number;
}

static gulong
connect_object (gpointer       instance,
                const char    *detailed_signal,
                GCallback      c_handler,
                gpointer       gobject,
                GConnectFlags  connect_flags,
                gconstpointer  caller)
{
  AuditRecord *record;
  GClosure *closure;
  gulong number;

  if (!audit_ready (AUDIT_LIBRARY_GOBJECT) || instance == NULL || detailed_signal == NULL ||
      c_handler == NULL)
    {
      __typeof__ (&g_signal_connect_object) function = (__typeof__ (&g_signal_connect_object))
        audit_real_find_symbol ("libgobject-2.0.so.0", "g_signal_connect_object");

      return function (instance, detailed_signal, c_handler, gobject, connect_flags);
    }

  if (gobject == NULL)
    return connect_data (instance, detailed_signal, c_handler, NULL, NULL, connect_flags, caller);

  /* This is what GLib does, too. */
  closure = (connect_flags & G_CONNECT_SWAPPED ? real.g_cclosure_new_object_swap
                                               : real.g_cclosure_new_object) (c_handler, gobject);
  record = watch_closure (closure, instance, detailed_signal, caller);
  number = real.g_signal_connect_closure (instance, detailed_signal, closure,
                                          (connect_flags & G_CONNECT_AFTER) != 0);

  return finish (record, closure, number);
}

AUDIT_EXPORT gulong
g_signal_connect_object (gpointer       instance,
                         const char    *detailed_signal,
                         GCallback      c_handler,
                         gpointer       gobject,
                         GConnectFlags  connect_flags)
{
  return connect_object (instance, detailed_signal, c_handler, gobject, connect_flags,
                         AUDIT_CALLER ());
}

AUDIT_EXPORT gpointer
g_object_connect (gpointer    object,
                  const char *signal_spec,
                  ...)
{
  static const struct
  {
    const char    *prefix;
    gboolean       is_object;
    GConnectFlags  flags;
  } specs[] = {
    { "signal::", FALSE, 0 },
    { "object_signal::", TRUE, 0 },
    { "object-signal::", TRUE, 0 },
    { "swapped_signal::", FALSE, G_CONNECT_SWAPPED },
    { "swapped-signal::", FALSE, G_CONNECT_SWAPPED },
    { "swapped_object_signal::", TRUE, G_CONNECT_SWAPPED },
    { "swapped-object-signal::", TRUE, G_CONNECT_SWAPPED },
    { "signal_after::", FALSE, G_CONNECT_AFTER },
    { "signal-after::", FALSE, G_CONNECT_AFTER },
    { "object_signal_after::", TRUE, G_CONNECT_AFTER },
    { "object-signal-after::", TRUE, G_CONNECT_AFTER },
    { "swapped_signal_after::", FALSE, G_CONNECT_SWAPPED | G_CONNECT_AFTER },
    { "swapped-signal-after::", FALSE, G_CONNECT_SWAPPED | G_CONNECT_AFTER },
    { "swapped_object_signal_after::", TRUE, G_CONNECT_SWAPPED | G_CONNECT_AFTER },
    { "swapped-object-signal-after::", TRUE, G_CONNECT_SWAPPED | G_CONNECT_AFTER },
  };
  gboolean ready = audit_ready (AUDIT_LIBRARY_GOBJECT) && object != NULL;
  gconstpointer caller = AUDIT_CALLER ();
  va_list arguments;

  va_start (arguments, signal_spec);
  while (signal_spec != NULL)
    {
      GCallback callback = va_arg (arguments, GCallback);
      gpointer data = va_arg (arguments, gpointer);
      gsize length = 0;
      guint i = 0;

      for (; ready && i < G_N_ELEMENTS (specs); i++)
        {
          length = strlen (specs[i].prefix);
          if (strncmp (signal_spec, specs[i].prefix, length) == 0)
            break;
        }

      if (!ready)
        i = G_N_ELEMENTS (specs);
      if (i == G_N_ELEMENTS (specs))
        {
          /* GLib knows it, or complains. */
          (void) real.g_object_connect (object, signal_spec, callback, data, NULL);
        }
      else if (specs[i].is_object)
        {
          connect_object (object, signal_spec + length, callback, data, specs[i].flags, caller);
        }
      else
        {
          connect_data (object, signal_spec + length, callback, data, NULL, specs[i].flags, caller);
        }
      signal_spec = va_arg (arguments, const char *);
    }
  va_end (arguments);

  return object;
}

AUDIT_EXPORT gulong
g_signal_connect_closure (gpointer    instance,
                          const char *detailed_signal,
                          GClosure   *closure,
                          gboolean    after)
{
  AuditRecord *record = NULL;
  gulong number;

  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    record = watch_closure (closure, instance, detailed_signal, AUDIT_CALLER ());
  number = real.g_signal_connect_closure (instance, detailed_signal, closure, after);

  return finish (record, closure, number);
}

AUDIT_EXPORT gulong
g_signal_connect_closure_by_id (gpointer  instance,
                                guint     signal_id,
                                GQuark    detail,
                                GClosure *closure,
                                gboolean  after)
{
  AuditRecord *record = NULL;
  gulong number;

  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    record = watch_closure (closure, instance, real.g_signal_name (signal_id), AUDIT_CALLER ());
  number = real.g_signal_connect_closure_by_id (instance, signal_id, detail, closure, after);

  return finish (record, closure, number);
}

/* A group connects its handlers to whatever its target is. They have no id of their own. */

static void
group_connect (GSignalGroup   *self,
               const char     *detailed_signal,
               GCallback       handler,
               gpointer        data,
               GClosureNotify  destroy_data,
               GConnectFlags   flags,
               gconstpointer   caller)
{
  HandlerClosure *closure;

  if (!audit_ready (AUDIT_LIBRARY_GOBJECT) || self == NULL || detailed_signal == NULL ||
      handler == NULL)
    {
      real.g_signal_group_connect_data (self, detailed_signal, handler, data, destroy_data, flags);
      return;
    }

  closure = handler_closure_new (self, detailed_signal, handler, data, destroy_data, flags, caller);
  closure->record.flags |= AUDIT_RECORD_IN_GROUP;
  real.g_signal_group_connect_closure (self, detailed_signal, &closure->closure.closure,
                                       (flags & G_CONNECT_AFTER) != 0);
  real.g_closure_unref (&closure->closure.closure);
}

AUDIT_EXPORT void
g_signal_group_connect_data (GSignalGroup   *self,
                             const char     *detailed_signal,
                             GCallback       c_handler,
                             gpointer        data,
                             GClosureNotify  notify,
                             GConnectFlags   flags)
{
  group_connect (self, detailed_signal, c_handler, data, notify, flags, AUDIT_CALLER ());
}

AUDIT_EXPORT void
g_signal_group_connect (GSignalGroup *self,
                        const char   *detailed_signal,
                        GCallback     c_handler,
                        gpointer      data)
{
  group_connect (self, detailed_signal, c_handler, data, NULL, 0, AUDIT_CALLER ());
}

AUDIT_EXPORT void
g_signal_group_connect_after (GSignalGroup *self,
                              const char   *detailed_signal,
                              GCallback     c_handler,
                              gpointer      data)
{
  group_connect (self, detailed_signal, c_handler, data, NULL, G_CONNECT_AFTER, AUDIT_CALLER ());
}

AUDIT_EXPORT void
g_signal_group_connect_swapped (GSignalGroup *self,
                                const char   *detailed_signal,
                                GCallback     c_handler,
                                gpointer      data)
{
  group_connect (self, detailed_signal, c_handler, data, NULL, G_CONNECT_SWAPPED, AUDIT_CALLER ());
}

/* The handlers of an object that goes are taken out of the group, so they cannot dangle. */
AUDIT_EXPORT void
g_signal_group_connect_closure (GSignalGroup *self,
                                const char   *detailed_signal,
                                GClosure     *closure,
                                gboolean      after)
{
  AuditRecord *record = NULL;

  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && detailed_signal != NULL)
    record = watch_closure (closure, self, detailed_signal, AUDIT_CALLER ());
  real.g_signal_group_connect_closure (self, detailed_signal, closure, after);
  if (record != NULL)
    {
      record->flags |= AUDIT_RECORD_IN_GROUP;
      real.g_closure_unref (closure);
    }
}

/* A handler that is gone makes GLib warn, but not say where. */
AUDIT_EXPORT void
g_signal_handler_disconnect (gpointer instance,
                             gulong   handler_id)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && instance != NULL)
    audit_misuse_handler ("g_signal_handler_disconnect", instance, handler_id, AUDIT_CALLER ());

  real.g_signal_handler_disconnect (instance, handler_id);
}

AUDIT_EXPORT void
g_signal_handler_block (gpointer instance,
                        gulong   handler_id)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && instance != NULL)
    audit_misuse_handler ("g_signal_handler_block", instance, handler_id, AUDIT_CALLER ());

  real.g_signal_handler_block (instance, handler_id);
}

AUDIT_EXPORT void
g_signal_handler_unblock (gpointer instance,
                          gulong   handler_id)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && instance != NULL)
    audit_misuse_handler ("g_signal_handler_unblock", instance, handler_id, AUDIT_CALLER ());

  real.g_signal_handler_unblock (instance, handler_id);
}
