/* bad_disk.c: see bad_disk.h. A file is SQLite's own file with other methods in front: those that can fail ask first. */
#include "bad_disk.h"

#include "harness.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

static struct shared {
    _Atomic unsigned faults, every;
    _Atomic uint64_t operations, failures;
} * shared;

static sqlite3_vfs vfs, *original;

/* Behind it stands the original's file. */
struct bad_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct bad_file *)(void *)file)->real;
}

static bool goes_wrong(unsigned fault)
{
    unsigned every = atomic_load(&shared->every);
    if ((atomic_load(&shared->faults) & fault) == 0 || every == 0 ||
        atomic_fetch_add(&shared->operations, 1) % every != 0)
        return false;
    atomic_fetch_add(&shared->failures, 1);
    return true;
}

static int bad_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    if (goes_wrong(BAD_DISK_FULL))
        return SQLITE_FULL;
    if (goes_wrong(BAD_DISK_WRITE))
        return SQLITE_IOERR_WRITE;
    if (goes_wrong(BAD_DISK_SHORT)) {
        (void)real->pMethods->xWrite(real, bytes, count / 2, offset);
        return SQLITE_FULL;
    }
    return real->pMethods->xWrite(real, bytes, count, offset);
}

static int bad_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    return goes_wrong(BAD_DISK_READ) ? SQLITE_IOERR_READ : real->pMethods->xRead(real, bytes, count, offset);
}

static int bad_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *real = real_of(file);
    return goes_wrong(BAD_DISK_SYNC) ? SQLITE_IOERR_FSYNC : real->pMethods->xSync(real, flags);
}

static int bad_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    sqlite3_file *real = real_of(file);
    return goes_wrong(BAD_DISK_INDEX) ? SQLITE_IOERR_SHMMAP : real->pMethods->xShmMap(real, page, size, extend, out);
}

/* The others pass on. */
static int bad_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}
static int bad_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int bad_file_size(sqlite3_file *file, sqlite3_int64 *out_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out_size);
}
static int bad_lock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}
static int bad_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}
static int bad_check_lock(sqlite3_file *file, int *out_is_locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out_is_locked);
}
static int bad_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
static int bad_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}
static int bad_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
static int bad_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
static void bad_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}
static int bad_shm_unmap(sqlite3_file *file, int is_deleted)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleted);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = bad_close,
    .xRead = bad_read,
    .xWrite = bad_write,
    .xTruncate = bad_truncate,
    .xSync = bad_sync,
    .xFileSize = bad_file_size,
    .xLock = bad_lock,
    .xUnlock = bad_unlock,
    .xCheckReservedLock = bad_check_lock,
    .xFileControl = bad_control,
    .xSectorSize = bad_sector_size,
    .xDeviceCharacteristics = bad_characteristics,
    .xShmMap = bad_shm_map,
    .xShmLock = bad_shm_lock,
    .xShmBarrier = bad_shm_barrier,
    .xShmUnmap = bad_shm_unmap,
};

static int bad_open(sqlite3_vfs *self, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags)
{
    struct bad_file *bad = (struct bad_file *)(void *)file;
    (void)self;
    bad->real = (sqlite3_file *)(void *)(bad + 1);
    bad->base.pMethods = NULL;
    int code = original->xOpen(original, name, bad->real, flags, out_flags);
    if (bad->real->pMethods)
        bad->base.pMethods = &methods;
    return code;
}

void bad_disk_install(void)
{
    if (shared)
        return;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    original = sqlite3_vfs_find(NULL);
    assert_non_null(original);
    vfs = *original;
    vfs.zName = "bad disk";
    vfs.szOsFile = original->szOsFile + (int)sizeof(struct bad_file);
    vfs.xOpen = bad_open;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void bad_disk_set(unsigned faults, unsigned every)
{
    atomic_store(&shared->faults, 0);
    atomic_store(&shared->every, every);
    atomic_store(&shared->faults, faults);
}

uint64_t bad_disk_count(void)
{
    return atomic_load(&shared->failures);
}
