/* A store, changed as the input tells (sound.h), and asked a question about its event stream and some views (look.h). The first byte, modulo 64:
 *
 *   0    anything is changed, and it is opened: for its header and schema
 *   1    it is changed behind its schema, and read by who had opened the sound one; then it is opened, which has the same result
 *   > 1  it is changed behind its schema, and read by who had opened the sound one
 *
 * The second byte chooses the questions.
 */
#include "entry.h"
#include "look.h"
#include "schema_pages.h"
#include "sound.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite_memory.h"

#define KINDS       16u
#define VIEWS_EACH  2u
#define SECONDS     10
#define WINDOWS_MAX 64u

static char path[160];
static int file;
static unsigned char *sound;
static size_t sound_bytes;
static struct look *look;
static struct window behind_schema[WINDOWS_MAX];
static size_t behind_count;

static void finish(void)
{
    look_destroy(look);
    close(file);
}

/* Each row of pages that are not of the schema is a window. */
static void find_windows(void)
{
    bool is_of_schema[SCHEMA_PAGES_MAX];
    size_t page_bytes, pages = schema_pages(path, &page_bytes, is_of_schema);
    PROMISE(pages > 0 && pages * page_bytes == sound_bytes);
    for (size_t i = 1; i < pages; i++) {
        if (is_of_schema[i])
            continue;
        if (is_of_schema[i - 1])
            behind_schema[behind_count++].at = sound + i * page_bytes;
        behind_schema[behind_count - 1].length += page_bytes;
        PROMISE(behind_count < WINDOWS_MAX);
    }
    PROMISE(behind_count > 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct stat status;
    (void)argc, (void)argv;
    sqlite_memory_begin();
    snprintf(path, sizeof path, "%s/sound.telltale", entry_folder());
    sound_store(entry_folder(), path);
    file = open(path, O_RDWR | O_CLOEXEC);
    PROMISE(file >= 0 && fstat(file, &status) == 0);
    sound_bytes = (size_t)status.st_size;
    sound = mmap(NULL, sound_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    PROMISE(sound != MAP_FAILED);
    find_windows();
    look = look_create(path);
    PROMISE(atexit(finish) == 0);
    return 0;
}

/* The change counter, by which SQLite knows that what it has read is old. */
static void count_change(void)
{
    static uint32_t count = 1000;
    count++;
    for (int i = 0; i < 4; i++)
        sound[24 + i] = sound[92 + i] = (unsigned char)(count >> (24 - 8 * i));
}

static enum look_result open_and_look(unsigned question)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    size_t in_use = sqlite_memory_in_use();
    enum look_result result = look_at_store(path, question, 1, SECONDS, &error);
    if (result == LOOK_REFUSED)
        PROMISE(error.kind != TT_STORE_OK && error.text[0] != '\0' && !strstr(error.text, "out of memory"));
    PROMISE(result != LOOK_TOO_LONG && sqlite_memory_in_use() == in_use);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct window anything[] = {{sound, 4096}, {sound, sound_bytes}};
    if (size < 2)
        return 0;
    unsigned kind = bytes[0] % KINDS, question = bytes[1];
    count_change();
    if (kind == 0) {
        sound_change(anything, 2, bytes + 2, size - 2);
        (void)open_and_look(question);
    } else {
        sound_change(behind_schema, behind_count, bytes + 2, size - 2);
        PROMISE(look_again(look, question % LOOK_STREAM, 1, SECONDS) != LOOK_TOO_LONG);
        PROMISE(look_again(look, question, VIEWS_EACH, SECONDS) != LOOK_TOO_LONG);
        if (kind == 1)
            PROMISE(open_and_look(question) == look_again(look, question, 1, SECONDS));
    }
    sound_restore();
    return 0;
}
