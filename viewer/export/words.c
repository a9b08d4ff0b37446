/* words.c: texts that come again and again, by number. The contract is in words.h.
 *
 * Two tables of fixed size. In the first there is a mark of each text that was seen lately: most names of tasks are seen once and
 * are not worth a number. What is seen again goes to the second one: a hash table of sets of WAYS places, in which what was
 * asked for longest ago makes room.
 */
#include "export/words.h"

#include <stdlib.h>
#include <string.h>

enum { SEEN = 4096, SETS = 256, WAYS = 4 };

struct word {
    uint64_t hash, number; /* 0: nobody's */
    uint64_t used;         /* when: how many questions there had been */
    uint32_t length;
    char text[TT_WORD_MAX];
};

struct tt_words {
    uint64_t seen[SEEN]; /* hashes */
    struct word sets[SETS][WAYS];
    uint64_t last_number, questions;
};

struct tt_words *tt__words_create(void)
{
    return calloc(1, sizeof(struct tt_words));
}

void tt__words_destroy(struct tt_words *words)
{
    free(words);
}

/* Eight bytes at a time: each text of a trace goes through here. */
static uint64_t hash_of(unsigned kind, const char *text, size_t length)
{
    uint64_t hash = (length << 8 | kind) * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t at = 0; at < length; at += 8) {
        uint64_t piece = 0;
        memcpy(&piece, text + at, length - at < 8 ? length - at : 8);
        hash = (hash ^ piece) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 31;
    }
    return hash * UINT64_C(0x94d049bb133111eb);
}

uint64_t tt__words_find(struct tt_words *words, unsigned kind, const char *text, size_t length, bool *out_is_new)
{
    *out_is_new = false;
    if (length > TT_WORD_MAX)
        return 0;
    uint64_t hash = hash_of(kind, text, length);
    struct word *set = words->sets[hash >> 32 & (SETS - 1)], *oldest = set;
    words->questions++;
    for (struct word *word = set; word < set + WAYS; word++) {
        if (word->hash == hash && word->number != 0 && word->length == length &&
            memcmp(word->text, text, length) == 0) {
            word->used = words->questions;
            return word->number;
        }
        if (word->used < oldest->used)
            oldest = word;
    }
    uint64_t *seen = &words->seen[hash >> 40 & (SEEN - 1)];
    if (*seen != hash) {
        *seen = hash;
        return 0;
    }
    *oldest = (struct word){
        .hash = hash, .number = ++words->last_number, .used = words->questions, .length = (uint32_t)length};
    memcpy(oldest->text, text, length);
    *out_is_new = true;
    return oldest->number;
}
