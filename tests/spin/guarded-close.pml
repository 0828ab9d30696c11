/* guarded-close.pml: the gates of guarded handlers, and a close that waits for them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model of entries/lifecycle-threaded-handler.c and of the wait in core/lifecycle-close-wait.c.
 * Two threads emit, while the home thread closes two scopes, one below the other, with a guarded
 * handler each: it mutes them, each under the lock of its ledger, waits until nothing is pending in
 * either, and releases both. The second handler is one that runs once: the thread that runs it
 * takes it out of the ledger itself.
 *
 *   of each gate     closed, owned, waited, inside; one atomic step for each exchange of the word
 *   of each handler  linked, has_destroy, connected, as in handler_mute() and in
 *                    lifecycle_handler_retire(); holders: the last one does handler_finalized()
 *   of each ledger   locked, n_pending, has_drain, as in lifecycle_ledger_add_pending() and
 *                    lifecycle_ledger_drop_pending()
 *   of the drain     woken, wakeups, draining, as in drain_wake(), drain_woken_cb() and
 *                    close_call_run()
 *
 * What is checked, in every order of the steps, by assertions and by looking for ends at which
 * somebody still waits (all runs are finite, so each one that does not stick comes to its end):
 *
 *   A  no call starts once the gate is closed
 *   B  the target is dropped once, and never while somebody is inside
 *   C  the release comes when nobody is in a handler
 *   D  the close comes to its end: no wake-up is lost, nobody waits for anybody in a circle
 *   E  what is pending is never counted down before it is counted
 *   F  what runs once runs once
 *
 * Each of these changes one line; run-spin.py expects every one of them to fail:
 *
 *   BROKEN=1  gate_enter() does not look at CLOSED                                      A
 *   BROKEN=2  gate_change() does not look at OWNED                                      B
 *   BROKEN=3  lifecycle_gate_close() never sets WAITED                                  C
 *   BROKEN=4  the drain looks whether anything is pending before the ledgers know it    D
 *   BROKEN=5  drain_woken_cb() resets `woken` after it has looked                       D
 *   BROKEN=6  lifecycle_gate_close() adds what is pending after the lock is open        E
 *   BROKEN=7  lifecycle_handler_retire() does not close the gate                        C
 *   BROKEN=8  lifecycle_handler_retire() does not look whether it has been done         F
 */

#ifndef BROKEN
#define BROKEN 0
#endif

#define GATES     2
#define EMITTERS  2
#define EMISSIONS 2

typedef Gate
{
  bool closed;
  bool owned;
  bool waited;
  byte inside;

  bool target;          /* not dropped yet */
  byte running          /* how many are in the handler itself */
};

typedef Handler
{
  bool linked;          /* in the ledger */
  bool muted;
  bool retired;
  bool has_destroy;     /* else there is a notice that has it */
  bool connected;
  byte holders;         /* emissions that have chosen it */
  bool finalized
};

typedef Ledger
{
  bool  locked;
  bool  has_drain;
  short n_pending
};

Gate gates[GATES];
Ledger ledgers[GATES];  /* each has the gate and the handler of the same number */
Handler handlers[GATES];

#define ONCE 1

byte n_once;

bool woken;             /* a wake-up is on its way */
byte wakeups;           /* the sources that wait in the home context */
bool draining;
bool finished;
byte n_done;

#define LOCK(i)   atomic { !ledgers[i].locked -> ledgers[i].locked = true }
#define UNLOCK(i) ledgers[i].locked = false

/* drain_wake(), with a ledger locked */
inline wake ()
{
  if
  :: atomic { !woken -> woken = true };
     wakeups++
  :: else
  fi
}

/* What gate_change() has to do after the exchange of the state word: `is_empty` and `unwaited` are
 * what the old and the new value of that one exchange said.
 */
inline gate_due (i, is_empty, unwaited)
{
  if
  :: is_empty ->
     assert (gates[i].target);                  /* B: once */
     assert (gates[i].running == 0);            /* B: nobody inside */
     gates[i].target = false
  :: else
  fi;
  if
  :: unwaited ->
     LOCK (i);
     assert (ledgers[i].n_pending > 0);         /* E */
     ledgers[i].n_pending--;
     if
     :: ledgers[i].n_pending == 0 && ledgers[i].has_drain -> wake ()
     :: else
     fi;
     UNLOCK (i)
  :: else
  fi
}

/* The second half of the exchange in gate_change() */
inline gate_settle (i, is_empty, unwaited)
{
#if BROKEN == 2
  is_empty = (gates[i].inside == 0 && gates[i].target);
#else
  is_empty = (gates[i].inside == 0 && !gates[i].owned);
#endif
  unwaited = (gates[i].inside == 0 && gates[i].waited);
  if
  :: gates[i].inside == 0 -> gates[i].waited = false
  :: else
  fi
}

/* lifecycle_gate_close (), with the ledger locked */
inline gate_shut (i, some_inside)
{
  atomic
  {
    gates[i].closed = true;
#if BROKEN == 3
    some_inside = false;
#else
    some_inside = (gates[i].inside > 0);
#endif
    gates[i].waited = some_inside
  };
#if BROKEN == 6
  UNLOCK (i);
#endif
  if
  :: some_inside -> ledgers[i].n_pending++
  :: else
  fi;
#if BROKEN == 6
  LOCK (i)
#endif
}

/* lifecycle_gate_disown (), without the look at C */
inline gate_let_go (i, is_empty, unwaited)
{
  atomic { gates[i].owned = false; gate_settle (i, is_empty, unwaited) };
  gate_due (i, is_empty, unwaited)
}

