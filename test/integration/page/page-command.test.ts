// The live page as its users reach it: `serve --page`, the command `page`, `rv.page()`, and a restart under an open tab.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import type { PageLogin } from '../../../src/app/serve/outlets-status.ts';
import { createClient } from '../../../src/client/index.ts';
import type { Home } from '../../../src/core/index.ts';
import { createTestHome, runCommand, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { findFreePort } from '../../support/free-port.ts';
import { askPage } from '../../support/page/open-page.ts';

async function readLogin(home: Home): Promise<PageLogin & { token: string }> {
  const { stdout, code, stderr } = await runCommand(home, ['page', '--json']);
  expect([code, stderr]).toEqual([0, '']);
  const login = JSON.parse(stdout) as PageLogin;
  return { ...login, token: new URL(login.url).searchParams.get('token')! };
}

describe('serve --page', () => {
  it('lets an open tab in again after a restart: the same address, token and cookie', async () => {
    await using home = await createTestHome();
    const address = `127.0.0.1:${await findFreePort()}`;
    const start = (): Promise<Daemon> => startDaemon(home, ['--page', address]);
    await using before = await start();
    const login = await readLogin(home);
    expect(login.url).toBe(`http://${address}/?token=${login.token}`);
    const url = new URL(login.url);
    const { headers } = await askPage(url, `/?token=${login.token}`);
    const tab = { cookie: headers['set-cookie']![0]!.split(';')[0]! };
    const first = JSON.parse((await askPage(url, '/api/status', { headers: tab })).text) as { pid: number };
    await before.stop();
    await expect(askPage(url, '/')).rejects.toThrow('ECONNREFUSED');
    await using after = await start();
    const second = JSON.parse((await askPage(url, '/api/status', { headers: tab })).text) as { pid: number };
    expect([first.pid, second.pid]).toEqual([before.child.pid, after.child.pid]);
    expect((await readLogin(home)).token).toBe(login.token);
    const status = (await after.client.request('status')).result as HostStatus;
    expect(status.outlets.page).toMatchObject({ url: `http://${address}/`, actions: false });
    expect((await stat(join(home.run, 'page-token'))).mode & 0o777).toBe(0o600);
    expect(after.log()).not.toContain(login.token);
  });

  it('ends with ERR_PAGE_LISTEN where the port is taken, and leaves the home in order', async () => {
    await using home = await createTestHome();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await runCommand(home, ['serve', '--page', String(port)]);
    taken.close();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/ERR_PAGE_LISTEN: .*already; choose another port/),
    ]);
    await using daemon = await startDaemon(home, []);
    expect(daemon.client).toBeDefined();
  });

  it.each([
    [['--page', '0.0.0.0:9465'], 'ssh -L 9465:127.0.0.1:9465'],
    [['--page', 'example.org:80'], 'which other machines reach'],
    [['--page', '127.0.0.1:99999'], 'wanted host:port'],
    [['--page-actions'], 'without --page'],
  ])('refuses %j with the next step, exit code 2', async (args, text) => {
    await using home = await createTestHome();
    const { code, stderr } = await runCommand(home, ['serve', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  });
});

describe('page', () => {
  it('starts nothing where no daemon runs, or one without a page, and says what to do', async () => {
    await using home = await createTestHome();
    const none = await runCommand(home, ['page']);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(none.stderr).toMatch(
      /ERR_APP_NO_PAGE: .*no daemon runs there; start one with `ruvector-memopt serve --page`/,
    );
    await using _ = await startDaemon(home);
    const without = await runCommand(home, ['page']);
    expect(without.stderr).toMatch(/ERR_APP_NO_PAGE: .*serves none; .*serve --page/);
  });

  it('prints the address with its token, also where no browser can be opened', async () => {
    await using home = await createTestHome();
    await using _ = await startDaemon(home, ['--page', '127.0.0.1:0', '--page-actions']);
    const { stdout } = await runCommand(home, ['page', '--no-open']);
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
    expect((await readLogin(home)).actions).toBe(true);
  });
});

describe('rv.page()', () => {
  it('lets the daemon serve one for looking alone, the same at each call', async () => {
    await using home = await createTestHome();
    await using client = createClient({ home: home.root });
    const [page, again] = await Promise.all([client.page(), client.page()]);
    expect(page).toEqual(again);
    expect(page).toMatchObject({ kind: 'page', actions: false, embedUrl: `${page.url}&embed=1` });
    const { status, headers } = await askPage(new URL(page.url), new URL(page.url).pathname, {
      headers: { authorization: `Bearer ${new URL(page.url).searchParams.get('token')!}` },
    });
    // The browser's half may not be built where this runs.
    expect([200, 404]).toContain(status);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect((await readLogin(home)).url).toBe(page.url);
  });
});
