/* A trace's folder, before babeltrace2 sees it: its metadata and one stream file are looked at, and what is complete of it is kept. The first
 * two bytes, the lowest first: how long the metadata is; it follows, then the stream file. */
#include "entry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf_check.h"
#include "ctf_clip.h"

static char trace[128], kept[128];

static void write_file(const char *name, const uint8_t *bytes, size_t size)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", trace, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    PROMISE(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    snprintf(trace, sizeof trace, "%s/trace", entry_folder());
    snprintf(kept, sizeof kept, "%s/kept", entry_folder());
    PROMISE(mkdir(trace, 0700) == 0);
    return 0;
}

static void look_at_cut(void *context, const char *name, uint64_t whole, uint64_t size)
{
    ++*(size_t *)context;
    PROMISE(strcmp(name, "stream_0") == 0 && whole < size);
}

static void clip(void)
{
    char path[192];
    size_t cut_count = 0;
    if (tt_ctf_clip(trace, kept, look_at_cut, &cut_count) < 0)
        return;
    PROMISE(cut_count <= 1);
    /* What was kept is complete. */
    struct tt_ctf_trace looked;
    tt_ctf_look(kept, &looked);
    PROMISE(looked.cut_count == 0 || looked.verdict != TT_CTF_GOOD);
    static const char *const names[] = {"metadata", "stream_0"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", kept, names[i]);
        unlink(path);
    }
    PROMISE(rmdir(kept) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tt_ctf_list list = {0};
    size_t metadata = size < 2 ? 0 : bytes[0] | (size_t)bytes[1] << 8;
    if (size < 2 || metadata > size - 2)
        return 0;
    write_file("metadata", bytes + 2, metadata);
    write_file("stream_0", bytes + 2 + metadata, size - 2 - metadata);
    PROMISE(tt_ctf_find(trace, &list) == 0 && list.count == 1);
    PROMISE(list.traces[0].verdict == TT_CTF_GOOD || list.traces[0].verdict == TT_CTF_FOREIGN ||
            list.traces[0].reason[0] != '\0');
    PROMISE(memchr(list.traces[0].reason, '\0', sizeof list.traces[0].reason));
    tt_ctf_list_finish(&list);
    clip();
    return 0;
}
