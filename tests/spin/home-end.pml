/* home-end.pml: a thread ends while others leave something to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model of lifecycle-home-call.c and of lifecycle_scope_inherit_home(): another thread drops a
 * scope whose home thread may be running its context, or end. A third thread may run the context for
 * a while, too. What the drop leaves to the home is a call.
 *
 *   owner                 of the context; acquired and released
 *   ended                 set by the home thread, with the lock of the calls held
 *   place                 of the call: nowhere, in the list of the thread, a stray, or claimed
 *   source                in the context, which whoever runs it dispatches
 *
 * What is checked, in every order of the steps:
 *
 *   A  the call is made at most once
 *   B  whoever makes it owns the context
 *   C  when all threads have ended, it has been made
 *
 * Each of these changes one line; run-spin.py expects every one of them to fail:
 *
 *   BROKEN=1  a call is made without claiming it                                          A
 *   BROKEN=2  the thread that ends does not look at its calls                             C
 *   BROKEN=3  who leaves a call to a thread that has ended does not try it at once        C
 *   BROKEN=4  the thread that ends makes a call without acquiring the context             B
 *   BROKEN=5  a call whose context another thread runs does not become a stray            C
 */

#ifndef BROKEN
#define BROKEN 0
#endif

#define NOWHERE 0
#define LISTED  1
#define STRAY   2
#define CLAIMED 3

#define NOBODY  0
#define HOME    1
#define DROPPER 2
#define OTHER   3
#define LAST    4

byte owner = NOBODY;
bool ended;
bool locked;
byte place = NOWHERE;
bool source;
byte n_made;
byte n_over;

#define LOCK   atomic { !locked -> locked = true }
#define UNLOCK locked = false

inline make (me)
{
  n_made++;
  assert (n_made == 1);                         /* A */
  assert (owner == me)                          /* B */
}

/* g_main_context_acquire (), which does not wait */
inline acquire (me, did)
{
  atomic {
    did = (owner == NOBODY);
    if
    :: did -> owner = me
    :: else
    fi
  }
}

/* call_try (); the lock is held */
inline try (me)
{
#if BROKEN == 4
  got = true;
#else
  acquire (me, got);
#endif
  if
  :: got ->
#if BROKEN != 1
     place = CLAIMED;
#endif
     UNLOCK;
     make (me);
     owner = NOBODY;
     LOCK
  :: else ->
#if BROKEN != 5
     place = STRAY
#else
     place = CLAIMED
#endif
  fi
}

/* call_cb () in an iteration of the context */
inline iterate (me)
{
  acquire (me, got);
  if
  :: got ->
     if
     :: source ->
        source = false;
        LOCK;
        if
        :: place == LISTED || place == STRAY -> place = CLAIMED; UNLOCK; make (me)
        :: else -> UNLOCK
        fi
     :: else
     fi;
     owner = NOBODY
  :: else
  fi
}

active proctype home ()
{
  bool got;

  if
  :: iterate (HOME)
  :: true
  fi;

  /* lifecycle_home_calls_end_thread () */
  LOCK;
#if BROKEN != 2
  if
  :: place == LISTED -> try (HOME)
  :: else
  fi;
#endif
  ended = true;
  UNLOCK;
  n_over++
}

active proctype dropper ()
{
  bool got;

  /* lifecycle_scope_inherit_home () */
  if
  :: ended ->
     acquire (DROPPER, got);
     if
     :: got -> make (DROPPER); owner = NOBODY; place = CLAIMED; goto over
     :: else
     fi
  :: else
  fi;

  /* lifecycle_scope_call_home () */
  LOCK;
  if
  :: ended -> place = STRAY
  :: else -> place = LISTED
  fi;
  UNLOCK;
  source = true;
#if BROKEN != 3
  if
  :: ended ->
     LOCK;
     if
     :: place == LISTED || place == STRAY -> try (DROPPER)
     :: else
     fi;
     UNLOCK
  :: else
  fi;
#endif

over:
  n_over++
}

/* Runs the context, but does not have to dispatch anything. */
active proctype other ()
{
  bool got;

  if
  :: iterate (OTHER)
  :: acquire (OTHER, got);
     if
     :: got -> owner = NOBODY
     :: else
     fi
  :: true
  fi;
  n_over++
}

/* The next thread to end, if another one ran the context at the wrong moment. It runs last, and there
 * is a stray only if such a thread has existed.
 */
active proctype last ()
{
  bool got;

  n_over == 3;
#if BROKEN != 3
  LOCK;
  if
  :: place == STRAY -> try (LAST)
  :: else
  fi;
  UNLOCK;
#endif
  assert (n_made == 1);                         /* C */
  assert (!locked && owner == NOBODY)
}
