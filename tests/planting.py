"""Bugs that are put into a copy of the sources on purpose, to see whether tests find them. For tests/oracle/planted/plant.py and
tests/fault/planted/plant.py.

A bug is a file NAME.bug: what it is, in a sentence or two; `--- FILE`; the text that stands there; `+++`; and what stands there with the bug."""
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Stale(Exception):
    """A bug whose place is not there any more, or a copy that cannot be built."""


class Bug:
    def __init__(self, path):
        self.name = path.stem
        self.why, _, rest = path.read_text().partition("\n--- ")
        file, _, rest = rest.partition("\n")
        self.file = pathlib.Path(file)
        before, _, after = rest.partition("\n+++\n")
        self.before, self.after = before, after.removesuffix("\n")

    def apply(self, text):
        if text.count(self.before) != 1:
            raise Stale(f"{self.name}: its text stands {text.count(self.before)} times in {self.file}: renew the bug")
        return text.replace(self.before, self.after)


class Tree:
    """A copy of the sources below FOLDER, and its build, of TARGETS alone."""

    def __init__(self, folder, *options, build_type="RelWithDebInfo"):
        self.sources = folder / "sources"
        self.build = folder / "build"
        self.copy()
        if not (self.build / "build.ninja").exists():
            self.run("cmake", "-G", "Ninja", "-S", self.sources, "-B", self.build, f"-DCMAKE_BUILD_TYPE={build_type}", *options)

    def copy(self):
        """Files that are the same stay as they are, so that little is built anew."""
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in filter(None, listed.decode().split("\0")):
            source, target = ROOT / name, self.sources / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    def run(self, *command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode:
            raise Stale(f"{' '.join(map(str, command))}:\n{(done.stdout + done.stderr)[-3000:]}")

    def make(self, *targets):
        self.run("cmake", "--build", self.build, "--target", *targets)

    def plant(self, bug):
        path = self.sources / bug.file
        self.sound = path.read_text()
        path.write_text(bug.apply(self.sound))

    def mend(self, bug):
        (self.sources / bug.file).write_text(self.sound)
