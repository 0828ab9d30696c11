/* shield-and-drain.pml: a drain and a close, while operations end on other threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model of entries/lifecycle-operation.c, core/lifecycle-drain.c and core/lifecycle-close-wait.c. The
 * home thread drains a scope with two operations, each of which completes on a thread of its own: a
 * plain one, with a callback or without, and one that its thread shields, in time or too late, or that
 * has ended before. Meanwhile a third thread begins
 * work, the limit of the drain and that of the shielded operation pass, and home may cut the drain
 * short with close() or close_async(). An operation may take so long that it completes only after the
 * scope has closed.
 *
 *   of the ledger       locked, open, refuses (a drain is under way), n_pending, watched (by the wait)
 *   of each operation   linked, muted, shielded, pending, as under the lock; cancelled, has_data
 *   of the wait         woken, wakeups, draining, awaiting
 *
 * What is checked, in every order of the steps, by assertions and by looking for ends at which
 * somebody still waits:
 *
 *   A  a shielded operation is never cancelled
 *   B  its callback is called once, at home, whatever has closed the scope
 *   C  its data is there until then, and freed once
 *   D  the callback of the plain one is never called after it was muted
 *   E  the scope closes: no wake-up is lost, and a limit ends the wait
 *   F  without a limit or a close(), nothing is released while an operation is pending, or while the
 *      callback of the shielded one runs that was muted before
 *   G  what is pending is counted down once
 *   H  nothing begins after the drain has
 *
 * Each of these changes one line; run-spin.py expects every one of them to fail:
 *
 *   BROKEN=1   operation_mute() cancels shielded ones, too                                 A
 *   BROKEN=2   operation_finish() counts down before it calls the callback                 F
 *   BROKEN=3   the end of a drain whose time is up waits for what is pending               E
 *   BROKEN=4   drain_call_run() looks whether anything is pending before it watches        E
 *   BROKEN=5   lifecycle_close_wait_start() looks before it watches                        E
 *   BROKEN=6   lifecycle_operation_set_shielded() does not look whether it was muted       A
 *   BROKEN=7   operation_complete() does not send the result of a shielded one home        B
 *   BROKEN=8   operation_end_locked() does not look whether it is still pending            G
 *   BROKEN=9   ledger_begin_operation() does not look whether the scope is drained         H
 *   BROKEN=10  operation_release() frees the data of a shielded one                        C
 *   BROKEN=11  operation_finish() calls a callback whose operation was muted               D
 *   BROKEN=12  operation_bound_cb() wakes nobody                                           E
 */

#ifndef BROKEN
#define BROKEN 0
#endif

#define PLAIN    0
#define SHIELDED 1
#define N        2

typedef Operation
{
  bool linked;
  bool muted;
  bool shielded;
  bool pending;
  bool to_cancel;
  bool cancelled;
  bool has_data;
  bool sent;            /* its result is on its way home */
  bool over;
  byte n_called
};

Operation ops[N];

bool locked;
bool open = true;
bool refuses;
byte n_pending;
bool watched;

bool woken;
byte wakeups;
bool draining;
bool awaiting;
bool closed;
bool calls;             /* the plain one has a callback, so its result goes home */
bool has_limit;         /* the drain has one; it is still to come */
bool bound;             /* so is that of the shielded operation */
bool forced;            /* somebody does not wait any longer */
bool worker_done;

inline lock ()
{
  atomic { !locked -> locked = true }
}

inline unlock ()
{
  locked = false
}

/* close_wait_wake () */
inline wake ()
{
  if
  :: watched && !woken -> woken = true; wakeups++
  :: else
  fi
}

/* lifecycle_holdings_drop_pending () */
inline drop_pending ()
{
  assert (n_pending > 0);                       /* G */
  n_pending--;
  if
  :: n_pending == 0 -> wake ()
  :: else
  fi
}

/* operation_end_locked () */
inline end_locked (i)
{
#if BROKEN == 8
  ops[i].pending = false;
  drop_pending ()
#else
  if
  :: ops[i].pending -> ops[i].pending = false; drop_pending ()
  :: else
  fi
#endif
}

