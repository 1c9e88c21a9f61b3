// Conditions of breakpoints, how often they must be met, and what a logpoint writes → one expression of V8's, which
// pauses where it is true.
import type { JsonObject } from '../protocol/message.ts';
import { DEBUG_SLOT } from '../protocol/thread-messages.ts';
import { DebugError } from './dap-messages.ts';
import type { InspectorClient } from './inspector-client.ts';

const HIT = /^\s*(>=|<=|===?|>|<|%)?\s*(\d+)\s*$/;

/** Empty: always. @throws DebugError when a part cannot be read */
export async function buildCondition(
  client: InspectorClient,
  breakpoint: number,
  { condition, hitCondition, logMessage }: JsonObject,
): Promise<string> {
  const parts: string[] = [];
  if (isGiven(condition)) parts.push(await compile(client, condition));
  if (isGiven(hitCondition)) parts.push(buildHits(breakpoint, hitCondition));
  if (isGiven(logMessage)) parts.push(await buildLog(client, logMessage));
  return parts.join(' && ');
}

const isGiven = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

async function compile(client: InspectorClient, text: string): Promise<string> {
  const { js } = await client.ask<{ js: string }>('expression', text);
  return `(${js})`;
}

/** As in other debuggers: `3` and `== 3` mean the third time, `% 3` each third one. */
function buildHits(breakpoint: number, text: string): string {
  const found = HIT.exec(text);
  if (!found)
    throw new DebugError(`Cannot read the hit condition "${text}": write a count, as 3, >= 3 or % 3`);
  const [, operator = '==', count] = found;
  const hits = `${DEBUG_SLOT}.hit(${breakpoint})`;
  return operator === '%' ? `${hits} % ${count} === 0` : `${hits} ${operator} ${count}`;
}

/** Names in braces are expressions. */
async function buildLog(client: InspectorClient, message: string): Promise<string> {
  const parts = message.split(/\{([^{}]*)\}/);
  const written = await Promise.all(
    parts.map(async (part, at) =>
      at % 2 === 0 ? JSON.stringify(part) : `() => ${await compile(client, part)}`,
    ),
  );
  return `${DEBUG_SLOT}.log([${written.join(', ')}])`;
}
