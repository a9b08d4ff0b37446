/* Foreign text on its way to a screen and to JSON: no control character and nothing that is no UTF-8 comes out, whatever goes in. */
#include "entry.h"

#include <string.h>

#include "output/text.h"

static char *out;
static size_t out_bytes;

/* Whether it is UTF-8 by the letter; *OUT_HAS_CONTROL: with a control character, or one that reorders or hides text. */
static int is_utf8(const unsigned char *at, size_t length, int *out_has_control)
{
    const unsigned char *end = at + length;
    *out_has_control = 0;
    while (at < end) {
        uint32_t point = *at++;
        int more = point < 0x80 ? 0 : point >> 5 == 6 ? 1 : point >> 4 == 14 ? 2 : point >> 3 == 30 ? 3 : -1;
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (more < 0 || end - at < more)
            return 0;
        if (more > 0)
            point &= 0x3fu >> more;
        for (int i = 0; i < more; i++, at++) {
            if (*at >> 6 != 2)
                return 0;
            point = point << 6 | (*at & 0x3f);
        }
        if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return 0;
        if (point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x202a && point <= 0x202e) ||
            (point >= 0x2066 && point <= 0x2069) || point == 0x200e || point == 0x200f || point == 0x2028 ||
            point == 0x2029)
            *out_has_control = 1;
    }
    return 1;
}

static void expect_clean(FILE *stream)
{
    int has_control;
    PROMISE(fclose(stream) == 0);
    PROMISE(is_utf8((const unsigned char *)out, out_bytes, &has_control) && !has_control);
}

static FILE *begin(void)
{
    free(out);
    out = NULL;
    FILE *stream = open_memstream(&out, &out_bytes);
    PROMISE(stream);
    return stream;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char text[TT_DURATION_BYTES];
    int64_t ns = 0;
    FILE *stream = begin();
    size_t written = tt__text_escape(stream, (const char *)bytes, size, 0, TT_TEXT_KEEP_NOTHING);
    expect_clean(stream);
    stream = begin();
    PROMISE(tt__text_escape(stream, (const char *)bytes, size, 10, TT_TEXT_KEEP_NOTHING) <= 11 || written <= 11);
    expect_clean(stream);
    stream = begin();
    tt__text_escape_json(stream, (const char *)bytes, size);
    expect_clean(stream);
    PROMISE(out_bytes >= 2 && out[0] == '"' && out[out_bytes - 1] == '"');
    stream = begin();
    tt__text_hex(stream, bytes, size);
    expect_clean(stream);
    free(out);
    out = NULL;
    memcpy(&ns, bytes, size < sizeof ns ? size : sizeof ns);
    tt__text_duration(text, ns);
    PROMISE(memchr(text, '\0', sizeof text));
    tt__text_instant(text, ns);
    PROMISE(memchr(text, '\0', sizeof text));
    return 0;
}
