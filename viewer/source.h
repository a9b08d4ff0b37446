/* source.h: the line of source behind a place, where the file is at hand.
 *
 * What it is for. A place is a file and a line, as the compiler was given them. When that file can be found its
 * line is quoted below the place, with a word of warning when the file is newer than the program that was
 * recorded: then the line may be another one.
 *
 * What it leaves to others. Places: the views. Which commands quote: cmd_explain.c, cmd_show.c, cmd_report.c.
 *
 * Safety. A store is hostile: it may name any file. Only plain files whose names end as those of sources do are
 * looked into.
 *
 * Threads. One thread; one session at a time.
 */
#ifndef TT_VIEWER_SOURCE_H
#define TT_VIEWER_SOURCE_H

#include "session.h"

/* What the user chose; a part of a command's struct of options. */
struct tt_source_options {
    bool is_on;  /* --source: of commands that quote on request */
    bool is_off; /* --no-source: of the others */
    const char *dir;
};

/* The option of a command; FIELD is where its struct of options has the above: "source.dir", or "dir". */
#define TT_SOURCE_DIR_OPTION(options_type, field)                                                                      \
    {                                                                                                                  \
        0, "source-dir", TT_OPTION_TEXT, "DIR", "look for files of source in DIR, too", offsetof(options_type, field), \
            NULL                                                                                                       \
    }

/* From here on places of SESSION are quoted, until tt__source_stop. */
void tt__source_start(tt_session *session, const struct tt_source_options *given);
void tt__source_stop(void);

/* Prints the line behind PLACE ("FILE:LINE in FUNCTION", or NULL), indented by so many columns; nothing when it
 * cannot be had, or nothing is to be quoted. */
void tt__source_quote(tt_output *output, const char *place, int indent);

/* The same of line NUMBER of FILE. */
void tt__source_quote_line(tt_output *output, const char *file, int64_t number, int indent);

#endif
