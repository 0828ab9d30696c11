/* lifecycle-audit-script.c: the line of the script that is running
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "lifecycle-audit-private.h"

/* Where a language binding calls GLib, the address of the caller says nothing: all connections of a
 * script are made at the same one. The interpreters say which line they are at. Their functions are
 * looked up by name, and where one is missing, there is no line.
 */
typedef struct
{
  gboolean  looked;
  int      (*is_initialized)   (void);
  int      (*is_finalizing)    (void);
  int      (*gil_ensure)       (void);
  void     (*gil_release)      (int state);
  gpointer (*get_frame)        (void);
  gpointer (*frame_get_back)   (gpointer frame);
  gpointer (*frame_get_code)   (gpointer frame);
  int      (*frame_get_line)   (gpointer frame);
  gpointer (*get_attribute)    (gpointer object, const char *name);
  const char *(*as_utf8)       (gpointer string);
  void     (*incref)           (gpointer object);
  void     (*decref)           (gpointer object);
  void     (*error_fetch)      (gpointer *type, gpointer *value, gpointer *traceback);
  void     (*error_restore)    (gpointer type, gpointer value, gpointer traceback);
} Python;

typedef struct
{
  gboolean  looked;
  gpointer (*get_current)      (void);
  gpointer (*get_native)       (gpointer context);
  gboolean (*describe_caller)  (gpointer context, gpointer filename, guint *line, guint *column);
  const char *(*filename_get)  (gconstpointer filename);
  void     (*filename_reset)   (gpointer filename);
  void     (*dump_backtrace)   (gpointer context, FILE *file);
} Gjs;

static Python python;
static Gjs gjs;

/* A script may not be running yet when its library calls GLib for the first time. */
static gboolean
find_python (void)
{
  if (!python.looked)
    {
#define FIND(member, name) *(gpointer *) &python.member = dlsym (RTLD_DEFAULT, name)
      FIND (is_initialized, "Py_IsInitialized");
      FIND (is_finalizing, "_Py_IsFinalizing");
      if (python.is_finalizing == NULL)
        FIND (is_finalizing, "Py_IsFinalizing");
      FIND (gil_ensure, "PyGILState_Ensure");
      FIND (gil_release, "PyGILState_Release");
      FIND (get_frame, "PyEval_GetFrame");
      FIND (frame_get_back, "PyFrame_GetBack");
      FIND (frame_get_code, "PyFrame_GetCode");
      FIND (frame_get_line, "PyFrame_GetLineNumber");
      FIND (get_attribute, "PyObject_GetAttrString");
      FIND (as_utf8, "PyUnicode_AsUTF8");
      FIND (incref, "Py_IncRef");
      FIND (decref, "Py_DecRef");
      FIND (error_fetch, "PyErr_Fetch");
      FIND (error_restore, "PyErr_Restore");
#undef FIND
      python.looked = TRUE;
    }

  return python.is_initialized != NULL && python.is_finalizing != NULL &&
         python.gil_ensure != NULL && python.gil_release != NULL && python.get_frame != NULL &&
         python.frame_get_back != NULL && python.frame_get_code != NULL &&
         python.frame_get_line != NULL && python.get_attribute != NULL &&
         python.as_utf8 != NULL && python.incref != NULL && python.decref != NULL &&
         python.error_fetch != NULL && python.error_restore != NULL &&
         python.is_initialized () && !python.is_finalizing ();
}

/* PyGObject's own modules are no place that a user wants to see. */
static gboolean
is_binding (const char *file)
{
  return strstr (file, "/gi/overrides/") != NULL || strstr (file, "/gi/__init__") != NULL ||
         strstr (file, "/gi/_") != NULL;
}

static gboolean
python_place (guint  n_lines,
              char  *place,
              gsize  size)
{
  gpointer type, value, traceback, frame;
  guint n_found = 0;
  gsize used = 0;
  int state;

  if (!find_python ())
    return FALSE;

  /* PyGObject gives the lock away while it calls a function of a library. */
  state = python.gil_ensure ();
  python.error_fetch (&type, &value, &traceback);

  frame = python.get_frame ();
  if (frame != NULL)
    python.incref (frame);
  while (frame != NULL && n_found < n_lines && used < size)
    {
      gpointer code = python.frame_get_code (frame);
      gpointer file = python.get_attribute (code, "co_filename");
      const char *name = file != NULL ? python.as_utf8 (file) : NULL;
      gpointer back = python.frame_get_back (frame);

      if (name != NULL && !is_binding (name))
        used += (gsize) snprintf (place + used, size - used, "%s%s:%d", n_found++ > 0 ? "\n" : "",
                                  name, python.frame_get_line (frame));
      if (file != NULL)
        python.decref (file);
      python.decref (code);
      python.decref (frame);
      frame = back;
    }
  if (frame != NULL)
    python.decref (frame);

  python.error_restore (type, value, traceback);
  python.gil_release (state);

  return n_found > 0;
}

