/* mutate.h: bytes changed as an enemy, a bad disk or a bug would change them, and put back.
 *
 * What is changed, and how, follows from a seed alone.
 */
#ifndef TT_TESTS_MUTATE_H
#define TT_TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#define MUTATION_CHANGES_MAX 16u

struct mutation {
    struct change {
        unsigned char *at;
        unsigned char before[8];
        unsigned length;
    } changes[MUTATION_CHANGES_MAX];
    unsigned count;
};

/* Changes 1 to 8 bytes somewhere in the LENGTH ones at BYTES: to other random ones, to ones that often tell (zero, the
 * greatest, the sign), by one bit, by one, or to what stands at another place. RANDOM is a state of studio_random(). */
void mutate_once(struct mutation *mutation, unsigned char *bytes, size_t length, uint64_t *random);

/* Puts all back as it was. */
void mutate_undo(struct mutation *mutation);

#endif
