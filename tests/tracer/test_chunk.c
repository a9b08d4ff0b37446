/* Chunks of the event stream: events come out as they went in, whatever they are; and whatever somebody has made of
 * the bytes, unpacking them ends, with the events that were there or with the word that they are damaged. */
#include "harness.h"
#include "studio.h"

#include <zstd.h>

#include "chunk.h"
#include "event_fields.h"
#include "event_ids.h"

enum { EVENTS = 500, WORDS_MAX = 64, TEXTS = 1 << 20 };

/* Events as ingest gathers them. */
struct gathering {
    uint64_t words[EVENTS * WORDS_MAX];
    uint32_t starts[EVENTS];
    char texts[TEXTS];
    size_t word_count, text_bytes, count;
};

static struct gathering gathering;

static unsigned random_event(uint64_t *random)
{
    static const unsigned numbers[] = {
#define TT_EVENT(number, name, category, level, text, fields) number,
#include "events.def"
    };
    return numbers[studio_random(random) % (sizeof numbers / sizeof numbers[0])];
}

/* Small, large, growing and random ones. */
static uint64_t random_value(uint64_t *random)
{
    uint64_t value = studio_random(random);
    switch (value % 4) {
    case 0:
        return 0;
    case 1:
        return value >> 57;
    case 2:
        return UINT64_MAX - (value >> 60);
    default:
        return studio_random(random);
    }
}

static void gather(uint64_t *random, size_t count)
{
    memset(&gathering, 0, sizeof gathering);
    for (; gathering.count < count; gathering.count++) {
        size_t field_count;
        unsigned number = random_event(random);
        const struct tt__known_field *fields = tt__event_fields(number, &field_count);
        uint64_t *event = gathering.words + gathering.word_count;
        gathering.starts[gathering.count] = (uint32_t)gathering.word_count;
        event[TT_CHUNK_WORD_HEAD] = tt_chunk_head(number, TT_CHUNK_WORD_FIELDS + field_count);
        event[TT_CHUNK_WORD_TIME] = random_value(random);
        event[TT_CHUNK_WORD_SEQUENCE] = gathering.count;
        for (size_t i = 0; i < field_count; i++) {
            uint64_t *word = &event[TT_CHUNK_WORD_FIELDS + i];
            *word = random_value(random);
            if (fields[i].kind != TT__FIELD_TEXT)
                continue;
            uint64_t length = *word % 40;
            *word = (uint64_t)gathering.text_bytes << 32 | length;
            while (length-- > 0)
                gathering.texts[gathering.text_bytes++] = (char)studio_random(random);
        }
        event[TT_CHUNK_WORD_TASK] = tt__event_task(number, event + TT_CHUNK_WORD_FIELDS);
        gathering.word_count += TT_CHUNK_WORD_FIELDS + field_count;
    }
}

static void expect_event(struct tt__unpacked *chunk, uint32_t event)
{
    const uint64_t *words = gathering.words + gathering.starts[event];
    size_t field_count;
    unsigned number = (unsigned)(words[TT_CHUNK_WORD_HEAD] & UINT32_MAX);
    const struct tt__known_field *fields = tt__event_fields(number, &field_count);
    assert_int_equal(chunk->types[chunk->type_of[event]].number, number);
    assert_true((uint64_t)chunk->times[event] == words[TT_CHUNK_WORD_TIME]);
    assert_true(chunk->sequences[event] == words[TT_CHUNK_WORD_SEQUENCE]);
    assert_true(chunk->tasks[event] == words[TT_CHUNK_WORD_TASK]);
    for (uint32_t i = 0; i < field_count; i++) {
        uint64_t value, expected = words[TT_CHUNK_WORD_FIELDS + i];
        const char *text;
        uint32_t length;
        if (fields[i].kind != TT__FIELD_TEXT) {
            assert_true(tt__unpacked_number(chunk, event, i, &value));
            assert_true(value == expected);
            continue;
        }
        assert_true(tt__unpacked_text(chunk, event, i, &text, &length));
        assert_int_equal(length, expected & UINT32_MAX);
        assert_memory_equal(text, gathering.texts + (expected >> 32), length);
    }
    uint64_t value;
    assert_false(tt__unpacked_number(chunk, event, (uint32_t)field_count, &value));
}

