/* A store, changed as the input tells (sound.h), opened and asked. The first byte chooses views. */
#include "entry.h"
#include "look.h"
#include "sound.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define VIEWS_EACH 4u
#define SECONDS    10

static char path[160];
static unsigned char *sound;
static size_t sound_bytes;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct stat status;
    (void)argc, (void)argv;
    snprintf(path, sizeof path, "%s/sound.telltale", entry_folder());
    sound_store(entry_folder(), path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    PROMISE(fd >= 0 && fstat(fd, &status) == 0);
    sound_bytes = (size_t)status.st_size;
    sound = mmap(NULL, sound_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    PROMISE(sound != MAP_FAILED);
    close(fd);
    snprintf(path, sizeof path, "%s/mutant.telltale", entry_folder());
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* The schema with its header; the pages' headers and cells; anything. */
    const struct window windows[] = {{sound, 4096}, {sound, sound_bytes}};
    struct tt_store_error error = {TT_STORE_OK, ""};
    if (size < 1)
        return 0;
    sound_change(windows, 2, bytes + 1, size - 1);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    PROMISE(fd >= 0 && write(fd, sound, sound_bytes) == (ssize_t)sound_bytes);
    close(fd);
    sound_restore();
    if (look_at_store(path, bytes[0], VIEWS_EACH, SECONDS, &error) == LOOK_REFUSED)
        PROMISE(error.kind != TT_STORE_OK && error.text[0] != '\0' && !strstr(error.text, "out of memory"));
    return 0;
}
