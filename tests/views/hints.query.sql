SELECT lint, is_definite, process_id, object_id, id_text, name, fingerprint, since_ns, lasted_ns, sentence, amount FROM hints ORDER BY lint, object_id
