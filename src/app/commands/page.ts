// `page`: opens the live page of the running daemon in a browser, and prints its address with its token.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { findDaemon } from '../../bridge/index.ts';
import type { Home } from '../../core/index.ts';
import { writeDurably } from '../../files/index.ts';
import { noPageError } from '../errors.ts';
import type { PageLogin } from '../serve/outlets-status.ts';
import { print, printJson, tell } from '../terminal.ts';
import { homeOf } from './options.ts';

interface PageCommandOptions {
  /** False only prints. */
  readonly open: boolean;
  readonly json?: boolean;
}

/** Adds the command. */
export function addPage(program: Command): void {
  program
    .command('page')
    .description('open the live page of the running daemon; print its address, which holds its token')
    .option('--no-open', 'print the address, open no browser')
    .option('--json', 'print JSON, open no browser')
    .addHelpText(
      'after',
      '\nThe page is served by `ruvector-memopt serve --page`.\n\nExample:\n  $ ruvector-memopt page --no-open',
    )
    .action(async (options: PageCommandOptions, command: Command) => {
      const home = homeOf(command);
      const login = await readLogin(home);
      if (options.json) printJson(login);
      else print(login.url);
      if (options.open && !options.json && !(await showInBrowser(await writeLoginFile(home, login)))) {
        tell('no browser could be opened here: open the address above on this machine');
      }
    });
}

async function readLogin(home: Home): Promise<PageLogin> {
  await using client = await findDaemon(home.bridgeFile);
  if (!client)
    throw noPageError(home.root, 'no daemon runs there', 'start one with `ruvector-memopt serve --page`');
  return (await client.request('page')).result as PageLogin;
}

/** The token in the arguments of a process is for everybody to read: the browser opens a file that only this user may. */
async function writeLoginFile({ run }: Home, { url }: PageLogin): Promise<string> {
  const path = join(run, 'page-login.html');
  await writeDurably(path, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">\n`);
  return pathToFileURL(path).href;
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};
const OPEN_MS = 3000;

/** False where nothing takes it. A screen is needed: `xdg-open` on a server starts a browser of text. */
async function showInBrowser(url: string): Promise<boolean> {
  const { DISPLAY, WAYLAND_DISPLAY, BROWSER } = process.env;
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY && !BROWSER) return false;
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  try {
    const signal = AbortSignal.timeout(OPEN_MS);
    // One that has not ended by then shows the page.
    const [code] = (await once(child, 'exit', { signal })) as [number | null];
    return code === 0;
  } catch (error) {
    return child.pid !== undefined && error instanceof Error && error.name === 'AbortError';
  } finally {
    child.unref();
  }
}
