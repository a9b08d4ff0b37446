"""Which operations, and which pairs of them, programs have used. A pair is counted when the second begins right after the first: in
the log, or in the same task."""
import collections

import generate


class Coverage:
    def __init__(self):
        self.operations = collections.Counter()
        self.pairs = collections.Counter()

    def add(self, text):
        """TEXT: "1:spawn,2:await", a task's number and an operation each."""
        last, last_of_task = None, {}
        for word in text.split(",") if text else ():
            task, _, name = word.partition(":")
            self.operations[name] += 1
            before = {last, last_of_task.get(task)} - {None}
            for other in before:
                self.pairs[other, name] += 1
            last = last_of_task[task] = name

    def table(self):
        used = generate.OPERATIONS_USED
        lines = [f"{self.operations.total()} operations, by name:"]
        names = sorted(set(used) | set(self.operations))
        for start in range(0, len(names), 5):
            lines.append("  " + "".join(f"{name:17}{self.operations[name]:<8}" for name in names[start : start + 5]).rstrip())
        missing = self.missing_pairs()
        count = len(used) ** 2
        lines.append(f"pairs: {count - len(missing)} of {count} used")
        lines += [f"  never used: {first}, then {second}" for first, second in missing[:20]]
        return "\n".join(lines)

    def missing_operations(self):
        return [name for name in generate.OPERATIONS_USED if not self.operations[name]]

    def missing_pairs(self):
        used = generate.OPERATIONS_USED
        return [(first, second) for first in used for second in used if not self.pairs[first, second]]
