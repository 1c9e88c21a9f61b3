// 100 MB between TypeScript and Python as `%%python -i/-o` carries them, by kind of value and by way, beside what
// Python has: its own shared memory (the floor: one copy), ZeroMQ, JSON through a pipe (as Polyglot Notebooks
// did). Each receiver reads one value of every page, so that mapped memory counts as it is used. Wall time counts
// what else the machine does; the CPU time of both processes does not.
import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { makeTable } from 'apache-arrow';
import type { Table } from 'apache-arrow';
import polars from 'nodejs-polars';
import { startPython } from '../../kernel/runtime/python/python-process.ts';
import type { PythonProcess, Sent } from '../../kernel/runtime/python/python-process.ts';
import { takeValue, storeValue } from '../../kernel/runtime/python/python-values.ts';
import { sharedArray } from '../../kernel/runtime/python/shared-array.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const COUNT = 25_000_000;
/** Float32 values of one page. */
const PAGE = 1024;
const GOAL_MS = 30;
/** JSON takes a part of the array, its time counts in full. */
const JSON_PART = 50;

const FLOOR = 'one copy through multiprocessing.shared_memory in Python alone';
const ZEROMQ = 'the same bytes through ZeroMQ ipc';
const WRITER = "nodejs-polars' own writer or reader is in it; anchor: an Arrow table of the same column";

const load = (name: string): Promise<unknown> => import(name);
setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** What one crossing took. */
interface Took {
  readonly wallMs: number;
  /** Of both processes. */
  readonly cpuMs: number;
  readonly stagesMs: Readonly<Record<'encode and copy' | 'map and decode' | 'read every page', number>>;
}

type Crossing = () => Promise<Took>;

export const topics: readonly BenchTopic[] = [
  {
    name: 'kernel.python',
    async *cases() {
      // One after another: the way is read from the environment.
      const python = await startWay(undefined);
      const zeromq = await startWay('zmq');
      try {
        const array = new Float32Array(COUNT).fill(1.5);
        const frame = polars.DataFrame({ x: polars.Series('x', array, polars.Float32) });
        const table = makeTable({ x: array });
        const column = 'value.column(0).to_numpy()';
        const floor = (): Promise<number> => copyInPython(python);
        const base = { bench: 'kernel.python', unit: 'ms', better: 'lower', runs: 5 } as const;
        const arrays = {
          'Float32 to Python': give(python, array, 'value'),
          'Float32 to TypeScript': take(python, 'array'),
          'Arrow table to Python': give(python, table, column),
          'Arrow table to TypeScript': take(python, 'table'),
        };
        const sends = give(zeromq, array, 'value');
        const takes = take(zeromq, 'array');
        for (const [name, crossing] of Object.entries(arrays)) {
          const over = name.endsWith('Python') ? sends : takes;
          yield* goalCases(base, name, crossing, floor);
          if (name.startsWith('Float32'))
            yield {
              ...base,
              runs: 2,
              case: `100 MB ${name}`,
              ours: wall(crossing),
              anchor: wall(over),
              anchorName: ZEROMQ,
            };
          yield* stageCases(base, name, crossing);
        }
        yield {
          ...base,
          case: '100 MB Float32 to Python, JSON',
          ours: wall(arrays['Float32 to Python']),
          anchor: () => sendAsJson(python, array.subarray(0, COUNT / JSON_PART)),
          anchorName: `JSON through a pipe, ${JSON_PART} × a ${JSON_PART}th`,
          runs: 2,
        };
        const shared = sharedArray(Float32Array, COUNT).fill(1.5);
        yield {
          ...base,
          case: '100 MB of sharedArray to Python',
          ours: wall(give(python, shared, 'value')),
          anchor: floor,
          anchorName: FLOOR,
          goal: (ours) => ours <= GOAL_MS,
        };
        for (const [name, ours, anchor] of [
          ['to Python', give(python, frame, 'value["x"].to_numpy()'), arrays['Arrow table to Python']],
          ['to TypeScript', take(python, 'frame'), arrays['Arrow table to TypeScript']],
        ] as const) {
          yield {
            ...base,
            runs: 3,
            case: `100 MB Polars frame ${name}`,
            ours: wall(ours),
            anchor: wall(anchor),
            anchorName: WRITER,
          };
        }
      } finally {
        for (const way of [python, zeromq]) {
          await run(way, 'block.unlink()');
          way.kill();
        }
      }
    },
  },
];

/** Wall and CPU time beside the floor; the goal is one of wall time. */
function* goalCases(
  base: Pick<BenchCase, 'bench' | 'unit' | 'better' | 'runs'>,
  name: string,
  crossing: Crossing,
  floor: () => Promise<number>,
): Generator<BenchCase> {
  const goal = (ours: number): boolean => ours <= GOAL_MS;
  yield { ...base, case: `100 MB ${name}`, ours: wall(crossing), anchor: floor, anchorName: FLOOR, goal };
  yield {
    ...base,
    unit: 'ms of CPU',
    case: `100 MB ${name}, CPU of both`,
    ours: async () => (await crossing()).cpuMs,
    anchor: null,
    anchorName: 'no anchor: what it takes on an idle machine',
    goal,
  };
}

