// Generates the TypeScript and Python code of proto/: node scripts/generate-proto.mjs [output folder].
// The one way to make it; the result is committed. A test generates into another folder and compares.
// protoc is that of grpcio-tools (python/requirements-dev.txt), its TypeScript plugin @bufbuild/protoc-gen-es.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const root = dirname(import.meta.dirname);
const source = 'ruvector/telemetry/v1/stream.proto';
const python = join(root, process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python');

/** Where each generated file lies in the repository, by its place in protoc's output. */
const outputs = {
  'ts/ruvector/telemetry/v1/stream_pb.ts': 'src/stream/codecs/generated/stream_pb.ts',
  'py/ruvector/telemetry/v1/stream_pb2.py': 'python/src/ruvector/telemetry/v1/stream_pb2.py',
  'py/ruvector/telemetry/v1/stream_pb2.pyi': 'python/src/ruvector/telemetry/v1/stream_pb2.pyi',
};

/** Our checkers leave generated code alone; protoc-gen-es says so itself. */
const pythonHeader = '# fmt: off\n# ruff: noqa\n# mypy: ignore-errors\n';

function generate(folder) {
  for (const language of ['ts', 'py']) mkdirSync(join(folder, language), { recursive: true });
  run(python, [
    '-m',
    'grpc_tools.protoc',
    `--proto_path=${join(root, 'proto')}`,
    `--plugin=protoc-gen-es=${join(root, 'node_modules/.bin/protoc-gen-es')}`,
    `--es_out=${join(folder, 'ts')}`,
    '--es_opt=target=ts,import_extension=ts',
    `--python_out=${join(folder, 'py')}`,
    `--pyi_out=${join(folder, 'py')}`,
    source,
  ]);
}

function run(command, parameters) {
  const { status, error, stderr } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`Cannot generate code of "${source}": ${error?.message ?? stderr}; run npm run check once`);
}

async function finish(path, code) {
  if (path.startsWith('py/')) return pythonHeader + code;
  return format(code, { ...(await resolveConfig(join(root, 'package.json'))), parser: 'typescript' });
}

const target = process.argv[2] ?? root;
const folder = mkdtempSync(join(tmpdir(), 'ruvector-proto-'));
try {
  generate(folder);
  for (const [from, to] of Object.entries(outputs)) {
    const path = join(target, to);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await finish(from, readFileSync(join(folder, from), 'utf8')));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
