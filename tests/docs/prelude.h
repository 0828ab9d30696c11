/* prelude.h: what the code in the documentation uses and does not define
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each declaration is on a line of its own: check-code.py leaves out what a block defines itself.
 */

#include <lifecycle.h>
#include <stdlib.h>

#ifdef PAGE_IS_ABOUT_GTK
#include <lifecycle-gtk.h>
#endif

typedef struct { GObject parent_instance; LifecycleScope *scope; GSettings *settings; gulong settings_id; gulong changed_id; guint idle_id; guint refresh_id; guint save_id; guint subscription; GCancellable *cancellable; GDBusConnection *bus; LifecycleTimer *save; GInputStream *stream; GObject *decoder; GObject *ring; GHashTable *wirings; GMainLoop *loop; LifecycleScope *listening; GFile *file; GThreadPool *pool; } Window;
typedef Window View;
typedef Window Tab;
typedef Window Service;
typedef Window Server;
typedef GObject Player;

extern gpointer window_parent_class;
extern Window *self;
extern Window *game;
extern LifecycleScope *scope;
extern LifecycleScope *service;
extern LifecycleScope *match;
extern LifecycleScope *root;
extern LifecycleOperation *op;
extern LifecycleMonitor *monitor;
extern LifecycleStatistics *stats_of_player;
extern GDBusConnection *bus;
extern GSettings *settings;
extern GCancellable *cancellable;
extern GObject *cache;
extern GObject *player;
extern GObject *view;
extern GObject *host;
extern GObject *buffer;
extern GFile *source;
extern GFile *destination;
extern char *score;
extern guint n;

Window *WINDOW (gpointer object);
void window_show_text (Window *window, const char *text);
void window_show_error (Window *window, GError *error);
void window_save (Window *window);
gboolean window_refresh (Window *window);
gboolean crunch_one_more (void);

void changed_cb (void);
void cancelled_cb (GCancellable *object, gpointer data);
void theme_changed_cb (void);
void moved_cb (void);
void frame_ready_cb (void);
void need_data_cb (void);
gboolean tick_cb (gpointer data);
gboolean heartbeat_cb (gpointer data);
gboolean warm_up_cb (gpointer data);
gboolean refresh_cb (gpointer data);
gpointer save_new (GBytes *contents);
void save_free (gpointer save);
void save_score_cb (LifecycleScope *object, LifecycleReason reason, gpointer data, GError **error);
void read_cb (GObject *object, GAsyncResult *result, gpointer data);
void progress_cb (goffset current, goffset total, gpointer data);
void drained_cb (GObject *object, GAsyncResult *result, gpointer data);
void job_done_cb (GObject *object, GAsyncResult *result, gpointer data);
void started_cb (GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *signal, GVariant *parameters, gpointer data);

#ifdef PAGE_IS_ABOUT_GTK
typedef struct { GtkWidget parent_instance; GSettings *settings; gulong settings_id; guint timeout_id; GCancellable *cancellable; GtkWidget *popover; } MyView;
#define MY_TYPE_VIEW G_TYPE_INVALID

extern gpointer my_view_parent_class;
extern GtkApplication *application;
extern GtkListItemFactory *factory;
extern GtkWidget *parent;
extern GtkWidget *popover;
extern GtkWidget *widget;
extern GtkWidgetClass *widget_class;
extern GtkWindow *window;
extern const GActionEntry entries[3];
extern const char *uri;

MyView *MY_VIEW (gpointer object);
gboolean poll_cb (gpointer data);
gboolean save_cb (gpointer data);
void bind_row (LifecycleScope *row, GtkListItem *item, gpointer data);
void opened_cb (GObject *object, GAsyncResult *result, gpointer data);
void setup_row (LifecycleScope *row, GtkListItem *item, gpointer data);
void start_polling (void);
void stop_polling (void);
void update_cb (void);
#endif
