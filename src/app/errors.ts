// Errors of the app room: configuration, life cycle, demo.
import { RuvectorError, adviseOn, adviseOnReading, messageOf, systemCodeOf } from '../core/index.ts';
import { WireErrorCode } from '../sockets/index.ts';

/** All configuration mistakes in one report, code `ERR_APP_CONFIG`. */
export function configError(problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_APP_CONFIG',
    `Cannot use the configuration: ${problems.join('; ')}; run the command with --help for the allowed values`,
    { details: { problems } },
  );
}

/** Ctrl-C, or a signal that asks a command to end, code `ERR_APP_INTERRUPTED`. */
export function interruptedBySignalError(signal: NodeJS.Signals): RuvectorError {
  return new RuvectorError(
    'ERR_APP_INTERRUPTED',
    `Cannot finish: it was stopped by ${signal}; what the running host did for it was stopped too, run it again`,
    { details: { signal } },
  );
}

/** A stage of the demo that did not really happen, code `ERR_APP_DEMO_STAGE`. */
export function demoStageError(stage: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_DEMO_STAGE',
    `Cannot finish the demo at stage "${stage}": ${state}; \`ruvector-memopt doctor\` says what this host lacks`,
    { cause, details: { stage } },
  );
}

/** Nothing was seen yet, or not long enough, code `ERR_APP_NOT_READY`. */
export function notReadyError(rateWindowMs: number, hasSampled: boolean): RuvectorError {
  const state = hasSampled
    ? `features need ${rateWindowMs / 1000} s of samples`
    : 'this host has not sampled since it started';
  return new RuvectorError('ERR_APP_NOT_READY', `Cannot decide yet: ${state}; wait and ask again`);
}

/** A training is running already, code `ERR_APP_BUSY`. */
export function trainingBusyError(): RuvectorError {
  return new RuvectorError(
    'ERR_APP_BUSY',
    'Cannot start a training: one is running on this host; wait for it, `ruvector-memopt status` shows it',
  );
}

/** A home that cannot be written, code `ERR_APP_HOME`. */
export function homeError(root: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_HOME',
    `Cannot use home "${root}": ${adviseOn(cause).state}; choose another with --home or RUVECTOR_HOME`,
    { cause },
  );
}

/** A home that was taken away under a running daemon, code `ERR_APP_HOME_LOST`. */
export function homeLostError(root: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_HOME_LOST',
    `Cannot go on with home "${root}": ${state}, so another daemon may write it; start again`,
    { details: { root } },
  );
}

/** Another process writes the history of this home, code `ERR_APP_RUNNING`. */
export function alreadyCollectingError(root: string, cause: RuvectorError): RuvectorError {
  const { pid } = cause.details;
  const owner = typeof pid === 'number' ? `pid ${pid}` : 'another process';
  return new RuvectorError(
    'ERR_APP_RUNNING',
    `Cannot collect into home "${root}": ${owner} does so already; \`ruvector-memopt status\` shows what it has, another --home collects beside it`,
    { cause },
  );
}

/** Another daemon runs on this home, code `ERR_APP_RUNNING`. */
export function alreadyRunningError(
  root: string,
  owner: string,
  next: string,
  cause: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_APP_RUNNING',
    `Cannot serve home "${root}": already running, ${owner}; ${next}, or choose another --home`,
    { cause, details: { root } },
  );
}

/** A log file that cannot be opened, code `ERR_APP_LOG_FILE`. */
export function logFileError(path: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_LOG_FILE',
    `Cannot write log "${path}": ${adviseOn(cause).state}; name a file that this user may write with --log-file`,
    { cause, details: { path } },
  );
}

/** What the system refused where no command foresaw it, code `ERR_APP_SYSTEM`. */
export function unforeseenSystemError(cause: NodeJS.ErrnoException): RuvectorError {
  const { state, nextStep } = adviseOn(cause);
  const what = cause.path === undefined ? '' : ` "${cause.path}"`;
  return new RuvectorError(
    'ERR_APP_SYSTEM',
    `Cannot ${cause.syscall ?? 'use'}${what}: ${state}; ${nextStep}`,
    {
      cause,
      details: { path: cause.path ?? null },
    },
  );
}

/** A file of samples that cannot be read, code `ERR_APP_SAMPLE_FILE`. */
export function sampleFileError(file: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_SAMPLE_FILE',
    `Cannot read samples "${file}": ${adviseOnReading(cause).state}; name a JSON file that this user may read`,
    { cause },
  );
}

/** The built kernel is not there, code `ERR_APP_KERNEL_NOT_BUILT`. */
export function kernelNotBuiltError(entry: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_KERNEL_NOT_BUILT',
    `Cannot install the kernel "${entry}": it is not built; run \`npm run build\`, or \`npm run lab\`, which builds it`,
    { details: { entry } },
  );
}

/** Another program's kernel has the name, code `ERR_APP_KERNEL_FOREIGN`. */
export function foreignKernelError(name: string, directory: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_KERNEL_FOREIGN',
    `Cannot replace or remove kernel "${name}": ${directory} was written by another program; choose another --name, or remove that folder`,
    { details: { name, directory } },
  );
}

/** No kernel of that name is installed, code `ERR_APP_NO_KERNEL`. */
export function noKernelError(name: string, dataDirectories: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_APP_NO_KERNEL',
    `Cannot remove kernel "${name}": it is not in ${dataDirectories.join(', ')}; \`ruvector-memopt kernel list\` says where kernels are`,
    { details: { name, dataDirectories } },
  );
}

