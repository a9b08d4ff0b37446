#!/usr/bin/env python3
"""Makes traces as LTTng-UST writes those of telltale's provider, without LTTng: every byte is chosen here.

    make_trace.py SCENARIO DIR

SCENARIO is a function of this file whose name begins with `trace_`. The provider's events are those of events.def,
found through TELLTALE_TEST_SOURCE. All times are fixed, so that a scenario is always the same trace.
"""
import os
import re
import struct
import sys
import uuid

SOURCE = os.environ.get('TELLTALE_TEST_SOURCE', os.path.join(os.path.dirname(__file__), '../..'))
BOOT = uuid.UUID('0b0b0b0b-1111-4222-8333-444444444444')
TRACE = uuid.UUID('7e7e7e7e-5555-4666-8777-888888888888')
START_NS = 5_000_000_000_000          # CLOCK_MONOTONIC at the beginning
OFFSET_NS = 1_700_000_000_000_000_000  # what makes wall clock of it

WIDTHS = {'U8': 1, 'U16': 2, 'U32': 4, 'U64': 8, 'I32': 4, 'ID': 8, 'TICKS': 8, 'WORD': 1}


def read_definitions():
    """events.def as {name: (number, [(kind, field, enumeration)])} and {enumeration: {word: number}}."""
    with open(os.path.join(SOURCE, 'tracer/events.def'), encoding='utf-8') as file:
        text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
    enumerations, events = {}, {}
    for name, word, number in re.findall(r'TT_ENUM_VALUE\((\w+), \w+, (\d+), (\w+),', text):
        enumerations.setdefault(name, {})[number] = int(word)
    for match in re.finditer(r'^TT_EVENT\((\d+), (\w+), \w+, \w+, "(?:[^"])*"(?:\s*"[^"]*")*,?(.*?)\)\s*\n\s*\n', text + '\n\n', re.M | re.S):
        fields = []
        for kind, inside in re.findall(r'TT_(U8|U16|U32|U64|I32|ID|TICKS|WORD|SITE|TEXT|MESSAGE)\(([^"]*)"', match.group(3)):
            kind = kind.replace('MESSAGE', 'TEXT')
            parts = [part.strip() for part in inside.split(',')]
            fields.append((kind, parts[0], parts[1] if kind == 'WORD' else None))
        events[match.group(2)] = (int(match.group(1)), fields)
    return events, enumerations


