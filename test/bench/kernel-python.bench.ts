// 100 MB between TypeScript and Python as `%%python -i/-o` carries them: through shared memory, beside the same
// bytes through ZeroMQ ipc, and beside JSON (a tenth of the data, its time times ten). Each receiver reads one
// value of every page, so that mapped memory counts as it is used.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTable } from 'apache-arrow';
import type { Table } from 'apache-arrow';
import * as zmq from 'zeromq';
import { startPython } from '../../kernel/runtime/python-process.ts';
import type { PythonProcess, Sent } from '../../kernel/runtime/python-process.ts';
import { decodeValue, encodeValue } from '../../kernel/runtime/python-values.ts';
import type { BenchTopic } from './harness.ts';

const COUNT = 25_000_000;
/** Float32 values of one page. */
const PAGE = 1024;
const GOAL_MS = 30;
const load = (name: string): Promise<unknown> => import(name);

export const topics: readonly BenchTopic[] = [
  {
    name: 'kernel.python',
    async *cases() {
      const folder = mkdtempSync(join(tmpdir(), 'ruvector-bench-'));
      const python = await startPython((_name, text) => process.stderr.write(text));
      const socket = new zmq.Pair({ linger: 0 });
      try {
        const address = `ipc://${join(folder, 's')}`;
        await socket.bind(address);
        await run(python, buildSetup(address));
        const array = new Float32Array(COUNT).fill(1.5);
        const table = makeTable({ x: array });
        const shared = { bench: 'kernel.python', unit: 'ms', better: 'lower', runs: 3 } as const;
        const goal = (ours: number): boolean => ours <= GOAL_MS;
        const anchorName = 'the same bytes through ZeroMQ ipc';
        const sendsOver = (): Promise<number> => sendOverZeromq(python, socket, array);
        const takesOver = (): Promise<number> => takeOverZeromq(python, socket);
        const send = (value: Float32Array | Table, code: string) => (): Promise<number> =>
          give(python, value, code);
        const take = (name: string) => (): Promise<number> => receive(python, name);
        const first = send(array, 'value[::1024].sum()');
        const json = (): Promise<number> => sendAsJson(python, array.subarray(0, COUNT / 10));
        yield {
          ...shared,
          case: '100 MB Float32 to Python',
          ours: first,
          anchor: sendsOver,
          anchorName,
          goal,
        };
        yield {
          ...shared,
          case: '100 MB Float32 to Python, JSON',
          ours: first,
          anchor: json,
          anchorName: 'JSON of a tenth × 10',
          goal,
          runs: 2,
        };
        yield {
          ...shared,
          case: '100 MB Float32 to TypeScript',
          ours: take('array'),
          anchor: takesOver,
          anchorName,
          goal,
        };
        const column = 'value.column(0).to_numpy()[::1024].sum()';
        yield {
          ...shared,
          case: '100 MB Arrow table to Python',
          ours: send(table, column),
          anchor: sendsOver,
          anchorName,
          goal,
        };
        yield {
          ...shared,
          case: '100 MB Arrow table to TypeScript',
          ours: take('table'),
          anchor: takesOver,
          anchorName,
          goal,
        };
      } finally {
        socket.close();
        python.kill();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];

const buildSetup = (address: string): string => `import gc, numpy, pyarrow, zmq
socket = zmq.Context.instance().socket(zmq.PAIR)
socket.connect("${address}")
array = numpy.full(${COUNT}, 1.5, "f4")
table = pyarrow.table({"x": array})`;

async function run(python: PythonProcess, code: string, rest: object = {}): Promise<readonly Sent[]> {
  const request = { id: 1, code, silent: true, inputs: {}, outputs: [], ...rest };
  const answer = await python.run(request, () => {});
  if (answer.type === 'error') throw new Error(answer.content.traceback.join('\n'));
  return answer.type === 'done' ? answer.outputs : [];
}

async function give(python: PythonProcess, value: unknown, code: string): Promise<number> {
  const startMs = performance.now();
  const inputs = { value: await encodeValue('value', value, python.transfer, load) };
  await run(python, code, { inputs });
  const ms = performance.now() - startMs;
  await run(python, 'del value; gc.collect()');
  return ms;
}

async function receive(python: PythonProcess, name: string): Promise<number> {
  const startMs = performance.now();
  const [sent] = await run(python, '', { outputs: [name] });
  const value = await decodeValue(sent!, python.transfer, load);
  const array =
    value instanceof Float32Array ? value : ((value as Table).getChildAt(0)!.data[0]!.values as Float32Array);
  readPages(array);
  return performance.now() - startMs;
}

function readPages(array: Float32Array): void {
  let sum = 0;
  for (let i = 0; i < array.length; i += PAGE) sum += array[i]!;
  if (array.length !== COUNT || sum === 0) throw new Error('the array came changed');
}

async function sendOverZeromq(python: PythonProcess, socket: zmq.Pair, array: Float32Array): Promise<number> {
  const startMs = performance.now();
  const read = 'numpy.frombuffer(socket.recv(copy=False).buffer, "f4")[::1024].sum()';
  await Promise.all([socket.send(array), run(python, read)]);
  return performance.now() - startMs;
}

async function takeOverZeromq(python: PythonProcess, socket: zmq.Pair): Promise<number> {
  const startMs = performance.now();
  const [[bytes]] = await Promise.all([
    socket.receive(),
    run(python, 'socket.send(array, copy=False); None'),
  ]);
  // ZeroMQ may hand the bytes out at any address.
  const start = bytes!.byteOffset;
  const aligned = start % 4 === 0 ? bytes!.buffer : bytes!.buffer.slice(start, start + bytes!.byteLength);
  readPages(new Float32Array(aligned, start % 4 === 0 ? start : 0, COUNT));
  return performance.now() - startMs;
}

async function sendAsJson(python: PythonProcess, array: Float32Array): Promise<number> {
  const startMs = performance.now();
  const inputs = { value: { kind: 'json', value: Array.from(array) } };
  await run(python, 'numpy.array(value, "f4").sum()', { inputs });
  return (performance.now() - startMs) * 10;
}
