/* lifecycle-tool-output-private.h: tables, colours, and JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  LIFECYCLE_STYLE_PLAIN,
  LIFECYCLE_STYLE_STRONG,
  LIFECYCLE_STYLE_DIM,
  LIFECYCLE_STYLE_GOOD,
  LIFECYCLE_STYLE_BAD,
  LIFECYCLE_STYLE_WARN
} LifecycleStyle;

/* A table, whose columns are as wide as they have to be. */
typedef struct _LifecycleTable LifecycleTable;

/* The titles of numbers begin with '>': they are aligned to the right. A row has as many cells. */
#define lifecycle_table_new(...) \
  lifecycle_table_new_array ((const char *const[]) { __VA_ARGS__, NULL })
#define lifecycle_table_add(self, style, ...) \
  lifecycle_table_add_array ((self), (style), (const char *const[]) { __VA_ARGS__, NULL })

LifecycleTable *lifecycle_table_new_array  (const char *const *titles);
void            lifecycle_table_add_array  (LifecycleTable    *self,
                                            LifecycleStyle     style,
                                            const char *const *cells);
guint           lifecycle_table_get_n_rows (LifecycleTable    *self);
void            lifecycle_table_print      (LifecycleTable    *self);
void            lifecycle_table_free       (LifecycleTable    *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleTable, lifecycle_table_free)

/* What to print in front of and after a text. */
const char *lifecycle_style_begin (LifecycleStyle style);
const char *lifecycle_style_end   (LifecycleStyle style);

void        lifecycle_print_json      (GVariant *value);
void        lifecycle_print_json_line (GVariant *value);

/* Each returns a new string that has no character that would do something to a terminal. */
char *lifecycle_clean_text   (const char *text);
char *lifecycle_format_place (const char *place);
char *lifecycle_format_age   (gint64      ms);
char *lifecycle_format_count (guint64     n);

/* Looks up a value in a dictionary. What is not there is "", 0 or FALSE. */
const char *lifecycle_dict_get_string  (GVariant   *dict,
                                        const char *key);
guint64     lifecycle_dict_get_number  (GVariant   *dict,
                                        const char *key);
gboolean    lifecycle_dict_get_boolean (GVariant   *dict,
                                        const char *key);

/* The kinds and numbers of an a{su}, such as "handler 2, timer 1". */
char *lifecycle_format_kinds (GVariant   *kinds,
                              const char *without);

/* What there is to say about an entry or a site, besides its kind, place and scope. */
char *lifecycle_format_entry (GVariant *dict);

G_END_DECLS
