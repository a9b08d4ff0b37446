/* call_stack.c: tt_trace_stack(): the calls that are open. The format: call_stack.h.
 *
 * A stack is unwound by the tables that compilers make for C++ and for debuggers (.eh_frame), for which no frame pointers
 * are needed; a coroutine's begins with a function that has no caller, so that the unwinding ends there. Each different one
 * is written down once, and found again by its addresses: what is allocated is bounded, and never freed, for events refer to it.
 *
 * Threads: any. The table only grows, by compare-and-swap at the head of a chain; two threads that meet there write the
 * same stack down twice, which does no harm. Not in signal handlers: it allocates, and the loader has a lock.
 */
#include "call_stack.h"

#include "place_hash.h"
#include "telltale/trace.h"

#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

/* Different stacks of one process that are kept. Programs raise and create in some hundreds of ways; what has more, by
 * recursion, must not fill the dictionary, of which this takes a quarter as a rule. */
#define STACKS_MAX   4096u
#define BUCKET_COUNT 1024u

struct calls {
    uintptr_t at[TT_CALLS_MAX];
    unsigned count;
    bool is_cut;
    bool is_own; /* the next frame is that of tt_trace_stack itself */
};

struct stack {
    struct stack *next;
    uint64_t hash; /* of what follows, and of how often something was unloaded */
    unsigned count;
    bool is_cut;
    tt_site site;
    uintptr_t at[]; /* and behind it the texts of the site */
};

static struct stack *_Atomic buckets[BUCKET_COUNT];
static _Atomic unsigned stack_count;

/* ------------------------------------------------------------------------------------------------------- unwinding */

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *argument)
{
    struct calls *calls = argument;
    int is_at_instruction = 0; /* a signal came there; else it is where a call would go on */
    uintptr_t at = (uintptr_t)_Unwind_GetIPInfo(context, &is_at_instruction);
    if (at == 0)
        return _URC_END_OF_STACK;
    if (calls->is_own) {
        calls->is_own = false;
        return _URC_NO_REASON;
    }
    if (calls->count == TT_CALLS_MAX) {
        calls->is_cut = true;
        return _URC_END_OF_STACK;
    }
    calls->at[calls->count++] = at - (is_at_instruction == 0);
    return _URC_NO_REASON;
}

/* How often something was unloaded: what is loaded then may get the same addresses. */
static int on_first_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    if (size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs)
        *(uint64_t *)argument = info->dlpi_subs;
    return 1;
}

static uint64_t hash_calls(const struct calls *calls)
{
    uint64_t unload_count = 0, hash = UINT64_C(0xcbf29ce484222325);
    dl_iterate_phdr(on_first_object, &unload_count);
    for (unsigned i = 0; i < calls->count; i++)
        hash = (hash ^ calls->at[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (hash ^ unload_count << 1 ^ (uint64_t)calls->is_cut) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct stack *find(const struct calls *calls, uint64_t hash)
{
    struct stack *stack = atomic_load_explicit(&buckets[hash >> 32 & (BUCKET_COUNT - 1)], memory_order_acquire);
    while (stack && (stack->hash != hash || stack->count != calls->count || stack->is_cut != calls->is_cut ||
                     memcmp(stack->at, calls->at, calls->count * sizeof *calls->at) != 0))
        stack = stack->next;
    return stack;
}

/* ---------------------------------------------------------------------------------------------------- writing down */

/* The texts in the making. */
struct writing {
    const struct calls *calls;
    unsigned module[TT_CALLS_MAX]; /* line of each call in the list of modules; valid where is_found */
    uintptr_t address[TT_CALLS_MAX];
    bool is_found[TT_CALLS_MAX];
    unsigned module_count;
    size_t modules_length, calls_length;
    char modules[TT_PLACE_TEXT_BYTES_MAX + 1], text[TT_PLACE_TEXT_BYTES_MAX + 1];
};

/* Writes the build id that stands in SEGMENT of notes as hexadecimal digits. Returns whether there was one. */
static bool write_build_id(const unsigned char *segment, size_t bytes, char out[2 * TT_BUILD_ID_BYTES_MAX + 1])
{
    while (bytes >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, segment, sizeof note);
        size_t name_bytes = ((size_t)note.n_namesz + 3) & ~(size_t)3,
               data_bytes = ((size_t)note.n_descsz + 3) & ~(size_t)3;
        if (name_bytes > bytes - sizeof note || data_bytes > bytes - sizeof note - name_bytes)
            return false;
        const unsigned char *name = segment + sizeof note, *data = name + name_bytes;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0 && note.n_descsz > 0 &&
            note.n_descsz <= TT_BUILD_ID_BYTES_MAX) {
            for (size_t i = 0; i < note.n_descsz; i++)
                snprintf(out + 2 * i, 3, "%02x", data[i]);
            return true;
        }
        segment = data + data_bytes;
        bytes -= sizeof note + name_bytes + data_bytes;
    }
    return false;
}

static bool contains(const struct dl_phdr_info *info, uintptr_t at)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && at - (info->dlpi_addr + segment->p_vaddr) < segment->p_memsz)
            return true;
    }
    return false;
}

