/* sound.h: what hostile bytes are changed from: an arena and a store as telltale makes them; and changes as an entry's input tells them.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_SOUND_H
#define TT_TESTS_SOUND_H

#include <stddef.h>
#include <stdint.h>

/* Makes an arena with each event once, tasks on its board, and no goodbye, in the folder DIR; it is the only one there. */
void sound_arena(const char *dir);

/* Makes a store of that arena at PATH; the arena is gone afterwards. */
void sound_store(const char *dir, const char *path);

/* A part of the bytes that can be changed. */
struct window {
    unsigned char *at;
    size_t length;
};

/* Changes what stands in WINDOWS (COUNT of them) as INPUT tells: one byte chooses the window, three say where in it, the lowest first, one how many
 * bytes follow (at most CHANGE_BYTES), those are put there; and so on. Changes that are too many are left out. */
#define CHANGE_BYTES 64u
void sound_change(const struct window *windows, size_t count, const uint8_t *input, size_t size);

/* Puts all back as it was. */
void sound_restore(void);

#endif