static gboolean
find_gjs (void)
{
  if (!gjs.looked)
    {
#define FIND(member, library, name) \
  *(gpointer *) &gjs.member = audit_real_find_symbol (library, name)
      static const char *const engines[] = {
        "libmozjs-78.so.0", "libmozjs-91.so.0", "libmozjs-102.so.0", "libmozjs-115.so.0",
        "libmozjs-128.so.0",
      };

      FIND (get_current, "libgjs.so.0", "gjs_context_get_current");
      FIND (get_native, "libgjs.so.0", "gjs_context_get_native_context");
      for (guint i = 0; i < G_N_ELEMENTS (engines) && gjs.describe_caller == NULL; i++)
        {
          FIND (describe_caller, engines[i],
                "_ZN2JS22DescribeScriptedCallerEP9JSContextPNS_12AutoFilenameEPjS4_");
          FIND (filename_get, engines[i], "_ZNK2JS12AutoFilename3getEv");
          FIND (filename_reset, engines[i], "_ZN2JS12AutoFilename5resetEv");
          FIND (dump_backtrace, engines[i], "_ZN2js13DumpBacktraceEP9JSContextP8_IO_FILE");
        }
#undef FIND
      gjs.looked = TRUE;
    }

  return gjs.get_current != NULL && gjs.get_native != NULL && gjs.describe_caller != NULL &&
         gjs.filename_get != NULL && gjs.filename_reset != NULL;
}

/* Appends the caller's line, which the second line of a backtrace names:
 * "#1   ADDRESS i   FILE:LINE (ADDRESS @ NUMBER)".
 */
static void
append_gjs_caller (gpointer  native,
                   char     *place,
                   gsize     size)
{
  char text[2048] = "";
  FILE *file = gjs.dump_backtrace != NULL ? fmemopen (text, sizeof text, "w") : NULL;
  const char *start, *end;
  gsize used = strlen (place);

  if (file == NULL)
    return;
  gjs.dump_backtrace (native, file);
  fclose (file);
  text[sizeof text - 1] = '\0';

  start = strstr (text, "\n#1 ");
  end = start != NULL ? strstr (start, " (") : NULL;
  for (const char *gap = start; gap != NULL && gap < end; gap = strstr (start, "   "))
    start = gap + strspn (gap, "\n ");
  if (end != NULL && start < end && used + 1 + (gsize) (end - start) < size)
    snprintf (place + used, size - used, "\n%.*s", (int) (end - start), start);
}

/* Scripts run on the main thread only. */
static gboolean
gjs_place (guint  n_lines,
           char  *place,
           gsize  size)
{
  /* Room for a JS::AutoFilename, which is empty when it is all zeros. */
  guint64 filename[16] = { 0 };
  gpointer context, native;
  gboolean found = FALSE;
  guint line = 0;

  if (!audit_is_main_thread () || !find_gjs ())
    return FALSE;

  context = gjs.get_current ();
  native = context != NULL ? gjs.get_native (context) : NULL;
  if (native != NULL && gjs.describe_caller (native, filename, &line, NULL))
    {
      const char *name = gjs.filename_get (filename);

      if (name != NULL)
        {
          snprintf (place, size, "%s:%u", name, line);
          if (n_lines > 1)
            append_gjs_caller (native, place, size);
          found = TRUE;
        }
      gjs.filename_reset (filename);
    }

  return found;
}

/* Finds FILE:LINE of the script that calls us, if it is one, and of its callers: up to `n_lines`. */
gboolean
audit_script_place (AuditScript  language,
                    guint        n_lines,
                    char        *place,
                    gsize        size)
{
  switch (language)
    {
    case AUDIT_SCRIPT_PYTHON:
      return python_place (n_lines, place, size);
    case AUDIT_SCRIPT_GJS:
      return gjs_place (n_lines, place, size);
    case AUDIT_SCRIPT_ANY:
      return gjs_place (n_lines, place, size) || python_place (n_lines, place, size);
    case AUDIT_SCRIPT_NONE:
    default:
      return FALSE;
    }
}
