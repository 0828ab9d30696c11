/* lifecycle-referrers-private.h: who knows an object that should be gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

#include "lifecycle-shared-private.h"

G_BEGIN_DECLS

/* Whether it is worth mentioning that something refers to an object. */
typedef enum
{
  LIFECYCLE_REFERRER_PART,      /* a part of the object: never */
  LIFECYCLE_REFERRER_TOOLKIT,   /* of the toolkit: if nothing else does */
  LIFECYCLE_REFERRER_USER       /* always */
} LifecycleReferrerRank;

typedef struct
{
  GObject   *object;            /* alive */
  guint      n_held;            /* how many of its references are the caller's */
  GPtrArray *parts;             /* of GObject, not held: their handlers count as its own; or NULL */
  char      *handlers;          /* result: a line for each handler, or NULL */
  char      *referrers;         /* result: a line for each that refers to the object, or NULL */
} LifecycleReferrers;

/* The library that most objects of a program come from. */
typedef struct
{
  gpointer                 function;    /* one of its functions */
  LifecycleReferrerRank (* rank) (GObject       *object,
                                  GTypeInstance *instance);
} LifecycleToolkit;

LIFECYCLE_SHARED
void  lifecycle_referrers_find   (LifecycleReferrers     *referrers,
                                  guint                   n_referrers,
                                  const LifecycleToolkit *toolkit);

G_END_DECLS
