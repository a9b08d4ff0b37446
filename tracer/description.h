/* description.h: the events' description of themselves as one string, made where it is included. Arenas carry it
 * (describe.c; the format: arena.h), and by it the tracer and its provider for LTTng know whether they are of one kind.
 */
#ifndef TT_DESCRIPTION_H
#define TT_DESCRIPTION_H

#include "telltale/trace.h"

#define TT_ENUM_BEGIN(name, text) "enum " #name
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) " " #number "=" #word
#define TT_ENUM_END(name) "\n"
#define TT_EVENT(number, name, category, level, text, fields) "event " #number " " #name " " #category fields "\n"
#define TT_U8(name, text) " " #name ":u8"
#define TT_U16(name, text) " " #name ":u16"
#define TT_U32(name, text) " " #name ":u32"
#define TT_U64(name, text) " " #name ":u64"
#define TT_I32(name, text) " " #name ":i32"
#define TT_ID(name, text) " " #name ":id"
#define TT_TICKS(name, text) " " #name ":ticks"
#define TT_WORD(name, enumeration, text) " " #name ":word:" #enumeration
#define TT_SITE(name, text) " " #name ":site"
#define TT_TEXT(name, limit, text) " " #name ":text:" #limit
static const char tt__description[] =
#include "events.def"
    ;

#endif
