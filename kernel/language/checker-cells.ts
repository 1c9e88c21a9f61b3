// The cells as the language server's documents: those that ran, the one being asked about, and the names that
// lead from one to the other. Survives the server: a new one is told everything again.
import { extname } from 'node:path';
import { buildCellModule } from './cell-module.ts';
import type { CellModule, CellScope, Definition } from './cell-module.ts';
import { buildIndex, createProject, projectFiles, uriOf } from './checker-project.ts';
import { largeGlobals } from './global-types.ts';
import type { LspClient } from './lsp-client.ts';
import type { Json } from './lsp-types.ts';
import { WatchedFiles } from './watched-files.ts';

/** The cell that is asked about. */
export interface CurrentCell {
  readonly uri: string;
  readonly module: CellModule;
}

const languageIds: Readonly<Record<string, string>> = { '.json': 'json', '.tsx': 'typescriptreact' };

/** The documents of one notebook. */
export class CheckerCells implements CellScope {
  readonly definitions = new Map<string, Definition>();
  readonly globals = largeGlobals();
  /** Text by path, in the order in which a server must learn it. */
  readonly #texts = new Map<string, string>();
  /** Cells that ran; the server learns of those that others need. */
  readonly #ran = new Map<string, CellModule>();
  readonly #modules: string[] = [];
  readonly #files = new WatchedFiles();
  #directory: string;
  #version = 0;
  #lastCell = 0;

  constructor(directory: string) {
    this.#directory = directory;
    for (const { path, text } of createProject(directory)) this.#texts.set(path, text);
  }

  get currentUri(): string {
    return uriOf(projectFiles(this.#directory).current('ts'));
  }

  /** Everything a new server must know. */
  documents(): readonly Json[] {
    return [...this.#texts].map(([path, text]) => this.#document(path, text));
  }

  /** Makes a cell the current one. */
  show(client: LspClient, code: string, prefix: string, directory: string): CurrentCell {
    this.#enter(client, directory);
    const module = buildCellModule(code, this, prefix);
    this.#include(client, module.needs);
    this.#tellChanges(client);
    this.#files.add(code, this.#directory);
    const path = projectFiles(this.#directory).current(module.language);
    this.#change(client, path, module.text);
    return { uri: uriOf(path), module };
  }

  /** Adds a cell that ran. */
  add(client: LspClient | null, code: string, directory: string): void {
    this.#enter(client, directory);
    const module = buildCellModule(code, this);
    if (module.names.size === 0) return;
    const path = projectFiles(this.#directory).cell(++this.#lastCell, module.language);
    this.#ran.set(path, module);
    for (const [name, isVariable] of module.names) this.definitions.set(name, { module: path, isVariable });
  }

  /** Forgets the names of a cell. */
  forget(code: string): void {
    for (const name of buildCellModule(code, this).names.keys()) this.definitions.delete(name);
  }

  /** Opens cells that are needed, and those that they need: a server is the slower the more it knows. */
  #include(client: LspClient | null, modules: ReadonlySet<string>): void {
    const wanted = [...modules];
    const added: string[] = [];
    for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
      if (this.#texts.has(path) || added.includes(path)) continue;
      added.push(path);
      wanted.push(...(this.#ran.get(path)?.needs ?? []));
    }
    if (added.length === 0) return;
    this.#modules.push(...added);
    // The project takes them in before the server asks whose they are.
    this.#change(client, projectFiles(this.#directory).index, buildIndex(this.#modules));
    for (const path of added) this.#open(client, path, this.#ran.get(path)!.text);
  }

  #tellChanges(client: LspClient): void {
    const changes = this.#files.changes();
    if (changes.length > 0) client.notify('workspace/didChangeWatchedFiles', { changes });
  }

  /** The working directory is another one: imports are found from there. */
  #enter(client: LspClient | null, directory: string): void {
    if (directory === this.#directory) return;
    this.#directory = directory;
    const { index } = projectFiles(directory);
    for (const { path, text } of createProject(directory)) {
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
    const languageId = languageIds[extname(path)] ?? 'typescript';
    return { uri: uriOf(path), languageId, version: ++this.#version, text };
  }
}