class Trace:
    """One trace: a metadata file and a stream file for each processor."""

    def __init__(self, uid=TRACE):
        self.events, self.enumerations = read_definitions()
        self.provider = 'telltale'
        self.renamed = {}
        self.disabled = ()  # events that the session did not ask for
        self.strangers = () # events of another provider, in the same channel
        self.uuid = uid
        self.streams = {}   # processor: [(begin, end, bytes, discarded)]
        self.packets = {}   # processor: [records of the open packet]
        self.ids = {}
        self.clock = 'monotonic'

    # ------------------------------------------------------------------------------------------------ metadata

    def members(self, name):
        yield 'uint64_t', 'tt_process'
        yield 'uint32_t', 'tt_thread'
        yield 'uint64_t', 'tt_sequence'
        for kind, field, enumeration in self.events[name][1]:
            if kind == 'SITE':
                yield 'string', field + '_file'
                yield 'uint32_t', field + '_line'
                yield 'string', field + '_func'
                yield 'string', field + '_text'
            elif kind == 'TEXT':
                yield 'string', field
            elif kind == 'WORD':
                words = ', '.join(f'"{word}" = {number}' for word, number in self.enumerations[enumeration].items())
                yield 'enum : uint8_t { ' + words + ' }', field
            else:
                yield ('int32_t' if kind == 'I32' else f'uint{8 * WIDTHS[kind]}_t'), field

    def text(self):
        out = ['/* CTF 1.8 */\n\n']
        for bits in (8, 16, 32, 64):
            out.append(f'typealias integer {{ size = {bits}; align = 8; signed = false; }} := uint{bits}_t;\n')
        out.append('typealias integer { size = 32; align = 8; signed = true; } := int32_t;\n')
        out.append(f'trace {{ major = 1; minor = 8; uuid = "{self.uuid}"; byte_order = le; packet.header := struct '
                   '{ uint32_t magic; uint8_t  uuid[16]; uint32_t stream_id; uint64_t stream_instance_id; }; };\n')
        out.append('env { hostname = "h"; domain = "ust"; tracer_name = "lttng-ust"; tracer_major = 2; tracer_minor = 13; };\n')
        out.append(f'clock {{ name = "monotonic"; uuid = "{BOOT}"; description = "Monotonic Clock"; freq = 1000000000; '
                   f'offset = {OFFSET_NS}; }};\n')
        out.append('typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := uint64_clock_t;\n')
        out.append('stream { id = 0; packet.context := struct { uint64_clock_t timestamp_begin; uint64_clock_t timestamp_end; '
                   'uint64_t content_size; uint64_t packet_size; uint64_t packet_seq_num; uint64_t events_discarded; uint32_t cpu_id; }; '
                   'event.header := struct { uint16_t id; uint64_clock_t timestamp; }; };\n')
        for name in self.events:
            if name in self.disabled:
                continue
            members = ' '.join(f'{kind} _{field};' for kind, field in self.members(name))
            full = ('other' if name in self.strangers else self.provider) + ':' + self.renamed.get(name, name)
            self.ids[name] = len(self.ids) if name not in self.ids else self.ids[name]
            out.append(f'event {{ name = "{full}"; id = {self.ids[name]}; stream_id = 0; fields := struct {{ {members} }}; }};\n')
        return ''.join(out).encode()

    def metadata(self):
        out, text = b'', self.text()
        while text:
            part, text = text[:4096 - 37], text[4096 - 37:]
            size = 4096
            out += struct.pack('<I16sIIIBBBBB', 0x75d11d57, self.uuid.bytes, 0, (37 + len(part)) * 8, size * 8, 0, 0, 0, 1, 8)
            out += part.ljust(size - 37, b'\0')
        return out

    # -------------------------------------------------------------------------------------------------- events

    def emit(self, name, process, thread, sequence, ns, cpu, /, **values):
        if not self.ids:
            self.text()
        data = struct.pack('<HQ', self.ids[name], START_NS + ns)
        data += struct.pack('<QIQ', process, thread, sequence)
        for kind, field, enumeration in self.events[name][1]:
            value = values.pop(field, None)
            if kind == 'SITE':
                file, line, func, text = value or ('', 0, '', '')
                data += file.encode() + b'\0' + struct.pack('<I', line) + func.encode() + b'\0' + text.encode() + b'\0'
            elif kind == 'TEXT':
                data += (value or '').encode() + b'\0'
            else:
                if isinstance(value, str):
                    value = self.enumerations[enumeration][value]
                data += int(value or 0).to_bytes(WIDTHS[kind], 'little', signed=kind == 'I32')
        assert not values, f'{name} has no {values}'
        self.packets.setdefault(cpu, []).append((START_NS + ns, data))

    def end_packet(self, cpu=0, discarded=0, sequence=None):
        """Closes the packet of CPU; DISCARDED: the counter of the stream so far."""
        records = self.packets.pop(cpu, [])
        stream = self.streams.setdefault(cpu, [])
        begin = records[0][0] if records else stream[-1][1]
        stream.append((begin, records[-1][0] if records else begin, b''.join(data for _, data in records), discarded,
                       len(stream) if sequence is None else sequence))

    def stream(self, cpu):
        out = b''
        for begin, end, data, discarded, sequence in self.streams[cpu]:
            content = 32 + 52 + len(data)
            size = (content + 4095) // 4096 * 4096
            out += struct.pack('<I16sIQ', 0xc1fc1fc1, self.uuid.bytes, 0, cpu)
            out += struct.pack('<QQQQQQI', begin, end, content * 8, size * 8, sequence, discarded, cpu)
            out += data.ljust(size - 32 - 52, b'\0')
        return out

    def write(self, folder):
        for cpu in list(self.packets):
            self.end_packet(cpu, self.streams[cpu][-1][3] if cpu in self.streams else 0)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, 'metadata'), 'wb') as file:
            file.write(self.metadata())
        for cpu in self.streams:
            with open(os.path.join(folder, f'ch_{cpu}'), 'wb') as file:
                file.write(self.stream(cpu))


