SELECT object_id, ns, kind, event, sentence, place, other_id FROM story ORDER BY object_id, ns, rank, sequence;
