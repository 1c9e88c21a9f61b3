// The binary form of a graph, version 1. All numbers are little-endian; a count or an index is an unsigned LEB128, a text
// its length in bytes and UTF-8.
//
//   0  4  magic "RVDG"
//   4  1  version
//   5     count of operators, then each: id, u8 place of its type in `operatorTypes`, bits of the facts that follow
//         (bit i is `operatorFactNames[i]`), an f64 for each of them, count of details, then each: name, u8 kind, value
//         count of edges in the order in which they were added, then each: place of `from` in the list of operators
//         × 2 + 1 when a rate follows, place of `to`, f64 rate

/** "RVDG". */
export const dagMagic = [0x52, 0x56, 0x44, 0x47] as const;
export const dagVersion = 1;

/** Kinds of a detail: a text, an f64, no bytes, no bytes, a count and texts. */
export const detailKinds = ['text', 'number', 'false', 'true', 'texts'] as const;
