import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, type Ran, type World } from './world.ts';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];
export const PROGRAM: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['bash', '--norc', '--noprofile', '-c'],
  zsh: ['zsh', '-f', '-c'],
  fish: ['fish', '--no-config', '-c'],
  powershell: ['pwsh', '-NoProfile', '-NonInteractive', '-Command'],
};
const there = (shell: Shell): boolean => spawnSync(PROGRAM[shell][0]!, ['--version']).status === 0;
export const THERE = SHELLS.filter(there);

export const SHORT = 'doppler: shop\n';

export const source = (w: World, shell: Shell): string =>
  shell === 'powershell' ? `. '${script(w, shell)}'` : `source '${script(w, shell)}'`;
export const script = (w: World, shell: Shell): string => join(w.home, `init.${shell}`);
/** `dev`, with what stands beside it. */
export const says = (name: string, mark = ''): string => `[dcs:${name}${mark} SANDBOX]`;

/** A world in which the shells have the integration; `dcs` in them prints what it was called with. */
export interface Shells extends World {
  /** The environment of a shell's process. */
  readonly base: Record<string, string>;
  head(branch: string): void;
  /** `dcs context --prompt` of one who has the integration. */
  tell(env?: Record<string, string>, cwd?: string): Promise<Ran>;
  inShell(shell: Shell, text: string, env?: Record<string, string>, cwd?: string): { out: string; err: string; code: number };
  segment(shell: Shell, env?: Record<string, string>, cwd?: string): string;
}

export async function shells(): Promise<Shells> {
  const w = await world();
  const { DOPPLER_TOKEN: _token, ...base } = w.env;
  for (const shell of SHELLS) {
    const printed = await w.dcs(['shell', 'init', shell]);
    expect(printed.err).to.equal('');
    writeFileSync(script(w, shell), printed.out);
  }
  const bin = join(w.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'dcs'), '#!/bin/sh\nprintf "dcs:"; printf " <%s>" "$@"; echo " pairs=$DCS_BRANCH_PAIRS"\n', { mode: 0o755 });
  base['PATH'] = `${bin}:${base['PATH']}`;
  const inShell: Shells['inShell'] = (shell, text, env = {}, cwd = w.project) => {
    const [program, ...args] = PROGRAM[shell];
    const ran = spawnSync(program!, [...args, `${source(w, shell)}\n${text}`], { cwd, env: { ...base, ...env }, encoding: 'utf8' });
    return { out: ran.stdout, err: ran.stderr, code: ran.status ?? -1 };
  };
  return {
    ...w,
    base,
    head: (branch) => writeFileSync(join(w.project, '.git', 'HEAD'), `ref: refs/heads/${branch}\n`),
    tell: (env = {}, cwd = w.project) =>
      w.dcs(['context', '--prompt'], { env: { DOPPLER_TOKEN: undefined, DCS_SHELL: 'test', ...env }, cwd }),
    inShell,
    segment(shell, env = {}, cwd = w.project) {
      const { out, err } = inShell(shell, 'dcs_prompt_info', env, cwd);
      expect(err).to.equal('');
      return out.trimEnd();
    },
  };
}
