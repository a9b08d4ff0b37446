/* call_stack.h: how the calls that were open at some instant are written down, as the texts of a place.
 *
 * A stack is a place (struct tt_site) that has no file and no line. So the dictionary of an arena defines it once and for
 * all before it is referred to, LTTng writes it out in each event, and neither has to know it.
 *
 *   func   the programs and libraries that its calls are in, a line each: build id in hexadecimal digits (or - where it has
 *          none), a space, path
 *   text   "calls" and for each call, the innermost first, a space, the number of its line in func (from 0), a plus sign,
 *          and its address in hexadecimal digits, as the symbols of that file have it. The address is one within the
 *          instruction that called, not the one where it would go on. Behind the last, " more" where there were more
 *
 * Threads: constants.
 */
#ifndef TT_CALL_STACK_H
#define TT_CALL_STACK_H

#define TT_CALLS_WORD "calls"
#define TT_CALLS_MORE "more"
#define TT_CALLS_MAX  32u /* of one stack */

#define TT_BUILD_ID_BYTES_MAX 32u /* linkers make 8 to 20 */

#endif
