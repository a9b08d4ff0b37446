/* ingest_stream.c: see ingest_stream.h. */
#include "ingest_stream.h"

#include <stdlib.h>
#include <string.h>

#include "event_fields.h"
#include "ingest_state.h"

/* Texts of one chunk, so that a full one stays below TT_CHUNK_BYTES_MAX by far. */
#define TEXT_BYTES_MAX (1u << 20)
/* Each piece has at least twice the events of the next one, so that these cover more than a full chunk. */
#define PIECES_MAX   16u
#define PIECE_GROWTH 2u

/* A chunk of the store that a larger one will replace. */
struct piece {
    int64_t chunk_id;
    size_t first_event, first_word; /* in the thread's buffer */
};

struct thread {
    int64_t thread_id;
    uint64_t *words; /* see tt__chunk_pack */
    char *texts;
    size_t event_count, word_count, word_capacity, text_bytes, text_capacity;
    struct piece pieces[PIECES_MAX]; /* in the store: all events before `written_events` */
    size_t piece_count, written_events, written_words;
    struct piece next; /* what the present transaction makes, in the place of those from next_count on */
    size_t next_count;
    bool is_dirty; /* it has events that are in no piece */
};

/* A full chunk that waits for its transaction. */
struct closed {
    int64_t chunk_id;
    struct tt_chunk chunk; /* its data is our own */
};

struct tt__stream {
    struct tt__packer *packer;
    int64_t next_chunk_id;
    struct thread *threads;
    size_t thread_count, thread_capacity;
    struct tt__key_index index; /* of threads, by thread_id */
    size_t *dirty;              /* which of them */
    size_t dirty_count, dirty_capacity;
    struct closed *closed;
    size_t closed_count, closed_capacity;
    int64_t *doomed; /* chunks of the store whose events are in others now */
    size_t doomed_count, doomed_capacity;
    size_t pending_bytes;
};

struct tt__stream *tt__stream_create(int64_t next_chunk_id)
{
    struct tt__stream *stream = calloc(1, sizeof *stream);
    if (stream && !(stream->packer = tt__packer_create())) {
        free(stream);
        return NULL;
    }
    if (stream)
        stream->next_chunk_id = next_chunk_id;
    return stream;
}

static void forget_closed(struct tt__stream *stream)
{
    for (size_t i = 0; i < stream->closed_count; i++)
        free((void *)stream->closed[i].chunk.data);
    stream->closed_count = 0;
}

void tt__stream_destroy(struct tt__stream *stream)
{
    if (!stream)
        return;
    forget_closed(stream);
    for (size_t i = 0; i < stream->thread_count; i++) {
        free(stream->threads[i].words);
        free(stream->threads[i].texts);
    }
    free(stream->threads);
    free(stream->dirty);
    free(stream->closed);
    free(stream->doomed);
    tt__key_index_finish(&stream->index);
    tt__packer_destroy(stream->packer);
    free(stream);
}

size_t tt__stream_pending_bytes(const struct tt__stream *stream)
{
    return stream->pending_bytes;
}

/* ---------------------------------------------------------------------------------------------------------- adding */

/* Makes room for COUNT elements of SIZE bytes. */
static bool grow(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count <= *capacity)
        return true;
    size_t larger = *capacity ? 2 * *capacity : 16;
    while (larger < count)
        larger *= 2;
    void *grown = reallocarray(*array, larger, size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = larger;
    return true;
}

static struct thread *find_thread(struct tt__stream *stream, int64_t thread_id)
{
    uint32_t *slot = tt__key_index_slot(&stream->index, thread_id);
    if (!slot)
        return NULL;
    if (*slot == UINT32_MAX) {
        if (!grow((void **)&stream->threads, stream->thread_count + 1, &stream->thread_capacity,
                  sizeof *stream->threads))
            return NULL;
        *slot = (uint32_t)stream->thread_count;
        stream->threads[stream->thread_count++] = (struct thread){.thread_id = thread_id};
    }
    return &stream->threads[*slot];
}

/* The bytes of TEXT go to the others; their place goes to *WORD. */
static bool add_text(struct thread *thread, struct tt_decoded_text text, uint64_t *word)
{
    if (!grow((void **)&thread->texts, thread->text_bytes + text.length, &thread->text_capacity, 1))
        return false;
    if (text.length > 0)
        memcpy(thread->texts + thread->text_bytes, text.bytes, text.length);
    *word = (uint64_t)thread->text_bytes << 32 | text.length;
    thread->text_bytes += text.length;
    return true;
}

