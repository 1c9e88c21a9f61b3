// `export --stream`: options → a served stream, and what a person sees of it.
import type { Home } from '../../core/index.ts';
import { exportOptions } from '../../export/options/index.ts';
import { parseFilter, streamDefaults, streamFormats } from '../../stream/index.ts';
import type { StreamFormat, StreamRequest } from '../../stream/index.ts';
import { ConfigError } from '../errors.ts';
import { describeReading, runStreamCommand } from '../streams/stream-command.ts';
import { abortOnSignals, formatRows, print, printJson } from '../terminal.ts';
import type { ExportCommandOptions } from './export-command-options.ts';
import { pickOptions } from './table-options.ts';

/** Serves until Ctrl-C. @throws ConfigError for a format that no stream has, and what `runStreamCommand` throws */
export async function runExportStream(home: Home, options: ExportCommandOptions): Promise<void> {
  const { port, endpoint, token, anonymize } = options;
  using stop = abortOnSignals();
  const last = await runStreamCommand({
    home,
    format: formatOf(options.format ?? streamDefaults.format),
    request: buildRequest(options),
    anonymize,
    ...(port !== undefined && { port }),
    ...(endpoint !== undefined && { endpoint }),
    ...(token !== undefined && { token }),
    signal: stop.signal,
    onStart: (info) => {
      if (options.json) printJson(info);
      else print(`streaming ${info.format} at ${info.endpoint}: read it with ${describeReading(info)}`);
    },
    onLog: (text) => void process.stderr.write(`${text}\n`),
  });
  if (options.json) printJson(last);
  else print(formatRows(Object.entries(last).map(([name, value]) => [name, String(value)])));
}

function formatOf(name: string): StreamFormat {
  const wanted = name === 'jsonl' || name === 'json' ? 'jsonlines' : name;
  const format = streamFormats.find((known) => known === wanted);
  if (format) return format;
  throw new ConfigError([`--format is "${name}", wanted one of ${streamFormats.join(', ')} for --stream`]);
}

/** Tables and columns are checked against the stream. */
function buildRequest(options: ExportCommandOptions): StreamRequest {
  const { tables, sampleIntervalMs } = pickOptions(exportOptions, options);
  const { filter } = options;
  return {
    ...(tables && { tables }),
    ...(sampleIntervalMs !== undefined && { intervalMs: sampleIntervalMs }),
    ...(filter && { filters: filter.map((text) => parseFilter(text)) }),
  };
}
