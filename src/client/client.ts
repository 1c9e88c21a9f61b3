// The product as one object: what a notebook knows as `rv`, and what a script imports. Every call goes to
// the daemon of the home, and starts one when none runs.
import type { DaemonStatus } from './answers.ts';
import type { RemoteDaemon } from '../bridge/index.ts';
import { callTables, checkCall, checkCalls, clientArguments } from './checked-calls.ts';
import { createClientCollector } from './collector.ts';
import type { ClientCollector } from './collector.ts';
import { DaemonLink } from './daemon-link.ts';
import type { DaemonOptions } from './daemon-process.ts';
import { createClientExporter } from './exporter.ts';
import type { Exporter } from './exporter.ts';
import { createClientModels } from './models.ts';
import type { CallOptions, Models } from './models.ts';
import { createClientOptimizer } from './optimizer.ts';
import type { ClientOptimizer } from './optimizer.ts';
import { createClientTrainer } from './trainer.ts';
import type { Trainer } from './trainer.ts';

/** Options of {@link createClient}. */
export interface ClientOptions extends DaemonOptions {
  /** @default $RUVECTOR_HOME, else the XDG data folder + /ruvector */
  readonly home?: string | undefined;
  /** A daemon of another host instead; none is started then. @default that of the home */
  readonly remote?: RemoteDaemon | undefined;
}

/** A daemon's status, and whether this process started it. */
export type ClientStatus = DaemonStatus & { readonly startedHere: boolean };

/** The live page of a daemon. */
export interface ClientPage {
  readonly kind: 'page';
  /** To be opened in a browser of this machine. It holds the token: it is for nobody else. */
  readonly url: string;
  /** The same for a frame. */
  readonly embedUrl: string;
  /** Whether it may act. */
  readonly actions: boolean;
}

/** The product on one home. `await using` ends the daemon that it started. */
export interface Client extends AsyncDisposable {
  readonly collector: ClientCollector;
  readonly exporter: Exporter;
  readonly trainer: Trainer;
  readonly models: Models;
  readonly optimizer: ClientOptimizer;
  /**
   * Starts a daemon with these options, or makes sure that the running one has them.
   * @throws RuvectorError `ERR_CLIENT_RUNNING`, `ERR_CLIENT_START`
   */
  start(options?: DaemonOptions): Promise<ClientStatus>;
  /**
   * The live page of the daemon, which begins to serve one for looking alone where it serves none. As the last value of a
   * cell it is shown in a frame.
   */
  page(options?: CallOptions): Promise<ClientPage>;
  /** What the daemon does; null when none runs: this alone starts none. */
  status(): Promise<ClientStatus | null>;
  /** Ends the daemon that this process started. @returns false when it started none; others are left alone */
  stop(): Promise<boolean>;
}

/**
 * Creates a client. Nothing is connected or started before the first call.
 *
 * @throws RuvectorError `ERR_CLIENT_OPTIONS`: options that cannot be used; calls reject with it
 */
export function createClient(given: ClientOptions = {}): Client {
  checkCall('createClient', clientArguments, [given]);
  const { home, remote, ...options } = given;
  const link = new DaemonLink(home, options, remote);
  const mark = (status: DaemonStatus): ClientStatus => ({
    ...status,
    startedHere: link.own?.pid === status.pid,
  });
  const own: Pick<Client, 'start' | 'page'> = {
    start: async (wanted = {}) => mark(await link.ensure(wanted)),
    page: async ({ signal } = {}) => {
      const answer = await link.request<Omit<ClientPage, 'kind'>>(
        'page',
        { serve: true },
        signal ? { signal } : {},
      );
      return { kind: 'page', ...answer };
    },
  };
  return {
    collector: checkCalls('collector.', createClientCollector(link), callTables.collector),
    exporter: checkCalls('exporter.', createClientExporter(link), callTables.exporter),
    trainer: checkCalls('trainer.', createClientTrainer(link), callTables.trainer),
    models: checkCalls('models.', createClientModels(link), callTables.models),
    optimizer: checkCalls('optimizer.', createClientOptimizer(link), callTables.optimizer),
    ...checkCalls('', own, callTables.client),
    status: async () => {
      const status = await link.status();
      return status && mark(status);
    },
    stop: () => link.stop(),
    [Symbol.asyncDispose]: async () => void (await link.stop()),
  };
}

/** The client of the home that the environment names. */
export const rv: Client = createClient();
export const { collector, exporter, trainer, models, optimizer } = rv;
