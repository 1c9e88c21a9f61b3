// The cells as the language server's documents: those that ran, the one being asked about, and the names that
// lead from one to the other. Survives the server: a new one is told everything again.
import { buildCellModule } from './cell-module.ts';
import type { CellModule, CellScope, Definition } from './cell-module.ts';
import { buildIndex, buildProject, projectFiles, uriOf } from './checker-project.ts';
import { largeGlobals } from './global-types.ts';
import type { LspClient } from './lsp-client.ts';
import type { Json } from './lsp-types.ts';

/** The cell that is asked about. */
export interface CurrentCell {
  readonly uri: string;
  readonly module: CellModule;
}

/** The documents of one notebook. */
export class CheckerCells implements CellScope {
  readonly definitions = new Map<string, Definition>();
  readonly globals = largeGlobals();
  /** Text by path, in the order in which a server must learn it. */
  readonly #texts = new Map<string, string>();
  readonly #modules: string[] = [];
  #directory: string;
  #version = 0;
  #lastCell = 0;

  constructor(directory: string) {
    this.#directory = directory;
    for (const { path, text } of buildProject(directory)) this.#texts.set(path, text);
  }

  get currentUri(): string {
    return uriOf(projectFiles(this.#directory).current);
  }

  /** Everything a new server must know. */
  documents(): readonly Json[] {
    return [...this.#texts].map(([path, text]) => this.#document(path, text));
  }

  /** Makes a cell the current one. */
  show(client: LspClient, code: string, prefix: string, directory: string): CurrentCell {
    this.#enter(client, directory);
    const module = buildCellModule(code, this, prefix);
    const { current } = projectFiles(this.#directory);
    this.#change(client, current, module.text);
    return { uri: this.currentUri, module };
  }

  /** Adds a cell that ran. */
  add(client: LspClient | null, code: string, directory: string): void {
    this.#enter(client, directory);
    const { text, names } = buildCellModule(code, this);
    if (names.size === 0) return;
    const { cell, index } = projectFiles(this.#directory);
    const path = cell(++this.#lastCell);
    this.#modules.push(path);
    // The project takes it in before the server asks whose it is.
    this.#change(client, index, buildIndex(this.#modules));
    this.#open(client, path, text);
    for (const [name, isVariable] of names) this.definitions.set(name, { module: path, isVariable });
  }

  /** Forgets the names of a cell. */
  forget(code: string): void {
    for (const name of buildCellModule(code, this).names.keys()) this.definitions.delete(name);
  }

  /** The working directory is another one: imports are found from there. */
  #enter(client: LspClient | null, directory: string): void {
    if (directory === this.#directory) return;
    this.#directory = directory;
    const { index } = projectFiles(directory);
    for (const { path, text } of buildProject(directory)) {
      const isKnown = this.#texts.has(path);
      const shown = path === index ? buildIndex(this.#modules) : text;
      if (isKnown) this.#change(client, path, shown);
      else this.#open(client, path, shown);
    }
  }

  #open(client: LspClient | null, path: string, text: string): void {
    this.#texts.set(path, text);
    client?.notify('textDocument/didOpen', { textDocument: this.#document(path, text) });
  }

  /** The server begins anew with each change: the same text must not be one. */
  #change(client: LspClient | null, path: string, text: string): void {
    if (this.#texts.get(path) === text) return;
    this.#texts.set(path, text);
    client?.notify('textDocument/didChange', {
      textDocument: { uri: uriOf(path), version: ++this.#version },
      contentChanges: [{ text }],
    });
  }

  #document(path: string, text: string): Json {
    const languageId = path.endsWith('.json') ? 'json' : 'typescript';
    return { uri: uriOf(path), languageId, version: ++this.#version, text };
  }
}
