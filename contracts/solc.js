#!/usr/bin/env node
// Makes the npm package "solc" (WebAssembly) look like the solc binary to py-solc-x and forge, so that compiling
// needs neither a native compiler nor the network.
//
//   solc.js --version
//   solc.js --standard-json [FILE|-] [--base-path DIR] [--include-path DIR]… [--allow-paths …]
//
// Imports that the input does not carry are read below the base path, the include paths and node_modules.
'use strict';

const fs = require('fs');
const path = require('path');
const solc = require('solc');

const MODULES = path.join(__dirname, 'node_modules');

function fail(message) {
  process.stderr.write(`solc.js: ${message}\n`);
  process.exit(1);
}

function parseArguments(argv) {
  const parsed = { command: null, input: '-', roots: [process.cwd()] };
  const queue = argv.flatMap((argument) => {
    const equals = argument.indexOf('=');
    return argument.startsWith('--') && equals > 0
      ? [argument.slice(0, equals), argument.slice(equals + 1)]
      : [argument];
  });
  while (queue.length > 0) {
    const argument = queue.shift();
    switch (argument) {
      case '--version':
      case '--standard-json':
        parsed.command = argument;
        break;
      case '--base-path':
        parsed.roots[0] = path.resolve(queue.shift());
        break;
      case '--include-path':
        parsed.roots.push(path.resolve(queue.shift()));
        break;
      case '--allow-paths': // nothing is read but what an import names
        queue.shift();
        break;
      default:
        if (argument.startsWith('--')) fail(`unknown option ${argument}`);
        parsed.input = argument;
    }
  }
  return parsed;
}

function read(name, roots) {
  const places = path.isAbsolute(name) ? [name] : [...roots, MODULES].map((root) => path.join(root, name));
  const found = places.find((place) => fs.statSync(place, { throwIfNoEntry: false })?.isFile());
  return found === undefined ? null : fs.readFileSync(found, 'utf8');
}

// process.stdout.write would lose the tail of a long answer when the process exits while the pipe is full.
function write(text) {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function compile({ input, roots }) {
  const request = JSON.parse(fs.readFileSync(input === '-' ? 0 : input, 'utf8'));
  // The wasm compiler resolves imports, but not the "urls" of sources.
  for (const source of Object.values(request.sources ?? {})) {
    if (source.content !== undefined) continue;
    const texts = (source.urls ?? []).map((url) => read(url, roots));
    const text = texts.find((found) => found !== null);
    if (text === undefined) continue;
    source.content = text;
    delete source.urls;
  }
  const found = (name) => {
    const contents = read(name, roots);
    return contents === null ? { error: `file not found: ${name}` } : { contents };
  };
  write(`${solc.compile(JSON.stringify(request), { import: found })}\n`);
}

const parsed = parseArguments(process.argv.slice(2));
if (parsed.command === '--version') {
  // Both tools read the number and the commit; the native form has no ".Emscripten.clang" before the commit.
  write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (parsed.command === '--standard-json') {
  compile(parsed);
} else {
  fail('say --version or --standard-json');
}