class Process:
    """A traced process in a trace: numbers its events as the provider does."""

    def __init__(self, trace, pid=4711, number=1):
        self.trace, self.pid = trace, pid
        self.uuid = number.to_bytes(8, 'little') + bytes(range(8))
        self.key = number
        self.next = {}
        self.ns = 0

    def emit(self, name, /, thread=1, ns=None, cpu=0, lost=False, **values):
        self.ns = self.ns + 1000 if ns is None else ns
        sequence = self.next.get(thread, 0)
        self.next[thread] = sequence + 1
        if not lost:
            self.trace.emit(name, self.key, thread, sequence, self.ns, cpu, **values)
        return sequence

    def start(self, ns=0, **values):
        self.emit('thread_attached', ns=ns, tid=self.pid, name='main')
        values.setdefault('listener_first', 1)
        values.setdefault('listener_set', 1)
        values.setdefault('listener_new', 1)
        self.tell(ns, is_repeated=0, **values)

    def tell(self, ns=0, **values):
        low, high = struct.unpack('<QQ', BOOT.bytes)
        values.setdefault('program', '/bin/made')
        values.setdefault('is_repeated', 1)
        values.setdefault('realtime_ns', OFFSET_NS + START_NS + ns)
        self.emit('process_started', pid=self.pid, parent_pid=1,
                  monotonic_ns=START_NS + ns, boottime_ns=START_NS + ns, host='h', command='made up',
                  uuid_low=self.key, uuid_high=int.from_bytes(bytes(range(8)), 'little'), boot_id_low=low, boot_id_high=high,
                  start_ticks=77, uid=1000, **values)

    def end(self, **values):
        count = sum(self.next.values()) + 1
        self.emit('process_ended', reason='exit', attempt_count=count, **values)

    def create(self, task, name, **values):
        self.emit('task_created', task_id=task, parent_kind='main', has_handle=1, name=name,
                  site=('src/made.c', 10 + task, 'main', 'work'), loop_id=1, **values)
        self.emit('task_started', task_id=task)

    def fail(self, task, exception, name='', **values):
        site = ('src/made.c', 50, 'work', '')
        self.emit('exception_raised', exception_id=exception, task_id=task, site=site, type='ValueError', message='made up', **values)
        self.emit('failure_stored', failure_id=task, exception_id=exception, loop_id=1, kind='task', parent_kind='main',
                  how='raised', handle_count=1, created_site=('src/made.c', 10 + task, 'main', 'work'), raised_site=site,
                  last_site=site, type='ValueError', message='made up', name=name)
        self.emit('task_finished', task_id=task, busy=5000, ready=700, longest_step=5000, step_count=1, outcome='failed')

    def finish(self, task, **values):
        self.emit('task_finished', task_id=task, busy=3000, ready=300, longest_step=2000, step_count=2, outcome='returned', **values)


def whole(trace, pid=4711, number=1, ns=0, **values):
    process = Process(trace, pid, number)
    process.start(ns, **values)
    process.create(2, 'good')
    process.finish(2)
    process.create(3, 'bad')
    process.fail(3, 4)
    process.end()
    return process


def trace_whole(folder):
    """A task that returns and one that fails; the process holds the failure until it exits."""
    trace = Trace()
    whole(trace)
    trace.write(folder)


def trace_killed(folder):
    """The same, and the process is killed."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.create(2, 'good')
    process.finish(2)
    process.create(3, 'bad')
    process.fail(3, 4)
    process.create(5, 'pending')
    trace.write(folder)


def trace_stepping(folder):
    """LTTng's counter of discarded events steps back: 0, 10, 4, 6; six events are missing behind the last one."""
    trace = Trace()
    process = Process(trace)
    process.start()
    for counter in (0, 10, 4, 6):
        process.emit('note', text='there')
        trace.end_packet(0, counter)
    trace.write(folder)


