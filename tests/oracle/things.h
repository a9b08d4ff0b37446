/* things.h: what a program declares: locks, queues, variables. They live as long as the run. */
#ifndef TT_ORACLE_THINGS_H
#define TT_ORACLE_THINGS_H

#include "program.h"

/* Makes what PROGRAM declares and puts it into slots, in that order. */
void things_create(const struct program *program);

void things_destroy(void);

/* Sets the things of a run aside, and has them back. */
struct things;
struct things *things_leave(void);
void things_resume(struct things *left);

#endif
