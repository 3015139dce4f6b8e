// Shrinks the page that `cargo leptos build --split` has made, in the folder of its files:
// - gives short names to what the WebAssembly imports from JavaScript. wasm-bindgen's names end in hashes, which no
//   compression makes smaller;
// - puts the script that fetches the chunks into the page's script, which saves a request.
// Files that were compressed beforehand are compressed again.
//   node script/pack-page.mjs target/site/pkg
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = process.argv[2];
if (!folder) {
  process.stderr.write('usage: pack-page.mjs FOLDER\n');
  process.exit(2);
}

/** wasm-bindgen's names of imports. */
const LONG_NAME = /^__wb(g|indgen)_/;
const IMPORT_SECTION = 2;

const read = (name) => readFileSync(join(folder, name));
const files = readdirSync(folder);
const modules = files.filter((name) => name.endsWith('.wasm'));
const script = 'teahouse.js';
/** What fetches the chunks. cargo-leptos chooses its name. */
const loader = '__wasm_split.______________________.js';

/** The short name of each long one. */
const names = new Map();

/** Writes a file, and again what is compressed of it. */
function replace(name, content) {
  const path = join(folder, name);
  writeFileSync(path, content);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  if (existsSync(`${path}.br`)) writeFileSync(`${path}.br`, brotliCompressSync(content, quality));
  if (existsSync(`${path}.gz`)) writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}

/** The sections of a module (WebAssembly core specification, 5.5), with short names in that of the imports. */
function* renamedSections(module) {
  yield module.subarray(0, 8);
  const reader = new Reader(module, 8);
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const content = reader.bytes(reader.number());
    const renamed = id === IMPORT_SECTION ? Buffer.concat([...renamedImports(content)]) : content;
    yield Buffer.from([id]);
    yield encoded(renamed.length);
    yield renamed;
  }
}

/** The content of an import section. */
function* renamedImports(content) {
  const reader = new Reader(content, 0);
  const count = reader.number();
  yield encoded(count);
  for (let index = 0; index < count; index += 1) {
    const module = reader.bytes(reader.number());
    const field = reader.bytes(reader.number()).toString();
    const short = Buffer.from(names.get(field) ?? field);
    const typeAt = reader.offset;
    reader.skipType();
    yield Buffer.concat([encoded(module.length), module, encoded(short.length), short, content.subarray(typeAt, reader.offset)]);
  }
}

class Reader {
  constructor(buffer, offset) {
    this.buffer = buffer;
    this.offset = offset;
  }

  get isAtEnd() {
    return this.offset >= this.buffer.length;
  }

  byte() {
    return this.buffer[this.offset++];
  }

  bytes(length) {
    this.offset += length;
    return this.buffer.subarray(this.offset - length, this.offset);
  }

  /** A number in LEB128 without a sign. */
  number() {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return value;
    }
  }

  /** Skips the type of an import: a function, table, memory, global or tag. */
  skipType() {
    const kind = this.byte();
    if (kind === 0) this.number();
    else if (kind === 1) {
      this.byte();
      this.skipLimits();
    } else if (kind === 2) this.skipLimits();
    else if (kind === 3) this.bytes(2);
    else if (kind === 4) {
      this.byte();
      this.number();
    } else throw new Error(`an import of unknown kind ${kind}`);
  }

  skipLimits() {
    const hasMaximum = (this.byte() & 1) !== 0;
    this.number();
    if (hasMaximum) this.number();
  }
}

/** A number in LEB128 without a sign. */
function encoded(number) {
  const bytes = [];
  do {
    bytes.push((number & 127) | (number > 127 ? 128 : 0));
    number = Math.floor(number / 128);
  } while (number > 0);
  return Buffer.from(bytes);
}

for (const name of modules) {
  for (const { name: field } of WebAssembly.Module.imports(new WebAssembly.Module(read(name)))) {
    if (LONG_NAME.test(field) && !names.has(field)) names.set(field, `$${names.size.toString(36)}`);
  }
}
for (const name of modules) replace(name, Buffer.concat([...renamedSections(read(name))]));
const text = read(script).toString();
for (const name of names.keys()) {
  if (!text.includes(name)) throw new Error(`${script} does not have ${name}`);
}
replace(script, Buffer.from(withLoader(text.replaceAll(/[\w$]+/g, (word) => names.get(word) ?? word))));
for (const suffix of ['', '.br', '.gz']) rmSync(join(folder, loader + suffix), { force: true });

/** The page's script with the loader in it, which it imports under a name for each chunk. */
function withLoader(text) {
  const imports = /import ?\* ?as (\w+) from ?"\.\/__wasm_split\._+\.js";/g;
  const aliases = [...text.matchAll(imports)].map(([, alias]) => alias);
  const initSync = /(\w+) as initSync\b/.exec(text)?.[1];
  const source = read(loader).toString();
  const loads = [...source.matchAll(/^export const (\w+)/gm)].map(([, load]) => load);
  if (aliases.length === 0 || !initSync || loads.length === 0) throw new Error(`${script} does not import ${loader} as expected`);
  const lines = source.replaceAll(/\/\*.*?\*\//gs, '').split('\n').map((line) => line.trim());
  const body = lines.filter((line) => line && !/^(\/\/|import )/.test(line)).map((line) => line.replace(/^export /, ''));
  const exported = `((initSync)=>{\n${body.join('\n')}\nreturn {${loads}}})(${initSync})`;
  return `${text.replaceAll(imports, '')}\nconst ${[`${aliases[0]}=${exported}`, ...aliases.slice(1).map((alias) => `${alias}=${aliases[0]}`)]};\n`;
}
