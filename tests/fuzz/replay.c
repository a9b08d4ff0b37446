/* replay: hands each file that is named, and each one in the folders that are, to an entry. Exit status 1 when there is none. */
#include "entry.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Entries that need nothing to begin with have none. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static unsigned count;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    PROMISE(file && fseek(file, 0, SEEK_END) == 0);
    long size = ftell(file);
    PROMISE(size >= 0);
    rewind(file);
    /* Of exactly that size, so that a byte too far is noticed. */
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    PROMISE(bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    fprintf(stderr, "%s\n", path);
    PROMISE(LLVMFuzzerTestOneInput(bytes, (size_t)size) == 0);
    free(bytes);
    count++;
}

static void replay_folder(const char *path)
{
    char name[PATH_MAX];
    DIR *stream = opendir(path);
    PROMISE(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (entry->d_name[0] != '.' && snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < (int)sizeof name)
            replay_file(name);
    closedir(stream);
}

int main(int argc, char **argv)
{
    struct stat status;
    alarm(300);
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
            replay_folder(argv[i]);
        else
            replay_file(argv[i]);
    return count == 0;
}
