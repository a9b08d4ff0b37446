/* The wire format of protocol buffers, byte by byte. */
#include "harness.h"

#include "export/wire.h"

static void expect_bytes(const struct tt_wire *wire, const char *bytes, size_t size)
{
    assert_int_equal(wire->size, size);
    assert_memory_equal(wire->bytes, bytes, size);
    assert_false(wire->has_failed);
}

static void a_varint_has_seven_bits_a_byte(void **state)
{
    static const struct {
        uint64_t value;
        const char *bytes;
        size_t size;
    } numbers[] = {
        {0, "\0", 1},
        {1, "\1", 1},
        {127, "\x7f", 1},
        {128, "\x80\1", 2},
        {300, "\xac\2", 2},
        {16383, "\xff\x7f", 2},
        {16384, "\x80\x80\1", 3},
        {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10},
    };
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        unsigned char bytes[10];
        assert_int_equal(tt__wire_varint(bytes, numbers[i].value), numbers[i].size);
        assert_memory_equal(bytes, numbers[i].bytes, numbers[i].size);
    }
}

static void each_kind_of_field_has_its_tag(void **state)
{
    (void)state;
    struct tt_wire wire = {0};
    tt__wire_number(&wire, 1, 150);
    tt__wire_bytes(&wire, 2, "ab", 2);
    tt__wire_fixed(&wire, 47, 0x0102030405060708u);
    tt__wire_bytes(&wire, 16, "", 0);
    expect_bytes(&wire,
                 "\x08\x96\x01\x12\x02"
                 "ab\xf9\x02\x08\x07\x06\x05\x04\x03\x02\x01\x82\x01\x00",
                 20);
    tt__wire_clear(&wire);
    assert_int_equal(wire.size, 0);
    tt__wire_finish(&wire);
}

static void messages_inside_have_their_length_in_one_byte_if_they_are_short(void **state)
{
    (void)state;
    struct tt_wire wire = {0};
    tt__wire_begin(&wire, 1);
    tt__wire_begin(&wire, 2);
    tt__wire_number(&wire, 3, 4);
    tt__wire_end(&wire);
    tt__wire_end(&wire);
    tt__wire_begin(&wire, 5);
    tt__wire_end(&wire);
    expect_bytes(&wire, "\x0a\4\x12\2\x18\4\x2a\0", 8);
    tt__wire_finish(&wire);
}

/* 127 bytes are the most that one byte of length can say. */
static void a_longer_one_has_four(void **state)
{
    (void)state;
    static const char text[126];
    for (size_t extra = 0; extra < 2; extra++) {
        struct tt_wire wire = {0};
        tt__wire_begin(&wire, 1);
        tt__wire_bytes(&wire, 2, text, 125 + extra);
        tt__wire_end(&wire);
        tt__wire_number(&wire, 3, 4);
        assert_int_equal(wire.size, extra == 0 ? 2 + 127 + 2 : 5 + 128 + 2);
        assert_memory_equal(wire.bytes, extra == 0 ? "\x0a\x7f\x12\x7d\0" : "\x0a\x80\x81\x80\0\x12\x7e\0", extra == 0 ? 5 : 8);
        assert_memory_equal(wire.bytes + wire.size - 3, "\0\x18\4", 3);
        tt__wire_finish(&wire);
    }
}

static void a_length_may_need_all_four_bytes(void **state)
{
    (void)state;
    struct tt_wire wire = {0};
    size_t size = (1u << 21) + 5;
    char *text = calloc(1, size);
    assert_non_null(text);
    tt__wire_begin(&wire, 1);
    tt__wire_bytes(&wire, 2, text, size);
    tt__wire_end(&wire);
    size_t inner = 1 + 4 + size; /* tag, a length of four bytes, the bytes */
    assert_int_equal(wire.size, 5 + inner);
    size_t length = 0;
    for (int i = 0; i < 4; i++)
        length |= (size_t)(wire.bytes[1 + i] & 0x7f) << 7 * i;
    assert_int_equal(length, inner);
    free(text);
    tt__wire_finish(&wire);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_varint_has_seven_bits_a_byte),
    cmocka_unit_test(each_kind_of_field_has_its_tag),
    cmocka_unit_test(messages_inside_have_their_length_in_one_byte_if_they_are_short),
    cmocka_unit_test(a_longer_one_has_four),
    cmocka_unit_test(a_length_may_need_all_four_bytes),
};

TT_TEST_MAIN(cases)
