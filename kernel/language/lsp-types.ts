// What the kernel reads of the language server's answers. Types only.
// https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/

export type Json = Record<string, unknown>;

export interface LspPosition {
  readonly line: number;
  /** UTF-16 units. */
  readonly character: number;
}

export interface LspCompletion {
  readonly label: string;
  readonly kind?: number;
  readonly detail?: string;
  readonly insertText?: string;
}

export interface LspDiagnostic {
  readonly range: { readonly start: LspPosition };
  readonly severity?: number;
  readonly code?: number;
  readonly message: string;
}

export interface LspSignatureHelp {
  readonly signatures: readonly { readonly label: string }[];
  readonly activeSignature?: number;
}
