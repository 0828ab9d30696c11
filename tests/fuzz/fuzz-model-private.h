/* fuzz-model-private.h: the inside of the model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "fuzz-model.h"

#define MODEL_BIT(n) ((ModelSet) 1 << (n))

void        model_fail              (const char       *rule,
                                     const char       *format,
                                     ...) __attribute__ ((format (printf, 2, 3)));

/* fuzz-model.c */
int         model_add_scope         (int               name,
                                     int               parent);
void        model_link              (ModelLinkKind     kind,
                                     int               self,
                                     int               other,
                                     int               signal,
                                     ModelReason       reason);
void        model_append            (int               scope,
                                     int               thing);
void        model_unlink            (int               thing);
void        model_kill              (int               thing);
bool        model_notify_can_wait   (int               thing,
                                     int              *frame);
bool        model_instance_is_busy  (int               instance);

ModelFrame *model_push_frame        (ModelFrameKind    kind);
ModelFrame *model_top_frame         (void);
bool        model_is_op             (const ModelFrame *frame,
                                     ModelOpCode       code);

int         model_find_emission     (int               instance,
                                     int               signal);
bool        model_is_emitting       (int               instance);
int         model_find_anchor       (int               instance);
int         model_ensure_anchor     (int               instance);
int         model_find_named        (int               parent,
                                     int               name,
                                     int               key,
                                     bool              unbound);
bool        model_is_named          (int               scope,
                                     int               parent,
                                     int               name,
                                     int               key);
int         model_find_ghost        (int               scope);
ModelPhase  model_get_phase         (int               scope,
                                     bool             *is_closing);

/* fuzz-model-operations.c */
void        model_end_frame         (int               frame);

/* fuzz-model-calls.c */
bool        model_may_be_called     (int               thing);
bool        model_is_between        (const ModelFrame *frame,
                                     bool              after,
                                     unsigned          serial,
                                     bool              to_after,
                                     unsigned          to_serial);
bool        model_is_disposed_here  (int               instance);
void        model_check_skipped     (ModelFrame       *frame,
                                     bool              to_after,
                                     unsigned          to_serial);
bool        model_is_dropped        (int               scope);
void        model_let_go_of_scope   (int               scope);
void        model_wake              (int               scope);
bool        model_would_close       (int               root,
                                     ModelReason       root_reason,
                                     int               scope,
                                     ModelReason       reason);
ModelFrame *model_push_call         (void);
void        model_push_thing_call   (int               thing);
void        model_end_once          (int               thing);

/* fuzz-model-async.c */
void        model_begin_operation   (int               thing,
                                     int               scope,
                                     bool              is_open);
void        model_finish_operation  (int               thing);
void        model_free_kept         (int               thing);

void        model_free_kept_objects (int               operation,
                                     int               newer_than);
bool        model_tells_progress    (int               operation);

bool        model_has_pending       (ModelSet          scopes);
bool        model_may_have_pending  (ModelSet          scopes);
bool        model_is_being_told     (ModelSet          scopes);

/* fuzz-model-drains.c */
void        model_drain             (ModelOp          *op);
void        model_begin_iteration_of_drains (ModelFrame *frame);
bool        model_drain_closes      (int               scope,
                                     ModelReason       reason);
void        model_end_part_of_drain (int               scope);
void        model_find_limit        (int               teardown);
void        model_settle_drains     (void);
void        model_check_drains      (const ModelFrame *frame);

/* fuzz-model-receivers.c */
void        model_end_receivers     (int               instance);
bool        model_is_receiving      (int               instance);
bool        model_cleanup_is_excused (int              thing);
bool        model_cleanup_may_go    (int               thing);
void        model_begin_undefer     (ModelOp          *op);
void        model_answer_undefer    (ModelOp          *op,
                                     bool              answer);

/* fuzz-model-shields.c */
void        model_set_shielded      (int               thing,
                                     int64_t           timeout);
void        model_mute_shielded     (int               thing);
void        model_finish_shielded   (int               thing);
void        model_shielded_is_over  (int               thing);
void        model_free_shielded     (int               thing);
void        model_give_up_shielded  (ModelFrame       *frame);
void        model_shields_are_sure  (const ModelFrame *frame);
bool        model_is_pending        (int               thing);

