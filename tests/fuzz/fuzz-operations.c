/* fuzz-operations.c: each operation, on the library and on the model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-operations-private.h"

/* Picking by number among what there is */

int
pick_scope (guint8 byte)
{
  int n = 0;

  for (int i = 0; i < model.n_scopes; i++)
    n += world.scopes[i].visible;
  if (n == 0)
    return MODEL_NONE;

  n = byte % n;
  for (int i = 0;; i++)
    if (world.scopes[i].visible && n-- == 0)
      return i;
}

int
pick_instance (guint8 byte)
{
  int n = 0;

  for (int i = 0; i < model.n_instances; i++)
    n += world.instances[i].visible;
  if (n == 0)
    return MODEL_NONE;

  n = byte % n;
  for (int i = 0;; i++)
    if (world.instances[i].visible && n-- == 0)
      return i;
}

gboolean
is_within_reach (int       number,
                 ModelKind kind)
{
  const ModelThing *thing = &model.things[number];

  if (thing->kind != kind)
    return FALSE;
  if (kind == MODEL_HANDLER)
    return world.tokens[number].id != 0 && world.instances[thing->instance].visible;

  /* It is there until it has ended. */
  if (kind == MODEL_OPERATION)
    return world.tokens[number].address != NULL && !thing->ended;

  if (kind == MODEL_CLEANUP)
    return true;

  return world.tokens[number].held || (thing->live && world.tokens[number].address != NULL);
}

int
pick_thing (guint8    byte,
            ModelKind kind)
{
  int n = 0;

  for (int i = 0; i < model.n_things; i++)
    n += is_within_reach (i, kind);
  if (n == 0)
    return MODEL_NONE;

  n = byte % n;
  for (int i = 0;; i++)
    if (is_within_reach (i, kind) && n-- == 0)
      return i;
}

gboolean
have_place_for_scope (void)
{
  int n = 0;

  for (int i = 0; i < model.n_scopes; i++)
    n += world.scopes[i].visible;

  return n < WORLD_MAX_SCOPES;
}

/* Around each operation */

static const ModelOp no_op = {
  .scope = MODEL_NONE,
  .other = MODEL_NONE,
  .instance = MODEL_NONE,
  .receiver = MODEL_NONE,
  .thing = MODEL_NONE,
  .cancellable = MODEL_NONE,
  .name = MODEL_NONE,
};

ModelOp
make_op (ModelOpCode code,
         int         scope,
         int         instance)
{
  ModelOp op = no_op;

  op.code = code;
  op.scope = scope;
  op.instance = instance;

  return op;
}

/* Who calls has references on what it calls with: whatever happens in between, they are there when
 * the function returns.
 */
void
begin (ModelOp *op)
{
  world_n_operations++;
  if (op->scope >= 0)
    g_object_ref (world.scopes[op->scope].scope);
  if (op->other >= 0)
    g_object_ref (world.scopes[op->other].scope);
  if (op->instance >= 0)
    g_object_ref (world.instances[op->instance].object);
  if (op->receiver >= 0)
    g_object_ref (world.instances[op->receiver].object);

  model_begin (op);
}

void
end (ModelOp *op)
{
  LifecycleScope *scope = op->scope >= 0 ? world.scopes[op->scope].scope : NULL;
  LifecycleScope *other = op->other >= 0 ? world.scopes[op->other].scope : NULL;
  GObject *instance = op->instance >= 0 ? world.instances[op->instance].object : NULL;
  GObject *receiver = op->receiver >= 0 ? world.instances[op->receiver].object : NULL;

  model_let_go ();
  if (other != NULL)
    g_object_unref (other);
  model_let_go_of_instance ();
  if (instance != NULL)
    g_object_unref (instance);
  model_let_go_of_receiver ();
  if (receiver != NULL)
    g_object_unref (receiver);
  model_let_go_of_rest ();
  if (scope != NULL)
    g_object_unref (scope);
  model_end ();

  world_compare ();
}

LifecycleScope *
scope_at (int number)
{
  return world.scopes[number].scope;
}

GObject *
instance_at (int number)
{
  return world.instances[number].object;
}

