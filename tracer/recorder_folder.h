/* recorder_folder.h: the arenas in a ring dir.
 *
 * What it leaves to others. What is in an arena (arena_reader.h), what else is in the folder (ring_dir.h).
 *
 * Threads: any.
 */
#ifndef TT_RECORDER_FOLDER_H
#define TT_RECORDER_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Calls ON_ARENA for each arena in DIR_FD until it returns not 0, which is returned then. -1: the folder cannot be
 * read. */
int tt__folder_for_each(int dir_fd, int (*on_arena)(void *context, const char *name), void *context);

struct tt__arena_list {
    struct tt__listed_arena {
        char name[NAME_MAX + 1];
        int64_t began_ns; /* when its process began to be traced, on CLOCK_MONOTONIC */
    } * arenas;
    size_t count, capacity;
};

/* Lists the arenas that IS_WANTED says are, in the order in which their processes began. Those for which there is no
 * memory are left out. */
void tt__folder_list(int dir_fd, bool (*is_wanted)(void *context, const char *name), void *context,
                     struct tt__arena_list *out_list);
void tt__folder_list_finish(struct tt__arena_list *list);

/* Whether the arena NAME, which could not be opened yet, is so young that it is worth waiting for. An old one whose
 * process is gone is deleted. */
bool tt__folder_may_become_ready(int dir_fd, const char *name);

bool tt__folder_has_arena(int dir_fd);

/* Deletes the folder PATH, which DIR_FD is open on and whose lock the caller holds, unless an arena is in it. It loses
 * its name before it is looked through: who is about to make an arena in it either was in time, or finds no folder and
 * makes a new one. Where there is no memory to look, it has its name back, and is left to the next recorder. False: somebody was in time; the arena
 * is in PATH again, and somebody has to read it. */
bool tt__folder_delete(int dir_fd, const char *path);

#endif
