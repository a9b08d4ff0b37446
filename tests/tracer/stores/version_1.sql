-- version_1.sql: a store of schema version 1, recorded by telltale 0.1.0 as it was first: three tasks of examples/exception_handler.c fail,
-- and all three failures are lost. Its tables, indexes, one of its views, and all rows; comments of the schema left out.
PRAGMA application_id = 1414807884;
PRAGMA user_version = 1;
BEGIN;
CREATE TABLE recording (recording_id INTEGER PRIMARY KEY CHECK (recording_id = 1), uuid BLOB NOT NULL,
    telltale_version TEXT NOT NULL, created_realtime_ns INTEGER NOT NULL, origin_realtime_ns INTEGER,
    origin_monotonic_ns INTEGER, origin_boot_id BLOB) STRICT;
CREATE TABLE process (process_id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, pid INTEGER, parent_pid
    INTEGER, uid INTEGER, start_ticks INTEGER, boot_id BLOB, host TEXT, program TEXT, command TEXT, started_ns
    INTEGER, started_realtime_ns INTEGER, started_monotonic_ns INTEGER, started_boottime_ns INTEGER, seen_ns
    INTEGER, goodbye_ns INTEGER, goodbye_reason INTEGER, gone_ns INTEGER, is_replaced INTEGER, exit_status INTEGER,
    signal INTEGER, attempt_count INTEGER, record_count INTEGER, drop_count INTEGER, hole_count INTEGER,
    vital_drop_count INTEGER, vital_drop_last_ns INTEGER, board_drop_count INTEGER, dictionary_drop_count INTEGER,
    is_balanced INTEGER) STRICT;
CREATE TABLE thread (thread_id INTEGER PRIMARY KEY, tid INTEGER, name TEXT, attached_ns INTEGER, detached_ns
    INTEGER, attempt_count INTEGER, record_count INTEGER, drop_count INTEGER, hole_count INTEGER) STRICT;
CREATE TABLE cursor (process_id INTEGER NOT NULL, ring INTEGER NOT NULL, ordinal INTEGER NOT NULL, position
    INTEGER NOT NULL, attempt_base INTEGER NOT NULL, drop_base INTEGER NOT NULL, attempt_next INTEGER NOT NULL,
    record_count INTEGER NOT NULL, missing_count INTEGER NOT NULL, vital_drop_count INTEGER NOT NULL, last_ns
    INTEGER, PRIMARY KEY (process_id, ring)) STRICT, WITHOUT ROWID;
