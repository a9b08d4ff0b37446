// speedscope.mjs: has speedscope's own importer read a file.
//
//     node speedscope.mjs RELEASE.js FILE
//
// RELEASE.js is the program as it is published: one script for a browser. Its importer is run here, without a page: it is called
// as the program calls it for a file that somebody drops. Prints a line for each profile, "NAME|UNIT|TOTAL", and below it one
// for each frame that lasted: "  NAME|TOTAL".
import { readFileSync } from "node:fs";
import path from "node:path";
import vm from "node:vm";

const [release, file] = process.argv.slice(2);
let text = readFileSync(release, "utf8");
const call = /await (\w+)\(\w+,await \w+\.arrayBuffer\(\)\)/.exec(text);
const start = '"use strict";(()=>{';
if (call === null || !text.startsWith(start)) {
  console.error("speedscope: the release is not the one that is known");
  process.exit(1);
}
// Functions are known in the whole of the script; what draws the page fails here, and nothing of it is needed.
text = start + `globalThis.telltaleImport=(...words)=>${call[1]}(...words);` + text.slice(start.length);

const nothing = () => new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : name === "then" ? undefined : nothing()),
  apply: () => nothing(),
  construct: () => nothing(),
});
Object.assign(globalThis, { window: globalThis, self: globalThis, document: nothing(), localStorage: nothing(), requestAnimationFrame() {} });
globalThis.location ??= { href: "file:///", hash: "", protocol: "file:", search: "" };
console.log = console.warn = () => {};
try {
  vm.runInThisContext(text, { filename: path.basename(release) });
} catch (error) {
  process.stderr.write(`speedscope: without a page: ${error}\n`);
}
const bytes = readFileSync(file);
const group = await globalThis.telltaleImport(path.basename(file), bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
if (group === null || group === undefined) {
  console.error("speedscope: the file is of no format that it knows");
  process.exit(1);
}
for (const profile of group.profiles) {
  process.stdout.write(`${profile.getName()}|${profile.getWeightUnit()}|${profile.getTotalWeight()}\n`);
  profile.forEachFrame((frame) => process.stdout.write(`  ${frame.name}|${frame.getTotalWeight()}\n`));
}
process.exit(0);
