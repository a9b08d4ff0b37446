/* symbol_reader.c: the program telltale-symbols: functions and lines of addresses, by elfutils' libdwfl.
 *
 * What it is for. It reads files of programs and libraries that a store names, which may be hostile, damaged or large; so
 * it is a process of its own, under limits, and may die without harm to the program telltale, which talks to it through a
 * pair of pipes:
 *
 *   M BUILDID PATH   from now on addresses are of this file; BUILDID in hexadecimal digits, or - when it has none. Answers one
 *                    word: found, differs (what is there now is another build, and this one is nowhere), missing, unreadable
 *   A ADDRESS        answers a line for each function that it is in, the innermost first, all but the last one inlined:
 *                    FUNCTION tab FILE tab LINE, of which each may be empty; then a line with a dot
 *
 * What it leaves to others. Whether a debuginfod server may be asked: libdwfl asks when DEBUGINFOD_URLS is set.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES_MAX     (PATH_MAX + 256)
#define BUILD_ID_BYTES_MAX 64
#define CPU_SECONDS        120
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_BYTES RLIM_INFINITY /* they reserve terabytes */
#else
#define MEMORY_BYTES ((rlim_t)8 << 30) /* of addresses: debugging information is mapped */
#endif
#define INLINED_MAX 64 /* functions inlined into each other that are told */

static Dwfl *dwfl;
static Dwfl_Module *module;

/* -------------------------------------------------------------------------------------------------------- modules */

static int find_no_file(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base, char **file_name,
                        Elf **elf)
{
    (void)mod, (void)userdata, (void)name, (void)base, (void)file_name, (void)elf;
    return -1;
}

static const Dwfl_Callbacks by_path = {.find_elf = find_no_file, .find_debuginfo = dwfl_standard_find_debuginfo};
static const Dwfl_Callbacks by_build_id = {.find_elf = dwfl_build_id_find_elf,
                                           .find_debuginfo = dwfl_standard_find_debuginfo};

static void forget_module(void)
{
    if (dwfl)
        dwfl_end(dwfl);
    dwfl = NULL;
    module = NULL;
}

/* A file that reading cannot make wait, -1 when PATH is none. */
static int open_file(const char *path)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor >= 0 && (fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode))) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static size_t read_build_id(const char *digits, unsigned char out[BUILD_ID_BYTES_MAX])
{
    size_t count = 0;
    for (; count < BUILD_ID_BYTES_MAX && digits[0] != '\0' && digits[1] != '\0'; digits += 2) {
        unsigned byte;
        if (sscanf(digits, "%2x", &byte) != 1)
            break;
        out[count++] = (unsigned char)byte;
    }
    return count;
}

static bool has_build_id(const unsigned char *wanted, size_t bytes)
{
    const unsigned char *bits;
    GElf_Addr address;
    int length = dwfl_module_build_id(module, &bits, &address);
    return length > 0 && (size_t)length == bytes && memcmp(bits, wanted, bytes) == 0;
}

/* The file at PATH, whatever build it is. False: it is not there, or no program and no library. */
static bool take_file(const char *path)
{
    int descriptor = open_file(path);
    forget_module();
    if (descriptor < 0)
        return false;
    dwfl = dwfl_begin(&by_path);
    if (dwfl) {
        dwfl_report_begin(dwfl);
        module = dwfl_report_elf(dwfl, "file", path, descriptor, 0, true);
        dwfl_report_end(dwfl, NULL, NULL);
    }
    if (!module)
        close(descriptor);
    return module != NULL;
}

/* A build that is found by its id alone: in the system's folders for that, or on a debuginfod server. */
static bool take_build(const unsigned char *id, size_t bytes)
{
    GElf_Addr bias;
    forget_module();
    dwfl = dwfl_begin(&by_build_id);
    if (!dwfl)
        return false;
    dwfl_report_begin(dwfl);
    module = dwfl_report_module(dwfl, "build", 0, UINT64_C(1) << 46);
    if (module && dwfl_module_report_build_id(module, id, bytes, 0) != 0)
        module = NULL;
    dwfl_report_end(dwfl, NULL, NULL);
    if (module && !dwfl_module_getelf(module, &bias))
        module = NULL;
    return module != NULL;
}

