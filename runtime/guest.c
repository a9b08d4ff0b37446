/* guest.c: tasks on a loop of libuv's that the program runs itself: see telltale/guest.h.
 *
 * A turn runs in the uv_check, as on a loop of the library's own. What its run does before each poll is done here by a
 * uv_prepare, and at the end of each turn, because libuv's loop ends when nothing keeps it alive: that are the idle while
 * something is ready, the alarm while a timer is pending, and whatever tasks wait for. The check, the prepare and the handle for
 * other threads do not count.
 *
 * Between two turns callbacks of the program run. What they make ready starts the idle (poke), so that the next poll does not
 * block.
 *
 * The loop's thread. */
#include <assert.h>

#include <telltale/guest.h>

#include "loop_internal.h"
#include "precond.h"

static void keep_polling(uv_idle_t *idle)
{
    (void)idle;
}

void tt__loop_poke_guest(tt_loop *loop)
{
    loop->clock = 0; /* what was read for another callback of the program is old */
    uv_idle_start(&loop->idle, keep_polling);
}

/* An exception that ends the program stops its loop, and keeps what is ready from running. */
static void stop_host(tt_loop *loop)
{
    uv_idle_stop(&loop->idle);
    uv_timer_stop(&loop->alarm);
    uv_stop(loop->uv);
}

static void arrange(tt_loop *loop)
{
    if (loop->fatal)
        stop_host(loop);
    else
        tt__loop_prepare_poll(loop);
}

void tt__guest_end_turn(tt_loop *loop)
{
    loop->actor = (struct tt_who){TT_ACTOR_CALLBACK, 0};
    loop->is_outside = true;
    arrange(loop);
}

void tt__guest_begin_poll(tt_loop *loop)
{
    arrange(loop);
}

tt_loop *tt_loop_attach_at(tt_site *site, struct uv_loop_s *host)
{
    tt_loop *loop;

    TT_PRECOND("loop_attach.host", site, host != NULL);
    if (tt_exc_pending())
        return NULL;
    if (tt__running_loop) {
        tt_raise_at(site, &tt_RuntimeError, "Cannot run the event loop while another loop is running");
        return NULL;
    }
    loop = tt__loop_create(site, host);
    if (!loop)
        return NULL;
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->check);
    uv_unref((uv_handle_t *)&loop->wake);
    loop->is_guest = loop->is_outside = true;
    tt__loop_begin_run(loop, site);
    uv_update_time(host); /* tracing may have taken its time to begin: timers of the program count from now */
    return loop;
}

static void handle_closed(uv_handle_t *handle)
{
    tt_loop *loop = handle->data;

    assert(loop->open_handles > 0 && "each handle closes once");
    if (--loop->open_handles == 0)
        tt__loop_unref(loop);
}

int tt_loop_detach_at(tt_site *site, tt_loop *loop)
{
    uv_handle_t *handles[5];
    uint32_t pending_count;
    int rc;

    if (!loop)
        return 0;
    TT_PRECOND("loop_detach.guest", site, loop->is_guest && !loop->is_closed);
    TT_PRECOND("loop_detach.between_turns", site, loop->is_outside && !loop->is_closing && tt__running_loop == loop);
    rc = tt__loop_end_run(loop);
    loop->is_outside = false;
    tt__loop_ref(loop); /* the handles' */
    tt__loop_shut(loop, site, &pending_count);
    handles[0] = (uv_handle_t *)&loop->prepare;
    handles[1] = (uv_handle_t *)&loop->check;
    handles[2] = (uv_handle_t *)&loop->idle;
    handles[3] = (uv_handle_t *)&loop->alarm;
    handles[4] = (uv_handle_t *)&loop->wake;
    for (int i = 0; i < 5; i++) {
        loop->open_handles++;
        uv_close(handles[i], handle_closed);
    }
    tt__loop_tell_closed(loop, site, pending_count);
    return rc;
}
