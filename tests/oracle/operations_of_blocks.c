/* operations_of_blocks.c: blocks that a statement opens and closes. */
#include "operation.h"

const struct operation operations_of_blocks[] = {{NULL, NULL}};
