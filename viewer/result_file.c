/* result_file.c: the file that -o names. The contract is in result_file.h. */
#include "result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct tt_result_file *file, int error)
{
    tt__complain("%s: cannot write %s: %s; name another file with -o", file->command, file->name, strerror(error));
    return TT_EXIT_OUTSIDE;
}

/* The name that the file will have. Returns 0 or -1. */
static int find_path(struct tt_result_file *file)
{
    char *resolved = realpath(file->name, NULL);
    const char *path = resolved != NULL ? resolved : file->name;
    size_t length = strlen(path);
    if (length < sizeof file->path)
        memcpy(file->path, path, length + 1);
    else
        errno = ENAMETOOLONG;
    free(resolved);
    return length < sizeof file->path ? 0 : -1;
}

/* A name beside the file's that nobody has. */
static int name_temporary(struct tt_result_file *file)
{
    int length = snprintf(file->temporary, sizeof file->temporary, "%s.XXXXXX", file->path);
    if (length > 0 && (size_t)length < sizeof file->temporary)
        return 0;
    file->temporary[0] = '\0';
    errno = ENAMETOOLONG;
    return -1;
}

/* A file without a name in the same folder; a killed process leaves nothing of it. */
static int open_nameless(const struct tt_result_file *file)
{
    char copy[PATH_MAX];
    memcpy(copy, file->path, strlen(file->path) + 1);
    return open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
}

static int open_named(struct tt_result_file *file)
{
    if (name_temporary(file) < 0)
        return -1;
    int descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (descriptor < 0) {
        file->temporary[0] = '\0';
        return -1;
    }
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(descriptor, 0666 & ~mask) == 0)
        return descriptor;
    close(descriptor);
    unlink(file->temporary);
    return -1;
}

bool tt__result_file_is(const char *name, const char *source)
{
    struct stat there, other;
    return stat(name, &there) == 0 && stat(source, &other) == 0 && there.st_dev == other.st_dev && there.st_ino == other.st_ino;
}

int tt__result_file_open(struct tt_result_file *out_file, const char *command, const char *name, const char *source)
{
    struct stat there;
    *out_file = (struct tt_result_file){.command = command, .name = name, .is_plain = true};
    if (find_path(out_file) < 0)
        return fail(out_file, errno);
    if (stat(out_file->path, &there) == 0) {
        if (source != NULL && tt__result_file_is(name, source)) {
            tt__complain("%s: %s is what is read; name another file with -o", command, name);
            return TT_EXIT_USAGE;
        }
        out_file->is_plain = S_ISREG(there.st_mode);
    }
    int descriptor;
    if (!out_file->is_plain) {
        descriptor = open(out_file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    } else {
        descriptor = open_nameless(out_file);
        if (descriptor < 0)
            descriptor = open_named(out_file);
    }
    if (descriptor < 0)
        return fail(out_file, errno);
    out_file->stream = fdopen(descriptor, "w");
    if (out_file->stream != NULL)
        return -1;
    int error = errno;
    close(descriptor);
    if (out_file->temporary[0] != '\0')
        unlink(out_file->temporary);
    return fail(out_file, error);
}

/* Gives a file without a name one beside the one that it will have. Returns 0 or -1. */
static int give_temporary_name(struct tt_result_file *file)
{
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", fileno(file->stream));
    for (int tries = 0; tries < 100; tries++) {
        if (name_temporary(file) < 0)
            return -1;
        int descriptor = mkostemp(file->temporary, O_CLOEXEC); /* chooses a name; it is wanted without a file */
        if (descriptor < 0)
            break;
        close(descriptor);
        unlink(file->temporary);
        if (linkat(AT_FDCWD, source, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    file->temporary[0] = '\0';
    return -1;
}

static int publish(struct tt_result_file *file)
{
    if (file->temporary[0] == '\0' && give_temporary_name(file) < 0)
        return -1;
    return rename(file->temporary, file->path);
}

int tt__result_file_close(struct tt_result_file *file, int status)
{
    bool is_wanted = status == TT_EXIT_CLEAN || status == TT_EXIT_FINDINGS;
    int error = 0;
    if (fflush(file->stream) != 0 || ferror(file->stream))
        error = errno != 0 ? errno : EIO;
    else if (is_wanted && file->is_plain && (fsync(fileno(file->stream)) < 0 || publish(file) < 0))
        error = errno;
    if ((error != 0 || !is_wanted) && file->temporary[0] != '\0')
        unlink(file->temporary);
    if (fclose(file->stream) != 0 && error == 0 && !file->is_plain)
        error = errno;
    return error != 0 && is_wanted ? fail(file, error) : status;
}