def trace_paused(folder):
    """The session is stopped and started: of what was held before, one failure is told again; the process says goodbye."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.fail(2, 3, 'forgotten')
    process.fail(4, 5, 'told again')
    process.ns = 5_000_000_000 - 2000
    process.emit('thread_attached', tid=4711, name='main', is_repeated=1)
    process.tell()
    process.emit('failure_dumped', failure_id=4, exception_id=5, loop_id=1, kind='task', handle_count=1)
    process.fail(6, 7, 'after')
    process.end()
    trace.write(folder)


def trace_dumped(folder):
    """Two tasks are told by a state dump; then nobody listens, and one of them is told again; the process says goodbye."""
    trace = Trace()
    process = Process(trace)
    process.emit('thread_attached', ns=60_000_000_000, tid=4711, name='main', is_repeated=1)
    process.tell(listener_first=1, listener_set=1, listener_new=1)
    for task, name in ((2, 'forgotten'), (3, 'told again')):
        process.emit('task_dumped', task_id=task, parent_kind='main', loop_id=1, state='waiting', has_started=1, wait_kind='sleep',
                     in_state=400, step_count=1, name=name, site=('src/made.c', 9, 'main', 'work'))
    process.ns += 5_000_000_000
    process.tell(listener_first=2, listener_set=1, listener_new=1)
    process.emit('task_dumped', task_id=3, parent_kind='main', loop_id=1, state='waiting', has_started=1, wait_kind='sleep',
                 in_state=400, step_count=1, name='told again', site=('src/made.c', 9, 'main', 'work'))
    process.end()
    trace.write(folder)


def trace_listeners(folder):
    """Sessions begin and end beside this one, which is number 3 and never ceases to listen; then it does, and is number 6."""
    trace = Trace()
    process = Process(trace)
    process.start(listener_first=2, listener_set=0b11, listener_new=0b10)
    process.fail(2, 3, 'held')
    for first, listeners, new in ((2, 0b111, 0b100), (2, 0b111, 0), (3, 0b11, 0), (3, 0b101, 0b100)):
        process.ns += 2_000_000_000
        process.tell(listener_first=first, listener_set=listeners, listener_new=new)
    process.emit('note', text='now the pause')
    process.ns += 2_000_000_000
    process.tell(listener_first=5, listener_set=0b11, listener_new=0b10)
    process.end()
    trace.write(folder)


def trace_emptied(folder):
    """Events of a kind, enough for babeltrace2 to use their memory again; texts that the first ones have are empty in the last."""
    trace = Trace()
    process = Process(trace)
    process.start()
    for _ in range(100):
        process.emit('note', site=('src/made.c', 1, 'f', 'full'), key='key', text='said')
    for _ in range(100):
        process.emit('note', site=('src/made.c', 2, 'f', ''), key='', text='said')
    process.end()
    trace.write(folder)


def trace_partial(folder):
    """The session did not ask for two events that tell what became of a failure; the process says goodbye."""
    trace = Trace()
    trace.disabled = ('failure_touched', 'failure_released')
    whole(trace)
    trace.write(folder)


def trace_plain_partial(folder):
    """The session did not ask for an event that no answer rests on."""
    trace = Trace()
    trace.disabled = ('turn_ended', 'note')
    whole(trace)
    trace.write(folder)


def trace_two_processes(folder):
    trace = Trace()
    whole(trace, 4711, 1)
    whole(trace, 4712, 2, 50_000)
    trace.write(folder)


def trace_surplus(folder):
    """Two processes lack 2 and 5 events; the second one says how many it had, the first one nothing."""
    trace = Trace()
    first, second = Process(trace), Process(trace, 4712, 2)
    first.start()
    second.start(1500)
    for process in (first, second):
        process.emit('note', text='there', ns=4000)
    trace.end_packet()
    for _ in range(2):
        second.emit('note', lost=True)
    for _ in range(5):
        first.emit('note', lost=True)
    second.emit('note', text='there')
    second.end()
    trace.end_packet(0, 7)
    trace.write(folder)


def trace_headless(folder):
    """Before the first event that is there of a process LTTng discarded 6 of its events, its beginning among them, and 3 of somebody who
    is not in the trace; another process lacks nothing. Both say how many they had."""
    trace = Trace()
    whole_one, headless = Process(trace), Process(trace, 4712, 2)
    whole_one.start()
    trace.end_packet()
    for thread in (1, 1, 2, 2, 2, 2):
        headless.emit('note', thread=thread, ns=2500, lost=True)
    whole_one.end(ns=4000)
    trace.end_packet(0, 9)
    headless.emit('note', text='there', ns=9000)
    headless.end()
    trace.end_packet(0, 9)
    trace.write(folder)


def trace_two_cut_off(folder):
    """Two processes say no goodbye, and LTTng discarded 7 events after the last one of both."""
    trace = Trace()
    first, second = Process(trace), Process(trace, 4712, 2)
    first.start()
    second.start(1500)
    first.create(2, 'early', ns=3000)
    second.create(2, 'late', ns=5000)
    trace.end_packet()
    trace.end_packet(0, 7)
    trace.write(folder)


def trace_second_session(folder):
    """Somebody has listened since the process began; this session begins a quarter of a second later, as number 2."""
    trace = Trace()
    process = Process(trace)
    process.next = {1: 500}
    process.emit('thread_attached', ns=250_000_000, tid=4711, name='main', is_repeated=1)
    process.tell(listener_first=1, listener_set=0b11, listener_new=0b10)
    process.create(2, 'good')
    process.finish(2)
    process.end()
    trace.write(folder)


def trace_late_and_discarded(folder):
    """A second session, which lacks 500 numbers of before, and 7 that LTTng discarded behind the last event."""
    trace = Trace()
    process = Process(trace)
    process.next = {1: 500}
    process.emit('thread_attached', ns=250_000_000, tid=4711, name='main', is_repeated=1)
    process.tell(listener_first=1, listener_set=0b11, listener_new=0b10)
    process.create(2, 'good')
    trace.end_packet(0, 0)
    trace.end_packet(0, 7)
    trace.write(folder)


def trace_only_session(folder):
    """The only session begins a minute after the process, and lacks the first 3 numbers of its thread; of a thread that began after
    that it lacks the first 2."""
    trace = Trace()
    process = Process(trace)
    process.next = {1: 3}
    process.emit('thread_attached', ns=60_000_000_000, tid=4711, name='main', is_repeated=1)
    process.tell(listener_first=1, listener_set=1, listener_new=1)
    process.create(2, 'good')
    process.finish(2)
    process.next[2] = 2
    process.emit('note', thread=2, text='there')
    process.end()
    trace.write(folder)


def trace_overlapping(folder):
    """Two threads lack 5 events each, one for a long time, one early in it; LTTng discarded 5 early and 5 late, in other streams."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.emit('thread_attached', thread=2, tid=4712, name='second', cpu=1, ns=500)
    process.emit('note', ns=1000, text='early')
    process.emit('note', thread=2, cpu=1, ns=1500, text='early')
    trace.end_packet(0)
    trace.end_packet(1)
    for _ in range(5):
        process.emit('note', lost=True)
        process.emit('note', thread=2, lost=True)
    process.emit('note', thread=2, cpu=1, ns=4000, text='middle')
    trace.end_packet(1, 5)
    process.emit('note', thread=2, ns=6000, text='later', cpu=0)
    trace.end_packet(0)
    process.emit('note', ns=20000, text='late')
    process.end()
    trace.end_packet(0, 5)
    trace.write(folder)


