/* import_choice.c: see import_choice.h. */
#include "import_choice.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS     "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

static bool consists_of(const char *text, size_t length, const char *letters)
{
    return length > 0 && strspn(text, letters) >= length;
}

/* A number of at most 64 bits, of LENGTH digits. */
static bool read_number(const char *text, size_t length, int base, uint64_t *out_number)
{
    char digits[24];
    if (length >= sizeof digits - 3)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    *out_number = strtoull(digits, NULL, base);
    return *out_number != 0;
}

static const char *parse_word(struct tt_choice_word *word)
{
    bool is_token = word->length >= 2 && word->text[0] == '0' && (word->text[1] == 'x' || word->text[1] == 'X');
    if (word->length == 0)
        return "a word of it is empty";
    if (is_token) {
        word->kind = TT_CHOICE_RECORDING;
        return word->length <= 18 && consists_of(word->text + 2, word->length - 2, HEX_DIGITS) &&
                       read_number(word->text + 2, word->length - 2, 16, &word->number)
                   ? NULL
                   : "a recording is 0x and up to 16 hexadecimal digits, not all 0";
    }
    if (consists_of(word->text, word->length, DIGITS)) {
        word->kind = TT_CHOICE_PID;
        return read_number(word->text, word->length, 10, &word->number) && word->number <= UINT32_MAX
                   ? NULL
                   : "there is no such process id";
    }
    word->kind = TT_CHOICE_PROGRAM;
    return NULL;
}

const char *tt_choice_parse(const char *list, struct tt_choice *out_choice)
{
    out_choice->word_count = 0;
    for (const char *from = list;;) {
        struct tt_choice_word word = {.text = from, .length = strcspn(from, ",")};
        const char *wrong = parse_word(&word);
        if (wrong)
            return wrong;
        if (out_choice->word_count == TT_CHOICE_WORDS_MAX)
            return "it has more than 64 words";
        out_choice->words[out_choice->word_count++] = word;
        from += word.length;
        if (*from++ == '\0')
            return NULL;
    }
}

/* Whether WORD is the program's path, or the last part of it. */
static bool is_program(const struct tt_choice_word *word, struct tt_decoded_text program)
{
    if (!memchr(word->text, '/', word->length)) {
        const char *slash = program.length > 0 ? memrchr(program.bytes, '/', program.length) : NULL;
        if (slash) {
            program.length -= (uint32_t)(slash + 1 - program.bytes);
            program.bytes = slash + 1;
        }
    }
    return program.length == word->length && memcmp(program.bytes, word->text, word->length) == 0;
}

bool tt_choice_takes(struct tt_choice *choice, const struct tt_decoded_process_started *started)
{
    bool is_taken = choice->word_count == 0;
    for (size_t i = 0; i < choice->word_count; i++) {
        struct tt_choice_word *word = &choice->words[i];
        bool is_named = word->kind == TT_CHOICE_PID         ? word->number == started->pid
                        : word->kind == TT_CHOICE_RECORDING ? word->number == started->recording
                                                            : is_program(word, started->program);
        word->is_met |= is_named;
        is_taken |= is_named;
    }
    return is_taken;
}
