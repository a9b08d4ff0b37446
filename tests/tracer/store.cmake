# Tests of the reading half: recorder, ingest, store. Programs that are recorded are the tests' own children.

set(reading telltale_trace_objects telltale-store)

telltale_test(test_store_kill.c studio.c LIBRARIES ${reading} TIMEOUT 120)