/* The path of the program, which the loader does not say, or that of a library; line ends in it would end its line. */
static void write_path(const struct dl_phdr_info *info, bool is_program, char *out, size_t size)
{
    ssize_t length = is_program ? readlink("/proc/self/exe", out, size - 1) : -1;
    if (length >= 0)
        out[length] = '\0';
    else
        snprintf(out, size, "%s", info->dlpi_name ? info->dlpi_name : "");
    for (char *at = out; *at != '\0'; at++)
        if (*at == '\n')
            *at = '?';
}

/* Adds a line for the object INFO. False: there is no room for it. */
static bool add_module(struct writing *writing, const struct dl_phdr_info *info, bool is_program)
{
    char build_id[2 * TT_BUILD_ID_BYTES_MAX + 1] = "-", path[TT_PLACE_TEXT_BYTES_MAX + 1];
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_NOTE &&
            write_build_id((const unsigned char *)(info->dlpi_addr + segment->p_vaddr), segment->p_memsz, build_id))
            break;
    }
    write_path(info, is_program, path, sizeof path);
    size_t room = sizeof writing->modules - writing->modules_length;
    int length = snprintf(writing->modules + writing->modules_length, room, "%s %s\n", build_id, path);
    if (length < 0 || (size_t)length >= room)
        return false;
    writing->modules_length += (size_t)length;
    writing->module_count++;
    return true;
}

struct search {
    struct writing *writing;
    bool is_program; /* the first object is */
};

static int on_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    struct writing *writing = search->writing;
    bool is_listed = false, is_program = search->is_program;
    (void)size;
    search->is_program = false;
    for (unsigned i = 0; i < writing->calls->count; i++) {
        if (writing->is_found[i] || !contains(info, writing->calls->at[i]))
            continue;
        if (!is_listed && !add_module(writing, info, is_program))
            return 0;
        is_listed = writing->is_found[i] = true;
        writing->module[i] = writing->module_count - 1;
        writing->address[i] = writing->calls->at[i] - info->dlpi_addr;
    }
    return 0;
}

static bool write_word(struct writing *writing, const char *word)
{
    size_t length = strlen(word);
    if (length >= sizeof writing->text - writing->calls_length)
        return false;
    memcpy(writing->text + writing->calls_length, word, length + 1);
    writing->calls_length += length;
    return true;
}

/* A call in memory that no file belongs to (made at run time), or in one that had no room, ends what is written. */
static void write_calls(struct writing *writing)
{
    char word[64];
    bool is_cut = writing->calls->is_cut;
    write_word(writing, TT_CALLS_WORD);
    for (unsigned i = 0; i < writing->calls->count; i++) {
        snprintf(word, sizeof word, " %u+%jx", writing->module[i], (uintmax_t)writing->address[i]);
        if (!writing->is_found[i] || !write_word(writing, word)) {
            is_cut = true;
            break;
        }
    }
    if (is_cut)
        write_word(writing, " " TT_CALLS_MORE);
}

static struct stack *make(const struct calls *calls, uint64_t hash)
{
    struct writing writing = {.calls = calls};
    struct search search = {&writing, true};
    dl_iterate_phdr(on_object, &search);
    write_calls(&writing);
    size_t at_bytes = calls->count * sizeof *calls->at;
    struct stack *stack = malloc(sizeof *stack + at_bytes + writing.modules_length + 1 + writing.calls_length + 1);
    if (!stack)
        return NULL;
    char *modules = (char *)stack->at + at_bytes, *text = modules + writing.modules_length + 1;
    *stack = (struct stack){.hash = hash, .count = calls->count, .is_cut = calls->is_cut};
    memcpy(stack->at, calls->at, at_bytes);
    memcpy(modules, writing.modules, writing.modules_length + 1);
    memcpy(text, writing.text, writing.calls_length + 1);
    stack->site = (tt_site){.file = "", .func = modules, .text = text};
    return stack;
}

static void keep(struct stack *stack)
{
    struct stack *_Atomic *bucket = &buckets[stack->hash >> 32 & (BUCKET_COUNT - 1)];
    stack->next = atomic_load_explicit(bucket, memory_order_relaxed);
    while (
        !atomic_compare_exchange_weak_explicit(bucket, &stack->next, stack, memory_order_release, memory_order_relaxed))
        continue;
}

tt_site *tt_trace_stack(void)
{
    struct calls calls = {.is_own = true};
    _Unwind_Backtrace(on_frame, &calls);
    if (calls.count == 0)
        return NULL;
    uint64_t hash = hash_calls(&calls);
    struct stack *stack = find(&calls, hash);
    if (stack)
        return &stack->site;
    if (atomic_fetch_add_explicit(&stack_count, 1, memory_order_relaxed) >= STACKS_MAX) {
        atomic_fetch_sub_explicit(&stack_count, 1, memory_order_relaxed);
        return NULL;
    }
    stack = make(&calls, hash);
    if (!stack) {
        atomic_fetch_sub_explicit(&stack_count, 1, memory_order_relaxed);
        return NULL;
    }
    keep(stack);
    return &stack->site;
}
