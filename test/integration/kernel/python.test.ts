// `%%python` cells in a real kernel with a real Python: what crosses, what is shown, what happens when Python
// fails, is interrupted or dies.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { isChildOf, resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Exchange, Json, KernelClient, Received } from '../../support/kernel/kernel-client.ts';
import { isRunning } from '../../support/is-running.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const messageOf = (exchange: Exchange, type: string): Received | undefined =>
  exchange.iopub.find(({ header }) => header.msg_type === type);
const dataOf = (exchange: Exchange, type = 'display_data'): Record<string, string> =>
  messageOf(exchange, type)?.content['data'] as Record<string, string>;
const python = (code: string, args = ''): Promise<Exchange> => kernel.execute(`%%python ${args}\n${code}`);

/** Sends a cell that asks a question and answers it. */
async function answerQuestion(code: string, value: string): Promise<{ question: Json; exchange: Exchange }> {
  const id = await kernel.sendCell(code, { allow_stdin: true });
  const question = await kernel.wait((message) => message.channel === 'stdin' && isChildOf(message, id));
  await kernel.send('stdin', 'input_reply', { status: 'ok', value }, { parentHeader: question.header });
  return { question: question.content, exchange: await kernel.exchange(id) };
}

/** Runs cells that must succeed; resolves to the last one's result. */
async function results(...cells: string[]): Promise<string | undefined> {
  let last: Exchange | undefined;
  for (const cell of cells) {
    last = await kernel.execute(cell);
    expect(messageOf(last, 'error')?.content).toBeUndefined();
  }
  return resultOf(last!);
}

