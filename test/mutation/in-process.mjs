// Runs mocha's tests again and again in one process, with another mutant each time: a process for each would take ten times as long.
// Stryker's own runner for mocha does not know mocha 12.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { glob } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

const Mocha = createRequire(import.meta.url)('mocha');
const world = () => (globalThis.__stryker__ ??= {});
const TITLE = (test) => test.fullTitle();

class InProcess {
  #settings;
  #mocha;
  constructor({ inProcess }) {
    this.#settings = inProcess;
  }

  /** A module is imported once: what it computes while it is loaded needs a new process, which Stryker then starts. */
  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun() {
    await this.#load();
    const { tests } = await this.#run(() => true);
    const failed = tests.filter(({ error }) => error !== undefined);
    if (failed.length > 0) return { status: 'error', errorMessage: failed.map(({ id, error }) => `${id}: ${error}`).join('\n') };
    const results = tests.map(({ id, took }) => ({ id, name: id, status: 0, timeSpentMs: took }));
    return { status: 'complete', tests: results, mutantCoverage: world().mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }) {
    if (mutantActivation === 'static') world().activeMutant = activeMutant.id;
    await this.#load();
    world().activeMutant = activeMutant.id;
    world().hitCount = hitLimit === undefined ? undefined : 0;
    world().hitLimit = hitLimit;
    const wanted = testFilter && new Set(testFilter);
    const { tests } = await this.#run((title) => wanted?.has(title) ?? true);
    if (hitLimit !== undefined && world().hitCount > hitLimit) return { status: 'timeout', reason: 'too many steps' };
    const failed = tests.find(({ error }) => error !== undefined);
    if (!failed) return { status: 'survived', nrOfTests: tests.length };
    if (mutantActivation === 'runtime' && !(await this.#passesWithout(failed.id))) throw new Error(`${failed.id} fails without a mutant`);
    return { status: 'killed', killedBy: [failed.id], failureMessage: failed.error, nrOfTests: tests.length };
  }

  /** A test that fails because of what a former mutant left behind notices nothing: such a process is of no more use. */
  async #passesWithout(id) {
    world().activeMutant = undefined;
    const { tests } = await this.#run((title) => title === id);
    return tests.every(({ error }) => error === undefined);
  }

  async #load() {
    if (this.#mocha) return;
    Object.assign(process.env, this.#settings.env);
    await import(pathToFileURL(resolve('test/setup.ts')).href);
    this.#mocha = new Mocha({ bail: true, timeout: 20_000, reporter: class {} });
    this.#mocha.cleanReferencesAfterRun(false);
    for (const pattern of this.#settings.tests) for await (const file of glob(pattern)) this.#mocha.addFile(resolve(file));
    await this.#mocha.loadFilesAsync();
    this.#mocha.suite.beforeEach('which test runs', function () {
      world().currentTestId = TITLE(this.currentTest);
    });
    this.#mocha.suite.afterEach('no test runs', () => {
      world().currentTestId = undefined;
    });
  }

  #run(wanted) {
    const { without } = this.#settings;
    this.#mocha.options.grep = { test: (title) => wanted(title) && !without.some((part) => title.includes(part)) };
    return new Promise((done) => {
      const tests = [];
      const took = (test, error) => tests.push({ id: TITLE(test), took: test.duration ?? 0, error });
      const runner = this.#mocha.run(() => done({ tests }));
      runner.on('pass', (test) => took(test));
      runner.on('fail', (test, error) => took(test, String(error?.message ?? error)));
    });
  }
}

const make = (options) => new InProcess(options);
make.inject = ['options'];
export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', factory: make }];
