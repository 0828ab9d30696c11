/* lifecycle-mail-private.h: messages that wait in a ledger for its home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleMailSender LifecycleMailSender;

/* Stands at the head of what is sent. */
typedef struct
{
  LifecycleMailSender *sender;
} LifecycleMail;

/* Stands in what sends, and outlives its mail. The last two fields are guarded by the lock of the
 * ledger.
 */
struct _LifecycleMailSender
{
  /* At home, with nothing locked. User code may run. */
  void (* deliver)   (LifecycleMail *mail);
  void (* free_mail) (LifecycleMail *mail);

  LifecycleHoldings *holdings;
  guint              generation; /* of the holdings, when the sender became one of them */
  gboolean           stolen;    /* it goes on without the scope */
};

void lifecycle_mail_send          (LifecycleMail     *mail,
                                   GMainContext      *context);
void lifecycle_holdings_drop_mail (LifecycleHoldings *self,
                                   gboolean           all);

G_END_DECLS
