import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { isDcsError } from 'dcs-sdk';
import fc from 'fast-check';
import { sized } from '../evidence/evidence.ts';
import { bytesLike } from './generators.ts';
import { PARSERS, sealed, type Parser } from './parsers.ts';

const CORPUS = fileURLToPath(new URL('corpus', import.meta.url));
const seed = 20261121;
/** For the largest file that is read, on a busy machine, ms. */
const LONGEST = 20_000;

const corpusOf = (kind: string): Map<string, Buffer> =>
  new Map(readdirSync(join(CORPUS, kind)).map((name) => [name, readFileSync(join(CORPUS, kind, name))]));

/** `taken`, or the code or name of what it threw; fails for anything that is not expected, or that quotes the file. */
async function outcome(parser: Parser, bytes: Buffer): Promise<string> {
  const start = performance.now();
  try {
    await parser.read(bytes);
    return 'taken';
  } catch (error) {
    const { name, message, stack } = error as Error;
    const kind = isDcsError(error) ? error.code : (error as Error).constructor.name;
    if (!(parser.throws as readonly string[]).includes(kind)) throw new Error(`${name}: ${message}`, { cause: error });
    const said = isDcsError(error) ? JSON.stringify([message, error.details, stack]) : '';
    // A key of dcs.yaml that is not known is told: it is no value.
    if (said.includes('canary') && !/: unknown key ".*canary/s.test((error as Error).message))
      throw new Error('an error quotes the file', { cause: error });
    return kind;
  } finally {
    const took = performance.now() - start;
    if (took > LONGEST) expect.fail(`it took ${Math.round(took)} ms`);
  }
}

describe('what others may have written', () => {
  it('has a corpus for every parser', () => {
    expect(readdirSync(CORPUS).toSorted()).to.deep.equal(Object.keys(PARSERS).toSorted());
  });

  for (const [kind, parser] of Object.entries(PARSERS))
    describe(kind, function () {
      this.timeout(3_600_000);
      // A corpus file is called after what becomes of it: `taken-...`, `CONFIG-...`.
      for (const [name, bytes] of corpusOf(kind))
        it(`corpus: ${name}`, async () => {
          expect(await outcome(parser, bytes)).to.equal(name.split('-')[0]);
        });

      it('crashes for nothing, quotes nothing, loses and invents no name', async () => {
        const seeds = [...corpusOf(kind).values()].filter(({ length }) => length < 4096);
        if (kind === 'snapshot') seeds.push(await sealed());
        await fc.assert(
          fc.asyncProperty(bytesLike(seeds), async (bytes) => void (await outcome(parser, bytes))),
          { seed, numRuns: sized(150, 10_000) },
        );
      });
    });
});
