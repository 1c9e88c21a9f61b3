// `/metrics` of a real daemon: promtool reads it, a Prometheus scrapes it and answers every query of the dashboard,
// and nothing a client does at its door ends the daemon.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { createTestHome, poll, runCommand, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';

const docs = join(import.meta.dirname, '../../../docs');
const cleanup = new AsyncDisposableStack();
let daemon: Daemon;
let url: URL;

const status = async (): Promise<HostStatus> => (await daemon.client.request('status')).result as HostStatus;

beforeAll(async () => {
  const home = cleanup.use(await createTestHome());
  const stream = `pipe:${home.root}/live.pipe`;
  const args = [
    '--hz',
    '10',
    '--metrics',
    '127.0.0.1:0',
    '--stream',
    stream,
    '--on-event',
    'command:/bin/true',
  ];
  daemon = cleanup.use(await startDaemon(home, args));
  url = new URL((await status()).outlets.metrics!.url);
});
afterAll(() => cleanup.disposeAsync());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request on a connection of its own. */
async function ask(options: {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
}): Promise<Answer> {
  const asked = request(url, { agent: false, ...options });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

const page = async (accept = 'text/plain'): Promise<string> => (await ask({ headers: { accept } })).text;

describe('GET /metrics', () => {
  it('answers with what promtool check metrics passes', async () => {
    await poll(status, ({ decisions }) => decisions.decisions > 0);
    const said = execFileSync('promtool', ['check', 'metrics'], { input: await page(), encoding: 'utf8' });
    expect(said).toBe('');
  });

  it('answers with what status says', async () => {
    const text = await page();
    const { samples, model, history } = await status();
    const valueOf = (name: string): number =>
      Number(new RegExp(`^${name.replaceAll('{', '\\{')} (.*)$`, 'm').exec(text)?.[1]);
    expect(valueOf('ruvector_samples_total')).toBeGreaterThan(0);
    expect(valueOf('ruvector_samples_total')).toBeLessThanOrEqual(samples);
    expect(valueOf('ruvector_history_rows{kind="memory"}')).toBeLessThanOrEqual(
      history.kinds['memory']!.rows,
    );
    expect(text).toContain(`version="${model.live!.split('@')[1]}"`);
    expect(valueOf('ruvector_memory_available_bytes')).toBeGreaterThan(2 ** 20);
  });

  it('answers HEAD with the length and no body', async () => {
    const { status: code, headers, text } = await ask({ method: 'HEAD' });
    expect([code, text]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(1000);
  });
});

describe('GET /metrics read by Prometheus', () => {
  interface Dashboard {
    readonly panels: readonly {
      readonly type: string;
      readonly title: string;
      readonly description?: string;
      readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
      readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
    }[];
    readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  }
  const dashboard = JSON.parse(readFileSync(join(docs, 'grafana-dashboard.json'), 'utf8')) as Dashboard;
  const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr })),
  );

  /** What a host may lack: the query of it is empty where the page has no such series, for the reason given. */
  const mayBeAbsent: Readonly<Record<string, string>> = {
    ruvector_cgroup_memory_usage_bytes: 'a host without a memory cgroup',
    ruvector_cgroup_memory_limit_bytes: 'a cgroup without a limit',
    ruvector_cgroup_oom_kills_total: 'a cgroup v1 without counts of kills',
    ruvector_pressure_some_seconds_total: 'a kernel without PSI',
    ruvector_pressure_full_seconds_total: 'a kernel without PSI',
    ruvector_refault_pages_total: 'a kernel that counts no refaults',
    ruvector_oom_kills_total: 'a kernel before 4.13',
    ruvector_samples_skipped_total: 'a daemon that counts no failed samples',
    ruvector_history_pending_rows: 'a history that does not say how writing goes',
  };

  let port: number;
  const query = async (expr: string): Promise<unknown[]> => {
    const answer = await fetch(
      `http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`,
    );
    const body = (await answer.json()) as { status: string; error?: string; data: { result: unknown[] } };
    if (body.status !== 'success') throw new Error(`${expr}: ${body.error}`);
    return body.data.result;
  };

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rvm-prometheus-'));
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    const config = {
      global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
      scrape_configs: [{ job_name: 'ruvector', static_configs: [{ targets: [url.host] }] }],
      rule_files: [join(docs, 'alerts.yml')],
    };
    const file = join(folder, 'prometheus.yml');
    // YAML takes JSON.
    await writeFile(file, JSON.stringify(config));
    const child = spawn(
      'prometheus',
      [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, '--web.listen-address=127.0.0.1:0'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    cleanup.defer(async () => {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    port = await poll(
      async () => {
        if (child.exitCode !== null) throw new Error(`Prometheus ended: ${log}`);
        return Number(/Listening on.*address=\S+?:(\d+)/.exec(log)?.[1] ?? 0);
      },
      (found) => found > 0,
    );
    // Rates need several scrapes, latencies a decision among them.
    await poll(
      async () => query('rate(ruvector_decision_duration_seconds_count[3s]) > 0').catch(() => []),
      (result) => result.length > 0,
    );
  });

  it('answers in OpenMetrics without an error', async () => {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/api/v1/targets`)).json()) as {
      data: { activeTargets: { health: string; lastError: string }[] };
    };
    expect(targets.data.activeTargets).toMatchObject([{ health: 'up', lastError: '' }]);
    const metadata = (await (
      await fetch(`http://127.0.0.1:${port}/api/v1/metadata?metric=ruvector_samples`)
    ).json()) as { data: Record<string, { type: string }[]> };
    // In OpenMetrics a counter's name has no suffix.
    expect(metadata.data['ruvector_samples']?.[0]?.type).toBe('counter');
  });

  it.each(queries)('has what the panel "$title" asks for: $expr', async ({ expr }) => {
    const asked = expr.replaceAll('$__rate_interval', '3s').replaceAll('$instance', '.*');
    expect(asked).not.toContain('$');
    const result = await query(asked);
    if (result.length > 0) return;
    const text = await page();
    const absent = Object.keys(mayBeAbsent).filter(
      (name) => asked.includes(name) && !new RegExp(`^${name}[{ ]`, 'm').test(text),
    );
    expect(absent, 'no data, and nothing that this host may lack').not.toEqual([]);
  });

  it('has what every alert asks for, and none of them fails', async () => {
    execFileSync('promtool', ['check', 'rules', join(docs, 'alerts.yml')]);
    const evaluated = await poll(
      async () =>
        (
          (await (await fetch(`http://127.0.0.1:${port}/api/v1/rules`)).json()) as {
            data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
          }
        ).data.groups.flatMap(({ rules }) => rules),
      (rules) => rules.length > 0 && rules.every(({ health }) => health !== 'unknown'),
    );
    expect(evaluated.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  it('raises each alert when it should, and none of them in a quiet hour', () => {
    const tests = join(import.meta.dirname, '../../golden/metrics/alerts.test.yml');
    execFileSync('promtool', ['test', 'rules', tests], { stdio: 'pipe' });
    const tested = new Set(readFileSync(tests, 'utf8').match(/(?<=alertname: )\w+/g));
    const alerts = readFileSync(join(docs, 'alerts.yml'), 'utf8').match(/(?<=alert: )\w+/g);
    expect([...tested].sort()).toEqual(alerts?.sort());
  });

  it('has a dashboard whose panels say what they show, in which unit, from the chosen data source', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['instance', 'query'],
    ]);
    for (const { type, title, description, fieldConfig, targets = [] } of dashboard.panels) {
      if (type === 'row') continue;
      expect([title, description?.length ?? 0]).not.toEqual([title, 0]);
      expect(fieldConfig?.defaults.unit).toMatch(/./);
      expect(targets.length).toBeGreaterThan(0);
      for (const { datasource } of targets) expect(datasource.uid).toBe('${datasource}');
    }
  });
});

