/* changed_store.c: see changed_store.h. */
#include "changed_store.h"

#include "entry.h"
#include "schema_pages.h"
#include "sqlite_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 4096u

char changed_store_path[160];
struct window changed_store_anything[2], changed_store_rows[64];
size_t changed_store_row_windows;
static unsigned char *bytes;

/* Each run of pages that have none of the schema is a window. */
static void find_rows(size_t file_bytes)
{
    bool is_of_schema[SCHEMA_PAGES_MAX];
    size_t page_bytes = 0, pages = schema_pages(changed_store_path, &page_bytes, is_of_schema);
    PROMISE(pages > 0 && pages * page_bytes == file_bytes);
    for (size_t i = 1; i < pages; i++) {
        if (is_of_schema[i])
            continue;
        if (is_of_schema[i - 1])
            changed_store_rows[changed_store_row_windows++].at = bytes + i * page_bytes;
        changed_store_rows[changed_store_row_windows - 1].length += page_bytes;
        PROMISE(changed_store_row_windows < sizeof changed_store_rows / sizeof *changed_store_rows);
    }
    PROMISE(changed_store_row_windows > 0);
}

void changed_store_begin(void)
{
    struct stat status;
    sqlite_memory_begin();
    snprintf(changed_store_path, sizeof changed_store_path, "%s/sound.telltale", entry_folder());
    sound_store(entry_folder(), changed_store_path);
    int fd = open(changed_store_path, O_RDWR | O_CLOEXEC);
    PROMISE(fd >= 0 && fstat(fd, &status) == 0);
    size_t file_bytes = (size_t)status.st_size;
    bytes = mmap(NULL, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    PROMISE(bytes != MAP_FAILED && file_bytes > HEAD_BYTES);
    close(fd);
    changed_store_anything[0] = (struct window){bytes, HEAD_BYTES};
    changed_store_anything[1] = (struct window){bytes, file_bytes};
    find_rows(file_bytes);
}

void changed_store_change(const struct window *windows, size_t count, const uint8_t *input, size_t size)
{
    static uint32_t changes = 1000;
    changes++;
    for (int i = 0; i < 4; i++)
        bytes[24 + i] = bytes[92 + i] = (unsigned char)(changes >> (24 - 8 * i));
    sound_change(windows, count, input, size);
}
