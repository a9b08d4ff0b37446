SELECT process_id, from_ns, to_ns, why, wall_offset_ns, set_by_ns, slept_ns FROM clocks ORDER BY process_id, from_ns
