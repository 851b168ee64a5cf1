import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DcsError } from 'dcs-sdk';
import { isBusy, loadSqlite, transaction } from './sqlite.ts';
import type { Counts, DeadLetter } from './queue.ts';

/** A run that waits or runs. */
export interface Row {
  readonly id: number;
  readonly environment: string;
  /** Attempts that ended. */
  readonly attempts: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, environment TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('queued', 'running')),
    attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, UNIQUE (environment, state)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS dead (
    environment TEXT PRIMARY KEY, attempts INTEGER NOT NULL, exit INTEGER NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL
  ) STRICT;`;

/** The rows of the embedded queue. Each method is one transaction, on disk once it returned. */
export class FileStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #owner: DatabaseSync | undefined;

  private constructor(database: DatabaseSync, owner: DatabaseSync | undefined) {
    this.#database = database;
    this.#owner = owner;
  }

  /** Of the one process that works on it. Throws CONFLICT where another one does. What was running runs again. */
  static async own(file: string): Promise<FileStore> {
    const { DatabaseSync } = await loadSqlite();
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    chmodSync(dirname(file), 0o700);
    // Made with these rights before SQLite opens them: what it adds next to them takes the same.
    for (const each of [file, `${file}.owner`]) closeSync(openSync(each, 'a', 0o600));
    const owner = new DatabaseSync(`${file}.owner`);
    try {
      // The operating system lets go of this lock with the process, however that ends.
      owner.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      owner.close();
      throw isBusy(error) ? taken(file) : error;
    }
    const database = new DatabaseSync(file, { timeout: 5000 });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`);
    const store = new FileStore(database, owner);
    store.#recover();
    return store;
  }

  /** To look at what another process works on; undefined: there never was one. */
  static async look(file: string): Promise<FileStore | undefined> {
    if (!existsSync(file)) return undefined;
    const { DatabaseSync } = await loadSqlite();
    const database = new DatabaseSync(file, { timeout: 5000 });
    database.exec(SCHEMA);
    return new FileStore(database, undefined);
  }

  #recover(): void {
    transaction(this.#database, () => {
      this.#database.exec(
        "DELETE FROM runs WHERE state = 'running' AND environment IN (SELECT environment FROM runs WHERE state = 'queued')",
      );
      this.#database.exec("UPDATE runs SET state = 'queued', due = 0 WHERE state = 'running'");
    });
  }

  /** False: one waits already, and will read what this event tells of. It has all its attempts again. */
  add(environment: string, due: number): boolean {
    const waiting = this.#sql("SELECT attempts FROM runs WHERE environment = ? AND state = 'queued'").get(environment);
    if (waiting?.['attempts'] === 0) return false;
    const { changes } = waiting
      ? this.#sql("UPDATE runs SET attempts = 0 WHERE environment = ? AND state = 'queued'").run(environment)
      : this.#sql("INSERT INTO runs (environment, state, due) VALUES (?, 'queued', ?)").run(environment, due);
    if (changes !== 1) throw new Error('the queue did not take an event');
    return waiting === undefined;
  }

  /** The run that is due longest, whose environment has none running; it is running now. */
  take(now: number): Row | undefined {
    return this.#sql(
      `UPDATE runs SET state = 'running' WHERE id = (
           SELECT id FROM runs AS next WHERE state = 'queued' AND due <= ?
             AND NOT EXISTS (SELECT 1 FROM runs WHERE environment = next.environment AND state = 'running')
           ORDER BY due LIMIT 1) RETURNING id, environment, attempts`,
    ).get(now) as unknown as Row | undefined;
  }

  /** When the next one is due; undefined: none waits. */
  nextDue(): number | undefined {
    const row = this.#sql(
      `SELECT min(due) AS due FROM runs AS next WHERE state = 'queued'
           AND NOT EXISTS (SELECT 1 FROM runs WHERE environment = next.environment AND state = 'running')`,
    ).get();
    return (row?.['due'] as number | null | undefined) ?? undefined;
  }

  done({ id, environment }: Row): void {
    transaction(this.#database, () => {
      this.#remove(id);
      this.#sql('DELETE FROM dead WHERE environment = ?').run(environment);
    });
  }

  /** Waits again; where an event came meanwhile, that one stands for both. */
  again({ id, environment }: Row, attempts: number, due: number): void {
    transaction(this.#database, () => {
      this.#remove(id);
      this.#sql(
        `INSERT INTO runs (environment, state, attempts, due) VALUES (?, 'queued', ?, ?)
             ON CONFLICT (environment, state) DO UPDATE SET due = max(due, excluded.due)`,
      ).run(environment, attempts, due);
    });
  }

  bury({ id, environment }: Row, letter: Omit<DeadLetter, 'environment'>): void {
    transaction(this.#database, () => {
      this.#remove(id);
      this.#sql('INSERT OR REPLACE INTO dead (environment, attempts, exit, why, at) VALUES (?, ?, ?, ?, ?)').run(
        environment,
        letter.attempts,
        letter.exit,
        letter.why,
        letter.at,
      );
    });
  }

  deadLetters(): DeadLetter[] {
    return this.#sql('SELECT environment, attempts, exit, why, at FROM dead ORDER BY at').all() as unknown as DeadLetter[];
  }

  counts(): Counts {
    return this.#sql(
      `SELECT count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'running') AS running,
           (SELECT count(*) FROM dead) AS dead FROM runs`,
    ).get() as unknown as Counts;
  }

  close(): void {
    this.#database.close();
    this.#owner?.close();
    this.#owner = undefined;
  }

  /** Prepared once: what SQLite holds for each counts for nothing when V8 thinks about collecting. */
  #sql(text: string): StatementSync {
    const known = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, known);
    return known;
  }

  #remove(id: number): void {
    this.#sql('DELETE FROM runs WHERE id = ?').run(id);
  }
}

const taken = (file: string): DcsError =>
  new DcsError('CONFLICT', 'Another receiver works on the queue of this project.', {
    why: `It holds ${file}. Nothing was started.`,
    hint: ['end the other one', 'DCS_QUEUE_URL=redis://... for several machines'],
  });
