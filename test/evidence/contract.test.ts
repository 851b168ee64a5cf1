import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import type { TargetDefinition } from 'dcs-sdk';
import { testTarget } from 'dcs-sdk/testing';
import { ROOT } from '../e2e/world.ts';
import { battery, failed, type Ran } from './battery.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';

/** A target that a plugin declares, with the tests that hold it to the contract. */
interface Declared {
  readonly type: string;
  /** `../src/target.ts`, as a test imports it. */
  readonly source: string;
  readonly folder: string;
}

function declared(): readonly Declared[] {
  return globSync('plugins/*/package.json', { cwd: ROOT }).flatMap((file) => {
    const { oclif } = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { oclif?: { dcs?: { targets?: Record<string, string> } } };
    return Object.entries(oclif?.dcs?.targets ?? {}).map(([type, module]) => ({
      type,
      source: `../src/${basename(module, '.js')}.ts`,
      folder: dirname(file),
    }));
  });
}

/** Whether a file of tests holds what it imports from `source` to the contract. */
export function holds(text: string, source: string): boolean {
  const [, name] = new RegExp(`^import (\\w+)(?:, \\{[^}]*\\})? from '${source.replaceAll('.', '\\.')}';$`, 'm').exec(text) ?? [];
  if (name === undefined) return false;
  const definition = name === 'definition' ? 'definition(?:: definition)?' : `definition: ${name}`;
  return new RegExp(`testTarget\\(it, \\{ ${definition}[,\\s]`).test(text);
}

const testsOf = ({ folder, source }: Declared): string[] =>
  globSync('test/**/*.test.ts', { cwd: join(ROOT, folder) })
    .map((file) => join(folder, file))
    .filter((file) => holds(readFileSync(join(ROOT, file), 'utf8'), source));

/** What the contract asks of it, a title each. */
async function lawsOf({ folder, source }: Declared): Promise<readonly string[]> {
  const { default: definition } = (await import(join(ROOT, folder, 'test', source))) as { default: TargetDefinition<never> };
  const laws: string[] = [];
  testTarget((title: string) => void laws.push(title), { definition, fresh: () => Promise.reject(new Error('not run')) });
  return laws;
}

/** Suites that ran every law of these, and all passed. */
function complete(ran: readonly Ran[], laws: readonly string[]): string[] {
  const suites = Map.groupBy(ran, ({ suite }) => suite);
  return [...suites].flatMap(([suite, tests]) => {
    const passed = new Set(tests.filter((test) => test.passed).map(({ title }) => title));
    return laws.every((law) => passed.has(law.trim())) ? [suite] : [];
  });
}

describe('the contract of targets', () => {
  const all = declared();

  it('is tested on every type that a plugin declares', () => {
    expect(all.map(({ type }) => type)).to.include.members(['cloudflare', 'gcp', 'gcp-run', 'firebase']);
    expect(all.filter((target) => testsOf(target).length === 0).map(({ type }) => type)).to.deep.equal([]);
  });

  it('is not tested by a file that only imports the target, or tests another one', () => {
    const text = "import worker from '../src/target.ts';\ntestTarget(it, { definition: worker, fresh });\n";
    expect(holds(text, '../src/target.ts')).to.equal(true);
    expect(holds(text, '../src/pages.ts')).to.equal(false);
    expect(holds(text.replace('testTarget', 'describe'), '../src/target.ts')).to.equal(false);
    expect(holds(text.replace('definition: worker', 'definition: pages'), '../src/target.ts')).to.equal(false);
  });

  it('holds for every one of them, and notices every way to get a target wrong', async function () {
    if (!FULL) return this.skip(); // these tests run by themselves
    this.timeout(1_800_000);
    const took = stopwatch();
    const files = [...new Set(all.flatMap(testsOf))];
    const ran = await battery(...files);
    expect(failed(ran)).to.deep.equal([]);
    let cases = 0;
    for (const target of all) {
      const laws = await lawsOf(target);
      expect(complete(ran, laws), target.type).to.not.have.length(0);
      const without = ran.filter(({ title }) => title !== laws[0]?.trim());
      expect(complete(without, laws), `${target.type} without a case`).to.deep.equal([]);
      cases += laws.length;
    }
    const mutants = (await battery('sdk/test/mutants.test.ts')).filter(({ title }) => title.startsWith('is red for'));
    expect(mutants).to.not.have.length(0);
    evidence(36, {
      figure: `${all.length} types of targets, ${cases} cases of the contract, ${ran.length} tests: all pass`,
      met: failed(ran).length === 0,
      note: 'On the sandbox; no live account was used',
      seconds: took(),
      planted: mutants.length,
      caught: mutants.filter((test) => test.passed).length,
    });
  });
});
