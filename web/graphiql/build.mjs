// Bundles GraphiQL and its Monaco workers into files with fixed names, each also as .br and .gz.
import * as esbuild from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2] ?? path.join(here, 'dist'));

const common = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  // The licences of what is bundled travel with it, at the end of each file.
  legalComments: 'eof',
  logLevel: 'warning',
  assetNames: '[name]',
  loader: { '.ttf': 'file', '.woff2': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
};

async function bundle() {
  fs.mkdirSync(out, { recursive: true });
  await esbuild.build({ ...common, entryPoints: { main: 'src/main.js' } });
  await esbuild.build({
    ...common,
    entryPoints: {
      'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
      'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
      'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    },
  });
  fs.copyFileSync(path.join(here, 'index.html'), path.join(out, 'index.html'));
}

function brotli(bytes) {
  const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: hint } = zlib.constants;
  return zlib.brotliCompressSync(bytes, { params: { [quality]: 10, [hint]: bytes.length } });
}

function compress() {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  const isSource = (file) => !file.startsWith('.') && !/\.(br|gz)$/.test(file);
  for (const file of fs.readdirSync(out).filter(isSource)) {
    const raw = fs.readFileSync(path.join(out, file));
    const br = brotli(raw);
    const gz = zlib.gzipSync(raw, { level: 9 });
    fs.writeFileSync(path.join(out, `${file}.br`), br);
    fs.writeFileSync(path.join(out, `${file}.gz`), gz);
    total.raw += raw.length;
    total.gzip += gz.length;
    total.brotli += br.length;
  }
  return total;
}

await bundle();
const { raw, gzip, brotli: br } = compress();
console.log(`graphiql: raw ${raw}, gzip ${gzip}, brotli ${br} bytes`);
