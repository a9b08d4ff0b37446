"""Makes a program on which the sides differ as small as it gets: tries all ways of leaving something out, takes the best, again."""
import language


def size(text):
    return sum(bool(line.strip()) and not line.startswith("#") for line in text.splitlines()), len(text)


def blocks_of(statements):
    """All lists of statements: this one, and those inside."""
    yield statements
    for statement in statements:
        for _, _, block in statement.clauses:
            yield from blocks_of(block)


def is_whole(program):
    """Whether all bodies that it names are there, and no block is empty."""
    names = {(body.kind, body.name) for body in program.bodies}
    for body in program.bodies:
        if any(not block for block in blocks_of(body.statements)):
            return False
        for statement in language.walk(body.statements):
            kinds = language.BY_NAME[statement.operation].kinds
            for kind, argument in zip(kinds, statement.arguments):
                wanted = {"BODY": "task", "CALLBACK": "callback", "HANDLER": "handler"}.get(kind)
                if wanted and argument != "default" and (wanted, argument) not in names:
                    return False
            if statement.operation == "try" and len(statement.clauses) == 1:
                return False
    return True


def smaller(text):
    """Texts of programs with something less."""
    for change in changes(language.read(text)):
        program = language.read(text)
        change(program)
        if is_whole(program):
            yield language.write(program)


def changes(program):
    """Functions, each of which takes something out of a copy of PROGRAM."""
    for number in range(1, len(program.bodies)):
        yield lambda copied, number=number: copied.bodies.pop(number)
    for number in range(len(program.declarations)):
        yield lambda copied, number=number: copied.declarations.pop(number)
    for body_number, body in enumerate(program.bodies):
        for block_number, block in enumerate(blocks_of(body.statements)):
            yield from changes_of_block(body_number, block_number, block)


def changes_of_block(body_number, block_number, block):
    def block_in(copied):
        return list(blocks_of(copied.bodies[body_number].statements))[block_number]

    for length in (4, 2, 1):
        for number in range(0, len(block) - length + 1):
            yield lambda copied, number=number, length=length: block_in(copied).__delitem__(slice(number, number + length))
    for number, statement in enumerate(block):
        for clause_number in range(len(statement.clauses)):

            def unwrap(copied, number=number, clause_number=clause_number):
                statements = block_in(copied)
                statements[number : number + 1] = statements[number].clauses[clause_number][2]

            yield unwrap
            if clause_number > 0:
                yield lambda copied, number=number, clause_number=clause_number: block_in(copied)[number].clauses.pop(
                    clause_number
                )
        operation = language.BY_NAME[statement.operation]
        if len(statement.arguments) > operation.least:
            yield lambda copied, number=number: block_in(copied)[number].arguments.pop()


def shrink(text, differing, say=lambda text: None):
    """The smallest text that DIFFERING, a function from {name: text} to a set of names, still finds."""
    text = language.write(language.read(text))
    while True:
        candidates = {f"shrunk-{number}": other for number, other in enumerate(dict.fromkeys(smaller(text)))}
        names = differing(candidates) if candidates else ()
        if not names:
            return text
        text = min((candidates[name] for name in names), key=size)
        say(f"{size(text)[0]} lines")