def trace_unattributed(folder):
    """A process lacks 2 events and says how many it had; LTTng counted 5 more, of somebody who is not in the trace."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.create(2, 'good')
    trace.end_packet()
    for _ in range(2):
        process.emit('note', lost=True)
    process.finish(2)
    process.create(3, 'bad')
    process.fail(3, 4)
    process.end()
    trace.end_packet(0, 7)
    trace.write(folder)


def trace_flood(folder):
    """Another program floods the channel with its own events: LTTng discards 900 of them, and 2 of the process that is traced."""
    trace = Trace()
    trace.strangers = ('flood',)
    trace.events['flood'] = (998, [('U64', 'weight', None)])
    process = Process(trace)
    process.start()
    process.create(2, 'good')
    for number in range(50):
        trace.emit('flood', 99, 1, number, 3000 + number, 0, weight=number)
    trace.end_packet(0, 0)
    for _ in range(2):
        process.emit('note', lost=True)
    process.finish(2)
    process.create(3, 'bad')
    process.fail(3, 4)
    process.end()
    trace.end_packet(0, 902)
    trace.write(folder)


def trace_three_processes(folder):
    """Two programs, one of which runs twice; the last one belongs to a recording."""
    trace = Trace()
    whole(trace, 4711, 1, program='/bin/server')
    whole(trace, 4712, 2, 50_000, program='/bin/client')
    whole(trace, 4713, 3, 90_000, program='/opt/server', recording=0x1f2e3d4c)
    trace.write(folder)


def trace_foreign(folder):
    """A trace of somebody else."""
    trace = Trace()
    trace.provider = 'other'
    whole(trace)
    trace.write(folder)


def trace_newer(folder):
    """Written by a newer telltale: an event and a field that this one does not know, a new word, and a field fewer."""
    trace = Trace()
    trace.events['novelty_happened'] = (999, [('ID', 'task_id', None)])
    trace.events['task_created'][1].append(('U64', 'novelty', None))
    trace.enumerations['wait_kind']['miracle'] = 200
    process = Process(trace)
    process.start()
    process.create(2, 'good', novelty=12)
    process.emit('novelty_happened', task_id=2)
    process.emit('novelty_happened', task_id=2)
    process.emit('task_abandoned', task_id=2, wait_object=7, wait_kind='miracle')
    process.end()
    trace.write(folder)


def trace_stranger(folder):
    """Somebody else's provider is called telltale, too: an event of a name that telltale has, one of another name."""
    trace = Trace()
    whole(trace)
    trace.end_packet(0, 0)
    trace.write(folder)
    other = Trace(uuid.UUID(int=99))
    other.events = {'note': (50, [('U32', 'weight', None), ('TEXT', 'text', None)]), 'sale': (51, [('U64', 'price', None)])}
    other.members = lambda name: (('string', field) if kind == 'TEXT' else (f'uint{8 * WIDTHS[kind]}_t', field)
                                  for kind, field, _ in other.events[name][1])
    for number in range(30):
        name = 'note' if number % 3 == 0 else 'sale'
        if not other.ids:
            other.text()
        data = struct.pack('<HQ', other.ids[name], START_NS + 1000 * number)
        data += struct.pack('<I', number) + b'heavy\0' if name == 'note' else struct.pack('<Q', number)
        other.packets.setdefault(0, []).append((START_NS + 1000 * number, data))
    other.write(os.path.join(folder, 'other'))


