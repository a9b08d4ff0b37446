/* ctf_clip.h: the part of a trace that is complete, where its stream files were cut short.
 *
 * What it is for. A full disk or a crash leaves a stream file that ends within a packet, and babeltrace2 then reads
 * nothing of the whole trace. A folder with the complete packets, and links to what is complete anyway, can be read.
 *
 * What it leaves to others. Finding such traces: ctf_check.h. Saying that something is missing.
 *
 * Threads: any.
 */
#ifndef TT_CTF_CLIP_H
#define TT_CTF_CLIP_H

#include <stdint.h>

/* How many of the SIZE bytes of FD, a stream file of LTTng-UST, are complete packets from its beginning on. SIZE also
 * where the packets make no sense: that is for others to find out. */
uint64_t tt__ctf_complete_bytes(int fd, uint64_t size);

/* A stream file NAME that was cut short: of its SIZE bytes KEPT are complete packets. */
typedef void tt_ctf_cut_fn(void *context, const char *name, uint64_t kept, uint64_t size);

/* Makes the folder TO, which must not exist, with the complete part of the trace in the folder FROM, an absolute path; tells
 * ON_CUT of each stream file that was cut short, in no order. 0, or a negative errno value. */
int tt_ctf_clip(const char *from, const char *to, tt_ctf_cut_fn *on_cut, void *context);

#endif
