import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../e2e/world.ts';

/** One test that ran. */
export interface Ran {
  readonly suite: string;
  readonly title: string;
  readonly passed: boolean;
}

interface Report {
  readonly tests: readonly { readonly title: string; readonly fullTitle: string }[];
  readonly passes: readonly { readonly fullTitle: string }[];
}

/** Runs files of tests, each test at least once, and says how they ended. A skipped test did not pass. */
export async function battery(...files: readonly string[]): Promise<readonly Ran[]> {
  const folder = mkdtempSync(join(tmpdir(), 'dcs-battery-'));
  const output = join(folder, 'report.json');
  const words = ['--no-config', '--require', './test/setup.ts', '--timeout', '300000', '--reporter', 'json'];
  const child = spawn('mocha', [...words, '--reporter-option', `output=${output}`, ...files], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`, DCS_EVIDENCE: undefined },
    stdio: 'ignore',
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  try {
    await promise;
    const { tests, passes } = JSON.parse(readFileSync(output, 'utf8')) as Report;
    const passed = new Set(passes.map(({ fullTitle }) => fullTitle));
    return tests.map(({ title, fullTitle }) => ({
      suite: fullTitle.slice(0, fullTitle.length - title.length).trim(),
      title: title.trim(),
      passed: passed.has(fullTitle),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const failed = (ran: readonly Ran[]): string[] =>
  ran.filter(({ passed }) => !passed).map(({ suite, title }) => `${suite}: ${title}`);
