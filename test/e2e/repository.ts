import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, YAML, type Ran, type World } from './world.ts';

/** A value of dev, as CANARY. */
export const canary = `canary-${randomBytes(16).toString('hex')}`;
/** Another one, as NASTY. */
export const NASTY = `line "one"\nit's $HOME $(x) \\ é 🔑 #`;

export interface Repository extends World {
  git(...args: string[]): string;
}

/** A world whose project is a real repository that ignores .env* and .dev.vars. */
export async function repository(): Promise<Repository> {
  const w = await world();
  await rm(join(w.project, '.git'), { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: w.project, encoding: 'utf8' });
  git('init', '-q', '-b', 'work');
  await writeFile(join(w.project, '.gitignore'), '/.env*\n/.dev.vars\n');
  await w.yaml(YAML);
  await w.doppler('dev', { CANARY: canary, NASTY });
  return { ...w, git };
}

export function refused({ code, out, err }: Ran, exit: number, words: string): void {
  expect(code, err + out).to.equal(exit);
  expect(out + err)
    .to.contain(words)
    .and.to.not.contain(canary);
}
