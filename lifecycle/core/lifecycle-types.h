/* lifecycle-types.h: types that several headers use
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include <gio/gio.h>

#include "lifecycle-visibility.h"

G_BEGIN_DECLS

/**
 * LifecycleState:
 * @LIFECYCLE_STATE_OPEN: entries can be added
 * @LIFECYCLE_STATE_CLOSING: the teardown has been requested or is in progress; anything added now
 *   is released at once
 * @LIFECYCLE_STATE_CLOSED: the scope no longer owns anything; this is final
 *
 * The state of a [class@Scope]. It goes through these states once, in this order.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_STATE_OPEN,
  LIFECYCLE_STATE_CLOSING,
  LIFECYCLE_STATE_CLOSED
} LifecycleState;

/**
 * LifecycleReason:
 * @LIFECYCLE_REASON_NONE: the scope is still open
 * @LIFECYCLE_REASON_COMPLETED: the scope has served its purpose
 * @LIFECYCLE_REASON_ABORTED: its work was given up
 * @LIFECYCLE_REASON_CONFLICTED: something else made its work impossible
 * @LIFECYCLE_REASON_TIMED_OUT: its deadline passed
 * @LIFECYCLE_REASON_REPLACED: another scope took its place
 * @LIFECYCLE_REASON_PARENT_CLOSED: the parent was closed or cleared
 * @LIFECYCLE_REASON_OWNER_GONE: an object or a scope that it follows went away
 * @LIFECYCLE_REASON_SHUTDOWN: the program is exiting
 * @LIFECYCLE_REASON_DROPPED: its last reference was dropped without closing it
 *
 * The reason why a [class@Scope] closed.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_REASON_NONE,
  LIFECYCLE_REASON_COMPLETED,
  LIFECYCLE_REASON_ABORTED,
  LIFECYCLE_REASON_CONFLICTED,
  LIFECYCLE_REASON_TIMED_OUT,
  LIFECYCLE_REASON_REPLACED,
  LIFECYCLE_REASON_PARENT_CLOSED,
  LIFECYCLE_REASON_OWNER_GONE,
  LIFECYCLE_REASON_SHUTDOWN,
  LIFECYCLE_REASON_DROPPED
} LifecycleReason;

/**
 * LifecycleKind:
 * @LIFECYCLE_KIND_HANDLER: a signal handler
 * @LIFECYCLE_KIND_SOURCE: a source of the main loop
 * @LIFECYCLE_KIND_TIMER: a timer
 * @LIFECYCLE_KIND_SCOPE: a child
 * @LIFECYCLE_KIND_OBJECT: a reference on an object
 * @LIFECYCLE_KIND_DATA: adopted data
 * @LIFECYCLE_KIND_CLEANUP: a deferred function
 * @LIFECYCLE_KIND_OPERATION: an asynchronous call, or other pending work
 * @LIFECYCLE_KIND_BUS: a name, a watch, a subscription or an export on a message bus
 * @LIFECYCLE_KIND_MONITOR: a file monitor
 * @LIFECYCLE_KIND_PROCESS: a subprocess
 * @LIFECYCLE_KIND_SERVICE: a socket service
 * @LIFECYCLE_KIND_HOLD: a hold on an application
 * @LIFECYCLE_KIND_BINDING: a binding between properties, or of a setting
 * @LIFECYCLE_KIND_FILE: a temporary file or directory
 * @LIFECYCLE_KIND_PHASE: a phase, which opens and closes a child repeatedly
 *
 * The kind of an entry of a [class@Scope].
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_KIND_HANDLER,
  LIFECYCLE_KIND_SOURCE,
  LIFECYCLE_KIND_TIMER,
  LIFECYCLE_KIND_SCOPE,
  LIFECYCLE_KIND_OBJECT,
  LIFECYCLE_KIND_DATA,
  LIFECYCLE_KIND_CLEANUP,
  LIFECYCLE_KIND_OPERATION,
  LIFECYCLE_KIND_BUS,
  LIFECYCLE_KIND_MONITOR,
  LIFECYCLE_KIND_PROCESS,
  LIFECYCLE_KIND_SERVICE,
  LIFECYCLE_KIND_HOLD,
  LIFECYCLE_KIND_BINDING,
  LIFECYCLE_KIND_FILE,
  LIFECYCLE_KIND_PHASE
} LifecycleKind;

#define LIFECYCLE_TYPE_SCOPE (lifecycle_scope_get_type ())

LIFECYCLE_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (LifecycleScope, lifecycle_scope, LIFECYCLE, SCOPE, GObject)

/**
 * LIFECYCLE_PLACE: (skip)
 *
 * The current place in the source code, as a string constant of the form `file:line`.
 *
 * The functions that add entries to a scope are wrapped by macros that record the place as the name
 * of the entry. To do without, define `LIFECYCLE_DISABLE_SOURCE_NAMES` before including the header.
 *
 * Since: 1.0
 */
#define LIFECYCLE_PLACE __FILE__ ":" G_STRINGIFY (__LINE__)

G_END_DECLS
