/* drive: main() of an entry that libFuzzer calls. Its options are libFuzzer's: -help=1. */
#include "entry.h"

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*entry)(const uint8_t *bytes, size_t size));

int main(int argc, char **argv)
{
    return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);
}
