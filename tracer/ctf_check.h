/* ctf_check.h: which folders hold traces in the Common Trace Format, and whether they look as if they could be read.
 *
 * What it is for. babeltrace2 2.0 runs for ever on some damaged traces, above all on a metadata file that was cut
 * short, which is what a crash leaves. So before it sees a trace the metadata's packets are added up, its braces are
 * counted, and the beginning of each stream file is looked at; and a trace without any event of telltale is told from
 * one that has some. Plain reads of files; nothing is believed.
 *
 * What it leaves to others. Reading events: babeltrace2, in a process with limits.
 *
 * Threads: any.
 */
#ifndef TT_CTF_CHECK_H
#define TT_CTF_CHECK_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

enum tt_ctf_verdict {
    TT_CTF_GOOD,
    TT_CTF_FOREIGN,   /* it describes no event of telltale */
    TT_CTF_CUT,       /* its metadata is not complete */
    TT_CTF_DAMAGED,   /* it is not what a trace is */
    TT_CTF_UNREADABLE /* it may not be read */
};

/* One folder with a file `metadata`. */
struct tt_ctf_trace {
    char path[PATH_MAX];
    uint8_t uuid[16]; /* zero: it has none; folders with the same one are parts of one trace */
    uint64_t bytes;   /* of all its stream files */
    size_t stream_count;
    size_t cut_count; /* stream files that end within a packet, as a full disk or a crash leaves them; babeltrace2 reads
                         nothing of a trace with such a file, see ctf_clip.h */
    enum tt_ctf_verdict verdict;
    char reason[256]; /* what is wrong, where: one line; empty for a good or foreign one */
};

struct tt_ctf_list {
    struct tt_ctf_trace *traces; /* in the order of their paths */
    size_t count, capacity;
};

#define TT_CTF_DEPTH_MAX    16u         /* of folders below the one that is given; lttng makes four */
#define TT_CTF_TRACES_MAX   10000u      /* of one import; a snapshot every second for hours */
#define TT_CTF_METADATA_MAX (64u << 20) /* bytes; LTTng's for all of telltale's events has 40 KiB */

/* Adds all traces at PATH or below it to LIST, which begins as zero, and looks at each. Links to folders are not
 * followed. 0, also when there is none; or a negative errno value: PATH cannot be read, or there are too many. */
int tt_ctf_find(const char *path, struct tt_ctf_list *list);
void tt_ctf_list_finish(struct tt_ctf_list *list);

/* Looks at the trace in the folder PATH. */
void tt_ctf_look(const char *path, struct tt_ctf_trace *out_trace);

#endif