/* fuzz-model-async.c */
bool        model_is_draining       (int               scope);
bool        model_end_wait          (int               teardown);
void        model_end_wait_early    (int               teardown);
void        model_resume_drain      (int               teardown);
void        model_close_part        (ModelOp          *op);
void        model_close_async       (ModelOp          *op);
void        model_begin_to_wait     (ModelOp          *op);
void        model_wait_until        (int               teardown,
                                     int64_t           until);
void        model_wake_drains       (ModelFrame       *frame);
void        model_check_waiters     (void);
void        model_go_on_waiting     (int               frame,
                                     bool              cut_short);

/* fuzz-model-gates.c */
bool        model_has_mail          (int               thing);
void        model_shut_gate         (int               thing);
void        model_shut_gates_of     (int               instance);
void        model_let_go_of_emitter (int               thing);
bool        model_is_stale          (const ModelMessage *message);
void        model_drop_message      (int               message);
void        model_drop_messages_of  (int               instance);
void        model_delivered         (int               message);
void        model_check_dropped     (int               teardown);
void        model_check_delivered   (const ModelFrame *frame);

/* fuzz-model-phases.c */
void        model_settle_phases     (void);
void        model_phase_note_closed (int               scope);
void        model_check_phases      (void);
void        model_pass_phases       (ModelFrame       *frame,
                                     bool              to_after,
                                     unsigned          to_serial);
bool        model_phase_is_next     (int               thing);
bool        model_phase_ends        (int               scope,
                                     ModelReason       reason);
bool        model_phase_is_released (int               scope,
                                     ModelReason       reason);
void        model_check_run         (int               thing);
bool        model_phase_closes      (int               scope,
                                     ModelReason       reason);
void        model_begin_phase       (ModelOp          *op);
void        model_end_phase         (int               thing);
void        model_end_phases        (int               instance);

/* fuzz-model-resources.c */
void        model_begin_resource    (ModelOp          *op);
void        model_end_resource      (int               thing);
void        model_end_bindings      (int               instance);
void        model_settle_file       (int               thing);
void        model_check_older_files (int               thing);

/* fuzz-model-timers.c */
void        model_arm               (int               thing,
                                     int64_t           from);
void        model_join_timer        (int               thing,
                                     int               scope,
                                     bool              starts);
void        model_end_timer         (int               thing);
bool        model_may_be_revived    (int               thing);
bool        model_restart_timer     (int               thing);
bool        model_stop_timer        (int               thing);
void        model_set_interval      (int               thing,
                                     int64_t           interval);
void        model_set_deadline      (int               thing,
                                     int               scope,
                                     int64_t           timeout);
void        model_pause_timers      (void);
void        model_timer_returned    (int               thing,
                                     bool              goes_on);
bool        model_deadline_closes   (int               scope,
                                     ModelReason       reason);
void        model_check_timers      (const ModelFrame *frame);
void        model_timers_had_their_turn (ModelFrame    *frame);

/* fuzz-model-operations.c */
int         model_make_child        (const ModelOp    *op);

/* fuzz-model-teardown.c */
ModelSet    model_reach             (int               scope);
int         model_start_close       (int               scope,
                                     ModelReason       reason,
                                     const char       *detail,
                                     int               due);
int         model_start_clear       (int               scope,
                                     int               due);
int         model_start_clear_kind  (int               scope,
                                     ModelKind         kind,
                                     int               due);
int         model_start_move        (int               scope,
                                     int               due);
void        model_advance           (int               teardown,
                                     ModelPhase        phase);
void        model_finish_teardown   (int               teardown);
void        model_set_due_of_muted  (int               scope,
                                     int               due);
void        model_settle_scope      (int               scope);
void        model_release           (int               thing);
void        model_note_closing      (int               scope,
                                     ModelReason       reason);
void        model_note_announced    (int               scope);
void        model_note_closed       (int               scope,
                                     ModelReason       reason);
