// Events out with real programs, a real HTTP server, a real journal socket and a real daemon.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCommandSink } from '../../../src/app/events/command-sink.ts';
import { buildDaemonEvent } from '../../../src/app/events/daemon-event.ts';
import type { DaemonEvent } from '../../../src/app/events/daemon-event.ts';
import { createWebhookSink } from '../../../src/app/events/webhook-sink.ts';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { createTestHome, poll, startDaemon } from '../../support/daemon.ts';

let folder: string;
let cleanup: AsyncDisposableStack;
beforeEach(async () => {
  cleanup = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'rvm-events-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
});
afterEach(() => cleanup.disposeAsync());

const event: DaemonEvent = buildDaemonEvent(
  { kind: 'oom-kill', severity: 'critical', message: 'killed "x"; $(touch /tmp/no)', details: { kills: 1 } },
  0,
);
const never = new AbortController().signal;

function writeScript(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('createCommandSink()', () => {
  it('hands the event to the program as JSON on its input, and its kind in the environment', async () => {
    const path = writeScript(
      'hook with spaces',
      `cat > "${folder}/seen"; echo "$RUVECTOR_EVENT $#" > "${folder}/env"`,
    );
    await createCommandSink(path).deliver(event, never);
    expect(JSON.parse(readFileSync(join(folder, 'seen'), 'utf8'))).toEqual(event);
    expect(readFileSync(join(folder, 'env'), 'utf8')).toBe('oom-kill 0\n');
  });

  it('fails with what the program said when it ends badly, and when it is gone', async () => {
    const bad = createCommandSink(writeScript('bad', 'echo sorry >&2; exit 3'));
    await expect(bad.deliver(event, never)).rejects.toThrow(/ended with 3: sorry/);
    await expect(createCommandSink(join(folder, 'gone')).deliver(event, never)).rejects.toThrow(/ENOENT/);
  });

  it('does not mind a program that ends without reading a large event', async () => {
    const large = { ...event, details: { text: 'x'.repeat(1_000_000) } };
    await createCommandSink(writeScript('deaf', 'exit 0')).deliver(large, never);
  });

  it('kills a program that takes too long, with all it started', async () => {
    const path = writeScript('slow', `sleep 600 & echo $! > "${folder}/child"; sleep 600`);
    await expect(createCommandSink(path, 500).deliver(event, never)).rejects.toThrow(/longer than 0.5 s/);
    const child = await poll(
      async () =>
        existsSync(join(folder, 'child')) ? Number(readFileSync(join(folder, 'child'), 'utf8')) : 0,
      (pid) => pid > 0,
    );
    await poll(
      async () => isRunning(child),
      (alive) => !alive,
    );
  });

  it('does not wait for what a program leaves running with its streams', async () => {
    const path = writeScript('daemonises', `sleep 600 & echo $! > "${folder}/child"; exit 0`);
    await createCommandSink(path, 60_000).deliver(event, never);
    process.kill(Number(readFileSync(join(folder, 'child'), 'utf8')), 'SIGKILL');
  });

  it('ends with the daemon', async () => {
    const stop = new AbortController();
    const delivered = createCommandSink(writeScript('slow', 'sleep 600')).deliver(event, stop.signal);
    stop.abort();
    await expect(delivered).rejects.toThrow(/the daemon stopped/);
  });
});

describe('createWebhookSink()', () => {
  type Answerer = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

  async function serve(answer: Answerer): Promise<{ url: URL; bodies: string[]; heads: IncomingMessage[] }> {
    const bodies: string[] = [];
    const heads: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      heads.push(request);
      const attempt = heads.length;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString());
        answer(request, response, attempt);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanup.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    return {
      url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/secret`),
      bodies,
      heads,
    };
  }
  const quick = { backoffMs: [1, 1], timeoutMs: 2000 };

  it('posts the event once when it is taken', async () => {
    const { url, bodies, heads } = await serve((_request, response) => response.writeHead(204).end());
    await createWebhookSink(url, { ...quick, token: 't0ken' }).deliver(event, never);
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual([event]);
    expect(heads[0]).toMatchObject({ method: 'POST', url: '/secret' });
    expect(heads[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer t0ken',
      'idempotency-key': event.id,
    });
  });

  it('tries again after a fault of the server, and tells it is the same event', async () => {
    const { url, heads } = await serve((_request, response, attempt) => {
      if (attempt === 1) response.destroy();
      else response.writeHead(attempt === 2 ? 503 : 200).end('x'.repeat(1_000_000));
    });
    await createWebhookSink(url, quick).deliver(event, never);
    expect(heads.map(({ headers }) => headers['idempotency-key'])).toEqual([event.id, event.id, event.id]);
  });

  it.each([
    ['gives up after three attempts', 500, 3],
    ['tries again when it is told to slow down', 429, 3],
    ['does not try again what is refused', 403, 1],
    ['follows no redirection', 302, 1],
  ])('%s: %i', async (_name, status, attempts) => {
    const { url, heads } = await serve((_request, response) =>
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(),
    );
    await expect(createWebhookSink(url, quick).deliver(event, never)).rejects.toThrow(
      `it answered ${status}`,
    );
    expect(heads).toHaveLength(attempts);
  });

  it('gives up on a server that never answers, without naming the address', async () => {
    const { url } = await serve(() => {});
    const sink = createWebhookSink(url, { timeoutMs: 200, backoffMs: [] });
    const failure = await sink.deliver(event, never).catch((error: unknown) => String(error));
    expect(failure).toMatch(/no answer within 0.2 s/);
    expect(failure).not.toContain('secret');
  });

  it('says why when nothing listens', async () => {
    const { url } = await serve(() => {});
    await cleanup.disposeAsync();
    cleanup = new AsyncDisposableStack();
    await expect(createWebhookSink(url, quick).deliver(event, never)).rejects.toThrow('ECONNREFUSED');
  });
});

/** A journal of its own, in a mount namespace of its own: what arrives at the socket is printed. */
const journal = `
import json, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/run/systemd/journal/socket")
s.settimeout(60)
child = subprocess.run(sys.argv[1:], check=False)
if child.returncode == 0:
    print(json.dumps(s.recv(1 << 20).decode()))
sys.exit(child.returncode)
`;
import { python } from '../../support/python.ts';
import { isRunning } from '../../support/is-running.ts';

it('createJournaldSink() writes fields of their own by the native protocol', () => {
  const sink = new URL('../../../src/app/events/journald-sink.ts', import.meta.url).href;
  const script = `
    const { createJournaldSink } = await import(${JSON.stringify(sink)});
    await createJournaldSink().deliver(${JSON.stringify(event)}, new AbortController().signal);
  `;
  const run = 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && exec "$@"';
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [
      '-rm',
      'sh',
      '-ec',
      run,
      '-',
      python,
      '-c',
      journal,
      process.execPath,
      '--input-type=module',
      '-e',
      script,
    ],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
  const fields = Object.fromEntries(
    (JSON.parse(stdout) as string)
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  expect(fields).toMatchObject({
    MESSAGE: event.message,
    PRIORITY: '2',
    SYSLOG_IDENTIFIER: 'ruvector-memopt',
    RUVECTOR_EVENT: 'oom-kill',
  });
  expect(JSON.parse(fields['RUVECTOR_JSON']!)).toEqual(event);
});

/** Events of the lines that a sink has written so far; the last may still be on its way. */
function readEvents(path: string): DaemonEvent[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line) as DaemonEvent);
}

it('serve --on-event tells each sink of a refused model; one that hangs holds nothing up', async () => {
  const home = cleanup.use(await createTestHome());
  const seen = join(folder, 'seen');
  const sinks = [writeScript('good', `cat >> "${seen}"`), writeScript('hangs', 'sleep 600')];
  const options = sinks.flatMap((path) => ['--on-event', `command:${path}`]);
  const daemon = cleanup.use(await startDaemon(home, ['--hz', '20', ...options]));
  const status = async (): Promise<HostStatus> =>
    (await daemon.client.request('status')).result as HostStatus;
  const deployed = daemon.client.request(
    'model.deploy',
    { manifest: { name: 'memopt' } },
    {
      attachments: [Buffer.from('no model'), Buffer.from('no rows')],
    },
  );
  await expect(deployed).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_MODEL_/) });
  // On a host under pressure it also tells what the decisions change to.
  const told = await poll(
    async () => readEvents(seen).find(({ kind }) => kind === 'model-rejected'),
    Boolean,
  );
  expect(told).toMatchObject({ schema: 1, pid: daemon.child.pid });
  const { samples } = await status();
  await poll(status, (now) => now.samples > samples + 20);
  const { outlets } = await poll(status, ({ outlets: { events } }) => events[0]!.delivered >= 1);
  expect(outlets.events).toMatchObject([
    { sink: 'command', failed: 0 },
    { sink: 'command', delivered: 0 },
  ]);
  const { code, stderr } = await daemon.stop();
  expect(code).toBe(0);
  expect(stderr).toContain(`events go to command ${sinks[0]}`);
});

/** Serves from a file system of its own, fills it once the daemon is up, and waits for the event. */
const fillDisk = `
home=$1; seen=$2; node=$3; bin=$4
mount -t tmpfs -o size=6m none "$home"
"$node" "$bin" --home "$home" serve --hz 20 --process-interval 0.2 --metrics 127.0.0.1:0 \\
  --on-event "command:$seen.sh" 2> "$seen.log" &
daemon=$!
trap 'kill -KILL $daemon' EXIT
until grep -qs "serving $home" "$seen.log"; do kill -0 $daemon; sleep 0.05; done
cat /dev/zero > "$home/ballast" 2> /dev/null || true
until grep -qs disk-full "$seen"; do kill -0 $daemon; sleep 0.05; done
url=$(grep -o 'http://[^ ]*metrics' "$seen.log")
exec 3<> "/dev/tcp/127.0.0.1/$(echo "$url" | sed 's/.*:\\([0-9]*\\).*/\\1/')"
printf 'GET /metrics HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3
cat <&3
`;

it('serve tells of a full disk, once, and goes on to serve its metrics', () => {
  const seen = join(folder, 'seen');
  const home = join(folder, 'home');
  mkdirSync(home);
  writeScript('seen.sh', `cat >> "${seen}"`);
  const bin = fileURLToPath(new URL('../../../bin/ruvector-memopt.mjs', import.meta.url));
  const args = ['-rm', 'bash', '-ec', fillDisk, '-', home, seen, process.execPath, bin];
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(readEvents(seen).filter(({ kind }) => kind === 'disk-full')).toHaveLength(1);
  expect(stdout).toMatch(/^ruvector_history_problems_total\{code="ERR_STORE_DISK_FULL"\} [1-9]/m);
  expect(stdout).toMatch(/^ruvector_event_deliveries_total\{sink="command",result="failed"\} 0$/m);
});