/* lifecycle_close_wait_has_pending () */
inline look ()
{
  lock ();
  found = n_pending > 0;
  unlock ()
}

inline release ()
{
  assert (!closed);
  assert (forced || n_pending == 0);            /* F */
  assert (forced || !in_callback);              /* F */
  lock ();
  if
  :: ops[PLAIN].linked -> ops[PLAIN].linked = false; ops[PLAIN].has_data = false
  :: else
  fi;
  if
  :: ops[SHIELDED].linked ->
     ops[SHIELDED].linked = false;
#if BROKEN != 10
     if
     :: !ops[SHIELDED].shielded -> ops[SHIELDED].has_data = false
     :: else
     fi
#else
     ops[SHIELDED].has_data = false
#endif
  :: else
  fi;
  bound = false;
  unlock ();
  awaiting = false;
  watched = false;
  has_limit = false;
  closed = true
}

/* operation_mute () */
inline mute (i)
{
  if
  :: ops[i].linked ->
     ops[i].muted = true;
#if BROKEN == 1
     ops[i].to_cancel = true
#else
     if
     :: !ops[i].shielded -> ops[i].to_cancel = true
     :: ops[i].shielded && ops[i].pending && has_bound -> bound = true
     :: else
     fi
#endif
  :: else
  fi
}

/* lifecycle_close_wait_start () */
inline start (waits)
{
  draining = false;
  lock ();
  watched = false;
  open = false;
  unlock ();
  lock ();
  mute (PLAIN);
  mute (SHIELDED);
  unlock ();
  if
  :: ops[PLAIN].to_cancel -> ops[PLAIN].cancelled = true
  :: else
  fi;
  if
  :: ops[SHIELDED].to_cancel ->
     assert (!ops[SHIELDED].shielded);          /* A */
     ops[SHIELDED].cancelled = true
  :: else
  fi;
#if BROKEN == 5
  look ();
#endif
  lock ();
  watched = true;
  unlock ();
#if BROKEN != 5
  look ();
#endif
  if
  :: waits && found -> awaiting = true
  :: else -> release ()
  fi
}

/* close_wait_woken_cb () */
inline woken_cb ()
{
  wakeups--;
  woken = false;
  look ();
  if
  :: draining && !found -> start (true)
  :: !draining && awaiting && !found -> release ()
  :: else
  fi
}

/* The operation's own callback, which may run the main loop. */
inline callback (i)
{
  assert (at_home);                             /* B */
  assert (ops[i].n_called == 0);                /* B */
  assert (ops[i].has_data);                     /* C */
  assert (i != PLAIN || !ops[i].muted);         /* D */
  ops[i].n_called++;
  in_callback = kept;
  if
  :: wakeups > 0 -> woken_cb ()
  :: skip
  fi;
  in_callback = false
}

/* operation_finish () */
inline finish (i)
{
  lock ();
  live = ops[i].linked && !ops[i].muted && (open || ops[i].shielded || (i == PLAIN && !calls));
#if BROKEN == 11
  live = live || ops[i].linked;
#endif
  kept = !live && ops[i].shielded;
  if
  :: live -> ops[i].linked = false
  :: else
  fi;
#if BROKEN != 2
  if
  :: !kept -> end_locked (i)
  :: else
  fi;
#else
  end_locked (i);
#endif
  unlock ();
  if
  :: live || kept ->
     if
     :: i == SHIELDED || calls -> callback (i)
     :: else
     fi;
     assert (ops[i].has_data);                  /* C */
     ops[i].has_data = false
  :: else
  fi;
  if
  :: kept ->
     lock ();
     bound = false;
     end_locked (i);
     unlock ()
  :: else
  fi;
  ops[i].over = true
}