def trace_older(folder):
    """Written by an older telltale, whose process_started and task_finished had fewer fields."""
    trace = Trace()
    for name, count in (('process_started', 8), ('task_finished', 3)):
        del trace.events[name][1][count:]
    process = Process(trace)
    process.emit('thread_attached', tid=4711, name='main')
    process.emit('process_started', pid=4711, parent_pid=1, realtime_ns=OFFSET_NS + START_NS, monotonic_ns=START_NS,
                 boottime_ns=START_NS, host='h', program='/bin/made', command='made up')
    process.create(2, 'good')
    process.emit('task_finished', task_id=2, busy=3000, ready=300)
    process.end()
    trace.write(folder)


def trace_discarded(folder):
    """LTTng discards 5 events in the middle of a thread and 3 after the last one of another; 40 ns from packet to packet."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.create(2, 'early')
    process.fail(2, 3)
    process.emit('failure_released', failure_id=2, counted=1, site=('src/made.c', 60, 'main', ''))
    process.emit('thread_attached', thread=2, tid=4712, name='second', cpu=1)
    process.emit('task_started', thread=2, task_id=90, cpu=1)
    process.create(4, 'held')
    process.fail(4, 5)
    trace.end_packet(0, 0)
    for _ in range(5):
        process.emit('note', lost=True)
    process.create(6, 'late')
    process.fail(6, 7)
    process.finish(6)
    trace.end_packet(0, 5)
    trace.end_packet(1, 0)
    for _ in range(3):
        process.emit('note', thread=2, lost=True)
    trace.end_packet(1, 3)
    process.end()
    trace.write(folder)


def trace_missing(folder):
    """Numbers are missing and LTTng says nothing about it: 4 in the middle, 2 at the beginning of a thread, 6 at its end."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.create(2, 'held')
    process.fail(2, 3)
    for _ in range(4):
        process.emit('note', lost=True)
    process.create(4, 'late')
    process.emit('thread_attached', thread=2, lost=True)
    process.emit('note', thread=2, lost=True)
    process.emit('note', thread=2, text='third')
    for _ in range(6):
        process.emit('note', thread=2, lost=True)
    process.end()
    trace.write(folder)


