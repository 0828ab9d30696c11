/* lifecycle-python.c: what an interpreter of Python in the process knows of an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_DLADDR
#define _GNU_SOURCE
#include <dlfcn.h>
#endif

#include "lifecycle-closures-private.h"

#ifdef HAVE_DLADDR

/* Only its garbage collector knows who refers to an object of Python. The process may or may not have
 * an interpreter, and this library is linked with none, hence the names.
 */
typedef gpointer PyObject;

static struct
{
  int          (* is_initialized) (void);
  int          (* lock)           (void);
  void         (* unlock)         (int state);
  PyObject     (* run)            (const char *source, int start, PyObject globals, PyObject locals);
  PyObject     (* get_builtins)   (void);
  PyObject     (* new_dict)       (void);
  int          (* set_item)       (PyObject dict, const char *key, PyObject value);
  PyObject     (* get_item)       (PyObject dict, const char *key);
  const char * (* get_text)       (PyObject text);
  void         (* unref)          (PyObject object);
  void         (* clear_error)    (void);
} python;

static const struct
{
  const char *name;
  gpointer   *function;
} symbols[] = {
  { "Py_IsInitialized", (gpointer *) &python.is_initialized },
  { "PyGILState_Ensure", (gpointer *) &python.lock },
  { "PyGILState_Release", (gpointer *) &python.unlock },
  { "PyRun_String", (gpointer *) &python.run },
  { "PyEval_GetBuiltins", (gpointer *) &python.get_builtins },
  { "PyDict_New", (gpointer *) &python.new_dict },
  { "PyDict_SetItemString", (gpointer *) &python.set_item },
  { "PyDict_GetItemString", (gpointer *) &python.get_item },
  { "PyUnicode_AsUTF8", (gpointer *) &python.get_text },
  { "Py_DecRef", (gpointer *) &python.unref },
  { "PyErr_Clear", (gpointer *) &python.clear_error },
};

/* The value of Py_file_input, which is part of the stable interface. */
#define FILE_INPUT 257

static const char source[] =
  "import gc, os, sys, types\n"
  "def name(f):\n"
  "    f = getattr(f, 'func', f)\n"
  "    code = getattr(getattr(f, '__func__', f), '__code__', None)\n"
  "    if code is None:\n"
  "        return getattr(f, '__qualname__', None) or type(f).__qualname__\n"
  "    return f'{f.__qualname__} ({os.path.basename(code.co_filename)}:{code.co_firstlineno})'\n"
  "def keys(table, value):\n"
  "    return [str(k) for k, v in list(table.items()) if v is value]\n"
  "def others(value, *known):\n"
  "    mine = [known, globals(), sys._getframe(), sys._getframe(1), sys._getframe(2)]\n"
  "    return [r for r in gc.get_referrers(value)\n"
  "            if not any(r is m for m in mine) and not any(r is k for k in known)]\n"
  "def owners(value, found, depth, names):\n"
  "    above = others(value, found, names)\n"
  "    for r in above:\n"
  "        if isinstance(r, types.ModuleType):\n"
  "            found += [f'the variable {n} of the module {r.__name__}' for n in names]\n"
  "        elif isinstance(r, dict) and depth < 2:\n"
  "            owners(r, found, depth + 1, keys(r, value))\n"
  "        elif isinstance(r, types.CellType):\n"
  "            for closure in others(r, above, found, names):\n"
  "                if isinstance(closure, tuple):\n"
  "                    found += ['captured by ' + name(f) for f in others(closure, above, found)\n"
  "                              if getattr(f, '__closure__', None) is closure]\n"
  "        elif isinstance(r, types.MethodType):\n"
  "            found.append('the method ' + name(r))\n"
  "        elif isinstance(r, types.FunctionType):\n"
  "            found.append('a default argument of ' + name(r))\n"
  "        elif isinstance(r, types.FrameType):\n"
  "            if r.f_globals is not globals():\n"
  "                found.append(f'a local variable of {r.f_code.co_name} '\n"
  "                             f'({os.path.basename(r.f_code.co_filename)}:{r.f_lineno})')\n"
  "        elif isinstance(r, (list, tuple, set)) and depth < 2:\n"
  "            below = len(found)\n"
  "            owners(r, found, depth + 1, [])\n"
  "            found[below:] = [f'a {type(r).__name__}, which is {w}' for w in found[below:]]\n"
  "        elif getattr(r, '__dict__', None) is value:\n"
  "            found += [f'the attribute {n} of {type(r).__qualname__}' for n in names]\n"
  "        else:\n"
  "            found += [f'the attribute {n} of {type(r).__qualname__}'\n"
  "                      for n in keys(getattr(r, '__dict__', None) or {}, value)]\n"
  "    return found\n"
  "if callable(target) and target_is_function:\n"
  "    text = name(target)\n"
  "else:\n"
  "    text = '\\n'.join(dict.fromkeys('Python: ' + line for line in owners(target, [], 0, [])))\n";

static gboolean
find_interpreter (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (symbols); i++)
    {
      *symbols[i].function = dlsym (RTLD_DEFAULT, symbols[i].name);
      if (*symbols[i].function == NULL)
        return FALSE;
    }

  return python.is_initialized ();
}

/* Returns what the program above says of an object. The interpreter is locked. */
static char *
ask (PyObject    target,
     const char *target_is_function)
{
  PyObject globals = python.new_dict ();
  PyObject result;
  char *text = NULL;

  python.set_item (globals, "__builtins__", python.get_builtins ());
  python.set_item (globals, "target", target);
  result = python.run (target_is_function, FILE_INPUT, globals, globals);
  if (result != NULL)
    {
      python.unref (result);
      result = python.run (source, FILE_INPUT, globals, globals);
    }
  if (result != NULL)
    {
      text = g_strdup (python.get_text (python.get_item (globals, "text")));
      python.unref (result);
    }
  python.clear_error ();
  /* The functions of the program refer to their globals. */
  python.unref (python.run ("globals().clear()", FILE_INPUT, globals, globals));
  python.unref (globals);

  return text;
}

/* Names a function, for reports, or returns NULL. */
char *
lifecycle_python_describe (gpointer callable)
{
  char *text = NULL;
  int state;

  if (find_interpreter ())
    {
      state = python.lock ();
      text = ask (callable, "target_is_function = True");
      python.unlock (state);
    }

  return text;
}

/* Adds a line for each that refers to the object of Python that stands for an object. */
void
lifecycle_python_referrers (GObject   *object,
                            GPtrArray *lines)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) parts = NULL;
  PyObject wrapper;
  int state;

  if (g_quark_try_string ("PyGObject::wrapper") == 0 || !find_interpreter ())
    return;

  state = python.lock ();
  wrapper = g_object_get_qdata (object, g_quark_try_string ("PyGObject::wrapper"));
  if (wrapper != NULL)
    text = ask (wrapper, "target_is_function = False");
  python.unlock (state);

  parts = g_strsplit (text != NULL ? text : "", "\n", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (*parts[i] != '\0')
        g_ptr_array_add (lines, g_strdup (parts[i]));
    }
}

#else

char *
lifecycle_python_describe (gpointer callable)
{
  return NULL;
}

void
lifecycle_python_referrers (GObject   *object,
                            GPtrArray *lines)
{
}

#endif