describe('%%python', () => {
  it('shows the last expression and keeps names between cells', async () => {
    await python('x = 20');
    expect(resultOf(await python('x + 1'))).toBe('21');
    expect(resultOf(await python('x + 1;'))).toBeUndefined();
  });

  it('streams stdout and stderr of Python and of what it starts, before the result', async () => {
    const exchange = await python(
      'import sys, os\nprint("out")\nprint("err", file=sys.stderr)\nos.system("echo sub")\n1',
    );
    expect(streamOf(exchange)).toBe('out\nsub\n');
    expect(streamOf(exchange, 'stderr')).toBe('err\n');
    const types = exchange.iopub.map(({ header }) => header.msg_type);
    expect(types.lastIndexOf('stream')).toBeLessThan(types.indexOf('execute_result'));
  });

  it('shows text before the cell ends', async () => {
    const id = await kernel.sendCell(
      '%%python\nprint("first", flush=True)\nimport time; time.sleep(0.5)\nprint("last")',
    );
    await kernel.wait(
      ({ header, content }) => header.msg_type === 'stream' && String(content['text']).startsWith('first'),
    );
    expect(streamOf(await kernel.exchange(id))).toBe('first\nlast\n');
  });

  it('shows what _repr_html_, _repr_png_ and _repr_mimebundle_ give', async () => {
    const html = await python('class H:\n  def _repr_html_(self): return "<b>h</b>"\nH()');
    expect(dataOf(html, 'execute_result')['text/html']).toBe('<b>h</b>');
    const png = await python('class P:\n  def _repr_png_(self): return b"\\x89PNG"\nP()');
    expect(dataOf(png, 'execute_result')['image/png']).toBe(
      Buffer.from('\x89PNG', 'latin1').toString('base64'),
    );
    const bundle = await python(
      'class M:\n  def _repr_mimebundle_(self): return {"text/x": "m"}\ndisplay(M())',
    );
    expect(dataOf(bundle)['text/x']).toBe('m');
  });

  it('shows open figures of matplotlib as PNG after the cell and closes them', async () => {
    // Its calls, without the package: figures, saving, closing.
    const code = `import sys, types
plt = types.ModuleType("matplotlib.pyplot"); plt.open = [1, 2]
class Figure:
    def savefig(self, file, format, bbox_inches): file.write(b"PNG of a figure")
plt.get_fignums = lambda: list(plt.open)
plt.figure = lambda number: Figure()
plt.close = lambda which: plt.open.clear()
sys.modules["matplotlib.pyplot"] = plt`;
    const figures = (await python(code)).iopub.filter(({ header }) => header.msg_type === 'display_data');
    expect(figures).toHaveLength(2);
    const png = (figures[0]!.content['data'] as Record<string, string>)['image/png']!;
    expect(Buffer.from(png, 'base64').toString()).toBe('PNG of a figure');
    const after = await python('plt.open; import os; os.environ["MPLBACKEND"]');
    expect(resultOf(after)).toBe("'Agg'");
    expect(messageOf(after, 'display_data')).toBeUndefined();
    await python('del sys.modules["matplotlib.pyplot"]');
  });

  it('fails with the traceback of Python, lines counted in the cell', async () => {
    const exchange = await python('def f():\n    1 / 0\nf()');
    expect(exchange.reply.content).toMatchObject({
      status: 'error',
      ename: 'ZeroDivisionError',
      evalue: 'division by zero',
    });
    const traceback = (exchange.reply.content['traceback'] as string[]).join('\n');
    expect(traceback).toMatch(/line 4, in <module>\n\s+f\(\)\n.*line 3, in f/);
    expect(traceback).not.toContain('_python_cell');
    expect((await python('x = (')).reply.content['ename']).toBe('SyntaxError');
  });

  it('is interrupted and keeps its state', async () => {
    await python('kept = 5');
    const id = await kernel.sendCell('%%python\nprint("spins", flush=True)\nwhile True: pass');
    await kernel.wait(
      ({ header, content }) => header.msg_type === 'stream' && String(content['text']).startsWith('spins'),
    );
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content['ename']).toBe('KeyboardInterrupt');
    expect(resultOf(await python('kept'))).toBe('5');
  });

  it.each(['import os; os._exit(3)', 'import os, signal; os.kill(os.getpid(), signal.SIGSEGV)'])(
    'tells that Python ended and starts a new one for the next cell when a cell runs %s',
    async (code) => {
      await results('const notLost = 7');
      const exchange = await python(code);
      expect(exchange.reply.content).toMatchObject({ status: 'error', ename: 'PythonEnded' });
      expect(exchange.reply.content['evalue']).toMatch(/exit code 3|SIGSEGV/);
      expect(resultOf(await python('2 + 2'))).toBe('4');
      expect(await results('notLost')).toBe('7');
    },
  );

  it('says in the next cell that Python ended while none ran', async () => {
    await python('import os\nlost = 1\npid = os.getpid()');
    const seen = 'for (;;) { process.kill(pid, 0); await new Promise((done) => setTimeout(done, 5)); }';
    await kernel.execute(`const pid = await python("pid"); process.kill(pid, "SIGKILL"); ${seen}`);
    const exchange = await python('"lost" in globals()');
    expect(resultOf(exchange)).toBe('False');
    expect(streamOf(exchange, 'stderr')).toMatch(/Python ended by SIGKILL; its variables are gone/);
    expect(streamOf(await python('1'), 'stderr')).toBe('');
  });

  it('ends with the kernel and leaves nothing behind, also when the kernel is killed in a cell', async () => {
    const other = await startKernel();
    try {
      // One write: print() makes one of each of its arguments, and each may come as a message of its own.
      const said = 'sys.stdout.write(f"{os.getpid()} {sys.argv[-2]}\\n")';
      const code = `import os, sys, time\n${said}\ntime.sleep(60)`;
      await other.sendCell(`%%python\n${code}`);
      const { content } = await other.wait(({ header }) => header.msg_type === 'stream');
      const [pid, folder] = String(content['text']).trim().split(' ');
      expect(existsSync(folder!)).toBe(true);
      other.process.kill('SIGKILL');
      await expect.poll(() => isRunning(Number(pid)), { timeout: 10_000 }).toBe(false);
      expect(existsSync(folder!)).toBe(false);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it('asks the user by input() and getpass(), and keeps its state when that is interrupted', async () => {
    const answered = await answerQuestion('%%python\nname = input("name? ")\nname * 2', 'Ada');
    expect(answered.question).toEqual({ prompt: 'name? ', password: false });
    expect(resultOf(answered.exchange)).toBe("'AdaAda'");
    const secret = await answerQuestion('%%python\nimport getpass\ngetpass.getpass() + name', 'x');
    expect(secret.question).toEqual({ prompt: 'Password: ', password: true });
    expect(resultOf(secret.exchange)).toBe("'xAda'");
    const id = await kernel.sendCell('%%python\ninput("stop? ")', { allow_stdin: true });
    await kernel.wait((message) => message.channel === 'stdin' && isChildOf(message, id));
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content['ename']).toBe('KeyboardInterrupt');
    expect(resultOf(await python('name'))).toBe("'Ada'");
    const nobody = (await python('input()')).reply.content;
    expect(nobody['ename']).toBe('StdinNotImplementedError');
    expect(nobody['evalue']).toContain('without a user to ask');
  });

  it('looks for the Python of RUVECTOR_PYTHON only, and says where it looked and how to choose', async () => {
    await kernel.execute('%env RUVECTOR_PYTHON=/nowhere/python3\n%reset python');
    const { ename, evalue } = (await python('1')).reply.content;
    await kernel.execute('delete process.env.RUVECTOR_PYTHON');
    expect(ename).toBe('PythonNotFoundError');
    expect(evalue).toMatch(/"\/nowhere\/python3" is not there; .*%env RUVECTOR_PYTHON=\/path\/to\/python3/);
    expect(resultOf(await python('1'))).toBe('1');
  });

  it('says what is wrong when a magic, an option or a name does not exist', async () => {
    expect((await kernel.execute('%%pyton\n1')).reply.content['evalue']).toContain('%%python');
    expect((await python('1', '-z')).reply.content['evalue']).toContain('[-i name,name…]');
    expect((await python('1', '-i nothingHere')).reply.content['ename']).toBe('ReferenceError');
    expect((await python('1', '-o nothing_here')).reply.content['ename']).toBe('NameError');
  });
});

describe('python()', () => {
  it('gives the value of an expression and takes inputs, one call after another', async () => {
    await python('base = 40');
    expect(await results('await python("base + n", { inputs: { n: 2 } })')).toBe('42');
    expect(
      await results('await Promise.all(["n = base", "n + 1", "print(n); None"].map((one) => python(one)))'),
    ).toBe('[ undefined, 41, undefined ]');
    await python('import numpy');
    expect(
      await results(
        'const squares = await python("numpy.asarray(given) ** 2", { inputs: { given: new Float64Array([3, 4]) } }); squares',
      ),
    ).toBe('Float64Array(2) [ 9, 16 ]');
  });

  it('throws what Python raises, to be caught in the cell', async () => {
    const caught =
      'let caught; try { await python("1 / 0") } catch (error) { caught = [error.name, error.message] }; caught';
    expect(await results(caught)).toBe("[ 'PythonError', 'division by zero' ]");
    expect((await kernel.execute('await python("1 / 0")')).reply.content['ename']).toBe('ZeroDivisionError');
  });
});

describe('%%python -i -o', () => {
  it('carries typed arrays both ways with their type and shape', async () => {
    await results(
      'const a = new Float32Array([1.5, -2]); const n = new BigInt64Array([2n ** 60n]); const s = new Uint8ClampedArray([9]);',
      '%%python -i a,n,s -o b,n,m,flag\nimport numpy\nassert a.dtype == "f4" and n.dtype == "i8" and s.dtype == "u1", (a, n, s)\nb = numpy.arange(6, dtype="i2").reshape(2, 3)\nm = b.T\nflag = b > 2',
    );
    expect(await results('require("node:util").inspect([b, b.shape, n], { breakLength: 200 })')).toBe(
      "'[ Int16Array(6) [ 0, 1, 2, 3, 4, 5 ], [ 2, 3 ], BigInt64Array(1) [ 1152921504606846976n ] ]'",
    );
    expect(await results('[m, m.shape]')).toContain('[ 0, 3, 1, 4, 2, 5 ], [ 3, 2 ]');
    await results(
      '%%python -i b,flag -o ok\nok = b.shape == (2, 3) and flag.dtype == bool and flag.tolist()[1] == [True] * 3',
    );
    expect(await results('ok')).toBe('true');
  });

  it('carries Arrow tables, record batches, pandas and polars frames, with nulls', async () => {
    await results(
      'import * as arrow from "apache-arrow"; import pl from "nodejs-polars";\n' +
        'const table = arrow.tableFromArrays({ x: new Float64Array([1, 2]) }); const batch = table.batches[0]; const empty = new arrow.Table(table.schema);\n' +
        'const frame = pl.DataFrame({ a: [1, 2, 3], s: ["x", "y", null] });',
      '%%python -i table,batch,frame,empty -o table,batch,frame,pandas_frame,empty\nimport pyarrow, polars, pandas\n' +
        'assert isinstance(table, pyarrow.Table) and isinstance(batch, pyarrow.RecordBatch) and isinstance(frame, polars.DataFrame)\n' +
        'assert empty.num_rows == 0 and frame["s"].to_list() == ["x", "y", None]\n' +
        'pandas_frame = pandas.DataFrame({"q": [1.5, 2.5]})',
    );
    expect(
      await results(
        '[table instanceof arrow.Table, batch instanceof arrow.RecordBatch, frame.constructor === pl.DataFrame({}).constructor, empty.numRows, empty.schema.fields.length]',
      ),
    ).toBe('[ true, true, true, 0, 1 ]');
    expect(await results('[frame.getColumn("s").toArray(), pandas_frame.getChild("q").toArray()]')).toBe(
      "[ [ 'x', 'y', null ], Float64Array(2) [ 1.5, 2.5 ] ]",
    );
  });

  it('gives back plain values and arrays as they were', async () => {
    const value = fc.jsonValue({ maxDepth: 3 }).filter((one) => one !== null);
    const double = fc.double();
    await fc.assert(
      fc.asyncProperty(
        value,
        double,
        fc.bigInt({ min: -(2n ** 80n) }),
        fc.float32Array(),
        async (json, number, big, array) => {
          const source = `JSON.parse(${JSON.stringify(JSON.stringify(json))})`;
          const text = Object.is(number, -0) ? '-0' : String(number);
          await results(
            `const json = ${source}; const number = ${text}; const big = ${big}n; const list = Float32Array.of(${[...array].map((one) => (Object.is(one, -0) ? '-0' : String(one))).join()}); const before = { json, number, big, list };`,
            '%%python -i json,number,big,list -o json,number,big,list',
          );
          expect(
            await results(
              'require("node:util").isDeepStrictEqual({ json, number, list: Array.from(list) }, { json: before.json, number: before.number, list: Array.from(before.list) }) && BigInt(big) === before.big',
            ),
          ).toBe('true');
        },
      ),
      { numRuns: 12 },
    );
  });

  it('carries 100 MB both ways unchanged, tells what crossed and leaves nothing behind', async () => {
    await results(
      'const large = new Float32Array(25_000_000); for (let i = 0; i < large.length; i++) large[i] = i % 1000;',
    );
    const exchange = await python(
      'import zlib\nlarge_sum = float(large.sum(dtype="f8"))\nback = large',
      '-i large -o back,large_sum',
    );
    expect(exchange.reply.content['status']).toBe('ok');
    expect(dataOf(exchange)['text/plain']).toMatch(
      /large \(Float32Array → numpy.ndarray float32\) 25000000, 100.0 MB, [\d.]+ ms/,
    );
    expect(
      await results(
        'let sum = 0; for (const one of back) sum += one; [sum === large_sum, back.length, Buffer.compare(Buffer.from(back.buffer), Buffer.from(large.buffer))]',
      ),
    ).toBe('[ true, 25000000, 0 ]');
    await results(
      '%%python -o left\nimport os, sys\nleft = [one for one in os.listdir(sys.argv[-2]) if not one.endswith(".segment")]',
    );
    expect(await results('left')).toBe('[]');
  });

  it('refuses what has no counterpart, by name', async () => {
    await results('const action = () => 1; const loop = {}; loop.self = loop;');
    expect((await python('1', '-i action')).reply.content).toMatchObject({ ename: 'CrossingError' });
    expect((await python('1', '-i loop')).reply.content['evalue']).toContain('contains itself');
    const set = await python('items = {1}', '-o items');
    expect(set.reply.content['evalue']).toContain('Cannot pass "items" to TypeScript: a value of type "set"');
  });
});