def trace_late(folder):
    """A session that begins long after the process did: numbers begin anywhere, and none of those before are missing."""
    trace = Trace()
    process = Process(trace)
    process.next = {1: 5000, 2: 77}
    process.emit('thread_attached', ns=60_000_000_000, tid=4711, name='main', is_repeated=1)
    low, high = struct.unpack('<QQ', BOOT.bytes)
    process.emit('process_started', pid=4711, parent_pid=1, realtime_ns=OFFSET_NS + START_NS, monotonic_ns=START_NS,
                 boottime_ns=START_NS, host='h', program='/bin/made', command='made up', uuid_low=1, boot_id_low=low, boot_id_high=high)
    process.emit('note', thread=2, text='second thread')
    process.create(2, 'good')
    process.finish(2)
    trace.write(folder)


def trace_disordered(folder):
    """A signal handler's event is recorded before the one that it interrupts, and a packet of a snapshot is there twice."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.next[1] = 3
    process.emit('note', ns=3000, text='inner')
    process.next[1] = 2
    process.emit('note', ns=4000, text='outer')
    process.next[1] = 4
    trace.end_packet(0, 0)
    process.next[1] = 3
    process.emit('note', ns=5000, cpu=1, text='inner')
    process.create(2, 'good', cpu=1)
    process.finish(2)
    process.end()
    trace.write(folder)


def trace_parts(folder):
    """One trace in two folders, as rotation leaves it; the counter of discarded events goes on."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.create(2, 'good')
    trace.end_packet(0, 0)
    process.emit('note', lost=True)
    process.emit('note', text='after the first loss')
    trace.end_packet(0, 1)
    trace.write(os.path.join(folder, 'archives/1'))
    trace.streams[0] = []
    process.emit('note', lost=True)
    process.finish(2)
    process.end()
    trace.end_packet(0, 2, 2)
    trace.write(os.path.join(folder, 'archives/2'))


def trace_many(folder):
    """2,000 tasks in packets of 20."""
    trace = Trace()
    process = Process(trace)
    process.start()
    for task in range(2, 4002, 2):
        process.create(task, f'task {task}')
        if task % 10 == 0:
            process.fail(task, task + 1)
        else:
            process.finish(task)
        if task % 40 == 0:
            trace.end_packet(0, 0)
    process.end()
    trace.write(folder)


def trace_long(folder):
    """Takes a reader many seconds, after enough for a first commit: each number opens a hole in front of all others."""
    trace = Trace()
    process = Process(trace)
    process.start()
    process.create(2, 'bad')
    process.fail(2, 3)
    for number in range(40000):
        process.emit('note', text='x' * 250)
        if number % 1000 == 0:
            trace.end_packet(0, 0)
    for number in range(150000):
        process.next[1] = 1000000 - 2 * number
        process.emit('note', text='x')
        if number % 2000 == 0:
            trace.end_packet(0, 0)
    trace.write(folder)


if __name__ == '__main__':
    globals()['trace_' + sys.argv[1]](sys.argv[2])
