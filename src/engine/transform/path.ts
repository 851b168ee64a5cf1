/** Where in a document: `.a.b[0]."quoted key"`; `.` is the whole. */
export interface Path {
  readonly text: string;
  /** A number is an index of a list, from 0. */
  readonly keys: readonly (string | number)[];
}

const PART = /\.([^.[\]"\s]+)|\.("(?:[^"\\]|\\.)*")|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** Undefined: not a path. The schema of dcs.yaml lets none through. Quoted keys are escaped as in JSON. */
export function parsePath(text: string): Path | undefined {
  if (text === '.') return { text, keys: [] };
  const keys: (string | number)[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    if (!match) return undefined;
    const [, plain, dotted, index, bracketed] = match;
    const key = plain ?? (index === undefined ? unquote((dotted ?? bracketed)!) : Number(index));
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys.length === 0 ? undefined : { text, keys };
}

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
