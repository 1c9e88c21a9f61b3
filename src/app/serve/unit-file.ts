// The systemd unit that `serve --print-unit` prints, for `systemctl` and for `systemctl --user`. SIGTERM drains, so no
// kill mode of its own. https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readCommandName } from '../../procfs/index.ts';
import { accessFlags } from '../fleet/access-options.ts';
import { DRAIN_LIMIT_MS, exitCodes } from './serve-life.ts';

/** One word as systemd reads it: `%` begins a specifier, `$` a variable, `\` an escape. */
export function quoteWord(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('%', '%%')
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u001F\u007F]/g, toHexEscape);
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

const toHexEscape = (char: string): string =>
  String.raw`\x` + char.charCodeAt(0).toString(16).padStart(2, '0');

/** Of a command line only: in other settings `$` means itself. */
const quoteArgument = (word: string): string => quoteWord(word.replaceAll('$', '$$$$'));

/** What the unit is built from. */
export interface UnitOptions {
  /** Words of the command line, the first an absolute path. */
  readonly command: readonly string[];
  /** The home, which the service may write wherever it is. */
  readonly home: string;
  /** Variables of the service: RUVECTOR_PYTHON where it is set. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Whether SIGHUP opens a log again. */
  readonly hasLogFile?: boolean;
}

const pathFlags: ReadonlySet<string> = new Set([
  '--log-file',
  '--config',
  '--tls-cert',
  '--tls-key',
  ...accessFlags('publish'),
]);

/**
 * The flags of `serve` for a service: without what only this call means, and with absolute paths, because a service has
 * another current folder.
 * @param argv as process.argv
 */
export function serviceFlags(argv: readonly string[]): string[] {
  const isCommand = (word: string, i: number): boolean =>
    i >= 2 && !word.startsWith('-') && argv[i - 1] !== '--home';
  const words = argv.slice(argv.findIndex(isCommand) + 1);
  return words.flatMap((word, i) => {
    const [name = '', ...value] = word.split('=');
    if (word === '--print-unit' || name === '--home' || words[i - 1] === '--home') return [];
    if (pathFlags.has(words[i - 1] ?? '')) return [resolve(word)];
    return pathFlags.has(name) && value.length > 0 ? [`${name}=${resolve(value.join('='))}`] : [word];
  });
}

/** Why these options are none for a service; empty when they are. */
export function findServiceProblems(pids: readonly number[], stopsWithInput: boolean): string[] {
  const problems = pids.map((pid) => {
    const name = readProcessName(pid);
    const now = name === null ? 'which no process has now' : `which is "${name}" now`;
    const advice = name === null ? '--name <command>' : `--name ${quoteWord(name)}`;
    return `--print-unit with --pid ${pid}, ${now}, may name another process after a restart: use ${advice}`;
  });
  return stopsWithInput
    ? [...problems, '--stop-with-stdin ends a service at once, which has no standard input']
    : problems;
}

function readProcessName(pid: number): string | null {
  try {
    return readCommandName(readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd(), `/proc/${pid}`);
  } catch {
    return null;
  }
}

/** Builds the unit. */
export function buildUnitFile({ command, home, environment = {}, hasLogFile = false }: UnitOptions): string {
  const variables = Object.entries(environment).filter(([, value]) => value);
  const isProtected = /^\/(usr|boot|efi|etc)\//.test(home);
  const lines = [
    ...variables.map(([name, value]) => `Environment=${quoteWord(`${name}=${value}`)}`),
    // ProtectSystem makes these folders read-only; the dash is for a home that is not there yet.
    ...(isProtected ? [`ReadWritePaths=-${quoteWord(home)}`] : []),
    ...(hasLogFile ? ['ExecReload=/bin/kill -HUP $MAINPID'] : []),
  ];
  // The path of a program is no command line: systemd reads no variable in it.
  const [program = '', ...words] = command;
  return `[Unit]
Description=RuVector MemOpt: memory telemetry, live model and decisions
After=local-fs.target
RequiresMountsFor=${quoteWord(dirname(home))}
# A service that fails at once five times is left alone.
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart=${[quoteWord(program), ...words.map(quoteArgument)].join(' ')}
${lines.map((line) => `${line}\n`).join('')}Restart=on-failure
RestartSec=5
# Wrong use, and a daemon that runs on this home already: starting again cannot help.
RestartPreventExitStatus=2 ${exitCodes.alreadyRunning}
# It drains for at most ${DRAIN_LIMIT_MS / 1000} s.
TimeoutStopSec=30
# Files of each process that is looked at, streams and exports.
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=no
# Acting on other users' processes (serve --act) needs, in a system unit:
# AmbientCapabilities=CAP_SYS_NICE CAP_SYS_PTRACE

[Install]
WantedBy=default.target
`;
}
