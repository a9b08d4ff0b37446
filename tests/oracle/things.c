/* things.c: makes and frees what programs declare. */
#include "things.h"

#include <stdlib.h>

void things_create(const struct program *program)
{
    if (program->declarations)
        abort();
}

void things_destroy(void)
{
}
