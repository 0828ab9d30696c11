/* lifecycle-mail.c: messages that are queued until they can be delivered at home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-call-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-mail-private.h"

/* The ledger is locked. A close or a clear() makes all earlier mail stale. */
static gboolean
mail_is_stale (LifecycleMail *mail)
{
  LifecycleMailSender *sender = mail->sender;
  LifecycleHoldings *holdings = sender->holdings;

  return !sender->stolen &&
         ((!holdings->ledger.open && !holdings->moving) ||
          sender->generation != holdings->generation);
}

/* The ledger is unlocked. */
static void
mail_queue_free (GQueue *queue)
{
  LifecycleMail *mail;

  while ((mail = g_queue_pop_head (queue)) != NULL)
    mail->sender->free_mail (mail);
}

/* The data of the source that delivers mail. */
typedef struct
{
  LifecycleHoldings *holdings;  /* NULL once everything has been delivered */
} MailSource;

static gboolean
mail_cb (gpointer data)
{
  MailSource *source = data;
  LifecycleHoldings *holdings = source->holdings;
  LifecycleLedger *ledger = &holdings->ledger;
  LifecycleMail *mail;
  gboolean more;
  guint n_left;

  lifecycle_ledger_lock (ledger);

  /* Leave mail that arrives meanwhile for the next iteration, so that other sources get a turn. */
  n_left = holdings->extra->mail->length;
  while (n_left-- > 0 && (mail = g_queue_pop_head (holdings->extra->mail)) != NULL)
    {
      gboolean stale = mail_is_stale (mail);

      lifecycle_ledger_unlock (ledger);
      if (!stale)
        mail->sender->deliver (mail);
      mail->sender->free_mail (mail);
      lifecycle_ledger_lock (ledger);
    }

  /* The lock has been held since the queue was last checked, so a new message either is delivered
   * by this source or creates another one.
   */
  more = holdings->extra->mail->length > 0;
  if (more)
    {
      lifecycle_ledger_unlock (ledger);
      return G_SOURCE_CONTINUE;
    }

  holdings->has_mail_source = FALSE;
  source->holdings = NULL;
  lifecycle_ledger_unref_locked (ledger);

  return G_SOURCE_REMOVE;
}

static void
mail_source_free (gpointer data)
{
  MailSource *source = data;
  LifecycleHoldings *holdings = source->holdings;

  /* The context was destroyed before the mail could be delivered. */
  if (holdings != NULL)
    {
      GQueue dropped;

      lifecycle_ledger_lock (&holdings->ledger);
      holdings->has_mail_source = FALSE;
      dropped = *holdings->extra->mail;
      g_queue_init (holdings->extra->mail);
      lifecycle_ledger_unlock (&holdings->ledger);

      lifecycle_holdings_note_abandoned (holdings, dropped.length);
      mail_queue_free (&dropped);
      lifecycle_ledger_unref (&holdings->ledger);
    }

  g_free (source);
}

/* The ledger is locked. Returns whether nobody will deliver the mail of a stolen sender. */
static gboolean
mail_sender_is_abandoned (LifecycleMailSender *self)
{
  if (!lifecycle_home_inherit (self->context, self->thread))
    return FALSE;

  g_main_context_release (self->context);

  return TRUE;
}

/* The ledger is locked. Returns the context in which the mail is delivered, or NULL if nobody delivers it
 * any more.
 */
static GMainContext *
mail_peek_context (LifecycleMail *mail)
{
  LifecycleMailSender *sender = mail->sender;
  LifecycleLedger *ledger = &sender->holdings->ledger;

  if (!sender->stolen)
    return ledger->scope != NULL ? ledger->scope->context : NULL;

  return sender->context == NULL || mail_sender_is_abandoned (sender) ? NULL : sender->context;
}

/* Called on any thread, even if the scope is closing: code that mutes the sender drops its mail
 * afterwards.
 */
void
lifecycle_mail_send (LifecycleMail *mail)
{
  LifecycleMailSender *sender = mail->sender;
  LifecycleHoldings *holdings = sender->holdings;
  LifecycleLedger *ledger = &holdings->ledger;
  LifecycleHoldingsExtra *extra;
  GMainContext *context;

  lifecycle_ledger_lock (ledger);
  context = mail_peek_context (mail);
  if (context == NULL)
    {
      /* If the scope is gone, so that the mail is stale, its home need not be. */
      guint n_abandoned = sender->stolen ? 1 : 0;

      lifecycle_ledger_unlock (ledger);
      lifecycle_mail_sender_end (sender);
      lifecycle_holdings_note_abandoned (holdings, n_abandoned);
      sender->free_mail (mail);
      lifecycle_home_calls_retry ();
      return;
    }

  extra = lifecycle_holdings_ensure_extra (holdings);
  if (extra->mail == NULL)
    extra->mail = g_queue_new ();
  g_queue_push_tail (extra->mail, mail);
  if (!holdings->has_mail_source)
    {
      MailSource *source = g_new (MailSource, 1);

      holdings->has_mail_source = TRUE;
      ledger->refs++;
      source->holdings = holdings;
      lifecycle_post (context, G_PRIORITY_DEFAULT, "Lifecycle mail",
                      mail_cb, source, mail_source_free);
      /* cppcheck-suppress memleak ; the source has it */
    }
  lifecycle_ledger_unlock (ledger);
}

/* The ledger is locked. The sender continues without the scope, and keeps its home. */
void
lifecycle_mail_sender_set_stolen (LifecycleMailSender *self)
{
  LifecycleScope *scope = self->holdings->ledger.scope;

  self->stolen = TRUE;
  self->context = g_main_context_ref (scope->context);
  self->thread = lifecycle_thread_ref (scope->thread);
}

/* Called on any thread when the sender sends no more mail, or nobody delivers it any more. Mail that
 * is still waiting must not keep the context: if no thread runs that, the context would keep the
 * mail.
 */
void
lifecycle_mail_sender_end (LifecycleMailSender *self)
{
  LifecycleLedger *ledger = &self->holdings->ledger;
  GMainContext *context;
  LifecycleThread *thread;

  lifecycle_ledger_lock (ledger);
  context = g_steal_pointer (&self->context);
  thread = g_steal_pointer (&self->thread);
  lifecycle_ledger_unlock (ledger);

  g_clear_pointer (&context, g_main_context_unref);
  g_clear_pointer (&thread, lifecycle_thread_unref);
}

/* Called at home, where the contents may be freed. Drops mail that will no longer be delivered. */
void
lifecycle_holdings_drop_mail (LifecycleHoldings *self,
                              gboolean           all)
{
  GQueue dropped = G_QUEUE_INIT;
  LifecycleMail *mail;
  GQueue *queue;
  GList *next;

  lifecycle_ledger_lock (&self->ledger);
  queue = lifecycle_holdings_peek_extra (self)->mail;
  for (GList *link = queue != NULL ? queue->head : NULL; link != NULL; link = next)
    {
      next = link->next;
      mail = link->data;
      if ((all && !mail->sender->stolen) || mail_is_stale (mail))
        {
          g_queue_unlink (queue, link);
          g_queue_push_tail_link (&dropped, link);
        }
    }
  lifecycle_ledger_unlock (&self->ledger);

  lifecycle_holdings_note_if_abandoned (self, dropped.length);
  mail_queue_free (&dropped);
}
