SELECT * FROM histograms WHERE coroutine <> 'unknown' AND (coroutine <> 'ends' OR count > 0) ORDER BY coroutine, what, from_ns;
