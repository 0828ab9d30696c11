/* retire.pml: a handler that ends on another thread while it is muted at home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model of handler_mute(), handler_leave(), handler_finalized() and notice_release() in
 * lifecycle-handler.c. The closure of the handler is the entry. GLib's table of handlers holds one
 * reference on it; an emission that has chosen the handler holds another. Whoever drops the last
 * one finalizes it, there and then: that may be the home thread in the middle of handler_mute(),
 * with the ledger locked, or anybody else.
 *
 *   Home       mutes the handler and releases the notice; it may be in an emission meanwhile
 *   Emitter    is in an emission, and lets go of the closure at some time
 *   Stranger   disconnects the handler, or disposes of its emitter
 *
 * GLib's lock is one atomic step here.
 *
 * What is checked, in every order of the steps:
 *
 *   A  the destroy notify runs once, and not with the ledger locked by its own thread
 *   B  the closure is finalized once, and nobody touches the entry after that
 *   C  the entry is taken out of the ledger once
 *   D  nobody sticks: the finalization in the middle of a mute does not wait for the lock it has
 *
 * Each of these changes one line; run-spin.py expects every one of them to fail:
 *
 *   BROKEN=1  handler_finalized() does not look at the muter                                D
 *   BROKEN=2  handler_leave() does not take the destroy notify away from the handler        A
 *   BROKEN=3  handler_finalized() reads the destroy notify before it has the lock           A
 *   BROKEN=4  handler_mute() leaves the muter behind when the closure lives on              A, C
 *   BROKEN=5  handler_mute() looks at the entry after a disconnection that finalized it     B
 */

#ifndef BROKEN
#define BROKEN 0
#endif

#define NOBODY   0
#define HOME     1
#define EMITTER  2
#define STRANGER 3

/* The ledger. */
byte lock_owner = NOBODY;
byte muter = NOBODY;
bool notice;                    /* stands in the place of the handler */

/* The handler. */
bool linked = true;
bool has_destroy = true;
bool connected = true;
byte refs = 1;                  /* of the closure; the first is that of GLib's table */
bool finalized;

byte n_destroyed;
byte n_left;                    /* how often it left the ledger */

#define LOCK(who)   atomic { lock_owner == NOBODY -> lock_owner = who }
#define UNLOCK(who) atomic { assert (lock_owner == who); lock_owner = NOBODY }

inline destroy (who)
{
  assert (lock_owner != who);           /* A */
  n_destroyed++;
  assert (n_destroyed == 1)             /* A */
}

/* handler_leave (): a notice takes the place of the handler. The ledger is locked. */
inline leave (who)
{
  assert (lock_owner == who);
  assert (linked);                      /* C */
  notice = true;
#if BROKEN != 2
  has_destroy = false;
#endif
  linked = false;
  n_left++;
  assert (n_left == 1)                  /* C */
}

/* handler_finalized (), on whatever thread */
inline finalize (who)
{
  assert (!finalized);                  /* B */
  if
#if BROKEN != 1
  :: muter == who ->
     leave (who);
     muter = NOBODY
#endif
  :: else ->
#if BROKEN == 3
     will_destroy = has_destroy;
     LOCK (who);
#else
     LOCK (who);
     will_destroy = has_destroy;
#endif
     if
     :: linked ->
        linked = false;
        n_left++;
        assert (n_left == 1)            /* C */
     :: else
     fi;
     UNLOCK (who);
     if
     :: will_destroy -> destroy (who)
     :: else
     fi
  fi;
  finalized = true
}

/* g_closure_unref () */
inline unref (who)
{
  atomic { refs--; is_last = (refs == 0) };
  if
  :: is_last -> finalize (who)
  :: else
  fi
}

/* g_signal_handler_disconnect (), or the dispose of the instance; a dead id does no harm in the
 * model
 */
inline disconnect (who)
{
  atomic { did = connected; connected = false };
  if
  :: did -> unref (who)
  :: else
  fi
}

/* An emission chooses the handler, if it is still connected. */
inline choose ()
{
  atomic
  {
    has_ref = connected;
    if
    :: has_ref -> refs++
    :: else
    fi
  }
}

inline forget (who)
{
  if
  :: has_ref -> has_ref = false; unref (who)
  :: else
  fi
}

proctype Home ()
{
  bool will_destroy, is_last, did, has_ref, ended;

  if
  :: choose ()
  :: skip
  fi;

  /* lifecycle_ledger_mute () and handler_mute () */
  LOCK (HOME);
  if
  :: linked ->
     assert (!finalized);               /* B: it has to come past the lock */
     muter = HOME;
     disconnect (HOME);
     ended = (muter == NOBODY);
#if BROKEN == 5
     ended = false;
#endif
     if
     :: ended
     :: else ->
#if BROKEN != 4
        muter = NOBODY;
#endif
        assert (!finalized);            /* B */
        leave (HOME)
     fi
  :: else
  fi;
  UNLOCK (HOME);

  /* The emission, if this was in one, lets go of it before or after the release. */
  if
  :: forget (HOME)
  :: skip
  fi;

  /* notice_release () */
  if
  :: notice -> notice = false; destroy (HOME)
  :: else
  fi;
  forget (HOME)
}

proctype Emitter ()
{
  bool will_destroy, is_last, has_ref;

  choose ();
  forget (EMITTER)
}

proctype Stranger ()
{
  bool will_destroy, is_last, did;

  if
  :: disconnect (STRANGER)
  :: skip
  fi
}

init
{
  atomic
  {
    run Home ();
    run Emitter ();
    run Stranger ()
  };
  _nr_pr == 1;
  assert (n_destroyed == 1);            /* A */
  assert (finalized && !linked && !connected);
  assert (n_left == 1)
}
