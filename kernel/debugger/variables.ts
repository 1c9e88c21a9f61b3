// The variables that a client opens one after the other: scopes, objects, parts of long ones. No getter and no trap of a
// proxy runs.
import type { Runtime } from 'node:inspector';
import { numberField, textField } from '../protocol/message.ts';
import type { JsonObject } from '../protocol/message.ts';
import { DEBUG_SLOT } from '../protocol/thread-messages.ts';
import { restoreNames } from '../runtime/shadowed-names.ts';
import { DebugError } from './dap-messages.ts';
import type { InspectorClient } from './inspector-client.ts';
import { countElements, textOfValue, typeOfValue } from './value-text.ts';

type RemoteObject = Runtime.RemoteObject;

/** Elements in one part of a long list. */
const PART = 100;
/** Names of an object that are listed at once. */
const MOST_NAMES = 1000;

/** How long values are held: until the thread goes on, or until the variables are listed anew. */
export type Lifetime = 'pause' | 'inspection';

/** What has parts. */
type Holder =
  | { readonly kind: 'object'; readonly object: RemoteObject }
  | {
      readonly kind: 'part';
      readonly object: RemoteObject;
      readonly list: 'page' | 'named';
      readonly start: number;
      readonly count: number;
    }
  /** The innermost first. */
  | {
      readonly kind: 'scopes';
      readonly objects: readonly RemoteObject[];
      readonly extra: readonly NamedValue[];
    }
  | { readonly kind: 'globals' };

/** A value with a name. */
export interface NamedValue {
  readonly name: string;
  readonly value: RemoteObject;
}

interface Reference {
  readonly holder: Holder;
  readonly lifetime: Lifetime;
}

/** Node's types do not have the last one yet. */
type Properties = Runtime.GetPropertiesReturnType & {
  readonly privateProperties?: readonly { readonly name: string; readonly value?: RemoteObject }[];
};

/** Properties of the engine that are worth a line. */
const INTERNAL =
  /^\[\[(?:PromiseState|PromiseResult|PrimitiveValue|Target|Handler|BoundThis|BoundArgs|TargetFunction|GeneratorState|WeakRefTarget)\]\]$/;

/** Variables by the numbers that clients have of them. */
export class DebugVariables {
  readonly #client: InspectorClient;
  readonly #showsTypes: () => boolean;
  readonly #references = new Map<number, Reference>();
  #count = 0;

  /** @param showsTypes whether variables have types beside their values */
  constructor(client: InspectorClient, showsTypes: () => boolean) {
    this.#client = client;
    this.#showsTypes = showsTypes;
  }

  add(holder: Holder, lifetime: Lifetime): number {
    this.#references.set(++this.#count, { holder, lifetime });
    return this.#count;
  }

  /** Lets go of what was held so long. */
  async release(lifetime: Lifetime): Promise<void> {
    for (const [number, reference] of this.#references) {
      if (reference.lifetime === lifetime) this.#references.delete(number);
    }
    await this.#client.post('Runtime.releaseObjectGroup', { objectGroup: lifetime });
  }

  /** What a `variables` request is answered. @throws DebugError of a number that is no longer known */
  async list(request: JsonObject): Promise<readonly JsonObject[]> {
    const { holder, lifetime } = this.#at(numberField(request, 'variablesReference', 0));
    switch (holder.kind) {
      case 'globals':
        return this.globals(lifetime);
      case 'scopes':
        return this.#scopes(holder, lifetime);
      case 'part':
        return this.#part(holder, lifetime);
      default:
        return this.#object(holder.object, request, lifetime);
    }
  }

