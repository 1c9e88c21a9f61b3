// Expressions of a client: in a frame while the thread is paused, else among the notebook's names. They are TypeScript;
// what runs longer than three seconds is stopped.
import type { Debugger, Runtime } from 'node:inspector';
import { numberField, textField } from '../protocol/message.ts';
import type { JsonObject } from '../protocol/message.ts';
import { DEBUG_SLOT } from '../protocol/thread-messages.ts';
import { DebugError } from './dap-messages.ts';
import type { DebugConnection } from './connection.ts';
import type { Frame } from './frames.ts';
import { EVALUATE_MS, resultOrThrow } from './inspector-client.ts';
import type { InspectorClient } from './inspector-client.ts';
import type { Lifetime } from './variables.ts';

/** Where an expression means what. */
export interface EvaluationPlace {
  readonly client: InspectorClient;
  /** Null: among the notebook's names. */
  readonly frame: Frame | null;
}

/** Answers an `evaluate` request. @throws DebugError with what was thrown */
export async function evaluateIn(connection: DebugConnection, request: JsonObject): Promise<JsonObject> {
  const { client, variables } = connection;
  const frame = frameOf(connection, request);
  const lifetime: Lifetime = connection.pauses.current === null ? 'inspection' : 'pause';
  const isHover = textField(request, 'context') === 'hover';
  const value = await evaluateInFrame({ client, frame }, textField(request, 'expression'), {
    objectGroup: lifetime,
    generatePreview: true,
    // The pointer on a name must change nothing.
    throwOnSideEffect: isHover,
  });
  const { value: result, ...rest } = variables.describeValue(value, lifetime);
  return { result, ...rest };
}

/** The frame that a request names, else the top one; null while the thread runs. */
function frameOf({ pauses }: DebugConnection, request: JsonObject): Frame | null {
  const id = numberField(request, 'frameId', 0);
  if (pauses.current === null) return null;
  return id > 0 ? pauses.frame(id) : (pauses.current.frames[0] ?? null);
}

/** Evaluates TypeScript. @throws DebugError with what was thrown */
export async function evaluateInFrame(
  place: EvaluationPlace,
  text: string,
  options: object = {},
): Promise<Runtime.RemoteObject> {
  return evaluateScript(place, await compile(place, text), options);
}

async function evaluateScript(
  { client, frame }: EvaluationPlace,
  expression: string,
  options: object,
): Promise<Runtime.RemoteObject> {
  if (!frame?.call) return client.evaluate(expression, options);
  const params = { callFrameId: frame.call.callFrameId, expression, silent: true, timeout: EVALUATE_MS };
  try {
    const reply = await client.post<Debugger.EvaluateOnCallFrameReturnType>('Debugger.evaluateOnCallFrame', {
      ...params,
      objectGroup: 'pause',
      ...options,
    });
    return resultOrThrow(reply);
  } catch (error) {
    if (!/terminated|Internal error/.test((error as Error).message)) throw error;
    throw new DebugError(`It took longer than ${EVALUATE_MS / 1000} s and was stopped`);
  }
}

/** JavaScript, with the names of cells as V8 has them, but for those that the frame itself declares. */
async function compile({ client, frame }: EvaluationPlace, text: string): Promise<string> {
  const { js, isRenamed } = await client.ask<Expression>('expression', text);
  if (!isRenamed || !frame?.call) return js;
  const scopes = frame.call.scopeChain.filter(({ type }) => type !== 'script' && type !== 'global');
  const lists = await Promise.all(
    scopes.map(({ object: { objectId } }) =>
      client.post<Runtime.GetPropertiesReturnType>('Runtime.getProperties', {
        objectId,
        ownProperties: true,
      }),
    ),
  );
  const local = lists.flatMap(({ result }) => result.map(({ name }) => name));
  return (await client.ask<Expression>('expression', text, local)).js;
}

interface Expression {
  readonly js: string;
  readonly isRenamed: boolean;
}

/** Answers `richInspectVariables`: a value as the notebook shows it. @throws DebugError */
export async function renderIn(connection: DebugConnection, request: JsonObject): Promise<JsonObject> {
  const { client } = connection;
  const place = { client, frame: frameOf(connection, request) };
  const js = await compile(place, textField(request, 'variableName'));
  const isPaused = connection.pauses.current !== null;
  const options = isPaused ? {} : { awaitPromise: true };
  const shown = await evaluateScript(place, `${DEBUG_SLOT}.render(${js})`, options);
  // A display method that has to wait cannot while everything stands still.
  const text = shown.type === 'string' ? shown : await evaluateScript(place, `${DEBUG_SLOT}.text(${js})`, {});
  return JSON.parse(text.value as string) as JsonObject;
}
