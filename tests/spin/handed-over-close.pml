/* handed-over-close.pml: a scope that is closed from everywhere at once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model of lifecycle_teardown_close(), lifecycle_teardown_dispose() and lifecycle_scope_mark():
 * two other threads close the scope, or have it dispose of itself, and drop their reference, the
 * last one perhaps, while the home thread may close it too, drops its own reference, and runs its
 * main loop.
 *
 *   state                 changed with the ledger locked (mark), or at home (closed)
 *   in_teardown           at home only
 *   finished              `closed` has been emitted, after the state became CLOSED
 *   refs                  GObject's: the last unref calls dispose, and goes on only if nobody has
 *                         taken a reference meanwhile
 *   sources               weak ones, which close() puts into the home context
 *   strong                those that hold a reference, which the last unref puts there
 *
 * What is checked, in every order of the steps:
 *
 *   A  there is one teardown, and it is at home
 *   B  the state goes from OPEN to CLOSING to CLOSED, once
 *   C  when close() returns at home, the scope is closed
 *   D  the scope is finalized, once, closed, and with no source left: nobody sticks, nothing leaks
 *      while home runs
 *   E  nobody touches it after that
 *   F  `closed` is emitted while there is somebody to hear it
 *
 * Each of these changes one line; run-spin.py expects every one of them to fail:
 *
 *   BROKEN=1  lifecycle_scope_mark() does not lock: looks first, writes then              B
 *   BROKEN=2  who closes elsewhere does not hand over                                     C, D
 *   BROKEN=3  the source of the last unref holds no reference                             E
 *   BROKEN=4  lifecycle_teardown_close() does not look whether it is at home              A
 *   BROKEN=5  lifecycle_scope_dispose() does not close what is still open                 D
 *   BROKEN=6  lifecycle_scope_dispose() chains up when the state is CLOSED, finished or not   F
 *   BROKEN=7  the weak source does not look whether the scope is still there              E
 */

#ifndef BROKEN
#define BROKEN 0
#endif

#define OPEN    0
#define CLOSING 1
#define CLOSED  2

#define OTHERS 2

byte state = OPEN;
bool locked;
bool in_teardown;
byte refs = 3;          /* home's, and one for each of the others */
byte sources;
byte strong;
bool weak_gone;         /* GObject clears weak references before the last dispose */
bool finalized;
bool finished;
bool handlers_gone;     /* GObject's own dispose has disconnected them */

byte n_marked;
byte n_teardowns;
byte n_done;

#define ALIVE assert (!finalized)               /* E */

/* lifecycle_scope_mark () */
inline mark (did)
{
  ALIVE;
#if BROKEN != 1
  atomic { !locked -> locked = true };
#endif
  did = (state == OPEN);
  if
  :: did ->
     n_marked++;
     assert (n_marked == 1);                    /* B */
     state = CLOSING
  :: else
  fi;
#if BROKEN != 1
  locked = false
#endif
}

/* teardown_run (): where user code runs, it may call close() again, and finds it in its teardown */
inline teardown ()
{
  in_teardown = true;
  n_teardowns++;
  assert (n_teardowns == 1);                    /* A */
  assert (at_home);                             /* A */
  assert (state == CLOSING);                    /* B */
  ALIVE;
  state = CLOSED;
  assert (!handlers_gone);                      /* F */
  finished = true
}

/* lifecycle_teardown_close () */
inline teardown_close ()
{
  mark (marked);
  if
#if BROKEN != 4
  :: !at_home ->
     if
#if BROKEN != 2
     :: marked || state != CLOSED ->
        /* lifecycle_teardown_hand_over () */
        if
        :: last ->
#if BROKEN != 3
           refs++;
#endif
           strong++
        :: else -> sources++
        fi
#endif
     :: else
     fi
  :: at_home && !in_teardown && state != CLOSED ->
#else
  :: !in_teardown && state != CLOSED ->
#endif
     teardown ()
  :: else
  fi
}

/* lifecycle_scope_dispose () */
inline dispose ()
{
  ALIVE;
  if
#if BROKEN != 5
  :: state != CLOSED -> last = true; teardown_close (); last = false
#endif
  :: else
  fi;
  if
#if BROKEN == 6
  :: state == CLOSED -> handlers_gone = true
#else
  :: finished -> handlers_gone = true
#endif
  :: else
  fi
}

/* g_object_unref () */
inline unref ()
{
  ALIVE;
  do
  :: atomic { refs > 1 -> refs--; break }
  :: atomic { refs == 1 -> weak_gone = true };
     dispose ();
     /* Whoever has a reference by now keeps it. */
     atomic
     {
       refs--;
       if
       :: refs == 0 ->
          assert (!finalized);                  /* D: once */
          assert (state == CLOSED);             /* D */
          finalized = true
       :: else
       fi
     };
     break
  od
}

proctype Other ()
{
  bool marked;
  bool last;
  bool at_home = false;

  if
  :: teardown_close ()
  :: dispose ()                                 /* g_object_run_dispose () */
  :: skip
  fi;
  unref ();
  n_done++
}

proctype Home ()
{
  bool marked;
  bool last;
  bool there;
  bool at_home = true;

  if
  :: teardown_close ();
     assert (state == CLOSED)                   /* C */
  :: skip
  fi;
  unref ();

  /* The main loop: handed_over_cb () and dropped_cb (), and then the end of the source. */
  do
  :: atomic { sources > 0 -> sources-- };
#if BROKEN == 7
     teardown_close ()
#else
     /* g_weak_ref_get () */
     atomic
     {
       there = !weak_gone;
       if
       :: there -> refs++
       :: else
       fi
     };
     if
     :: there ->
        teardown_close ();
        assert (state == CLOSED);
        unref ()
     :: else
     fi
#endif
  :: atomic { strong > 0 -> strong-- };
     teardown_close ();
     assert (state == CLOSED);
#if BROKEN != 3
     unref ()
#endif
  :: sources == 0 && strong == 0 && n_done == OTHERS -> break
  od;

  assert (finalized && n_teardowns == 1)        /* D */
}

init
{
  atomic
  {
    run Other ();
    run Other ();
    run Home ()
  }
}