static bool add_fields(struct thread *thread, struct tt_ingest *ingest, const struct tt_decoded_event *event,
                       const struct tt__known_field *fields, size_t count, uint64_t *words)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == TT__FIELD_TEXT) {
            if (!add_text(thread, tt__event_get_text(event, &fields[i]), &words[i]))
                return false;
            continue;
        }
        words[i] = tt__event_get_number(event, &fields[i]);
        if (fields[i].kind == TT__FIELD_SITE && words[i] != 0)
            words[i] = (uint64_t)tt__ingest_site_id(ingest, words[i]);
    }
    return true;
}

static bool close_chunk(struct tt__stream *stream, struct thread *thread);

static bool mark_dirty(struct tt__stream *stream, struct thread *thread)
{
    if (thread->is_dirty)
        return true;
    if (!grow((void **)&stream->dirty, stream->dirty_count + 1, &stream->dirty_capacity, sizeof *stream->dirty))
        return false;
    stream->dirty[stream->dirty_count++] = (size_t)(thread - stream->threads);
    thread->is_dirty = true;
    return true;
}

bool tt__stream_add(struct tt__stream *stream, struct tt_ingest *ingest, int64_t thread_id,
                    const struct tt_decoded_event *event)
{
    size_t field_count;
    const struct tt__known_field *fields = tt__event_fields(event->number, &field_count);
    struct thread *thread = find_thread(stream, thread_id);
    size_t width = TT_CHUNK_WORD_FIELDS + field_count;
    if (!thread || !mark_dirty(stream, thread) ||
        !grow((void **)&thread->words, thread->word_count + width, &thread->word_capacity, sizeof *thread->words))
        return false;
    uint64_t *words = thread->words + thread->word_count;
    size_t text_bytes = thread->text_bytes;
    if (!add_fields(thread, ingest, event, fields, field_count, words + TT_CHUNK_WORD_FIELDS)) {
        thread->text_bytes = text_bytes;
        return false;
    }
    words[TT_CHUNK_WORD_HEAD] = tt_chunk_head(event->number, width);
    words[TT_CHUNK_WORD_TIME] = (uint64_t)event->time_ns;
    words[TT_CHUNK_WORD_SEQUENCE] = event->sequence;
    words[TT_CHUNK_WORD_TASK] = tt__event_task(event->number, words + TT_CHUNK_WORD_FIELDS);
    thread->word_count += width;
    thread->event_count++;
    stream->pending_bytes += width * sizeof *words + thread->text_bytes - text_bytes;
    if (thread->event_count == TT_CHUNK_EVENTS || thread->text_bytes > TEXT_BYTES_MAX ||
        event->number == TT_EVENT_thread_detached)
        return close_chunk(stream, thread);
    return true;
}

/* The buffer of THREAD becomes a chunk, in the place of its pieces, and is empty. */
static bool close_chunk(struct tt__stream *stream, struct thread *thread)
{
    struct closed closed = {0};
    size_t extra = thread->piece_count > 1 ? thread->piece_count - 1 : 0;
    if (!grow((void **)&stream->closed, stream->closed_count + 1, &stream->closed_capacity, sizeof *stream->closed) ||
        !grow((void **)&stream->doomed, stream->doomed_count + extra, &stream->doomed_capacity,
              sizeof *stream->doomed) ||
        tt__chunk_pack(stream->packer, thread->words, thread->event_count, thread->texts, &closed.chunk) < 0)
        return false;
    void *data = malloc(closed.chunk.length);
    if (!data)
        return false;
    memcpy(data, closed.chunk.data, closed.chunk.length);
    closed.chunk.data = data;
    closed.chunk.summary.thread_id = thread->thread_id;
    closed.chunk_id = thread->piece_count > 0 ? thread->pieces[0].chunk_id : stream->next_chunk_id++;
    stream->closed[stream->closed_count++] = closed;
    for (size_t i = 1; i < thread->piece_count; i++)
        stream->doomed[stream->doomed_count++] = thread->pieces[i].chunk_id;
    thread->event_count = thread->word_count = thread->text_bytes = 0;
    thread->piece_count = thread->written_events = thread->written_words = 0;
    return true;
}

/* --------------------------------------------------------------------------------------------------------- writing */

