// `--on-event` as text: `command:/path`, `webhook:https://...` or `journald`.
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../../core/index.ts';
import { configError } from '../errors.ts';
import { createCommandSink } from './command-sink.ts';
import type { EventSink } from './event-sink.ts';
import { createJournaldSink, hasJournal } from './journald-sink.ts';
import { createWebhookSink } from './webhook-sink.ts';

/**
 * Builds a sink for each option; what can be known to fail is said before the daemon starts.
 * @throws ConfigError naming every option that cannot be used
 */
export function createEventSinks(
  texts: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): EventSink[] {
  const problems: string[] = [];
  const sinks = texts.flatMap((text) => {
    try {
      return [createSink(text, env)];
    } catch (error) {
      problems.push(messageOf(error));
      return [];
    }
  });
  if (problems.length > 0) throw configError(problems);
  return sinks;
}

function createSink(text: string, env: NodeJS.ProcessEnv): EventSink {
  const at = text.indexOf(':');
  const [kind, value] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  if (kind === 'command' && value !== '') return createCommandSink(checkProgram(value));
  if (kind === 'webhook' && value !== '') {
    return createWebhookSink(checkUrl(value), { token: env['RUVECTOR_WEBHOOK_TOKEN'] });
  }
  if (text === 'journald') {
    if (!hasJournal()) throw new Error('--on-event journald: no journal listens on this machine');
    return createJournaldSink();
  }
  // The value may hold a secret.
  throw new Error(`--on-event is "${kind}", wanted command:/path, webhook:https://address or journald`);
}

function checkProgram(path: string): string {
  const absolute = resolve(path);
  try {
    if (!statSync(absolute).isFile()) throw new Error('it is no file');
    accessSync(absolute, constants.X_OK);
    return absolute;
  } catch (error) {
    throw new Error(`--on-event command:${path} cannot be run: ${messageOf(error)}`, { cause: error });
  }
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Error('--on-event webhook: wanted an address that begins with http:// or https://');
  }
  return url;
}