function* stageCases(
  base: Pick<BenchCase, 'bench' | 'unit' | 'better' | 'runs'>,
  name: string,
  crossing: Crossing,
): Generator<BenchCase> {
  for (const stage of ['encode and copy', 'map and decode', 'read every page'] as const) {
    yield {
      ...base,
      runs: 2,
      warmup: false,
      case: `100 MB ${name}: ${stage}`,
      ours: async () => (await crossing()).stagesMs[stage],
      anchor: null,
      anchorName: 'no anchor: a stage of the case above',
    };
  }
}

const wall = (crossing: Crossing) => async (): Promise<number> => (await crossing()).wallMs;

const SETUP = `import gc, time, numpy, polars, pyarrow
from multiprocessing import shared_memory
array = numpy.full(${COUNT}, 1.5, "f4")
table = pyarrow.table({"x": array})
frame = polars.DataFrame({"x": array})
block = shared_memory.SharedMemory(create=True, size=array.nbytes)
room = numpy.frombuffer(block.buf, "f4", count=array.size)
def floor():
    started = time.perf_counter()
    room[:] = array
    other = shared_memory.SharedMemory(name=block.name)
    numpy.frombuffer(other.buf, "f4", count=array.size)[::${PAGE}].sum()
    took = (time.perf_counter() - started) * 1000
    gc.collect(); other.close()
    return took
floor(); cpu = time.process_time()`;

async function startWay(way: 'zmq' | undefined): Promise<PythonProcess> {
  if (way === undefined) delete process.env['RUVECTOR_KERNEL_TRANSFER'];
  else process.env['RUVECTOR_KERNEL_TRANSFER'] = way;
  const python = await startPython((_name, text) => process.stderr.write(text));
  await run(python, SETUP);
  return python;
}

interface Ran {
  readonly outputs: readonly Sent[];
  readonly receivedMs: number;
}

async function run(python: PythonProcess, code: string, rest: object = {}): Promise<Ran> {
  const request = { id: 1, code, silent: true, inputs: {}, outputs: [], ...rest };
  const answer = await python.run(request, () => {});
  if (answer.type === 'error') throw new Error(answer.content.traceback.join('\n'));
  if (answer.type !== 'done') throw new Error('Python answered without an end');
  return { outputs: answer.outputs, receivedMs: answer.received[0]?.ms ?? 0 };
}

async function readNumber(python: PythonProcess, code: string): Promise<number> {
  const { outputs } = await run(python, code, { outputs: ['_'] });
  return (await takeValue(outputs[0]!, python.transfer, load)) as number;
}

/** CPU time of both processes so far. */
async function readCpuMs(python: PythonProcess): Promise<number> {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + (await readNumber(python, 'time.process_time() * 1000'));
}

/** To Python, whose name for it holds the value sent before. */
const give = (python: PythonProcess, value: unknown, column: string) => async (): Promise<Took> => {
  const startCpuMs = await readCpuMs(python);
  const startMs = performance.now();
  const inputs = { value: await storeValue('value', value, python.transfer, load) };
  const encodedMs = performance.now();
  const { receivedMs } = await run(python, `${column}[::${PAGE}].sum()`, { inputs });
  const endMs = performance.now();
  const cpuMs = (await readCpuMs(python)) - startCpuMs;
  const stagesMs = {
    'encode and copy': encodedMs - startMs,
    'map and decode': receivedMs,
    'read every page': endMs - encodedMs - receivedMs,
  };
  return { wallMs: endMs - startMs, cpuMs, stagesMs };
};

/** To TypeScript, where the value taken before is garbage. */
const take = (python: PythonProcess, name: string) => async (): Promise<Took> => {
  const startCpuMs = await readCpuMs(python);
  const startMs = performance.now();
  const { outputs } = await run(python, '', { outputs: [name] });
  const sentMs = performance.now();
  const value = await takeValue(outputs[0]!, python.transfer, load);
  const decodedMs = performance.now();
  readPages(value as Column);
  const endMs = performance.now();
  const cpuMs = (await readCpuMs(python)) - startCpuMs;
  collectGarbage();
  // Finalizers give the memory back in turns of their own.
  await new Promise((done) => setTimeout(done, 5));
  const stagesMs = {
    'encode and copy': sentMs - startMs,
    'map and decode': decodedMs - sentMs,
    'read every page': endMs - decodedMs,
  };
  return { wallMs: endMs - startMs, cpuMs, stagesMs };
};

type Frame = { getColumn(name: string): { sum(): number } };
type Column = Float32Array | Table | Frame;

function readPages(value: Column): void {
  // Frames are proxies that hide what they have.
  if (typeof (value as { getColumn?: unknown }).getColumn === 'function') {
    if ((value as Frame).getColumn('x').sum() !== COUNT * 1.5) throw new Error('the frame came changed');
    return;
  }
  const array = value instanceof Float32Array ? value : valuesOf(value as Table);
  let sum = 0;
  for (let i = 0; i < array.length; i += PAGE) sum += array[i]!;
  if (array.length !== COUNT || sum === 0) throw new Error('the array came changed');
}

const valuesOf = (table: Table): Float32Array => table.getChildAt(0)!.data[0]!.values as Float32Array;

const copyInPython = (python: PythonProcess): Promise<number> => readNumber(python, 'floor()');

async function sendAsJson(python: PythonProcess, array: Float32Array): Promise<number> {
  const startMs = performance.now();
  const inputs = { value: { kind: 'json', value: Array.from(array) } };
  await run(python, 'numpy.array(value, "f4").sum()', { inputs });
  return (performance.now() - startMs) * JSON_PART;
}