static int write_chunk(struct tt__store_writer *writer, int64_t chunk_id, const struct tt_chunk *chunk)
{
    const struct tt_chunk_summary *summary = &chunk->summary;
    uint32_t process_id = (uint32_t)(summary->thread_id >> TT_LOCAL_ID_BITS);
    struct tt__cell row[TT__CHUNK_COLUMNS];
    memset(row, 0, sizeof row);
    TT__SET(row, CHUNK, chunk_id, chunk_id);
    TT__SET(row, CHUNK, thread_id, summary->thread_id);
    TT__SET(row, CHUNK, event_count, summary->event_count);
    TT__SET(row, CHUNK, first_ns, summary->first_ns);
    TT__SET(row, CHUNK, last_ns, summary->last_ns);
    TT__SET(row, CHUNK, first_sequence, summary->first_sequence);
    TT__SET(row, CHUNK, last_sequence, summary->last_sequence);
    if (summary->first_task != 0) {
        TT__SET(row, CHUNK, first_task_id, tt__compose_id(process_id, summary->first_task));
        TT__SET(row, CHUNK, last_task_id, tt__compose_id(process_id, summary->last_task));
    }
    TT__SET(row, CHUNK, number_set, summary->number_set);
    TT__SET(row, CHUNK, plain_bytes, chunk->plain_bytes);
    TT__SET(row, CHUNK, checksum, tt__chunk_checksum(summary, chunk->plain_bytes, chunk->data, chunk->length));
    *TT__CELL(row, CHUNK, data) =
        (struct tt__cell){.text = chunk->data, .length = (uint32_t)chunk->length, .kind = TT__CELL_BLOB};
    return tt__store_write_rows(writer, TT__TABLE_CHUNK, row, 1);
}

static int delete_chunk(struct tt__store_writer *writer, int64_t chunk_id)
{
    struct tt__cell cell = tt__integer_cell(chunk_id);
    return tt__store_run(writer, "DELETE FROM chunk WHERE chunk_id = ?", &cell, 1, NULL, NULL);
}

/* Writes what of THREAD is in no piece as a new one, together with the pieces before it that are too small to stay. */
static int write_piece(struct tt__stream *stream, struct thread *thread, struct tt__store_writer *writer)
{
    struct piece next = {0, thread->written_events, thread->written_words};
    size_t kept = thread->piece_count;
    while (kept > 0) {
        const struct piece *last = &thread->pieces[kept - 1];
        size_t last_events = next.first_event - last->first_event, new_events = thread->event_count - next.first_event;
        if (kept < PIECES_MAX && last_events >= PIECE_GROWTH * new_events)
            break;
        next = *last;
        kept--;
    }
    if (kept == thread->piece_count)
        next.chunk_id = stream->next_chunk_id++;
    struct tt_chunk chunk;
    if (tt__chunk_pack(stream->packer, thread->words + next.first_word, thread->event_count - next.first_event,
                       thread->texts, &chunk) < 0)
        return tt__store_writer_no_memory(writer);
    chunk.summary.thread_id = thread->thread_id;
    for (size_t i = kept + 1; i < thread->piece_count; i++)
        if (delete_chunk(writer, thread->pieces[i].chunk_id) < 0)
            return -1;
    thread->next = next;
    thread->next_count = kept;
    return write_chunk(writer, next.chunk_id, &chunk);
}

int tt__stream_write(struct tt__stream *stream, struct tt__store_writer *writer)
{
    for (size_t i = 0; i < stream->doomed_count; i++)
        if (delete_chunk(writer, stream->doomed[i]) < 0)
            return -1;
    for (size_t i = 0; i < stream->closed_count; i++)
        if (write_chunk(writer, stream->closed[i].chunk_id, &stream->closed[i].chunk) < 0)
            return -1;
    for (size_t i = 0; i < stream->dirty_count; i++) {
        struct thread *thread = &stream->threads[stream->dirty[i]];
        if (thread->event_count > thread->written_events && write_piece(stream, thread, writer) < 0)
            return -1;
    }
    return 0;
}

/* A thread that has said goodbye, or has been quiet since its last full chunk, needs no buffer. */
static void free_buffer(struct thread *thread)
{
    free(thread->words);
    free(thread->texts);
    thread->words = NULL;
    thread->texts = NULL;
    thread->word_capacity = thread->text_capacity = 0;
}

void tt__stream_written(struct tt__stream *stream)
{
    forget_closed(stream);
    stream->doomed_count = 0;
    for (size_t i = 0; i < stream->dirty_count; i++) {
        struct thread *thread = &stream->threads[stream->dirty[i]];
        thread->is_dirty = false;
        if (thread->event_count == 0) {
            free_buffer(thread);
        } else if (thread->event_count > thread->written_events) {
            thread->pieces[thread->next_count] = thread->next;
            thread->piece_count = thread->next_count + 1;
            thread->written_events = thread->event_count;
            thread->written_words = thread->word_count;
        }
    }
    stream->dirty_count = 0;
    stream->pending_bytes = 0;
}