/* lifecycle_handler_retire () */
inline retire (i, did)
{
  LOCK (i);
#if BROKEN == 8
  did = !handlers[i].muted;
#else
  did = !handlers[i].muted && !handlers[i].retired;
#endif
  if
  :: did ->
#if BROKEN != 7
     gate_shut (i, e_flag);
#endif
     handlers[i].retired = true;
     handlers[i].linked = false
  :: else
  fi;
  UNLOCK (i);
  if
  :: did -> handlers[i].connected = false       /* The emission has the closure. */
  :: else
  fi
}

/* The emission lets go of the closure; the last one finalizes it: handler_finalized () */
inline let_go (i)
{
  atomic
  {
    handlers[i].holders--;
    e_flag = (handlers[i].holders == 0 && !handlers[i].connected && !handlers[i].finalized);
    if
    :: e_flag -> handlers[i].finalized = true
    :: else
    fi
  };
  if
  :: e_flag ->
     LOCK (i);
     e_flag = handlers[i].has_destroy;
     handlers[i].linked = false;
     UNLOCK (i);
     if
     :: e_flag -> gate_let_go (i, e_empty, e_unwaited)
     :: else
     fi
  :: else
  fi
}

proctype Emitter ()
{
  byte n, g;
  bool e_flag, runs, e_empty, e_unwaited, was_closed;

  do
  :: n < EMISSIONS ->
     n++;
     if
     :: g = 0
     :: g = 1
     fi;
     was_closed = gates[g].closed;
     atomic
     {
       e_flag = handlers[g].connected;
       if
       :: e_flag -> handlers[g].holders++
       :: else
       fi
     };

     if
     :: e_flag ->
        /* gate_enter () */
        atomic
        {
          if
#if BROKEN == 1
          :: !gates[g].owned && gates[g].inside == 0 -> e_flag = false
#else
          :: gates[g].closed || (!gates[g].owned && gates[g].inside == 0) -> e_flag = false
#endif
          :: else -> gates[g].inside++; e_flag = true
          fi
        };

        if
        :: e_flag ->
           assert (!was_closed);                /* A: closed before this emission began */
           runs = true;
           if
           :: g == ONCE -> retire (g, runs)
           :: else
           fi;
           if
           :: runs ->
              assert (gates[g].target);
              if
              :: g == ONCE -> n_once++; assert (n_once == 1)    /* F */
              :: else
              fi;
              gates[g].running++;
              /* The handler. */
              gates[g].running--
           :: else
           fi;

           /* gate_leave () */
           atomic { gates[g].inside--; gate_settle (g, e_empty, e_unwaited) };
           gate_due (g, e_empty, e_unwaited)
        :: else
        fi;
        let_go (g)
     :: else
     fi
  :: else -> break
  od;
  n_done++
}

/* handler_mute () and handler_leave (), with the ledger locked */
inline mute (i)
{
  LOCK (i);
  if
  :: handlers[i].linked ->
     handlers[i].muted = true;
     gate_shut (i, h_flag);
     handlers[i].has_destroy = false;
     handlers[i].linked = false;
     atomic
     {
       handlers[i].connected = false;
       if
       :: handlers[i].holders == 0 -> handlers[i].finalized = true
       :: else
       fi
     }
  :: else
  fi;
  UNLOCK (i)
}

/* drain_has_pending () */
inline look ()
{
  h_pending = false;
  LOCK (0);
  h_pending = (ledgers[0].n_pending > 0);
  UNLOCK (0);
  if
  :: !h_pending ->
     LOCK (1);
     h_pending = (ledgers[1].n_pending > 0);
     UNLOCK (1)
  :: else
  fi
}

inline let_drain_in (i)
{
  LOCK (i);
  ledgers[i].has_drain = true;
  UNLOCK (i)
}

/* notice_release (), if there is a notice */
inline release (i)
{
  if
  :: handlers[i].muted -> gate_let_go (i, h_empty, h_unwaited)
  :: else
  fi
}

/* lifecycle_teardown_finish () */
inline finish ()
{
  assert (!finished);
  assert (gates[0].running == 0 && gates[1].running == 0);      /* C */
  draining = false;
  release (1);
  release (0);
  finished = true
}

proctype Home ()
{
  bool h_flag, h_pending, h_empty, h_unwaited;

  /* Phase one: what is below comes first. */
  mute (1);
  mute (0);

  /* close_call_run () */
#if BROKEN == 4
  look ();
#endif
  let_drain_in (0);
  let_drain_in (1);
#if BROKEN != 4
  look ();
#endif
  if
  :: h_pending -> draining = true
  :: else -> finish ()
  fi;

  /* The main loop. */
  do
  :: atomic { wakeups > 0 -> wakeups-- };
#if BROKEN != 5
     woken = false;
#endif
     if
     :: draining ->
        look ();
        if
        :: !h_pending -> finish ()
        :: else
        fi
     :: else
     fi;
#if BROKEN == 5
     woken = false
#endif
  :: wakeups == 0 && finished && n_done == EMITTERS -> break
  od;

  assert (!gates[0].target && !gates[1].target);                /* B */
  assert (ledgers[0].n_pending == 0 && ledgers[1].n_pending == 0)
}

init
{
  atomic
  {
    gates[0].owned = true;
    gates[0].target = true;
    handlers[0].linked = true;
    handlers[0].has_destroy = true;
    handlers[0].connected = true;
    gates[1].owned = true;
    gates[1].target = true;
    handlers[1].linked = true;
    handlers[1].has_destroy = true;
    handlers[1].connected = true;
    run Emitter ();
    run Emitter ();
    run Home ()
  }
}
