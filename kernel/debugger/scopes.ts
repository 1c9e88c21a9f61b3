// The scopes of a frame: what its function and blocks declare, what they close over, the notebook's names.
import type { Debugger, Runtime } from 'node:inspector';
import { numberField, textField } from '../protocol/message.ts';
import type { JsonObject } from '../protocol/message.ts';
import { DEBUG_SLOT } from '../protocol/thread-messages.ts';
import { DebugError } from './dap-messages.ts';
import { evaluateInFrame } from './evaluation.ts';
import type { DebugConnection } from './connection.ts';
import type { Frame } from './frames.ts';
import { resultOrThrow } from './inspector-client.ts';
import type { NamedValue, DebugVariables } from './variables.ts';

/** Kinds of V8's scopes by the name under which they are shown together. */
const names: Readonly<Record<string, string>> = {
  local: 'Locals',
  block: 'Locals',
  catch: 'Locals',
  with: 'Locals',
  eval: 'Locals',
  closure: 'Closure',
  module: 'Module',
};

/** What a `scopes` request is answered: the innermost first. */
export function scopesOf(variables: DebugVariables, { call }: Frame): readonly JsonObject[] {
  const grouped = new Map<string, Runtime.RemoteObject[]>();
  for (const { type, object } of call?.scopeChain ?? []) {
    const name = names[type];
    if (name !== undefined) grouped.set(name, [...(grouped.get(name) ?? []), object]);
  }
  const scopes = [...grouped].map(([name, objects]) => {
    const extra = name === 'Locals' && call ? extraOf(call) : [];
    const variablesReference = variables.add({ kind: 'scopes', objects, extra }, 'pause');
    const presentationHint = name === 'Locals' ? { presentationHint: 'locals' } : {};
    return { name, variablesReference, expensive: false, ...presentationHint };
  });
  const globals = variables.add({ kind: 'globals' }, 'pause');
  return [...scopes, { name: 'Globals', variablesReference: globals, expensive: false }];
}

function extraOf({ this: self, returnValue }: Debugger.CallFrame): NamedValue[] {
  return [
    ...(self.type === 'undefined' || self.className === 'global' ? [] : [{ name: 'this', value: self }]),
    ...(returnValue ? [{ name: '(return value)', value: returnValue }] : []),
  ];
}

/** Sets a variable of a scope, or a property of an object. @throws DebugError where that cannot be */
export async function setVariable(
  { client, pauses, variables }: DebugConnection,
  request: JsonObject,
): Promise<JsonObject> {
  const [name, text] = [textField(request, 'name'), textField(request, 'value')];
  const object = variables.objectAt(numberField(request, 'variablesReference', 0));
  const frame = pauses.require().frames.find(({ call }) => call !== null);
  if (!frame) throw new DebugError('No frame is paused');
  const local = { client, frame };
  if (object === null) {
    return variables.describeValue(
      await evaluateInFrame(local, `${name} = (${text}\n)`, { generatePreview: true }),
      'pause',
    );
  }
  const value = await evaluateInFrame(local, text);
  const set = await client.post<Runtime.CallFunctionOnReturnType>('Runtime.callFunctionOn', {
    objectId: object.objectId,
    functionDeclaration: "function (key, value) { 'use strict'; return this[key] = value; }",
    arguments: [{ value: name }, argumentOf(value)],
    objectGroup: 'pause',
    generatePreview: true,
    silent: true,
  });
  return variables.describeValue(resultOrThrow(set), 'pause');
}

/** Makes a variable of a frame one of the notebook. @throws DebugError */
export async function copyToGlobals(
  { client, pauses }: DebugConnection,
  request: JsonObject,
): Promise<JsonObject> {
  const [from, to] = [textField(request, 'srcVariableName'), textField(request, 'dstVariableName')];
  if (![from, to].every((name) => IDENTIFIER.test(name))) {
    throw new DebugError('Cannot copy: srcVariableName and dstVariableName must be names');
  }
  const frame = pauses.frame(numberField(request, 'srcFrameId', 0));
  const value = await evaluateInFrame({ client, frame }, from);
  const done = await client.post<Runtime.EvaluateReturnType>('Runtime.callFunctionOn', {
    functionDeclaration: `function (name, value) { ${DEBUG_SLOT}.declare(name, value); }`,
    executionContextId: 1,
    arguments: [{ value: to }, argumentOf(value)],
    silent: true,
  });
  resultOrThrow(done);
  return {};
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function argumentOf({ objectId, unserializableValue, value }: Runtime.RemoteObject): Runtime.CallArgument {
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value } : { unserializableValue };
}
