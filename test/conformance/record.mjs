import { stripVTControlCharacters } from 'node:util';

/** What one client did: a row for the table, never a value. */
export class Record {
  rows = [];
  notes = [];

  constructor(client, version) {
    this.client = client;
    this.version = version;
  }

  /** Runs one operation; a throw is a difference and not the end of the run. `run` may return a remark. */
  async try(operation, run) {
    try {
      const remark = await run();
      this.rows.push({ operation, result: 'same', remark: remark ?? '' });
    } catch (error) {
      this.rows.push({ operation, result: 'DIFFERS', remark: oneLine(error) });
    }
  }

  /** A difference that is understood: it stays in the table, and only its end is an alarm. */
  async known(operation, { reason, fails }, run) {
    try {
      await run();
      this.rows.push({ operation, result: 'DIFFERS', remark: `no longer differs; it did because: ${reason}` });
    } catch (error) {
      const expected = fails(error);
      this.rows.push({ operation, result: expected ? 'known' : 'DIFFERS', remark: expected ? reason : oneLine(error) });
    }
  }

  notRun(operation, reason) {
    this.rows.push({ operation, result: 'not run', remark: reason });
  }
}

export function oneLine(error) {
  const text = error instanceof Error ? error.message : String(error);
  const detail = error && typeof error === 'object' && typeof error.detail === 'string' ? ` ${error.detail}` : '';
  return stripVTControlCharacters(`${text}${detail}`)
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '/')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, '<sandbox>')
    .slice(0, 300);
}

/** Asserts, with a sentence that goes into the table. */
export function must(condition, sentence) {
  if (!condition) throw new Error(sentence);
}