/** A kernel's folder that cannot be written, code `ERR_APP_KERNEL_WRITE`. */
export function kernelspecWriteError(directory: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_KERNEL_WRITE',
    `Cannot write kernel folder "${directory}": ${messageOf(cause)}; choose another place with --user or --prefix`,
    { cause, details: { directory } },
  );
}

/** No Python tells its prefix, code `ERR_APP_NO_PREFIX`. */
export function noPrefixError(problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_APP_NO_PREFIX',
    `Cannot find a Python environment for --sys-prefix: ${problems.join('; ')}; activate one, set RUVECTOR_PYTHON, or use --user`,
    { details: { problems } },
  );
}

/** The page cannot be served, code `ERR_APP_METRICS`. */
export function metricsError(host: string, port: number, cause: unknown): RuvectorError {
  const inUse = systemCodeOf(cause) === 'EADDRINUSE';
  const state = inUse ? 'another program listens there (EADDRINUSE)' : messageOf(cause);
  return new RuvectorError(
    'ERR_APP_METRICS',
    `Cannot serve metrics at "${host}:${port}": ${state}; choose another port with --metrics, or port 0 for a free one`,
    { cause },
  );
}

/** Nobody agreed to an export that tells names, code `ERR_APP_NOT_CONFIRMED`. */
export function notConfirmedError(state: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_NOT_CONFIRMED',
    `Cannot export without anonymisation: ${state}; leave out --no-anonymize, or add --yes`,
  );
}

/** The process of a daemon's export ended without an answer, code `ERR_EXPORT_CRASHED`. */
export function exportCrashedError(path: string, cause: Error): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_CRASHED',
    `Cannot finish "${path}": its process failed (${cause.message}); export less at once, or from the command line`,
    { cause, details: { path } },
  );
}

/** What an export failed with in its process, under the code it had there. */
export function exportFailedError({
  code,
  message,
  details,
}: {
  readonly code: string | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}): Error {
  return code === null ? new Error(message) : new RuvectorError(code, message, { details });
}

/** Parameters of a request that cannot be used, code `ERR_APP_PARAMS`. All mistakes in one report. */
export function paramsError(request: string, problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_APP_PARAMS',
    `Cannot serve "${request}": ${problems.join('; ')}; correct the parameters and ask again`,
    { details: { problems } },
  );
}

/** A parameter that a request needs, code `ERR_APP_PARAMS`. */
export function missingParamError(request: string, name: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_PARAMS',
    `Cannot serve "${request}": "${name}" is missing; give it and ask again`,
  );
}

/** A path whose folder is not that of the daemon, code `ERR_APP_PARAMS`. */
export function relativePathError(request: string, path: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_PARAMS',
    `Cannot serve "${request}": "path" is "${path}", wanted an absolute path; this host runs in another folder`,
  );
}

/** A model that came without its files, code `ERR_APP_PARAMS`. */
export function attachmentsError(count: number): RuvectorError {
  return new RuvectorError(
    'ERR_APP_PARAMS',
    `Cannot serve "model.deploy": ${count} attachments came, wanted 2 or 3; send model.onnx, golden.arrow and, for the gate, heldout.arrow`,
  );
}

/** No stream is served there, code `ERR_APP_NO_STREAM`. */
export function unknownStreamEndpointError(endpoint: string, known: readonly string[]): RuvectorError {
  const state = known.length > 0 ? `there are "${known.join('", "')}"` : 'there is none';
  return new RuvectorError(
    'ERR_APP_NO_STREAM',
    `Cannot stop stream "${endpoint}": ${state}; \`stream.list\` says which run`,
  );
}

/** The stream of a command is not there any more, code `ERR_APP_NO_STREAM`. */
export function streamEndedError(): RuvectorError {
  return new RuvectorError('ERR_APP_NO_STREAM', 'Cannot end the stream: it has ended already');
}

/** The installed package has no benchmarks, code `ERR_APP_NO_BENCH`. */
export function noBenchError(script: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_NO_BENCH',
    `Cannot run benchmarks from "${script}": the installed package does not ship them; clone the repository and run \`npm run bench\``,
  );
}

/** What comes over the bridge has no holes: a reader is told rather than left without rows. */
export function followGapError(table: string, count: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.STREAM_HISTORY,
    `Cannot continue table "${table}": the history does not hold ${count} rows that were not read in time; read it again from an earlier time`,
    { details: { table, count } },
  );
}

/** Options of a search without its trials, code `ERR_APP_PARAMS`. */
export function searchlessError(): RuvectorError {
  return paramsError('train', [
    '--search-folds, --search-gap and --search-timeout are of a search; add --search <trials>',
  ]);
}

/** A model that was offered by a fleet and is none this host can take, code `ERR_APP_OFFER`. */
export function refusedOfferError(model: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_OFFER',
    `Cannot take model "${model}": ${state}; offer a whole package of the registry`,
    { cause, details: { model } },
  );
}

/** A daemon that only plans is to begin to act, code `ERR_APP_DRY_RUN`. */
export function notActingError(): RuvectorError {
  return new RuvectorError(
    'ERR_APP_DRY_RUN',
    'Cannot resume acting: this daemon was served for a dry run; serve it with --act and name processes with --name or --pid',
  );
}

/** No page to open, code `ERR_APP_NO_PAGE`. */
export function noPageError(root: string, state: string, next: string): RuvectorError {
  return new RuvectorError('ERR_APP_NO_PAGE', `Cannot open the page of home "${root}": ${state}; ${next}`, {
    details: { root },
  });
}

/** The process that reads the history for the page ended, code `ERR_APP_PAGE_READER`. */
export function pageReaderError(state: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_PAGE_READER',
    `Cannot read the history for the page: its process ${state}; ask again, a new one is started`,
  );
}
