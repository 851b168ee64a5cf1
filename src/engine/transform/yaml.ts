import { isScalar, parseDocument, visit, type Document } from 'yaml';
import { Unfit } from './error.ts';
import { exactNumber, OtherNumber, tooDeep, type ExactNumber } from './exact.ts';

const ALIASES = 100;

/** YAML 1.2, one document, as `parseJson` gives JSON. No message quotes the value, so the parser's own are dropped. */
export function parseYaml(value: string): unknown {
  try {
    const document = parseDocument(value, { prettyErrors: false, strict: true, uniqueKeys: true, logLevel: 'error' });
    if (document.errors.length > 0 || document.warnings.length > 0) throw new Unfit('the value is not YAML');
    keepNumbers(document);
    return document.toJS({ maxAliasCount: ALIASES });
  } catch (error) {
    if (error instanceof ReferenceError) throw new Unfit('an alias names nothing, or there are too many');
    // The library's first use of a pattern fails as a SyntaxError where the stack is nearly full.
    throw tooDeep(error instanceof SyntaxError ? new RangeError() : error);
  }
}

function keepNumbers(document: Document.Parsed): void {
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) throw new Unfit('a key is no plain text');
    },
    Alias(_, alias, ancestors) {
      const named = alias.resolve(document);
      if (named && ancestors.includes(named)) throw new Unfit('an alias stands inside what it names');
    },
    Scalar(role, scalar) {
      if (typeof scalar.value !== 'number') return;
      scalar.value = role === 'key' ? scalar.source : numberOf(scalar.source!);
    },
  });
}

function numberOf(source: string): ExactNumber | OtherNumber {
  try {
    return exactNumber(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new OtherNumber(source);
  }
}
