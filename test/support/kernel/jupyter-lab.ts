// JupyterLab in a headless browser, used as a person uses it: types, clicks and looks. Every step waits for
// what is seen, never for a time.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { launch } from 'puppeteer-core';
import type { Browser, Page } from 'puppeteer-core';
import { findBrowser } from '../stream/find-browser.ts';
import { python } from '../python.ts';
import type { TestJupyter } from './jupyter.ts';

const WAIT_MS = 120_000;
/** Editor of the last cell. */
const EDITOR = '.jp-Notebook .jp-Cell:last-child .cm-content';

/** An open notebook. */
export interface LabNotebook extends AsyncDisposable {
  readonly page: Page;
  readonly url: string;
  /** Types into the last cell, key by key. */
  type(text: string): Promise<void>;
  /** Pastes into the last cell and presses Shift+Enter, which adds a cell. */
  run(text?: string): Promise<void>;
  /** Resolves once the newest output that is shown contains the text. */
  seeOutput(text: string): Promise<void>;
  /** Resolves once the kernel is seen to be idle or busy. */
  seeKernel(state: 'idle' | 'busy'): Promise<void>;
  /** Resolves once the selector is visible. */
  see(selector: string): Promise<void>;
}

/** Starts a server, a browser and a notebook with our kernel; resolves once the kernel is idle. */
export async function openLab(jupyter: TestJupyter): Promise<LabNotebook> {
  const notebooks = join(jupyter.folder, 'notebooks');
  mkdirSync(notebooks);
  const empty = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'ruvector', language: 'typescript', display_name: 'TypeScript (RuVector)' },
    },
    cells: [{ cell_type: 'code', id: 'first', source: '', metadata: {}, execution_count: null, outputs: [] }],
  };
  writeFileSync(join(notebooks, 'work.ipynb'), JSON.stringify(empty));
  const { url, server } = await startServer(jupyter, notebooks);
  let browser: Browser | undefined;
  try {
    browser = await launch({
      executablePath: findBrowser(),
      args: ['--no-sandbox', '--disable-gpu'],
      protocolTimeout: 2 * WAIT_MS,
    });
    const page = await browser.newPage();
    page.setDefaultTimeout(WAIT_MS);
    await page.setViewport({ width: 1400, height: 1000 });
    await page.goto(`${url}lab/tree/work.ipynb`, { waitUntil: 'domcontentloaded', timeout: WAIT_MS });
    const notebook = describeNotebook(page, url, () => close(server, browser));
    await notebook.see(EDITOR);
    // Until all is restored JupyterLab moves the focus about.
    await page.evaluate('window.jupyterapp.restored.then(() => null)');
    // Its pictures say "idle" before there is a kernel, and a cell run then is not run.
    const kernel = 'window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel';
    await page.waitForFunction(`${kernel}?.connectionStatus === 'connected' && ${kernel}.status === 'idle'`);
    return notebook;
  } catch (error) {
    await close(server, browser);
    throw error;
  }
}

function describeNotebook(page: Page, url: string, dispose: () => Promise<void>): LabNotebook {
  const see = async (selector: string): Promise<void> => {
    await page.waitForSelector(selector, { visible: true });
  };
  const focus = async (): Promise<void> => {
    await page.click(EDITOR);
    await page.waitForFunction(`document.activeElement === document.querySelector('${EDITOR}')`);
  };
  return {
    page,
    url,
    see,
    type: async (text) => {
      await focus();
      await page.keyboard.type(text);
    },
    run: async (text = '') => {
      await focus();
      const cells = await page.$$eval('.jp-Notebook .jp-Cell', (found) => found.length);
      if (text !== '') await page.keyboard.sendCharacter(text);
      await page.keyboard.down('Shift');
      await page.keyboard.press('Enter');
      await page.keyboard.up('Shift');
      await page.waitForFunction(`document.querySelectorAll('.jp-Notebook .jp-Cell').length > ${cells}`);
    },
    seeOutput: async (text) => {
      await page.waitForFunction(
        `[...document.querySelectorAll('.jp-OutputArea-output')].at(-1)?.textContent.includes(${JSON.stringify(text)})`,
      );
    },
    seeKernel: (state) => see(`.jp-Notebook-ExecutionIndicator[data-status="${state}"]`),
    [Symbol.asyncDispose]: dispose,
  };
}

async function startServer(
  jupyter: TestJupyter,
  notebooks: string,
): Promise<{ url: string; server: ChildProcess }> {
  const port = await findFreePort();
  const options = {
    'ServerApp.port': port,
    'ServerApp.port_retries': 0,
    'ServerApp.ip': '127.0.0.1',
    'IdentityProvider.token': '',
    'ServerApp.root_dir': notebooks,
    'LabApp.check_for_updates_class': 'jupyterlab.NeverCheckForUpdate',
    'LabApp.expose_app_in_browser': 'True',
    // Neither is used here, and both take time to start.
    'ServerApp.jpserver_extensions': "{'jupyter_lsp': False, 'jupyter_server_terminals': False}",
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const server = spawn(python, ['-m', 'jupyterlab', '--no-browser', '--allow-root', ...args], {
    env: jupyter.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const url = `http://127.0.0.1:${port}/`;
  const deadline = Date.now() + WAIT_MS;
  while (!(await answers(`${url}api`))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      server.kill('SIGKILL');
      throw new Error(`JupyterLab does not answer: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, server };
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

async function close(server: ChildProcess, browser: Browser | undefined): Promise<void> {
  await browser?.close();
  if (server.exitCode !== null || server.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.once('exit', () => resolve());
  // SIGTERM ends its kernels too.
  server.kill('SIGTERM');
  const timer = setTimeout(() => server.kill('SIGKILL'), WAIT_MS);
  await promise;
  clearTimeout(timer);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
