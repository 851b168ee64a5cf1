/** Deeper than any vendor nests. */
export const DEPTH = 64;
/** Below that, whatever it is costs little. */
const SMALL = 64 * 1024;
const [QUOTE, BACKSLASH, COMMA, LIST, LIST_END, MAP, MAP_END] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether JSON would cost many times its bytes to parse: `[]` becomes 40, `{}` 64, and a nest of a million lists 70 MB. `most`: values that
 * it may have. Damaged JSON is left to the parser.
 */
export function tangled(json: Uint8Array, most: number): boolean {
  if (json.byteLength <= SMALL) return false;
  let depth = 0;
  let values = 0;
  for (let at = 0; at < json.byteLength; at++) {
    const sign = json[at];
    if (sign === QUOTE) {
      at = endOfText(json, at);
      continue;
    }
    if (sign === LIST_END || sign === MAP_END) depth--;
    if (sign === LIST || sign === MAP) depth++;
    else if (sign !== COMMA) continue;
    if (depth > DEPTH || ++values > most) return true;
  }
  return false;
}

function endOfText(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.byteLength && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
