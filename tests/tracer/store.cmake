# Tests of the reading half: recorder, ingest, store. Programs that are recorded are the tests' own children.

set(reading telltale_trace_objects telltale-store)

telltale_test(test_decode.c studio.c LIBRARIES ${reading})
telltale_test(test_ingest.c studio.c LIBRARIES ${reading})
telltale_test(test_call_stack.c studio.c LIBRARIES ${reading})
telltale_test(test_recorder_trouble.c studio.c LIBRARIES ${reading})
telltale_test(test_clocks.c ${decoding} studio.c LIBRARIES ${reading})
telltale_test(test_retention.c studio.c LIBRARIES ${reading} TIMEOUT 180)
telltale_test(test_metrics.c studio.c LIBRARIES ${reading})
telltale_test(test_reference.c LIBRARIES ${reading})
telltale_test(test_log.c studio.c LIBRARIES ${reading} TIMEOUT 240)
telltale_test(test_full_ring.c ${decoding} studio.c LIBRARIES ${reading})
telltale_test(test_chunk.c studio.c LIBRARIES ${reading})
telltale_test(test_stream.c studio.c LIBRARIES ${reading})
telltale_test(test_store_open.c studio.c LIBRARIES ${reading})
telltale_test(test_store_views.c studio.c LIBRARIES ${reading})
telltale_test(test_store_migrate.c studio.c LIBRARIES ${reading})
telltale_test(test_store_left.c studio.c LIBRARIES ${reading})
telltale_test(test_store_image.c studio.c LIBRARIES ${reading})
telltale_test(test_store_summary.c studio.c LIBRARIES ${reading})
telltale_test(test_recorder.c studio.c LIBRARIES ${reading})
telltale_test(test_store_kill.c truth.c studio.c LIBRARIES ${reading} TIMEOUT 120)
telltale_test(test_ring_dir.c studio.c LIBRARIES ${reading})
target_link_options(test-tracer-ring_dir PRIVATE -Wl,--wrap=rename)

# Views have a folder of their own.
add_subdirectory(${CMAKE_CURRENT_SOURCE_DIR}/../views ${CMAKE_CURRENT_BINARY_DIR}/../views)
