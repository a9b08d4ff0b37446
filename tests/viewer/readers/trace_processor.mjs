// trace_processor.mjs: asks perfetto's own trace processor about a trace.
//
//     node trace_processor.mjs FOLDER TRACE < queries
//
// FOLDER has the WebAssembly build of it (trace_processor.wasm, its glue engine_bundle.node.js, the client engine.mjs). A query a
// line on the standard input; of each a line "? QUERY" is printed and then its rows, values separated by "|", NULL as "NULL".
// What the processor prints itself goes to stderr. Ends with 1 when a query fails or the trace cannot be loaded.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import path from "node:path";
import vm from "node:vm";

const [folder, trace] = process.argv.slice(2);
const queries = readFileSync(0, "utf8").split("\n").filter((line) => line.trim() !== "");

function fail(why) {
  console.error(`trace_processor: ${why}`);
  process.exit(1);
}

// The glue is written for a worker of a browser: it wants to be told where it is, and fetches the program itself.
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = function () {};
globalThis.location = { href: pathToFileURL(folder).href + "/" };
console.log = console.warn = (...words) => process.stderr.write(words.join(" ") + "\n");
globalThis.telltaleProgram = new Uint8Array(readFileSync(path.join(folder, "trace_processor.wasm")));

function replaced(text, what, by) {
  if (!text.includes(what)) fail(`the glue is not the one that is known: ${what} is missing`);
  return text.replace(what, by);
}

let glue = readFileSync(path.join(folder, "engine_bundle.node.js"), "utf8");
glue = replaced(glue, "this.useMemory64 = hasMemory64Support();", "this.useMemory64 = false;");
glue = replaced(glue, "locateFile: (s) => s,", "locateFile: (s) => s, wasmBinary: globalThis.telltaleProgram,");
glue = replaced(glue, "onRuntimeInitialized: () => deferredRuntimeInitialized.resolve(),",
  "onRuntimeInitialized: () => { deferredRuntimeInitialized.resolve(); setTimeout(() => globalThis.telltaleReady(), 0); },");
glue = replaced(glue, "const wasmBridge = new wasm_bridge_1.WasmBridge();",
  "const wasmBridge = globalThis.telltaleBridge = new wasm_bridge_1.WasmBridge();");
const ready = new Promise((resolve) => (globalThis.telltaleReady = resolve));
vm.runInThisContext(glue, { filename: "engine_bundle.node.js" });

const { EngineBase } = await import(pathToFileURL(path.join(folder, "engine.mjs")).href);
class Engine extends EngineBase {
  mode = "WASM";
  id = "telltale";
  constructor(port) {
    super();
    this.port = port;
    port.onmessage = (message) => this.onRpcResponseBytes(message.data);
  }
  rpcSendRequestBytes(bytes) {
    this.port.postMessage(bytes);
  }
}

const channel = new MessageChannel();
globalThis.telltaleBridge.initialize(channel.port1);
const engine = new Engine(channel.port2);
await ready;

function text(value) {
  return value === null ? "NULL" : String(value);
}

try {
  const bytes = new Uint8Array(readFileSync(trace));
  for (let at = 0; at < bytes.length; at += 1 << 20) await engine.parse(bytes.subarray(at, at + (1 << 20)));
  await engine.notifyEof();
  for (const query of queries) {
    process.stdout.write(`? ${query}\n`);
    const result = await engine.query(query);
    const columns = result.columns();
    for (const row = result.iter({}); row.valid(); row.next())
      process.stdout.write(columns.map((column) => text(row.get(column))).join("|") + "\n");
  }
} catch (error) {
  fail(error);
}
channel.port2.close();
channel.port1.close();
process.exit(0);
