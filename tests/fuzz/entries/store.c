/* A store, changed as the input tells (sound.h), opened, and, if the first byte is even, asked one question, which it chooses (look.h):
 * understanding a question takes longer than opening. What lies behind the schema is looked at by rows.c, ten times as fast. */
#include "changed_store.h"
#include "entry.h"
#include "look.h"
#include "sqlite_memory.h"

#include <string.h>

#define SECONDS 10

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    changed_store_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    if (size < 1)
        return 0;
    size_t in_use = sqlite_memory_in_use();
    changed_store_change(changed_store_anything, 2, bytes + 1, size - 1);
    enum look_result result = look_at_store(changed_store_path, bytes[0] / 2, bytes[0] % 2 == 0, SECONDS, &error);
    sound_restore();
    if (result == LOOK_REFUSED)
        PROMISE(error.kind != TT_STORE_OK && error.text[0] != '\0' && !strstr(error.text, "out of memory"));
    PROMISE(result != LOOK_TOO_LONG && sqlite_memory_in_use() == in_use);
    return 0;
}