static void events_come_out_of_a_chunk_as_they_went_in(void **state)
{
    (void)state;
    uint64_t random = studio_seed();
    struct tt__packer *packer = tt__packer_create();
    assert_non_null(packer);
    for (unsigned round = studio_rounds(40); round > 0; round--) {
        struct tt_chunk packed;
        struct tt__unpacked chunk;
        gather(&random, 1 + studio_random(&random) % EVENTS);
        assert_int_equal(tt__chunk_pack(packer, gathering.words, gathering.count, gathering.texts, &packed), 0);
        assert_int_equal(packed.summary.event_count, gathering.count);
        assert_int_equal(packed.summary.first_sequence, 0);
        assert_int_equal(packed.summary.last_sequence, gathering.count - 1);
        assert_int_equal(
            tt__chunk_unpack(packed.data, packed.length, packed.summary.event_count, packed.plain_bytes, &chunk),
            TT__UNPACKED);
        assert_int_equal(chunk.event_count, gathering.count);
        for (uint32_t i = 0; i < gathering.count; i++) {
            expect_event(&chunk, i);
            assert_true(chunk.times[i] >= packed.summary.first_ns && chunk.times[i] <= packed.summary.last_ns);
            assert_true(packed.summary.number_set >> (chunk.types[chunk.type_of[i]].number % 64) & 1);
            if (chunk.tasks[i] != 0)
                assert_true(chunk.tasks[i] >= packed.summary.first_task && chunk.tasks[i] <= packed.summary.last_task);
        }
        tt__unpacked_finish(&chunk);
    }
    tt__packer_destroy(packer);
}

