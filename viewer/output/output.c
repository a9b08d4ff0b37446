/* output.c: printing with escaping, colour and width. The contract is in output.h. */
#include "output/output.h"

#include "output/text.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_utf8; /* of the user's own locale */

void tt__output_set_locale(void)
{
    /* Everything in a store is UTF-8. In a locale that is not, characters would have no width and libsmartcols would
     * print them as numbers. */
    is_utf8 = setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (!is_utf8)
        setlocale(LC_CTYPE, "C.UTF-8");
}

bool tt__output_is_utf8(void)
{
    return is_utf8;
}

static size_t terminal_width(int descriptor)
{
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void tt__output_init(tt_output *out_output, FILE *stream, enum tt_color_mode color)
{
    const char *terminal = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    bool is_terminal = isatty(fileno(stream)) == 1;
    bool wants_color = is_terminal && terminal != NULL && strcmp(terminal, "dumb") != 0 && (no_color == NULL || *no_color == '\0');
    *out_output = (tt_output){
        .stream = stream,
        .is_terminal = is_terminal,
        .has_color = color == TT_COLOR_ALWAYS || (color == TT_COLOR_AUTO && wants_color),
        .width = is_terminal ? terminal_width(fileno(stream)) : 0,
    };
}

/* Why an earlier write failed: the stream knows only that one did, so it is tried again. A line end does no harm behind an answer of
 * which a part is missing. */
static int find_error(FILE *stream)
{
    clearerr(stream);
    errno = 0;
    if ((putc('\n', stream) == EOF || fflush(stream) != 0) && errno != 0)
        return errno;
    return EIO;
}

int tt__output_finish(tt_output *output)
{
    errno = 0;
    if (fflush(output->stream) == 0 && !ferror(output->stream))
        return 0;
    if (errno == 0)
        errno = find_error(output->stream);
    return -1;
}

/* One directive of a format: everything between % and the conversion. */
struct directive {
    char text[32]; /* as it stands in the format, with * replaced by figures */
    bool is_left;
    int width;
    int precision; /* -1: none */
    int length;    /* how many l; 'z' for size_t, 'j' for intmax_t */
    char conversion;
};

static int parse_figure(const char **format, va_list *arguments)
{
    if (**format == '*') {
        (*format)++;
        return va_arg(*arguments, int);
    }
    return (int)strtol(*format, (char **)format, 10);
}

static struct directive parse_directive(const char **format, va_list *arguments)
{
    struct directive directive = {.precision = -1};
    char flags[8] = "";
    size_t flag_count = 0;
    for (; strchr("-+ #0", **format) != NULL && **format != '\0'; (*format)++) {
        directive.is_left |= **format == '-';
        if (flag_count < sizeof flags - 1)
            flags[flag_count++] = **format;
    }
    directive.width = parse_figure(format, arguments);
    if (directive.width < 0) {
        directive.is_left = true;
        directive.width = -directive.width;
        if (flag_count < sizeof flags - 1)
            flags[flag_count++] = '-';
    }
    if (**format == '.') {
        (*format)++;
        directive.precision = parse_figure(format, arguments);
    }
    char length[3] = "";
    for (size_t i = 0; (**format == 'l' || **format == 'z' || **format == 'j' || **format == 'h') && i < 2; i++, (*format)++) {
        length[i] = **format;
        directive.length = **format == 'l' ? directive.length + 1 : **format == 'h' ? 0 : **format;
    }
    directive.conversion = *(*format)++;
    char width[12] = "";
    char precision[12] = "";
    if (directive.width != 0)
        snprintf(width, sizeof width, "%d", directive.width % 10000);
    if (directive.precision >= 0)
        snprintf(precision, sizeof precision, ".%d", directive.precision % 10000);
    snprintf(directive.text, sizeof directive.text, "%%%.7s%.5s%.6s%s%c", flags, width, precision, length, directive.conversion);
    return directive;
}

static void pad(FILE *stream, size_t used, int width)
{
    for (size_t i = used; width > 0 && i < (size_t)width; i++)
        putc(' ', stream);
}

static void print_text(FILE *stream, const struct directive *directive, const char *text)
{
    char *escaped = NULL;
    size_t escaped_bytes = 0;
    if (text == NULL)
        text = "-";
    size_t length = directive->precision >= 0 ? strnlen(text, (size_t)directive->precision) : strlen(text);
    if (directive->width == 0) {
        tt__text_escape(stream, text, length, TT_TEXT_LIMIT, TT_TEXT_KEEP_NOTHING);
        return;
    }
    FILE *memory = open_memstream(&escaped, &escaped_bytes);
    if (memory == NULL) {
        tt__text_escape(stream, text, length, TT_TEXT_LIMIT, TT_TEXT_KEEP_NOTHING);
        return;
    }
    tt__text_escape(memory, text, length, TT_TEXT_LIMIT, TT_TEXT_KEEP_NOTHING);
    fclose(memory);
    size_t characters = 0;
    for (size_t i = 0; i < escaped_bytes; i++)
        characters += ((unsigned char)escaped[i] & 0xc0) != 0x80;
    if (!directive->is_left)
        pad(stream, characters, directive->width);
    fwrite(escaped, 1, escaped_bytes, stream);
    if (directive->is_left)
        pad(stream, characters, directive->width);
    free(escaped);
}

/* The formats below are pieces of literals that the compiler has checked where tt__print was called. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void print_directive(FILE *stream, const char **format, va_list *arguments)
{
    struct directive directive = parse_directive(format, arguments);
    switch (directive.conversion) {
    case 's':
        print_text(stream, &directive, va_arg(*arguments, const char *));
        break;
    case 'c':
        putc(va_arg(*arguments, int), stream);
        break;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
        if (directive.length == 'z')
            fprintf(stream, directive.text, va_arg(*arguments, size_t));
        else if (directive.length == 'j')
            fprintf(stream, directive.text, va_arg(*arguments, intmax_t));
        else if (directive.length == 2)
            fprintf(stream, directive.text, va_arg(*arguments, long long));
        else if (directive.length == 1)
            fprintf(stream, directive.text, va_arg(*arguments, long));
        else
            fprintf(stream, directive.text, va_arg(*arguments, int));
        break;
    case 'f':
    case 'g':
        fprintf(stream, directive.text, va_arg(*arguments, double));
        break;
    default: /* %% */
        putc(directive.conversion, stream);
        break;
    }
}
#pragma GCC diagnostic pop

static void print_all(FILE *stream, const char *format, va_list *arguments)
{
    while (*format != '\0') {
        size_t literal = strcspn(format, "%");
        fwrite(format, 1, literal, stream);
        format += literal;
        if (*format == '%') {
            format++;
            print_directive(stream, &format, arguments);
        }
    }
}

void tt__print(tt_output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_all(output->stream, format, &arguments);
    va_end(arguments);
}

void tt__print_own(tt_output *output, const char *text)
{
    fputs(text, output->stream);
}

void tt__style(tt_output *output, enum tt_style style)
{
    static const char *const codes[] = {
        [TT_STYLE_PLAIN] = "\033[0m",    [TT_STYLE_BOLD] = "\033[1m",  [TT_STYLE_FAILURE] = "\033[1;31m",
        [TT_STYLE_WARNING] = "\033[33m", [TT_STYLE_GOOD] = "\033[32m", [TT_STYLE_FAINT] = "\033[2m",
    };
    if (output->has_color)
        fputs(codes[style], output->stream);
}

void tt__complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("telltale: ", stderr);
    print_all(stderr, format, &arguments);
    putc('\n', stderr);
    va_end(arguments);
}