/* What completes an operation. */
proctype Completer (byte i)
{
  bool wants_home;
  bool live, kept, found;
  bool has_bound;
  bool in_callback;
  bool at_home = false;

  if
  :: i == SHIELDED ->
     /* lifecycle_operation_set_shielded () */
     lock ();
#if BROKEN == 6
     ops[i].shielded = true;
     assert (!ops[i].cancelled);                /* A */
#else
     if
     :: ops[i].linked && !ops[i].muted -> ops[i].shielded = true
     :: else
     fi;
#endif
     unlock ()
  :: else
  fi;

  /* It may take too long. */
  if
  :: skip
  :: has_limit || closed -> closed
  fi;

  /* operation_complete () */
  lock ();
#if BROKEN != 7
  wants_home = ops[i].shielded || (ops[i].linked && (i == SHIELDED || calls));
#else
  wants_home = ops[i].linked && !ops[i].muted && (i == SHIELDED || calls);
#endif
  unlock ();
  if
  :: wants_home -> ops[i].sent = true
  :: else -> finish (i)
  fi
}

/* lifecycle_scope_begin () and lifecycle_operation_end () on a thread. */
proctype Worker ()
{
  bool taken;

  lock ();
#if BROKEN != 9
  taken = open && !refuses;
#else
  taken = open;
#endif
  if
  :: taken ->
     assert (!refuses);                         /* H */
     n_pending++
  :: else
  fi;
  unlock ();
  if
  :: taken ->
     lock ();
     drop_pending ();
     unlock ()
  :: else
  fi;
  worker_done = true
}

proctype Home ()
{
  bool live, kept, found;
  bool has_bound;
  bool cut;
  bool in_callback;
  bool at_home = true;

  if
  :: has_bound = true
  :: skip
  fi;
  /* Perhaps nobody closes it. */
  if
  :: cut = true
  :: skip
  fi;

  /* drain_call_run () */
#if BROKEN == 4
  look ();
#endif
  draining = true;
  lock ();
  watched = true;
  refuses = true;
  unlock ();
#if BROKEN != 4
  look ();
#endif
  if
  :: !found -> start (true)
  :: else
  fi;

  do
  :: ops[PLAIN].sent -> ops[PLAIN].sent = false; finish (PLAIN)
  :: ops[SHIELDED].sent -> ops[SHIELDED].sent = false; finish (SHIELDED)
  :: wakeups > 0 -> woken_cb ()
  :: has_limit && (draining || awaiting) ->
     /* close_wait_timed_out_cb () */
     has_limit = false;
     forced = true;
     if
#if BROKEN != 3
     :: draining -> start (false)
#else
     :: draining -> start (true)
#endif
     :: else -> release ()
     fi
  :: bound ->
     /* operation_bound_cb () */
     bound = false;
     forced = true;
     lock ();
#if BROKEN == 12
     if
     :: ops[SHIELDED].pending -> ops[SHIELDED].pending = false; n_pending--
     :: else
     fi;
#else
     end_locked (SHIELDED);
#endif
     unlock ()
  :: !cut && !closed ->
     /* lifecycle_scope_close (), or _close_async () */
     cut = true;
     if
     :: forced = true;
        if
        :: awaiting -> release ()
        :: else -> start (false)
        fi
     :: draining -> start (true)
     fi
  :: closed && ops[PLAIN].over && ops[SHIELDED].over && worker_done && wakeups == 0 -> break
  od;

  assert (!ops[SHIELDED].shielded || ops[SHIELDED].n_called == 1);      /* B */
  assert (!ops[PLAIN].has_data && !ops[SHIELDED].has_data);             /* C */
  assert (!ops[SHIELDED].shielded || !ops[SHIELDED].cancelled);         /* A */
  assert (n_pending == 0)                                               /* G */
}

init
{
  atomic
  {
    ops[PLAIN].linked = true;
    ops[PLAIN].pending = true;
    ops[PLAIN].has_data = true;
    n_pending = 1;
    if
    :: calls = true
    :: skip
    fi;
    if
    :: has_limit = true
    :: skip
    fi;
    run Completer (PLAIN);
    if
    :: ops[SHIELDED].linked = true;
       ops[SHIELDED].pending = true;
       ops[SHIELDED].has_data = true;
       n_pending++;
       run Completer (SHIELDED)
    :: ops[SHIELDED].over = true
    fi;
    run Worker ();
    run Home ()
  }
}
