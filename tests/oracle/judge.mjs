// judge.py under the CPython that the npm package pyodide brings: node judge.mjs PACKAGE SOURCES SCRATCH
//
// PACKAGE: the unpacked package; SOURCES: this folder; SCRATCH: where programs and logs are. Both are there for Python
// under their own names. Standard input and output are judge.py's.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageDir, ...folders] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(path.join(packageDir, "pyodide.mjs")));
const python = await loadPyodide();

function writeAll(descriptor) {
  return {
    write: (bytes) => {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
      return bytes.length;
    },
    isatty: false,
  };
}
python.setStdout(writeAll(1));
python.setStderr(writeAll(2));
python.setStdin({ read: (bytes) => fs.readSync(0, bytes) });
for (const folder of folders) {
  python.FS.mkdirTree(folder);
  python.mountNodeFS(folder, folder);
}
python.globals.set("SOURCES", folders[0]);
python.runPython(`
import sys
sys.path.insert(0, SOURCES)
sys.argv = ["judge.py"]
import judge
judge.main([])
`);