describe('serve --metrics at its port', () => {
  const raw = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => resolve(socket));
      // After the start an error is what the tests are about.
      socket.on('error', reject);
    });

  it('answers this machine only, one path, GET and HEAD', async () => {
    expect((await ask({ headers: { host: 'rebound.example' } })).status).toBe(403);
    expect((await ask({ path: '/' })).status).toBe(404);
    const refused = await ask({ method: 'DELETE' });
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'GET, HEAD']);
    expect((await status()).outlets.metrics!.refused).toBeGreaterThanOrEqual(3);
  });

  const beginnings: Readonly<Record<string, string>> = {
    nothing: '',
    'one byte': 'G',
    'half a request': 'GET /metrics HTTP/1.1\r\n',
    'a request': 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'a foreign Host': 'GET /metrics HTTP/1.1\r\nHost: rebound.example\r\n\r\n',
    'a body that does not come':
      'POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx',
    'a broken chunk': 'POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'a tunnel': 'CONNECT example.org:443 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'an upgrade':
      'GET /metrics HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'an expectation':
      'GET /metrics HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
    'a header too long': `GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    'no HTTP': '\0\u0001\u0016\u0003\u0001 not http at all \r\n\r\n',
    'fifty requests at once': 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(50),
  };

  it.each(Object.entries(beginnings))('outlives a connection that is reset after %s', async (_name, text) => {
    for (const wait of ['at once', 'after an answer'] as const) {
      const socket = await raw();
      socket.on('error', () => {});
      socket.write(text);
      if (wait === 'after an answer') {
        const answered = Promise.race([once(socket, 'data'), once(socket, 'close'), sleep(100)]);
        // The server may reset it first.
        await answered.catch(() => undefined);
      }
      socket.resetAndDestroy();
    }
    expect(daemon.child.exitCode).toBeNull();
    expect((await ask({})).status).toBe(200);
  });

  it('cuts connections that send nothing, and answers others beside them', async () => {
    const silent = await Promise.all(Array.from({ length: 20 }, raw));
    for (const socket of silent) socket.write('GET /metr');
    expect((await ask({})).status).toBe(200);
    await Promise.all(silent.map((socket) => socket.resume() && once(socket, 'close')));
    expect((await ask({})).status).toBe(200);
  });

  it('bounds its connections', async () => {
    const many = Array.from({ length: 60 }, () => connect(Number(url.port), url.hostname));
    const ended = many.map((socket) => once(socket.on('error', () => {}).resume(), 'close'));
    await Promise.race(ended);
    for (const socket of many) socket.destroy();
    await Promise.all(ended);
    await poll(
      async () =>
        ask({}).then(
          ({ status: code }) => code,
          () => 0,
        ),
      (code) => code === 200,
    );
  });
});

describe('serve --metrics', () => {
  it('says when the port is taken, and does not start', async () => {
    await using home = await createTestHome();
    const { code, stderr } = await runCommand(home, ['serve', '--metrics', url.host]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot serve metrics at ".*another program listens there.*--metrics/);
    expect(existsSync(home.bridgeFile)).toBe(false);
  });

  it('refuses an address that other machines reach, before anything is opened', async () => {
    await using home = await createTestHome();
    const { code, stderr } = await runCommand(home, ['serve', '--metrics', '0.0.0.0:0']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--metrics-remote <reason>/);
    expect(existsSync(home.history)).toBe(false);
  });
});
