/* lifecycle-mail-private.h: messages that are queued until they can be delivered at home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"
#include "lifecycle-thread-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleMailSender LifecycleMailSender;

/* The first member of a message. */
typedef struct
{
  LifecycleMailSender *sender;
} LifecycleMail;

/* A member of the sender, which outlives its mail. The last four fields are guarded by the lock of
 * the ledger.
 */
struct _LifecycleMailSender
{
  /* Called at home, with no lock held. User code may run. */
  void (* deliver)   (LifecycleMail *mail);
  void (* free_mail) (LifecycleMail *mail);

  LifecycleHoldings *holdings;
  guint              generation; /* of the holdings, when the sender was added to them */
  gboolean           stolen;    /* the sender goes on without the scope */

  /* The home of a stolen sender, until it sends no more mail. */
  GMainContext      *context;
  LifecycleThread   *thread;
};

void lifecycle_mail_send              (LifecycleMail       *mail);
void lifecycle_mail_sender_set_stolen (LifecycleMailSender *self);
void lifecycle_mail_sender_end        (LifecycleMailSender *self);
void lifecycle_holdings_drop_mail     (LifecycleHoldings   *self,
                                       gboolean             all);

G_END_DECLS
