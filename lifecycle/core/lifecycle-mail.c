/* lifecycle-mail.c: messages that are queued until they can be delivered at home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

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

static gboolean
mail_cb (gpointer data)
{
  LifecycleHoldings *holdings = data;
  LifecycleLedger *ledger = &holdings->ledger;
  LifecycleMail *mail;
  gboolean more;
  guint n_left;

  lifecycle_ledger_lock (ledger);

  /* Leave mail that arrives meanwhile for the next iteration, so that other sources get a turn. */
  n_left = holdings->mail->length;
  while (n_left-- > 0 && (mail = g_queue_pop_head (holdings->mail)) != NULL)
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
  more = holdings->mail->length > 0;
  if (!more)
    holdings->has_mail_source = FALSE;
  lifecycle_ledger_unlock (ledger);

  return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Called on any thread, even if the scope is closing: code that mutes the sender drops its mail
 * afterwards.
 */
void
lifecycle_mail_send (LifecycleMail *mail,
                     GMainContext  *context)
{
  LifecycleHoldings *holdings = mail->sender->holdings;
  LifecycleLedger *ledger = &holdings->ledger;

  lifecycle_ledger_lock (ledger);
  if (holdings->mail == NULL)
    holdings->mail = g_queue_new ();
  g_queue_push_tail (holdings->mail, mail);
  if (!holdings->has_mail_source)
    {
      holdings->has_mail_source = TRUE;
      ledger->refs++;
      lifecycle_post (context, G_PRIORITY_DEFAULT, "Lifecycle mail",
                      mail_cb, ledger, (GDestroyNotify) lifecycle_ledger_unref);
    }
  lifecycle_ledger_unlock (ledger);
}

/* Called at home, where the contents may be freed. Drops mail that will no longer be delivered. */
void
lifecycle_holdings_drop_mail (LifecycleHoldings *self,
                              gboolean           all)
{
  GQueue dropped = G_QUEUE_INIT;
  LifecycleMail *mail;
  GList *next;

  lifecycle_ledger_lock (&self->ledger);
  for (GList *link = self->mail != NULL ? self->mail->head : NULL; link != NULL; link = next)
    {
      next = link->next;
      mail = link->data;
      if ((all && !mail->sender->stolen) || mail_is_stale (mail))
        {
          g_queue_unlink (self->mail, link);
          g_queue_push_tail_link (&dropped, link);
        }
    }
  lifecycle_ledger_unlock (&self->ledger);

  while ((mail = g_queue_pop_head (&dropped)) != NULL)
    mail->sender->free_mail (mail);
}
