/* A store, changed behind its schema as the input tells (sound.h), and read by a connection that was opened when it was sound: one table over the event
 * stream, and two views, which the first byte chooses (look.h). If that is OPENED or more, who opens it now has to be answered as who asks again. */
#include "changed_store.h"
#include "entry.h"
#include "look.h"

#define SECONDS 10
#define VIEWS   2u
#define OPENED  240u

static struct look *look;

static void finish(void)
{
    look_destroy(look);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    changed_store_begin();
    look = look_create(changed_store_path);
    PROMISE(atexit(finish) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    changed_store_change(changed_store_rows, changed_store_row_windows, bytes + 1, size - 1);
    PROMISE(look_again(look, bytes[0] % LOOK_STREAM, 1, SECONDS) != LOOK_TOO_LONG);
    PROMISE(look_again(look, bytes[0], VIEWS, SECONDS) != LOOK_TOO_LONG);
    if (bytes[0] >= OPENED) {
        struct tt_store_error error;
        enum look_result opened = look_at_store(changed_store_path, bytes[0], 1, SECONDS, &error);
        PROMISE(opened == look_again(look, bytes[0], 1, SECONDS));
    }
    sound_restore();
    return 0;
}
