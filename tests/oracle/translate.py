"""From a program of the oracle's language to Python: what the program means. judge.py has the functions that the text calls."""
import language


def translate(program):
    """The Python text that defines `declare()` and a function for each body, all named after what they are."""
    lines = ["def declare():"]
    for words in program.declarations:
        lines.append(f"    put({words[1]!r}, {declared(words)})")
    lines.append("    pass")
    for body in program.bodies:
        head = f"async def task_{body.name}(me):" if body.kind == "task" else f"def {body.kind}_{body.name}(*_):"
        lines.append(head)
        if body.kind != "task":
            lines.append(f"    me = {body.name!r}")
        if body.kind == "handler":
            lines.append("    told(*_)")
        lines.append(f"    with {body.kind}_body(me):")
        block(lines, body.statements, 2)
    return "\n".join(lines) + "\n"


def declared(words):
    kind, arguments = words[0], words[2:]
    if kind == "queue":
        arguments = [language.QUEUES[arguments[0]], arguments[1] if len(arguments) > 1 else "0"]
    elif kind == "condition":
        arguments = [f"get({arguments[0]!r})" if arguments else ""]
    return language.DECLARATIONS[kind].format(*arguments)


def argument(kind, text):
    """An argument as Python writes it."""
    if kind == "TEXT":
        return repr(text[1:])
    if kind == "BODY":
        return "task_" + text
    if kind == "CALLBACK":
        return "callback_" + text
    if kind == "HANDLER":
        return "None" if text == "default" else "handler_" + text
    if kind in ("N", "TYPE"):
        return text
    if kind == "D":
        return "None" if text == "-" else text
    return repr(text)


def block(lines, statements, depth):
    indent = "    " * depth
    for statement in statements:
        if statement.operation == "try":
            try_statement(lines, statement, depth)
        elif statement.clauses:
            block_statement(lines, statement, depth)
        else:
            lines.append(f"{indent}with step(me, {statement.line}, {statement.operation!r}):")
            lines.append(f"{indent}    {simple(statement)}")


def simple(statement):
    operation = language.BY_NAME[statement.operation]
    kinds = operation.kinds
    values = []
    for number, text in enumerate(statement.arguments):
        kind = kinds[min(number, len(kinds) - 1)]
        values.append(argument(kind, text))
    every = ""
    if operation.repeats:
        many = values[len(kinds) - 1 :]
        every = "[" + ", ".join(f"get({value})" for value in many) + "]"
        if operation.name in ("gather", "gather_all", "completed"):
            every = "[" + ", ".join(many) + "]"
    while len(values) < len(kinds):
        values.append("None")
    return operation.python.format(*values, slot=repr(statement.slot), all=every)


def try_statement(lines, statement, depth):
    indent = "    " * depth
    ends = any(head == "finally" for head, _, _ in statement.clauses)
    if ends:
        lines.append(f"{indent}before_{statement.line} = handled()")
    for head, types, statements in statement.clauses:
        if head in ("except", "except*"):
            lines.append(f"{indent}{head} ({', '.join(types)},) as caught:")
            lines.append(f"{indent}    handling(me, {statement.line}, caught)")
            lines.append(f"{indent}    del caught")
        else:
            lines.append(f"{indent}{head}:")
        if head == "finally":
            lines.append(f"{indent}    with aside(before_{statement.line}):")
            block(lines, statements, depth + 2)
        else:
            block(lines, statements, depth + 1)


def block_statement(lines, statement, depth):
    indent = "    " * depth
    name, arguments = statement.operation, statement.arguments
    _, _, statements = statement.clauses[0]
    manager = {
        "timeout": lambda: f"scope({statement.slot!r}, asyncio.timeout({argument('D', arguments[0])}))",
        "group": lambda: f"scope({statement.slot!r}, asyncio.TaskGroup())",
        "with": lambda: f"get({arguments[0]!r})",
    }[name]()
    lines.append(f"{indent}with step(me, {statement.line}, {name!r}):")
    lines.append(f"{indent}    async with {manager}:")
    lines.append(f"{indent}        entered(me, {statement.line})")
    block(lines, statements, depth + 2)