static const char *take_module(const char *build_id, const char *path)
{
    unsigned char id[BUILD_ID_BYTES_MAX];
    size_t bytes = strcmp(build_id, "-") == 0 ? 0 : read_build_id(build_id, id);
    bool is_there = access(path, F_OK) == 0, is_readable = take_file(path);
    if (is_readable && (bytes == 0 || has_build_id(id, bytes)))
        return "found";
    if (bytes > 0 && take_build(id, bytes))
        return "found";
    forget_module();
    return is_readable ? "differs" : is_there ? "unreadable" : "missing";
}

/* ------------------------------------------------------------------------------------------------------ addresses */

/* A field of an answer: nothing that ends a field. */
static void print_field(const char *text, char end)
{
    for (; text && *text != '\0'; text++)
        putchar(*text == '\t' || *text == '\n' ? '?' : *text);
    putchar(end);
}

static void print_answer(const char *function, const char *folder, const char *file, int line)
{
    char path[PATH_MAX];
    if (file && *file != '/' && folder && snprintf(path, sizeof path, "%s/%s", folder, file) < (int)sizeof path)
        file = path;
    print_field(function, '\t');
    print_field(file, '\t');
    if (file && line > 0)
        printf("%d", line);
    putchar('\n');
}

static int read_attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0 || value > INT_MAX)
        return 0;
    return (int)value;
}

/* The scopes that ADDRESS is in, the innermost first, those that functions were inlined into included. */
static int find_scopes(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **out_scopes)
{
    Dwarf_Die *inner = NULL, start;
    int count = dwarf_getscopes(unit, address, &inner);
    if (count <= 0)
        return 0;
    start = inner[0];
    free(inner);
    count = dwarf_getscopes_die(&start, out_scopes);
    return count > 0 ? count : 0;
}

/* Answers for all functions that debugging information knows. False: it knows none. */
static bool answer_by_scopes(Dwarf_Addr address, const char *folder, const char *file, int line)
{
    Dwarf_Addr bias;
    Dwarf_Files *files = NULL;
    Dwarf_Die *scopes = NULL, *unit = dwfl_module_addrdie(module, address, &bias);
    int count = unit ? find_scopes(unit, address - bias, &scopes) : 0, told = 0;
    size_t file_count;
    if (unit && dwarf_getsrcfiles(unit, &files, &file_count) != 0)
        files = NULL;
    for (int i = 0; i < count && told < INLINED_MAX; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        print_answer(dwarf_diename(&scopes[i]), folder, file, line);
        told++;
        if (tag == DW_TAG_subprogram)
            break;
        int number = read_attribute(&scopes[i], DW_AT_call_file);
        file = files && (size_t)number < file_count ? dwarf_filesrc(files, (size_t)number, NULL, NULL) : NULL;
        line = read_attribute(&scopes[i], DW_AT_call_line);
    }
    free(scopes);
    return told > 0;
}

static void answer_address(Dwarf_Addr address)
{
    GElf_Addr bias = 0;
    int line_number = 0;
    if (module && dwfl_module_getelf(module, &bias)) {
        Dwfl_Line *line = dwfl_module_getsrc(module, address + bias);
        const char *file = line ? dwfl_lineinfo(line, NULL, &line_number, NULL, NULL, NULL) : NULL;
        const char *folder = line ? dwfl_line_comp_dir(line) : NULL;
        if (!answer_by_scopes(address + bias, folder, file, line_number)) {
            const char *symbol = dwfl_module_addrname(module, address + bias);
            if (symbol || file)
                print_answer(symbol, folder, file, line_number);
        }
    }
    puts(".");
}

/* --------------------------------------------------------------------------------------------------------- talking */

static void limit_oneself(void)
{
    static const struct {
        int what;
        rlim_t limit;
    } limits[] = {{RLIMIT_CPU, CPU_SECONDS}, {RLIMIT_CORE, 0}, {RLIMIT_AS, MEMORY_BYTES}, {RLIMIT_FSIZE, 1 << 30}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i].what, &limit) == 0 && limit.rlim_cur > limits[i].limit) {
            limit.rlim_cur = limits[i].limit;
            (void)setrlimit(limits[i].what, &limit);
        }
    }
}

int main(void)
{
    static char line[LINE_BYTES_MAX];
    limit_oneself();
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *path = line[0] == 'M' && line[1] == ' ' ? strchr(line + 2, ' ') : NULL;
        if (path) {
            *path = '\0';
            puts(take_module(line + 2, path + 1));
        } else if (line[0] == 'A' && line[1] == ' ') {
            answer_address(strtoull(line + 2, NULL, 16));
        } else {
            puts("?");
        }
        if (fflush(stdout) != 0)
            break;
    }
    forget_module();
    return 0;
}
