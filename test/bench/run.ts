// `npm run -s bench -- [name ...] [--json]`: runs every topic file beside this one, or the cases
// whose bench name is given. Prints JSON lines with --json, a table otherwise.
import { readdir } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { measure } from './harness.ts';
import type { BenchResult, BenchTopic } from './harness.ts';

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => !arg.startsWith('--'));

async function loadTopics(): Promise<BenchTopic[]> {
  const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.bench.ts')).sort();
  const modules = await Promise.all(
    files.map((name) => import(`./${name}`) as Promise<{ topics: readonly BenchTopic[] }>),
  );
  return modules.flatMap((module) => module.topics);
}

function print(result: BenchResult): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const anchor = result.anchor === null ? result.anchorName : `${result.anchor} (${result.anchorName})`;
  const ratio = result.ratio === null ? '' : `  ×${result.ratio}`;
  const name = `${result.bench} ${result.case}`.padEnd(44);
  process.stdout.write(
    `${result.ok ? 'ok  ' : 'MISS'} ${name} ${result.ours} ${result.unit}  vs ${anchor}${ratio}\n`,
  );
}

const topics = await loadTopics();
const unknown = wanted.filter((name) => !topics.some((topic) => topic.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown bench ${unknown.join(', ')}; known: ${topics.map((t) => t.name).join(', ')}\n`,
  );
  process.exit(2);
}
if (!json) {
  process.stdout.write(
    `${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
  );
}
for (const topic of topics) {
  if (wanted.length > 0 && !wanted.includes(topic.name)) continue;
  for await (const benchCase of topic.cases()) print(await measure(benchCase));
}
