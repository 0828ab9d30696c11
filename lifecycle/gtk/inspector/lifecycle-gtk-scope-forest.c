/* lifecycle-gtk-scope-forest.c: an outline, filtered and sorted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-scope-forest-private.h"

#include <string.h>
#include <unistd.h>

typedef struct
{
  LifecycleGtkScopeForest *forest;
  LifecycleGtkSort         sort;
  gboolean                 descending;
} Order;

/* Ignores the case of ASCII letters. `needle` has none in upper case. */
static gboolean
contains (const char *text,
          const char *needle)
{
  gsize n = strlen (needle);

  for (; text != NULL && *text != '\0'; text++)
    {
      gsize i = 0;

      while (i < n && g_ascii_tolower (text[i]) == needle[i])
        i++;
      if (i == n)
        return TRUE;
    }

  return FALSE;
}

static gboolean
matches (LifecycleOutline *outline,
         guint             index,
         const char       *filter)
{
  return contains (lifecycle_outline_get_name (outline, index), filter) ||
         contains (lifecycle_outline_get_place (outline, index), filter) ||
         contains (g_type_name (lifecycle_outline_get_object_type (outline, index)), filter);
}

/* A scope is shown if it matches, or one above or below it does. */
static guint8 *
find_shown (LifecycleOutline *outline,
            const char       *filter)
{
  guint n = lifecycle_outline_get_n_scopes (outline);
  guint8 *shown = g_malloc0 (n + 1);

  for (guint i = 0; i < n; i++)
    {
      guint parent = lifecycle_outline_get_parent (outline, i);

      shown[i] = matches (outline, i, filter) || (parent != G_MAXUINT && shown[parent] != 0);
    }
  for (guint i = n; i-- > 0;)
    {
      guint parent = lifecycle_outline_get_parent (outline, i);

      if (shown[i] != 0 && parent != G_MAXUINT)
        shown[parent] = TRUE;
    }

  return shown;
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer      data)
{
  const Order *order = data;
  LifecycleOutline *outline = order->forest->outline;
  guint i = *(const guint *) a, j = *(const guint *) b;
  int result = 0;

  switch (order->sort)
    {
    case LIFECYCLE_GTK_SORT_NAME:
      result = g_ascii_strcasecmp (lifecycle_outline_get_name (outline, i) ?: "",
                                   lifecycle_outline_get_name (outline, j) ?: "");
      break;

    case LIFECYCLE_GTK_SORT_KIND:
      result = strcmp (lifecycle_gtk_scope_forest_get_kind (order->forest, i),
                       lifecycle_gtk_scope_forest_get_kind (order->forest, j));
      break;

    case LIFECYCLE_GTK_SORT_AGE:
      result = COMPARE (lifecycle_outline_get_age (outline, i),
                        lifecycle_outline_get_age (outline, j));
      break;

    case LIFECYCLE_GTK_SORT_ENTRIES:
      result = COMPARE (lifecycle_outline_get_n_entries (outline, i, FALSE),
                        lifecycle_outline_get_n_entries (outline, j, FALSE));
      break;

    case LIFECYCLE_GTK_SORT_TOTAL:
      result = COMPARE (lifecycle_outline_get_n_entries (outline, i, TRUE),
                        lifecycle_outline_get_n_entries (outline, j, TRUE));
      break;

    case LIFECYCLE_GTK_SORT_PLACE:
      result = g_strcmp0 (lifecycle_outline_get_place (outline, i),
                          lifecycle_outline_get_place (outline, j));
      break;

    case LIFECYCLE_GTK_SORT_BIRTH:
    default:
      break;
    }

  return order->descending ? -result : result;
}

static guint64
read_memory (void)
{
  g_autofree char *text = NULL;
  guint64 n_pages = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) && strchr (text, ' ') != NULL)
    n_pages = g_ascii_strtoull (strchr (text, ' '), NULL, 10);

  return n_pages * (guint64) sysconf (_SC_PAGESIZE);
}

/* May be called on any thread. */
LifecycleGtkScopeForest *
lifecycle_gtk_scope_forest_new (const char       *filter,
                                LifecycleGtkSort  sort,
                                gboolean          descending)
{
  LifecycleGtkScopeForest *self = g_new0 (LifecycleGtkScopeForest, 1);
  g_autofree guint8 *shown = NULL;
  g_autofree char *needle = NULL;
  Order order = { self, sort, descending };
  guint n;

  self->refs = 1;
  self->outline = lifecycle_outline_new ();
  self->memory = read_memory ();
  n = lifecycle_outline_get_n_scopes (self->outline);
  self->children = g_new (guint, n + 1);
  self->starts = g_new (guint, n + 2);
  if (filter != NULL && *filter != '\0')
    {
      needle = g_ascii_strdown (filter, -1);
      shown = find_shown (self->outline, needle);
    }

  /* Scopes without a parent come first, as if they had one with the index -1. */
  for (guint i = 0; i < n + 1; i++)
    {
      guint child = lifecycle_outline_get_first_child (self->outline, i - 1);

      self->starts[i] = self->n_shown;
      for (; child != G_MAXUINT; child = lifecycle_outline_get_next (self->outline, child))
        {
          if (shown == NULL || shown[child] != 0)
            self->children[self->n_shown++] = child;
          if (i == 0)
            self->n_entries += lifecycle_outline_get_n_entries (self->outline, child, TRUE);
        }
      if (sort != LIFECYCLE_GTK_SORT_BIRTH && self->n_shown - self->starts[i] > 1)
        g_qsort_with_data (self->children + self->starts[i], (int) (self->n_shown - self->starts[i]),
                           sizeof (guint), compare, &order);
    }
  self->starts[n + 1] = self->n_shown;

  return self;
}

LifecycleGtkScopeForest *
lifecycle_gtk_scope_forest_ref (LifecycleGtkScopeForest *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

void
lifecycle_gtk_scope_forest_unref (LifecycleGtkScopeForest *self)
{
  if (g_atomic_int_dec_and_test (&self->refs))
    {
      lifecycle_outline_unref (self->outline);
      g_free (self->children);
      g_free (self->starts);
      g_free (self);
    }
}

/* Returns the children that are shown; those without a parent for the index G_MAXUINT. */
const guint *
lifecycle_gtk_scope_forest_get_children (LifecycleGtkScopeForest *self,
                                         guint                    index,
                                         guint                   *n_children)
{
  *n_children = self->starts[index + 2] - self->starts[index + 1];

  return self->children + self->starts[index + 1];
}

const char *
lifecycle_gtk_scope_forest_get_kind (LifecycleGtkScopeForest *self,
                                     guint                    index)
{
  gboolean is_root = lifecycle_outline_get_parent (self->outline, index) == G_MAXUINT;

  if (lifecycle_outline_get_state (self->outline, index) != LIFECYCLE_STATE_OPEN)
    return "closing";
  if (lifecycle_outline_get_object_type (self->outline, index) != G_TYPE_INVALID)
    return is_root ? "object" : "for object";

  return is_root ? "root" : "child";
}

/* Returns the index of a scope, or G_MAXUINT if it is gone. */
guint
lifecycle_gtk_scope_forest_find (LifecycleGtkScopeForest *self,
                                 gsize                    identity)
{
  guint n = lifecycle_outline_get_n_scopes (self->outline);

  for (guint i = 0; i < n; i++)
    {
      if (lifecycle_outline_get_identity (self->outline, i) == identity)
        return i;
    }

  return G_MAXUINT;
}
