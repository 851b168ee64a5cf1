import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository, type Repository } from './repository.ts';
import type { World } from './world.ts';

export interface Finding {
  readonly what: string;
  readonly level: string;
  readonly message: string;
  readonly try: readonly string[];
  readonly mended: boolean;
}

type Options = Parameters<World['dcs']>[1];

export interface Patient extends Repository {
  /** A path in dcs's own state folder. */
  state(...more: string[]): string;
  /** The file that holds the record of a place. */
  ledger(words: string): Promise<string>;
  /** Syncs every environment. */
  synced(...more: string[]): Promise<void>;
  /** `dcs doctor --json`. */
  doctor(args?: readonly string[], options?: Options): Promise<{ code: number | null; findings: Finding[] }>;
  /** The planted fault alone is found, by people and by programs, with this exit code. */
  finds(code: number, title: string, message: string | RegExp, fix: string | undefined, options?: Options): Promise<void>;
}

/** Said of every record that is not shared as dcs would share it; no fault here. */
const ALONE = /on this machine only|would stop at a conflict in the record/;
export const notOk = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ level, message }) => level !== 'ok' && !ALONE.test(message));

/** A repository with dcs.yaml committed, in which `dcs doctor` has nothing to find. */
export async function patient(): Promise<Patient> {
  const w = await repository();
  await writeFile(join(w.project, '.gitattributes'), 'dcs.lock merge=union\ndcs.history.jsonl merge=union\n');
  w.git('add', '-A');
  w.git('commit', '-qm', 'dcs');
  const state = (...more: string[]): string => join(w.home, 'state', 'dcs', ...more);
  const doctor: Patient['doctor'] = async (args = [], options = {}) => {
    const run = await w.dcs(['doctor', '--json', ...args], options);
    const { schema, findings } = run.json();
    expect(schema).to.equal(1);
    return { code: run.code, findings: findings as Finding[] };
  };
  return {
    ...w,
    state,
    doctor,
    ledger: async (words) =>
      state(
        'ledgers',
        (await readdir(state('ledgers'))).find((name) => name.includes(words))!,
      ),
    async synced(...more) {
      for (const name of ['staging', 'prod']) {
        const { code, err } = await w.dcs(['sync', '-e', name, '--yes', ...more]);
        expect(code, err).to.equal(0);
      }
    },
    async finds(code, title, message, fix, options = {}) {
      const found = await doctor([], options);
      const wrong = notOk(found.findings).filter((finding) => !/never synced/.test(finding.message));
      expect(wrong.map(({ level, what }) => `${level} ${what}`)).to.deep.equal([title]);
      const [{ level, what, message: said, try: hints }] = wrong as [Finding];
      if (typeof message === 'string') expect(said).to.contain(message);
      else expect(said).to.match(message);
      if (fix !== undefined) expect(hints.join('\n')).to.contain(fix);
      expect(found.code).to.equal(code);
      const text = await w.dcs(['doctor'], options);
      expect([text.code, text.err]).to.deep.equal([code, '']);
      expect(text.out).to.contain(`${level === 'problem' ? '✗' : '!'} ${what}`);
      for (const hint of hints) expect(text.out).to.contain(`Try  ${hint}`);
      if (level === 'problem') expect(text.out).to.match(new RegExp(`\\n1 problem, .*Exit ${code} \\(`));
    },
  };
}