/* How often each is chosen when the first byte is random, in each of the tables. */
static const struct
{
  void (* perform) (const guint8 *record);
  int     weights[WORLD_N_TABLES];
} operations[] = {
  { op_new,                 {  8,  6,  5,  5,  6,  4 } },
  { op_new_child,           { 10,  7,  6,  6, 12,  8 } },
  { op_get_child,           {  6,  4,  3,  3,  8,  5 } },
  { op_get_child_for,       {  6,  3,  3,  2,  4,  3 } },
  { op_scope_of,            {  5,  3,  2,  3,  3,  3 } },
  { op_renew_child,         {  5,  3,  2,  2,  5,  3 } },
  { op_close,               {  8,  8,  7,  8,  9,  8 } },
  { op_clear,               {  5,  4,  5,  6,  5,  4 } },
  { op_move,                {  4,  4,  4,  5,  4,  3 } },
  { op_drop,                {  5,  4,  3,  3,  4,  4 } },
  { op_follow,              {  7,  4,  3,  4,  4,  3 } },
  { op_follow_object,       {  4,  2,  2,  2,  2,  1 } },
  { op_follow_signal,       {  5,  2,  2,  3,  2,  1 } },
  { op_follow_cancellable,  {  4,  3,  2,  2,  2,  1 } },
  { op_get_cancellable,     {  4,  3,  2,  2,  2,  2 } },
  { op_new_cancellable,     {  2,  1,  1,  1,  1,  1 } },
  { op_cancel,              {  3,  2,  2,  2,  2,  2 } },
  { op_connect,             { 20,  9,  4,  5,  7,  3 } },
  { op_foreign_connect,     {  6,  2,  1,  1,  2,  1 } },
  { op_add_handler,         {  8,  2,  1,  1,  2,  1 } },
  { op_steal_handler,       {  4,  1,  3,  1,  1,  1 } },
  { op_disconnect,          {  4,  3,  5,  2,  2,  2 } },
  { op_emit,                { 10, 10, 20, 26, 10,  8 } },
  { op_block,               {  4,  5,  5,  2,  2,  1 } },
  { op_unblock,             {  4,  5,  5,  2,  2,  1 } },
  { op_add_idle,            {  9,  5,  3,  3,  4,  2 } },
  { op_foreign_source,      {  6,  2,  1,  1,  2,  1 } },
  { op_add_source,          {  8,  2,  1,  1,  2,  1 } },
  { op_steal_source,        {  4,  1,  1,  1,  1,  1 } },
  { op_destroy_source,      {  4,  1,  1,  1,  1,  1 } },
  { op_iterate,             {  7,  7, 14,  6,  8, 11 } },
  { op_add_object,          {  7,  4,  3,  3,  4,  3 } },
  { op_steal_object,        {  4,  1,  1,  1,  1,  1 } },
  { op_adopt,               {  9,  4,  3,  3,  6,  3 } },
  { op_defer,               { 10,  6,  6,  5,  6,  3 } },
  { op_new_instance,        {  8,  6,  7,  8,  6,  6 } },
  { op_unref_instance,      {  5,  3,  4,  5,  3,  3 } },
  { op_run_dispose,         {  3,  2,  4,  4,  2,  2 } },
  { op_keep,                {  3,  2,  2,  3,  2,  1 } },
  { op_release,             {  2,  1,  1,  1,  1,  1 } },
  { op_add_timer,           {  0, 20,  3,  3,  5,  3 } },
  { op_cancel_timer,        {  0,  4,  1,  1,  1,  1 } },
  { op_restart_timer,       {  0,  6,  1,  1,  1,  1 } },
  { op_set_interval,        {  0,  5,  1,  0,  1,  1 } },
  { op_set_deadline,        {  0,  5,  2,  1,  1,  2 } },
  { op_advance,             {  0, 18,  5,  4,  6,  7 } },
  { op_begin,               {  0, 10,  4,  3,  7, 11 } },
  { op_ready,               {  0,  8,  3,  3,  5,  7 } },
  { op_close_async,         {  0, 10,  7,  4,  9,  8 } },
  { op_connect_queued,      {  0,  0, 16,  4,  6,  3 } },
  { op_connect_guarded,     {  0,  0, 10,  4,  5,  3 } },
  { op_add_phase,           {  0,  0,  0, 18,  5,  3 } },
  { op_bind,                {  0,  0,  0,  9,  4,  2 } },
  { op_unbind,              {  0,  0,  0,  4,  2,  1 } },
  { op_add_monitor,         {  0,  0,  0,  8,  4,  2 } },
  { op_cancel_monitor,      {  0,  0,  0,  3,  2,  1 } },
  { op_add_file,            {  0,  0,  0,  8,  4,  2 } },
  { op_remove_file,         {  0,  0,  0,  2,  2,  1 } },
  { op_clear_kind,          {  0,  0,  0, 12,  5,  3 } },
  { op_add_debounce,        {  0,  0,  0,  5,  3,  2 } },
  { op_stop_timer,          {  0,  0,  0,  2,  1,  1 } },
  { op_set_limit,           {  0,  0,  0,  0, 10,  4 } },
  { op_keep_data,           {  0,  0,  0,  0,  6,  4 } },
  { op_set_shielded,        {  0,  0,  0,  0,  0, 11 } },
  { op_connect_object,      {  0,  0,  0,  0,  0,  7 } },
  { op_defer_for,           {  0,  0,  0,  0,  0,  7 } },
  { op_undefer,             {  0,  0,  0,  0,  0,  5 } },
  { op_renew_child_for,     {  0,  0,  0,  0,  0,  5 } },
  { op_keep_object,         {  0,  0,  0,  0,  0,  4 } },
  { op_set_progress,        {  0,  0,  0,  0,  0,  3 } },
  { op_progress,            {  0,  0,  0,  0,  0,  4 } },
  { op_drain,               {  0,  0,  0,  0,  0, 12 } },
};