  /** The names of the notebook. */
  async globals(lifetime: Lifetime): Promise<readonly JsonObject[]> {
    const names = await this.#client.ask<readonly (readonly [string, string])[]>('names');
    const readers = names.map(([name, place]) => `[${JSON.stringify(name)}, () => ${place}]`);
    const found = await this.#client.evaluate(`${DEBUG_SLOT}.values([${readers.join(', ')}])`, {
      objectGroup: lifetime,
    });
    return (await this.#properties(found)).map((one) => this.describe(one, lifetime));
  }

  /** A variable as the protocol has it. */
  describe({ name, value }: NamedValue, lifetime: Lifetime): JsonObject {
    const { type, ...rest } = this.describeValue(value, lifetime);
    const shown = restoreNames(name);
    return { name: shown, ...(this.#showsTypes() ? { type } : {}), ...rest, evaluateName: shown };
  }

  describeValue(object: RemoteObject, lifetime: Lifetime): JsonObject {
    const hasParts = object.objectId !== undefined && object.type !== 'symbol';
    const elements = countElements(object);
    return {
      value: textOfValue(object),
      type: typeOfValue(object),
      variablesReference: hasParts ? this.add({ kind: 'object', object }, lifetime) : 0,
      ...(elements > 0 ? { indexedVariables: elements, namedVariables: 0 } : {}),
    };
  }

  /** The object behind a number; null when it is not one object. */
  objectAt(number: number): RemoteObject | null {
    const { holder } = this.#at(number);
    return holder.kind === 'object' || holder.kind === 'part' ? holder.object : null;
  }

  #at(number: number): Reference {
    const found = this.#references.get(number);
    if (!found)
      throw new DebugError(
        `Cannot show variable ${number}: the thread has gone on since; ask for its scopes`,
      );
    return found;
  }

  async #scopes(holder: Holder & { kind: 'scopes' }, lifetime: Lifetime): Promise<readonly JsonObject[]> {
    const lists = await Promise.all(holder.objects.map((object) => this.#properties(object)));
    const byName = new Map<string, NamedValue>();
    for (const one of [...lists.flat(), ...holder.extra]) {
      if (!byName.has(one.name)) byName.set(one.name, one);
    }
    return [...byName.values()].map((one) => this.describe(one, lifetime));
  }

  async #object(
    object: RemoteObject,
    request: JsonObject,
    lifetime: Lifetime,
  ): Promise<readonly JsonObject[]> {
    if (object.subtype === 'proxy') return this.#named(object, lifetime);
    const elements = countElements(object);
    const filter = textField(request, 'filter');
    const start = numberField(request, 'start', 0);
    const wanted = numberField(request, 'count', 0);
    if (filter === 'indexed' || (wanted > 0 && filter !== 'named' && elements > 0)) {
      const count = Math.min(wanted || elements, elements - start);
      return this.#part({ object, list: 'page', start, count }, lifetime);
    }
    const indexed = filter === 'named' ? [] : await this.#parts(object, 'page', elements, lifetime);
    return [...indexed, ...(await this.#named(object, lifetime))];
  }

  /** The elements of a list; of a long one, its parts. */
  async #parts(
    object: RemoteObject,
    list: 'page' | 'named',
    count: number,
    lifetime: Lifetime,
    from = 0,
  ): Promise<readonly JsonObject[]> {
    if (count === 0) return [];
    const size = PART ** Math.max(1, Math.ceil(Math.log(count) / Math.log(PART) - 1e-9) - 1);
    if (count <= PART) return this.#part({ object, list, start: from, count }, lifetime);
    return Array.from({ length: Math.ceil(count / size) }, (_, at) => {
      const start = from + at * size;
      const held = Math.min(size, from + count - start);
      const variablesReference = this.add({ kind: 'part', object, list, start, count: held }, lifetime);
      return { name: `[${start} … ${start + held - 1}]`, value: '', variablesReference };
    });
  }

  async #part(
    { object, list, start, count }: Omit<Holder & { kind: 'part' }, 'kind'>,
    lifetime: Lifetime,
  ): Promise<readonly JsonObject[]> {
    if (count > PART) return this.#parts(object, list, count, lifetime, start);
    const functionDeclaration = `function (start, count) { return ${DEBUG_SLOT}.${list}(this, start, count); }`;
    const { result } = await this.#client.post<Runtime.CallFunctionOnReturnType>('Runtime.callFunctionOn', {
      objectId: object.objectId,
      functionDeclaration,
      arguments: [{ value: start }, { value: count }],
      objectGroup: lifetime,
      silent: true,
    });
    return (await this.#properties(result)).map((one) => this.#inObject(one, lifetime));
  }

  /** What an object has beside its elements. */
  async #named(object: RemoteObject, lifetime: Lifetime): Promise<readonly JsonObject[]> {
    if (object.type === 'object' && object.subtype === undefined) {
      const { result } = await this.#client.post<Runtime.CallFunctionOnReturnType>('Runtime.callFunctionOn', {
        objectId: object.objectId,
        functionDeclaration: `function () { return ${DEBUG_SLOT}.size(this); }`,
        silent: true,
      });
      if (Number(result.value) > MOST_NAMES)
        return this.#parts(object, 'named', Number(result.value), lifetime);
    }
    const { result, internalProperties = [], privateProperties = [] } = await this.#read(object);
    const isHidden = countElements(object) > 0 || object.subtype !== undefined;
    return [
      ...result
        .filter(({ name }) => !(isHidden && (name === 'length' || name === 'size')))
        .map(valueOfProperty),
      ...privateProperties.map(valueOfProperty),
      ...internalProperties.filter(({ name }) => INTERNAL.test(name)).map(valueOfProperty),
    ].map((one) => this.#inObject(one, lifetime));
  }

  /** Its name alone is no expression. */
  #inObject(one: NamedValue, lifetime: Lifetime): JsonObject {
    const { evaluateName: _, ...variable } = this.describe(one, lifetime);
    return variable;
  }

  async #properties(object: RemoteObject): Promise<NamedValue[]> {
    const { result } = await this.#read(object);
    return result.filter(({ name }) => !name.startsWith('$kernel')).map(valueOfProperty);
  }

  #read({ objectId, subtype }: RemoteObject): Promise<Properties> {
    const nonIndexedPropertiesOnly = subtype === 'array' || subtype === 'typedarray';
    const params = { objectId, ownProperties: true, generatePreview: true, nonIndexedPropertiesOnly };
    return this.#client.post('Runtime.getProperties', params);
  }
}

/** A getter does not run: it is shown as one. */
function valueOfProperty(property: {
  readonly name: string;
  readonly value?: RemoteObject | undefined;
  readonly get?: RemoteObject | undefined;
}): NamedValue {
  const { name, value, get } = property;
  if (value) return { name, value };
  return { name, value: { type: 'undefined', ...(get ? { type: 'getter', description: '(getter)' } : {}) } };
}
