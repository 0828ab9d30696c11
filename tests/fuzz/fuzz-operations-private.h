/* fuzz-operations-private.h: what the operations have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "fuzz-world.h"

G_BEGIN_DECLS

/* A record is four bytes: which operation, which scope, which other thing, and the rest: three bits
 * for the script of what is made, five for flags.
 */
#define SCRIPT(record) ((record)[3] & 7)
#define FLAGS(record)  ((record)[3] >> 3)

int             pick_scope              (guint8         byte);
int             pick_instance           (guint8         byte);
int             pick_thing              (guint8         byte,
                                         ModelKind      kind);
gboolean        is_within_reach         (int            number,
                                         ModelKind      kind);
gboolean        have_place_for_scope    (void);

ModelOp         make_op                 (ModelOpCode    code,
                                         int            scope,
                                         int            instance);
void            begin                   (ModelOp       *op);
void            end                     (ModelOp       *op);
LifecycleScope *scope_at                (int            number);
GObject        *instance_at             (int            number);

void            end_operation           (int            number);
gboolean        is_waiting              (void);

void            op_new                  (const guint8 *record);
void            op_new_child            (const guint8 *record);
void            op_get_child            (const guint8 *record);
void            op_get_child_for        (const guint8 *record);
void            op_scope_of             (const guint8 *record);
void            op_renew_child          (const guint8 *record);
void            op_close                (const guint8 *record);
void            op_clear                (const guint8 *record);
void            op_move                 (const guint8 *record);
void            op_drop                 (const guint8 *record);
void            op_set_limit            (const guint8 *record);
void            op_follow               (const guint8 *record);
void            op_follow_object        (const guint8 *record);
void            op_follow_signal        (const guint8 *record);
void            op_follow_cancellable   (const guint8 *record);
void            op_get_cancellable      (const guint8 *record);
void            op_new_cancellable      (const guint8 *record);
void            op_cancel               (const guint8 *record);
void            op_connect              (const guint8 *record);
void            op_foreign_connect      (const guint8 *record);
void            op_add_handler          (const guint8 *record);
void            op_steal_handler        (const guint8 *record);
void            op_disconnect           (const guint8 *record);
void            op_emit                 (const guint8 *record);
void            op_block                (const guint8 *record);
void            op_unblock              (const guint8 *record);
void            op_add_idle             (const guint8 *record);
void            op_foreign_source       (const guint8 *record);
void            op_add_source           (const guint8 *record);
void            op_steal_source         (const guint8 *record);
void            op_destroy_source       (const guint8 *record);
void            op_iterate              (const guint8 *record);
void            op_add_object           (const guint8 *record);
void            op_steal_object         (const guint8 *record);
void            op_adopt                (const guint8 *record);
void            op_defer                (const guint8 *record);
void            op_new_instance         (const guint8 *record);
void            op_unref_instance       (const guint8 *record);
void            op_run_dispose          (const guint8 *record);
void            op_keep                 (const guint8 *record);
void            op_release              (const guint8 *record);
void            op_add_timer            (const guint8 *record);
void            op_cancel_timer         (const guint8 *record);
void            op_restart_timer        (const guint8 *record);
void            op_add_debounce         (const guint8 *record);
void            op_stop_timer           (const guint8 *record);
void            op_set_interval         (const guint8 *record);
void            op_set_deadline         (const guint8 *record);
void            op_advance              (const guint8 *record);
void            op_begin                (const guint8 *record);
void            op_keep_data            (const guint8 *record);
void            op_set_shielded         (const guint8 *record);
void            op_connect_object       (const guint8 *record);
void            op_defer_for            (const guint8 *record);
void            op_undefer              (const guint8 *record);
void            op_renew_child_for      (const guint8 *record);
void            op_keep_object          (const guint8 *record);
void            op_set_progress         (const guint8 *record);
void            op_progress             (const guint8 *record);
void            op_drain                (const guint8 *record);
void            op_ready                (const guint8 *record);
void            op_close_async          (const guint8 *record);
void            op_connect_queued       (const guint8 *record);
void            op_connect_guarded      (const guint8 *record);
void            op_add_phase            (const guint8 *record);
void            op_clear_kind           (const guint8 *record);
void            op_bind                 (const guint8 *record);
void            op_unbind               (const guint8 *record);
void            op_add_monitor          (const guint8 *record);
void            op_cancel_monitor       (const guint8 *record);
void            op_add_file             (const guint8 *record);
void            op_remove_file          (const guint8 *record);

G_END_DECLS