/* Which operation each byte stands for. Bytes above the sum of the weights do nothing: that helps in
 * making an input smaller.
 */
static void (* decoded[WORLD_N_TABLES][256]) (const guint8 *record);

void
world_init_operations (void)
{
  for (int table = 0; table < WORLD_N_TABLES; table++)
    {
      int which = 0;

      for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
        for (int n = operations[i].weights[table]; n > 0; n--)
          {
            g_assert (which < 256);
            decoded[table][which++] = operations[i].perform;
          }
    }
}

void
world_perform (const guint8 *record,
               int           table)
{
  if (decoded[table][record[0]] != NULL && model_has_room ())
    decoded[table][record[0]] (record);
}

/* Gives everything back. What the callbacks add meanwhile is not taken: the caller repeats this. */
void
world_give_back (guint8 how)
{
  guint8 record[WORLD_RECORD] = { 0 };

  for (int i = 0; i < model.n_scopes; i++)
    if (world.scopes[i].visible)
      {
        int before = 0;

        for (int j = 0; j < i; j++)
          before += world.scopes[j].visible;
        record[1] = (guint8) before;
        if (((how + i) & 3) != 0)
          op_close (record);
        if (world.scopes[i].visible)
          {
            before = 0;
            for (int j = 0; j < i; j++)
              before += world.scopes[j].visible;
            record[1] = (guint8) before;
            op_drop (record);
          }
      }

  record[1] = 0;
  while (pick_instance (0) >= 0)
    op_unref_instance (record);

  /* The scope of an object may own that object: a circle that only a dispose takes apart. */
  for (int i = 0; i < model.n_instances; i++)
    if (world.instances[i].object != NULL && !model.instances[i].disposing &&
        (world.quiet || model_can_dispose (i)))
      {
        ModelOp op = make_op (MODEL_OP_RUN_DISPOSE, MODEL_NONE, i);

        world_trace ("g_object_run_dispose (instance %d)", i);
        begin (&op);
        g_object_run_dispose (instance_at (i));
        end (&op);
      }

  for (int i = 0; i < model.n_things; i++)
    if (is_within_reach (i, MODEL_OPERATION))
      end_operation (i);

  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_SOURCE && model_is_destroyed (i) == 0 &&
        world.tokens[i].address != NULL)
      {
        ModelOp op = make_op (MODEL_OP_DESTROY_SOURCE, MODEL_NONE, MODEL_NONE);

        op.thing = i;
        world_trace ("g_source_destroy (%d)", i);
        begin (&op);
        g_source_destroy (world.tokens[i].address);
        end (&op);
      }

  for (int i = 0; i < 20 && is_waiting (); i++)
    op_iterate (record);

  /* In the end, because scripts and close_async() may have made and ended some meanwhile. */
  op_release (record);
}