CREATE TABLE gap (gap_id INTEGER PRIMARY KEY, thread_id INTEGER NOT NULL, count INTEGER NOT NULL, from_ns
    INTEGER, to_ns INTEGER, first_sequence INTEGER, what TEXT NOT NULL, is_vital INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE event_type (event_type_id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, fields
    TEXT NOT NULL) STRICT;
CREATE TABLE word (enumeration TEXT NOT NULL, number INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY
    (enumeration, number)) STRICT, WITHOUT ROWID;
CREATE TABLE site (site_id INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE, file TEXT, line INTEGER, func
    TEXT, text TEXT) STRICT;
CREATE TABLE loop (loop_id INTEGER PRIMARY KEY, created_ns INTEGER, created_site_id INTEGER, started_ns INTEGER,
    started_site_id INTEGER, stopped_ns INTEGER, closed_ns INTEGER, closed_site_id INTEGER, pending_count INTEGER)
    STRICT;
CREATE TABLE task (task_id INTEGER PRIMARY KEY, loop_id INTEGER, parent_kind INTEGER, parent_id INTEGER,
    created_ns INTEGER, created_site_id INTEGER, name TEXT, name_number INTEGER, new_name TEXT, has_handle INTEGER,
    started_ns INTEGER, ended_ns INTEGER, outcome INTEGER, busy_ns INTEGER, ready_ns INTEGER, longest_step_ns
    INTEGER, step_count INTEGER, abandoned_ns INTEGER, wait_kind INTEGER, wait_object INTEGER, wait_site_id INTEGER)
    STRICT;
CREATE TABLE board (task_id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, state INTEGER NOT NULL, wait_kind
    INTEGER, wait_object INTEGER, wait_site_id INTEGER, since_ns INTEGER, busy_ns INTEGER, ready_ns INTEGER,
    step_count INTEGER) STRICT;
CREATE TABLE exception (exception_id INTEGER PRIMARY KEY, type TEXT, message TEXT, pattern TEXT, raised_ns
    INTEGER, raised_site_id INTEGER, task_id INTEGER, cause_id INTEGER, context_id INTEGER) STRICT;
CREATE TABLE failure (failure_id INTEGER PRIMARY KEY, kind INTEGER, how INTEGER, exception_id INTEGER,
    parent_kind INTEGER, parent_id INTEGER, loop_id INTEGER, name TEXT, name_number INTEGER, created_site_id
    INTEGER, raised_site_id INTEGER, last_site_id INTEGER, stored_ns INTEGER, stored_handle_count INTEGER,
    reported_ns INTEGER, reported_kind INTEGER, reported_site_id INTEGER, released_ns INTEGER, released_site_id
    INTEGER, user_touch_count INTEGER, library_touch_count INTEGER, forward_count INTEGER, is_retrieved INTEGER,
    is_loop_closed INTEGER) STRICT;
CREATE TABLE touch (touch_id INTEGER PRIMARY KEY, failure_id INTEGER NOT NULL, touched_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL, sequence INTEGER NOT NULL, by INTEGER NOT NULL, by_id INTEGER, how INTEGER NOT NULL,
    is_user INTEGER NOT NULL, site_id INTEGER) STRICT;
CREATE TABLE forward (forward_id INTEGER PRIMARY KEY, failure_id INTEGER NOT NULL, to_id INTEGER, forwarded_ns
    INTEGER NOT NULL, thread_id INTEGER NOT NULL, sequence INTEGER NOT NULL, how INTEGER NOT NULL, site_id INTEGER)
    STRICT;
CREATE TABLE discard (object_id INTEGER PRIMARY KEY, discarded_ns INTEGER NOT NULL, site_id INTEGER, reason
    TEXT) STRICT;
CREATE TABLE reference (reference_id INTEGER PRIMARY KEY, object_id INTEGER NOT NULL, happened_ns INTEGER NOT
    NULL, thread_id INTEGER NOT NULL, sequence INTEGER NOT NULL, is_taken INTEGER NOT NULL, site_id INTEGER,
    handle_count INTEGER) STRICT;
CREATE TABLE cancellation (cancellation_id INTEGER PRIMARY KEY, task_id INTEGER NOT NULL, requested_ns INTEGER
    NOT NULL, thread_id INTEGER NOT NULL, sequence INTEGER NOT NULL, by INTEGER NOT NULL, by_id INTEGER, site_id
    INTEGER, is_accepted INTEGER NOT NULL, request_count INTEGER, reason TEXT) STRICT;
CREATE TABLE cancellation_effect (cancellation_effect_id INTEGER PRIMARY KEY, task_id INTEGER NOT NULL,
    happened_ns INTEGER NOT NULL, thread_id INTEGER NOT NULL, sequence INTEGER NOT NULL, what TEXT NOT NULL, site_id
    INTEGER, is_before_start INTEGER, request_count INTEGER, exception_id INTEGER) STRICT;
CREATE TABLE gather (gather_id INTEGER PRIMARY KEY, created_ns INTEGER, created_site_id INTEGER, by INTEGER,
    by_id INTEGER, child_count INTEGER, is_returning_exceptions INTEGER) STRICT;
CREATE TABLE handler_call (handler_call_id INTEGER PRIMARY KEY, called_ns INTEGER NOT NULL, thread_id INTEGER
    NOT NULL, sequence INTEGER NOT NULL, loop_id INTEGER, kind INTEGER, object_id INTEGER, object_kind INTEGER,
    exception_id INTEGER, message TEXT) STRICT;
CREATE TABLE note (note_id INTEGER PRIMARY KEY, noted_ns INTEGER NOT NULL, thread_id INTEGER NOT NULL, sequence
    INTEGER NOT NULL, task_id INTEGER, site_id INTEGER, key TEXT, text TEXT) STRICT;
CREATE INDEX touch_failure ON touch (failure_id);
CREATE INDEX forward_failure ON forward (failure_id);
CREATE INDEX forward_to ON forward (to_id);
CREATE INDEX reference_object ON reference (object_id);
CREATE INDEX cancellation_task ON cancellation (task_id);
CREATE INDEX cancellation_effect_task ON cancellation_effect (task_id);
CREATE VIEW losses AS SELECT g.thread_id >> 40 AS process_id, g.thread_id AS thread_id, g.count AS count,
    g.from_ns AS from_ns, g.to_ns AS to_ns, g.what AS what, g.is_vital AS is_vital FROM gap AS g;
INSERT INTO "cursor" VALUES(0,0,0,0,0,0,0,0,0,0,NULL);
INSERT INTO "cursor" VALUES(0,1,1,55,37,0,37,0,0,0,NULL);
INSERT INTO "event_type" VALUES(1,'process_started','process','pid:u32 parent_pid:u32 realtime_ns:u64
    monotonic_ns:u64 boottime_ns:u64 host:text:64 program:text:255 command:text:1023 uuid_low:u64 uuid_high:u64
    boot_id_low:u64 boot_id_high:u64 start_ticks:u64 uid:u32');
INSERT INTO "event_type" VALUES(2,'process_ended','process','reason:word:end_reason attempt_count:u64');
INSERT INTO "event_type" VALUES(3,'thread_attached','process','tid:u32 name:text:15 is_repeated:u8');
INSERT INTO "event_type" VALUES(4,'thread_detached','process','tid:u32');
INSERT INTO "event_type" VALUES(10,'loop_created','loop','loop_id:id site:site');
INSERT INTO "event_type" VALUES(11,'loop_started','loop','loop_id:id site:site');
INSERT INTO "event_type" VALUES(12,'loop_stopped','loop','loop_id:id');
INSERT INTO "event_type" VALUES(13,'loop_closed','loop','loop_id:id pending_count:u32 site:site');
INSERT INTO "event_type" VALUES(14,'handler_called','loop','loop_id:id object_id:id exception_id:id
    kind:word:handler_kind object_kind:word:object_kind message:text:511');
INSERT INTO "event_type" VALUES(20,'task_created','task','task_id:id parent_id:id site:site loop_id:u32
    name_number:u32 parent_kind:word:actor has_handle:u8 name:text:127');
INSERT INTO "event_type" VALUES(21,'task_started','task','task_id:id');
INSERT INTO "event_type" VALUES(22,'task_renamed','task','task_id:id name:text:127');
INSERT INTO "event_type" VALUES(23,'task_finished','task','task_id:id busy:ticks ready:ticks longest_step:ticks
    step_count:u32 outcome:word:outcome');
INSERT INTO "event_type" VALUES(24,'task_abandoned','task','task_id:id wait_object:id wait_site:site
    wait_kind:word:wait_kind');
INSERT INTO "event_type" VALUES(30,'exception_raised','failure','exception_id:id task_id:id cause_id:id
    context_id:id site:site type:text:127 message:text:1023');
INSERT INTO "event_type" VALUES(32,'failure_stored','failure','failure_id:id exception_id:id parent_id:id
    loop_id:u32 name_number:u32 kind:word:object_kind parent_kind:word:actor how:word:failure_how handle_count:u32
    created_site:site raised_site:site last_site:site name:text:127 type:text:127 message:text:1023');
INSERT INTO "event_type" VALUES(33,'failure_touched','failure','failure_id:id by_id:id site:site by:word:actor
    how:word:touch_how is_user:u8');
INSERT INTO "event_type" VALUES(34,'failure_forwarded','failure','failure_id:id to_id:id site:site
    how:word:forward_how');
INSERT INTO "event_type" VALUES(35,'failure_reported','failure','failure_id:id loop_id:u32
    kind:word:handler_kind site:site');
INSERT INTO "event_type" VALUES(36,'failure_discarded','failure','failure_id:id site:site reason:text:255');
INSERT INTO "event_type" VALUES(37,'failure_released','failure','failure_id:id site:site user_touch_count:u32
    library_touch_count:u32 forward_count:u32 retrieved:u8 loop_closed:u8');
INSERT INTO "event_type" VALUES(40,'cancel_requested','cancel','task_id:id by_id:id site:site by:word:actor
    accepted:u8 request_count:u32 reason:text:255');
INSERT INTO "event_type" VALUES(41,'cancel_delivered','cancel','task_id:id site:site before_start:u8');
INSERT INTO "event_type" VALUES(42,'cancel_swallowed','cancel','task_id:id request_count:u32');
INSERT INTO "event_type" VALUES(43,'cancel_converted','cancel','task_id:id exception_id:id');
INSERT INTO "event_type" VALUES(44,'uncancelled','cancel','task_id:id request_count:u32 site:site');
INSERT INTO "event_type" VALUES(50,'gather_created','scope','gather_id:id by_id:id site:site child_count:u32
    by:word:actor return_exceptions:u8');
INSERT INTO "event_type" VALUES(60,'reference_taken','reference','object_id:id site:site handle_count:u32');
INSERT INTO "event_type" VALUES(61,'reference_released','reference','object_id:id site:site handle_count:u32');
INSERT INTO "event_type" VALUES(90,'note','user','task_id:id site:site key:text:63 text:text:1023');
INSERT INTO "exception" VALUES(8,'RuntimeError','job 1 went wrong','job <n> went
    wrong',109686930,7,2,NULL,NULL);
INSERT INTO "exception" VALUES(9,'RuntimeError','job 2 went wrong','job <n> went
    wrong',209919061,7,3,NULL,NULL);
INSERT INTO "exception" VALUES(10,'RuntimeError','job 3 went wrong','job <n> went
    wrong',310215097,7,4,NULL,NULL);
INSERT INTO "failure"
    VALUES(2,1,1,8,0,NULL,1,'job-1',NULL,1,7,2,109700449,1,310330451,2,10,310332895,10,0,0,0,0,0);
INSERT INTO "failure"
    VALUES(3,1,1,9,0,NULL,1,'job-2',NULL,3,7,2,209926725,1,310334796,2,11,310336196,11,0,0,0,0,0);
INSERT INTO "failure"
    VALUES(4,1,1,10,0,NULL,1,'job-3',NULL,4,7,2,310223358,0,310238488,2,8,310249162,8,0,0,0,0,0);
INSERT INTO "handler_call" VALUES(1,310242055,1,24,1,2,4,1,10,'Task exception was never retrieved');
INSERT INTO "handler_call" VALUES(2,310330982,1,30,1,2,2,1,8,'Task exception was never retrieved');
INSERT INTO "handler_call" VALUES(3,310335122,1,34,1,2,3,1,9,'Task exception was never retrieved');
INSERT INTO "loop" VALUES(1,9007653,5,9178486,6,310254512,310298615,9,0);
INSERT INTO "process"
    VALUES(0,X'463668E3C8C3479083D575E691B7BA7E',15072,15058,0,4659324,X'70B75EE7E08E405FA6F203E59F4F9DDB','host','/srv/exception_handler','/srv/exception_handler',0,1795347375586624923,46593248319400,46593248319459,310866019,310358122,1,310866019,NULL,0,NULL,37,37,0,0,0,NULL,0,0,1);
INSERT INTO "recording"
    VALUES(1,X'FD6CF8509176C53461026D88C7AF78D7','0.1.0',1795347375579608094,1795347375586624923,46593248319400,X'70B75EE7E08E405FA6F203E59F4F9DDB');
INSERT INTO "reference" VALUES(1,2,109703712,1,13,1,1,1);
INSERT INTO "reference" VALUES(2,3,209929436,1,17,1,3,1);
INSERT INTO "reference" VALUES(3,4,310225481,1,21,1,4,0);
INSERT INTO "reference" VALUES(4,4,310232384,1,22,0,8,0);
INSERT INTO "reference" VALUES(5,2,310329475,1,28,0,10,0);
INSERT INTO "reference" VALUES(6,3,310334345,1,32,0,11,0);
INSERT INTO "site" VALUES(1,-2017339300654414942,'runtime/examples/exception_handler.c',60,'keep_two','job');
INSERT INTO "site" VALUES(2,7600162919012134025,'runtime/examples/exception_handler.c',37,'job',NULL);
INSERT INTO "site" VALUES(3,2593711289911443224,'runtime/examples/exception_handler.c',62,'keep_two','job');
INSERT INTO "site" VALUES(4,-5971218410997934250,'runtime/examples/exception_handler.c',64,'keep_two','job');
INSERT INTO "site" VALUES(5,-5051448380348284811,'runtime/examples/exception_handler.c',153,'main',NULL);
INSERT INTO "site" VALUES(6,-2772824296933649454,'runtime/examples/exception_handler.c',67,'keep_two',NULL);
INSERT INTO "site" VALUES(7,-793488148331364662,'runtime/examples/exception_handler.c',40,'job',NULL);
INSERT INTO "site" VALUES(8,-4600659389000204532,'runtime/examples/exception_handler.c',65,'keep_two',NULL);
INSERT INTO "site" VALUES(9,-6428494481066759610,'runtime/examples/exception_handler.c',71,'keep_two',NULL);
INSERT INTO "site" VALUES(10,2710680979266015780,'runtime/examples/exception_handler.c',73,'keep_two',NULL);
INSERT INTO "site" VALUES(11,5452433617365848397,'runtime/examples/exception_handler.c',74,'keep_two',NULL);
INSERT INTO "task"
    VALUES(2,1,0,NULL,9025064,1,'job-1',NULL,NULL,1,9197101,109690023,2,116724,180403,65177,2,NULL,NULL,NULL,NULL);
INSERT INTO "task"
    VALUES(3,1,0,NULL,9025064,3,'job-2',NULL,NULL,1,9262278,209921765,2,186036,245923,161835,2,NULL,NULL,NULL,NULL);
INSERT INTO "task"
    VALUES(4,1,0,NULL,9025064,4,'job-3',NULL,NULL,1,9424114,310218105,2,28643,406780,24361,2,NULL,NULL,NULL,NULL);
INSERT INTO "thread" VALUES(1,15072,'exception_handl',63879,NULL,37,37,0,0);
INSERT INTO "word" VALUES('actor',0,'main');
INSERT INTO "word" VALUES('actor',1,'task');
INSERT INTO "word" VALUES('actor',2,'callback');
INSERT INTO "word" VALUES('actor',3,'signal');
INSERT INTO "word" VALUES('actor',4,'thread');
INSERT INTO "word" VALUES('actor',5,'gather');
INSERT INTO "word" VALUES('actor',6,'runner');
INSERT INTO "word" VALUES('actor',7,'awaiter');
INSERT INTO "word" VALUES('actor',8,'handler');
INSERT INTO "word" VALUES('end_reason',1,'exit');
INSERT INTO "word" VALUES('end_reason',2,'stopped');
INSERT INTO "word" VALUES('failure_how',1,'raised');
INSERT INTO "word" VALUES('failure_how',2,'ignored');
INSERT INTO "word" VALUES('failure_how',3,'missing');
INSERT INTO "word" VALUES('failure_how',4,'set');
INSERT INTO "word" VALUES('failure_how',5,'forwarded');
INSERT INTO "word" VALUES('forward_how',1,'await');
INSERT INTO "word" VALUES('forward_how',2,'gather');
INSERT INTO "word" VALUES('forward_how',3,'thread_chain');
INSERT INTO "word" VALUES('forward_how',4,'callback');
INSERT INTO "word" VALUES('handler_kind',1,'default');
INSERT INTO "word" VALUES('handler_kind',2,'custom');
INSERT INTO "word" VALUES('handler_kind',3,'log');
INSERT INTO "word" VALUES('object_kind',1,'task');
INSERT INTO "word" VALUES('object_kind',2,'future');
INSERT INTO "word" VALUES('object_kind',3,'gather');
INSERT INTO "word" VALUES('object_kind',4,'thread_future');
INSERT INTO "word" VALUES('object_kind',5,'callback');
INSERT INTO "word" VALUES('outcome',1,'returned');
INSERT INTO "word" VALUES('outcome',2,'failed');
INSERT INTO "word" VALUES('outcome',3,'cancelled');
INSERT INTO "word" VALUES('signal',1,'SIGHUP');
INSERT INTO "word" VALUES('signal',2,'SIGINT');
INSERT INTO "word" VALUES('signal',3,'SIGQUIT');
INSERT INTO "word" VALUES('signal',4,'SIGILL');
INSERT INTO "word" VALUES('signal',5,'SIGTRAP');
INSERT INTO "word" VALUES('signal',6,'SIGABRT');
INSERT INTO "word" VALUES('signal',7,'SIGBUS');
INSERT INTO "word" VALUES('signal',8,'SIGFPE');
INSERT INTO "word" VALUES('signal',9,'SIGKILL');
INSERT INTO "word" VALUES('signal',10,'SIGUSR1');
INSERT INTO "word" VALUES('signal',11,'SIGSEGV');
INSERT INTO "word" VALUES('signal',12,'SIGUSR2');
INSERT INTO "word" VALUES('signal',13,'SIGPIPE');
INSERT INTO "word" VALUES('signal',14,'SIGALRM');
INSERT INTO "word" VALUES('signal',15,'SIGTERM');
INSERT INTO "word" VALUES('signal',16,'SIGSTKFLT');
INSERT INTO "word" VALUES('signal',17,'SIGCHLD');
INSERT INTO "word" VALUES('signal',18,'SIGCONT');
INSERT INTO "word" VALUES('signal',19,'SIGSTOP');
INSERT INTO "word" VALUES('signal',20,'SIGTSTP');
INSERT INTO "word" VALUES('signal',21,'SIGTTIN');
INSERT INTO "word" VALUES('signal',22,'SIGTTOU');
INSERT INTO "word" VALUES('signal',23,'SIGURG');
INSERT INTO "word" VALUES('signal',24,'SIGXCPU');
INSERT INTO "word" VALUES('signal',25,'SIGXFSZ');
INSERT INTO "word" VALUES('signal',26,'SIGVTALRM');
INSERT INTO "word" VALUES('signal',27,'SIGPROF');
INSERT INTO "word" VALUES('signal',28,'SIGWINCH');
INSERT INTO "word" VALUES('signal',29,'SIGIO');
INSERT INTO "word" VALUES('signal',30,'SIGPWR');
INSERT INTO "word" VALUES('signal',31,'SIGSYS');
INSERT INTO "word" VALUES('task_state',1,'ready');
INSERT INTO "word" VALUES('task_state',2,'running');
INSERT INTO "word" VALUES('task_state',3,'waiting');
INSERT INTO "word" VALUES('task_state',4,'done');
INSERT INTO "word" VALUES('touch_how',1,'await');
INSERT INTO "word" VALUES('touch_how',2,'result');
INSERT INTO "word" VALUES('touch_how',3,'exception');
INSERT INTO "word" VALUES('touch_how',4,'slot');
INSERT INTO "word" VALUES('touch_how',5,'gather');
INSERT INTO "word" VALUES('touch_how',6,'thread_chain');
INSERT INTO "word" VALUES('touch_how',7,'cancel_after_done');
INSERT INTO "word" VALUES('touch_how',8,'runner');
INSERT INTO "word" VALUES('wait_kind',0,'none');
INSERT INTO "word" VALUES('wait_kind',1,'sleep');
INSERT INTO "word" VALUES('wait_kind',2,'task');
INSERT INTO "word" VALUES('wait_kind',3,'future');
INSERT INTO "word" VALUES('wait_kind',4,'gather');
INSERT INTO "word" VALUES('wait_kind',5,'accept');
INSERT INTO "word" VALUES('wait_kind',6,'recv');
INSERT INTO "word" VALUES('wait_kind',7,'send');
INSERT INTO "word" VALUES('wait_kind',8,'connect');
INSERT INTO "word" VALUES('wait_kind',13,'lock');
INSERT INTO "word" VALUES('wait_kind',14,'event');
INSERT INTO "word" VALUES('wait_kind',15,'condition');
INSERT INTO "word" VALUES('wait_kind',16,'semaphore');
INSERT INTO "word" VALUES('wait_kind',17,'barrier');
INSERT INTO "word" VALUES('wait_kind',18,'queue_get');
INSERT INTO "word" VALUES('wait_kind',19,'queue_put');
INSERT INTO "word" VALUES('wait_kind',21,'queue_join');
COMMIT;
