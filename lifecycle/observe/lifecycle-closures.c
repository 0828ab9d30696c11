/* lifecycle-closures.c: what the closures of handlers call
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "lifecycle-closures-private.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-modules-private.h"

static gulong
find_handler (gpointer         instance,
              GSignalMatchType mask,
              guint            signal_id,
              GQuark           detail,
              gpointer         closure,
              gpointer         func)
{
  return g_signal_handler_find (instance, mask | G_SIGNAL_MATCH_CLOSURE, signal_id, detail, closure, func,
                                NULL);
}

static char *
find_detail (gpointer instance,
             guint    signal_id,
             gpointer closure)
{
  GSignalMatchType mask = G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DETAIL;
  const char *name = g_signal_name (signal_id);
  g_autofree GParamSpec **pspecs = NULL;
  guint n_pspecs;

  if (find_handler (instance, mask, signal_id, 0, closure, NULL) != 0)
    return g_strdup (name);

  /* Only for one signal is it known which details there may be. */
  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (instance), &n_pspecs);
  for (guint i = 0; g_str_equal (name, "notify") && i < n_pspecs; i++)
    {
      GQuark detail = g_quark_try_string (pspecs[i]->name);

      if (detail != 0 && find_handler (instance, mask, signal_id, detail, closure, NULL) != 0)
        return g_strconcat (name, "::", pspecs[i]->name, NULL);
    }

  return g_strdup (name);
}

static char *
find_signal_of_type (gpointer instance,
                     GType    type,
                     gpointer closure)
{
  guint n_ids;
  g_autofree guint *ids = g_signal_list_ids (type, &n_ids);

  for (guint i = 0; i < n_ids; i++)
    {
      if (find_handler (instance, G_SIGNAL_MATCH_ID, ids[i], 0, closure, NULL) != 0)
        return find_detail (instance, ids[i], closure);
    }

  return NULL;
}

/* The signal to which a closure is connected. */
char *
lifecycle_closure_find_signal (gpointer instance,
                               gpointer closure)
{
  guint n_interfaces;
  g_autofree GType *interfaces = g_type_interfaces (G_OBJECT_TYPE (instance), &n_interfaces);
  char *signal = NULL;

  for (GType type = G_OBJECT_TYPE (instance); type != 0 && signal == NULL; type = g_type_parent (type))
    signal = find_signal_of_type (instance, type, closure);
  for (guint i = 0; i < n_interfaces && signal == NULL; i++)
    signal = find_signal_of_type (instance, interfaces[i], closure);

  return signal != NULL ? signal : g_strdup ("a signal");
}

/* The function of a closure that is connected to an instance, if it is one of C. */
gpointer
lifecycle_closure_find_function (gpointer instance,
                                 gpointer closure)
{
  gpointer func = ((GCClosure *) closure)->callback;

  if (lifecycle_address_find_module (func) == NULL ||
      find_handler (instance, G_SIGNAL_MATCH_FUNC, 0, 0, closure, func) == 0)
    return NULL;

  return func;
}

/* The closures of a binding have a marshaller or a notifier that is in a module of the binding. */
static char *
find_binding (GClosure *closure)
{
  guint n = 2 * closure->n_guards + closure->n_fnotifiers + closure->n_inotifiers;
  char *module = lifecycle_address_dup_module_name ((gconstpointer) closure->marshal);

  for (guint i = 0; i < n && (module == NULL || g_str_has_prefix (module, "libgobject")); i++)
    {
      g_free (module);
      module = lifecycle_address_dup_module_name ((gconstpointer) closure->notifiers[i].notify);
    }

  return module;
}

/* What a closure calls that is connected to an instance. */
char *
lifecycle_closure_describe (gpointer  instance,
                            GClosure *closure)
{
  gpointer func = lifecycle_closure_find_function (instance, closure);
  g_autofree char *module = NULL;
  char *text = NULL;

  if (func != NULL)
    return lifecycle_describe_address (func, lifecycle_modules_look ());

  module = find_binding (closure);
  if (module != NULL && strstr (module, "gjs") != NULL)
    text = g_strdup ("a function of JavaScript");
  else if (module != NULL && g_str_has_prefix (module, "_gi."))
    text = lifecycle_python_describe (((GCClosure *) closure)->callback);
  if (text == NULL && module != NULL)
    text = g_strconcat ("a closure of ", module, NULL);

  return text != NULL ? text : g_strdup ("a closure");
}

/* Returns the id of the handler of an instance that has a closure, or 0. The closure is only compared, so
 * any address will do.
 */
gulong
lifecycle_closure_find_handler (gpointer instance,
                                gpointer closure)
{
  return find_handler (instance, 0, 0, 0, closure, NULL);
}
