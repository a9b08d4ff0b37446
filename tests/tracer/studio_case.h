/* studio_case.h: cases that have a studio each: it is opened before the case begins and closed when it has ended, however it ended. */
#ifndef TT_TESTS_STUDIO_CASE_H
#define TT_TESTS_STUDIO_CASE_H

#include "studio.h"

extern struct studio studio; /* of the case that runs */

/* One line of the array that TT_TEST_MAIN gets. */
#define cmocka_unit_test_in_studio(claim) cmocka_unit_test_in_studio_with(claim, studio_case_begin)

/* The same for cases that need more than a studio: BEGIN prepares that, calls studio_case_begin(), and returns 0. */
#define cmocka_unit_test_in_studio_with(claim, begin) cmocka_unit_test_setup_teardown(claim, begin, studio_case_end)

int studio_case_begin(void **state);
int studio_case_end(void **state);

/* In the middle of a case that does the same again and again: what is in the studio goes, and it is as at the beginning. */
void studio_case_begin_anew(void);

#endif
