/* lifecycle-binding.c: what modules for other languages need
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-error.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-place-private.h"
#include "lifecycle-scope-private.h"

/* How many failures of handlers an open scope collects. A handler may fail at each of a million
 * emissions; all of them are logged and counted.
 */
#define MAX_FAILURES 16

/* The place of the next addition on this thread: interned, so that it stays valid. */
static _Thread_local const char *next_place;

/**
 * lifecycle_set_place:
 * @place: (nullable): the place in the source code of the caller, of the form `file:line`
 *
 * Sets the place of the next scope, or the next entry of a scope, that the calling thread adds.
 *
 * This is for modules that make the library available to another language: in C, macros record the
 * place. Records, limits and reports of leaks show it. The place is copied and kept until the
 * program ends, so it must come from a limited set, such as the lines of a program. Text that is
 * not UTF-8 is made valid.
 *
 * It is used once. The place that C code passes through the macros has precedence, and leaves this
 * one for the next addition. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_set_place (const char *place)
{
  g_autofree char *made = NULL;

  next_place = place != NULL ? g_intern_string (lifecycle_name_ensure (place, &made)) : NULL;
}

/**
 * lifecycle_intern_place:
 * @place: (nullable): a place in source code, of the form `file:line`
 *
 * Gets a number for a place, which some functions for modules that make the library available to
 * another language take instead of the text: to pass a number is cheaper there.
 *
 * The same place always has the same number. As with [func@set_place], places must come from a
 * limited set, and text that is not UTF-8 is made valid. May be called on any thread.
 *
 * Returns: the number, or 0 if @place is %NULL
 *
 * Since: 1.0
 */
guint
lifecycle_intern_place (const char *place)
{
  g_autofree char *made = NULL;

  return place != NULL ? g_quark_from_string (lifecycle_name_ensure (place, &made)) : 0;
}

/* Returns the place of the next addition, or NULL, and forgets it. */
const char *
lifecycle_take_place (void)
{
  const char *place = next_place;

  next_place = NULL;

  return place;
}

/**
 * lifecycle_scope_get_place:
 * @self: a scope
 *
 * Gets the place in the source code where the scope was created.
 *
 * May be called on any thread, and on a closed scope.
 *
 * Returns: (transfer none) (nullable): the file and the line, such as `main.c:17`, or %NULL if they
 *   are not known. The string is never freed.
 *
 * Since: 1.0
 */
const char *
lifecycle_scope_get_place (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return lifecycle_entry_get_place (&self->as_child);
}

/**
 * lifecycle_scope_add_failure:
 * @self: a scope
 * @place: (nullable): where the failed code is, of the form `file:line`
 * @message: what went wrong
 *
 * Logs a warning, and counts a failure that becomes part of the error of the scope.
 *
 * This is for modules that make the library available to another language: they catch what a
 * cleanup, a handler or a callback throws, because an exception must not unwind through the
 * library, and hand it over to this function. It has the code %LIFECYCLE_ERROR_CLEANUP; see
 * [method@Scope.get_error]. The message may have several lines.
 *
 * On an open scope, the failure becomes part of the error when the scope closes or is cleared; only
 * the first 16 failures of an open scope do, and the first 16 of one that has closed, but all are
 * logged and counted. May be called on any thread, and on a closed scope.
 *
 * Since: 1.0
 */
void
lifecycle_scope_add_failure (LifecycleScope *self,
                             const char     *place,
                             const char     *message)
{
  g_autofree char *valid_place = NULL, *valid_message = NULL, *path = NULL;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (message != NULL);

  valid_place = lifecycle_name_dup (place);
  valid_message = lifecycle_name_dup (message);
  path = lifecycle_scope_get_path (self);
  g_warning ("A callback of scope %s failed%s%s: %s",
             path,
             valid_place != NULL ? " at " : "", valid_place != NULL ? valid_place : "",
             valid_message);

  lifecycle_scope_note_failure (self,
                                g_error_new_literal (LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP,
                                                     valid_message),
                                valid_place,
                                lifecycle_scope_is_open (self) ? MAX_FAILURES : G_MAXUINT);
  if (lifecycle_scope_is_closed (self))
    lifecycle_scope_settle_error (self);
}

/**
 * lifecycle_scope_get_error_message:
 * @self: a scope
 *
 * Gets the message of [method@Scope.get_error], for languages that cannot receive a #GError as a
 * result.
 *
 * May be called on any thread.
 *
 * Returns: (transfer full) (nullable): the message, or %NULL if nothing has failed
 *
 * Since: 1.0
 */
char *
lifecycle_scope_get_error_message (LifecycleScope *self)
{
  g_autoptr (GError) error = NULL;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  lifecycle_scope_collect_error (self);
  error = lifecycle_scope_dup_error (self);

  return error != NULL ? g_steal_pointer (&error->message) : NULL;
}

/**
 * lifecycle_scope_get_collected:
 * @self: a scope
 *
 * Returns whether the end of an object closes the scope later, see [method@Scope.set_collected].
 *
 * May be called on any thread.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_get_collected (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);

  return lifecycle_scope_has_mark (self, LIFECYCLE_SCOPE_COLLECTED);
}

/**
 * lifecycle_scope_set_collected:
 * @self: a scope
 * @collected: whether the end of an object closes the scope later
 *
 * Tells the scope that a garbage collector may drop the last reference to it, or to the objects
 * that it follows.
 *
 * This is for modules that make the library available to another language. Some languages do not
 * allow calls while they collect garbage: a cleanup or a destroy notify that runs there is refused,
 * or crashes the interpreter. So if the last reference to such a scope is dropped, or the object of
 * [func@Scope.of] is disposed, the scope is marked as closing at once, and its home context does
 * the rest, as if the close came from another thread. Closes that the program asks for are not
 * affected.
 *
 * New children inherit this, and so do the result of [method@Scope.move], and a scope that this one
 * begins to follow. May be called on any thread; on a closed scope it has no effect.
 *
 * Since: 1.0
 */
void
lifecycle_scope_set_collected (LifecycleScope *self,
                               gboolean        collected)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));

  if (collected)
    g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_COLLECTED);
  else
    g_atomic_int_and (&self->marks, ~(guint) LIFECYCLE_SCOPE_COLLECTED);
}