static void a_bit_that_is_not_as_it_was_changes_the_checksum(void **state)
{
    (void)state;
    uint64_t random = 7;
    struct tt_chunk packed;
    struct tt__packer *packer = tt__packer_create();
    gather(&random, 100);
    assert_int_equal(tt__chunk_pack(packer, gathering.words, gathering.count, gathering.texts, &packed), 0);
    uint64_t checksum = tt__chunk_checksum(&packed.summary, packed.plain_bytes, packed.data, packed.length);
    unsigned char *data = malloc(packed.length);
    memcpy(data, packed.data, packed.length);
    for (size_t bit = 0; bit < 8 * packed.length; bit++) {
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_true(tt__chunk_checksum(&packed.summary, packed.plain_bytes, data, packed.length) != checksum);
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    struct tt_chunk_summary changed = packed.summary;
    changed.first_ns++;
    assert_true(tt__chunk_checksum(&changed, packed.plain_bytes, data, packed.length) != checksum);
    changed = packed.summary;
    changed.last_task ^= 1;
    assert_true(tt__chunk_checksum(&changed, packed.plain_bytes, data, packed.length) != checksum);
    assert_true(tt__chunk_checksum(&packed.summary, packed.plain_bytes + 1, data, packed.length) != checksum);
    assert_true(tt__chunk_checksum(&packed.summary, packed.plain_bytes, data, packed.length - 1) != checksum);
    /* What stands beside the data is known to be right without them. */
    assert_true(tt__chunk_summary_holds(&packed.summary, packed.plain_bytes, checksum));
    assert_false(tt__chunk_summary_holds(&changed, packed.plain_bytes, checksum));
    assert_false(tt__chunk_summary_holds(&packed.summary, packed.plain_bytes + 1, checksum));
    free(data);
    tt__packer_destroy(packer);
}

/* Asks for all that CHUNK could have. */
static void read_everything(struct tt__unpacked *chunk)
{
    for (uint32_t i = 0; i < chunk->event_count; i++) {
        for (uint32_t field = 0; field < TT_CHUNK_FIELDS_MAX + 2; field++) {
            uint64_t value;
            const char *text;
            uint32_t length;
            volatile char sum = 0;
            (void)tt__unpacked_number(chunk, i, field, &value);
            if (tt__unpacked_text(chunk, i, field, &text, &length))
                for (uint32_t at = 0; at < length; at++)
                    sum = (char)(sum + text[at]);
        }
    }
}

/* Changes some bytes of DATA: single bits, numbers, pieces that are cut out or repeated. Returns the new length. */
static size_t damage(unsigned char *data, size_t length, uint64_t *random)
{
    for (unsigned changes = 1 + studio_random(random) % 4; changes > 0 && length > 8; changes--) {
        size_t at = studio_random(random) % length, size = studio_random(random) % (length - at) % 64;
        switch (studio_random(random) % 5) {
        case 0:
            data[at] ^= (unsigned char)(1u << studio_random(random) % 8);
            break;
        case 1:
            data[at] = (unsigned char)(studio_random(random) % 2 ? 0xff : 0);
            break;
        case 2:
            memmove(data + at, data + at + size, length - at - size);
            length -= size;
            break;
        case 3:
            memset(data + at, 0xff, size < 12 ? size : 12);
            break;
        default:
            memmove(data + studio_random(random) % (length - size), data + at, size);
            break;
        }
    }
    return length;
}

static void whatever_the_bytes_are_unpacking_them_ends(void **state)
{
    (void)state;
    uint64_t random = studio_seed();
    struct tt__packer *packer = tt__packer_create();
    unsigned char *plain = malloc(TT_CHUNK_BYTES_MAX), *packed_again = malloc(ZSTD_compressBound(TT_CHUNK_BYTES_MAX));
    unsigned unpacked = 0, rounds = studio_rounds(studio_is_under_valgrind() ? 2000 : 30000);
    assert_true(packer && plain && packed_again);
    for (unsigned round = 0; round < rounds; round++) {
        struct tt_chunk packed;
        struct tt__unpacked chunk;
        gather(&random, 1 + studio_random(&random) % 12);
        assert_int_equal(tt__chunk_pack(packer, gathering.words, gathering.count, gathering.texts, &packed), 0);
        /* Damaged as it lies in the store, or, by somebody who knows better, before it was compressed. */
        size_t length = ZSTD_decompress(plain, TT_CHUNK_BYTES_MAX, packed.data, packed.length);
        assert_int_equal(length, packed.plain_bytes);
        if (round % 4 == 0) {
            memcpy(packed_again, packed.data, packed.length);
            size_t packed_length = damage(packed_again, packed.length, &random);
            if (tt__chunk_unpack(packed_again, packed_length, gathering.count, length, &chunk) == TT__UNPACKED)
                read_everything(&chunk);
        } else {
            length = damage(plain, length, &random);
            size_t packed_length =
                ZSTD_compress(packed_again, ZSTD_compressBound(TT_CHUNK_BYTES_MAX), plain, length, 1);
            assert_false(ZSTD_isError(packed_length));
            if (tt__chunk_unpack(packed_again, packed_length, gathering.count, length, &chunk) == TT__UNPACKED) {
                unpacked++;
                read_everything(&chunk);
            }
        }
        tt__unpacked_finish(&chunk);
    }
    assert_true(unpacked > rounds / 100); /* else what lies behind the first check was not tried */
    free(plain);
    free(packed_again);
    tt__packer_destroy(packer);
}

static void a_chunk_that_claims_to_be_larger_than_any_is_damaged(void **state)
{
    (void)state;
    static const unsigned char data[64];
    struct tt__unpacked chunk;
    static const struct {
        uint64_t events, plain_bytes;
    } claims[] = {{0, 100},
                  {TT_CHUNK_EVENTS_MAX + 1, 100},
                  {10, 0},
                  {10, TT_CHUNK_BYTES_MAX + 1},
                  {UINT64_MAX, UINT64_MAX},
                  {10, UINT64_C(1) << 40}};
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        assert_int_equal(tt__chunk_unpack(data, sizeof data, claims[i].events, claims[i].plain_bytes, &chunk),
                         TT__UNPACK_DAMAGED);
        tt__unpacked_finish(&chunk);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(events_come_out_of_a_chunk_as_they_went_in),
    cmocka_unit_test(a_bit_that_is_not_as_it_was_changes_the_checksum),
    cmocka_unit_test(whatever_the_bytes_are_unpacking_them_ends),
    cmocka_unit_test(a_chunk_that_claims_to_be_larger_than_any_is_damaged),
};

TT_TEST_MAIN(cases)
