/* studio_case.c: see studio_case.h. */
#include "studio_case.h"

struct studio studio;

int studio_case_begin(void **state)
{
    (void)state;
    studio_open(&studio);
    return 0;
}

int studio_case_end(void **state)
{
    (void)state;
    studio_close(&studio);
    return 0;
}

void studio_case_begin_anew(void)
{
    studio_close(&studio);
    studio_open(&studio);
}
