/** One statement of a file, and where it begins in it. */
export interface Statement {
  readonly text: string;
  readonly offset: number;
}

/** What may hold a semicolon that ends nothing, each in one piece. */
const PIECES =
  /--[^\n]*|\/\*|(?<![\w$])[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)[\s\S]*?\1|;/g;

/** The statements of an SQL text, as PostgreSQL's lexer separates them; those that are only comments are none. */
export function statementsOf(sql: string): Statement[] {
  const found: Statement[] = [];
  let from = 0;
  const end = (to: number): void => {
    const text = sql.slice(from, to);
    const lead = leading(text);
    if (lead < text.length) found.push({ text: text.slice(lead), offset: from + lead });
    from = to + 1;
  };
  PIECES.lastIndex = 0;
  for (let piece = PIECES.exec(sql); piece !== null; piece = PIECES.exec(sql)) {
    if (piece[0] === '/*') PIECES.lastIndex = commentEnd(sql, piece.index);
    // The bodies of functions in the SQL standard's own form hold semicolons.
    else if (piece[0] === ';' && !insideBody(sql.slice(from, piece.index))) end(piece.index);
  }
  end(sql.length);
  return found;
}

/** Comments of PostgreSQL nest. */
function commentEnd(sql: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}

/** Length of the blanks and comments that a text begins with. */
function leading(text: string): number {
  let at = 0;
  for (;;) {
    const blank = /^(?:\s+|--[^\n]*(?:\n|$))/.exec(text.slice(at));
    if (blank) at += blank[0].length;
    else if (text.startsWith('/*', at)) at = commentEnd(text, at);
    else return at;
  }
}

/** `CREATE FUNCTION ... BEGIN ATOMIC ...; END` */
function insideBody(text: string): boolean {
  if (!/\bbegin\s+atomic\b/i.test(text)) return false;
  const words = text.slice(text.search(/\bbegin\s+atomic\b/i)).match(/\b(?:begin|case|end)\b/gi) ?? [];
  return words.reduce((depth, word) => depth + (word.toLowerCase() === 'end' ? -1 : 1), 0) > 0;
}

const ENDS_TRANSACTION =
  /^(?:begin|start\s+transaction|commit|end|rollback(?!\s+(?:work\s+|transaction\s+)?to\b)|abort|prepare\s+transaction)\b/i;

/** Whether a statement would begin or end the transaction it stands in. */
export const touchesTransaction = ({ text }: Statement): boolean => ENDS_TRANSACTION.test(text);

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;
