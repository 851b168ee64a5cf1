import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { SecretRule } from '../../src/config/secret-rules.ts';
import { accessor, declarations, typedNames } from '../../src/run/types.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENVIRONMENTS = ['dev', 'prod'];
const rules = new Map<string, SecretRule>([
  ['PORT', { required: ENVIRONMENTS, type: 'number', owner: 'ops */ console.log("owned") /*\n' }],
  ['FLAG', { required: ENVIRONMENTS, type: 'boolean' }],
  ['SITE', { required: ENVIRONMENTS, type: 'url' }],
  ['CONFIG', { required: ENVIRONMENTS, type: 'json' }],
  ['TOKEN', { required: ENVIRONMENTS, type: 'string' }],
  ['ONLY_PROD', { required: ['prod'], type: 'number' }],
]);
const names = typedNames(['TOKEN', 'FREE', 'a-b', '__proto__', '"; throw 1; "'], rules, ENVIRONMENTS);

describe('the types of the names', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'dcs-types-'));
  writeFileSync(join(folder, 'env.d.ts'), declarations(names));
  writeFileSync(join(folder, 'secrets.ts'), accessor(names));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const complaints = (code: string): string[] => {
    writeFileSync(join(folder, 'use.ts'), code);
    const { stdout } = spawnSync(
      join(ROOT, 'node_modules/.bin/tsc'),
      [
        '--noEmit',
        '--strict',
        '--exactOptionalPropertyTypes',
        '--allowImportingTsExtensions',
        '--module',
        'nodenext',
        '--target',
        'es2024',
        '--types',
        'node',
        'env.d.ts',
        'use.ts',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    return stdout.split('\n').filter((line) => line.includes('error'));
  };

  it('say what is always there, and what may be missing', () => {
    expect(
      complaints(`import { secrets } from './secrets.ts';
const a: string = process.env.TOKEN;
const b: \`\${number}\` = process.env.PORT;
const c: 'true' | 'false' = process.env.FLAG;
const d: string | undefined = process.env.FREE;
const e: [number, boolean, URL, string, unknown] = [secrets.PORT, secrets.FLAG, secrets.SITE, secrets.TOKEN, secrets.CONFIG];
const f: [number | undefined, string | undefined] = [secrets.ONLY_PROD, secrets['a-b']];
console.log(a, b, c, d, e, f);`),
    ).to.deep.equal([]);
    const wrong = ['process.env.FREE', 'process.env.ONLY_PROD', 'secrets.FREE', 'secrets.ONLY_PROD'];
    const code = wrong.map((expression, index) => `export const n${index}: string | number = ${expression};`).join('\n');
    expect(complaints(`import { secrets } from './secrets.ts';\n${code}`)).to.have.length(4);
    expect(complaints(`import { secrets } from './secrets.ts';\nsecrets.NO_SUCH;`)).to.have.length(1);
  });

  it('read the variables when they are asked for; a mistake quotes no value', () => {
    const run = (code: string, env: Record<string, string>): string => {
      writeFileSync(join(folder, 'use.ts'), `import { secrets } from './secrets.ts';\n${code}`);
      return execFileSync(process.execPath, ['--experimental-strip-types', '--no-warnings', 'use.ts'], {
        cwd: folder,
        env,
        encoding: 'utf8',
      }).trim();
    };
    const good = { PORT: '8080', FLAG: 'false', SITE: 'https://a.b/c', CONFIG: '{"a":null}', TOKEN: '', 'a-b': 'x' };
    expect(
      run(
        `console.log(JSON.stringify([secrets.PORT, secrets.FLAG, secrets.SITE.host, secrets.CONFIG, secrets.TOKEN, secrets.FREE ?? null, secrets['a-b']]))`,
        good,
      ),
    ).to.equal('[8080,false,"a.b",{"a":null},"",null,"x"]');
    for (const [name, value, message] of [
      ['PORT', 'canary', 'PORT is no number'],
      ['PORT', ' ', 'PORT is no number'],
      ['FLAG', 'canary', 'FLAG is no boolean'],
      ['SITE', 'canary', 'SITE is no url'],
      ['CONFIG', '{canary', 'CONFIG is no json'],
      ['ONLY_PROD', 'canary', 'ONLY_PROD is no number'],
    ] as const)
      expect(
        run(`try { secrets.${name}; } catch (error) { console.log(String(error.message) + (error.cause ?? '')); }`, {
          ...good,
          [name]: value,
        }),
      ).to.equal(message);
    expect(run(`try { secrets.PORT; } catch (error) { console.log(error.message); }`, {})).to.equal('PORT is not set');
  });

  it('are the same text for the same names, in whatever order', () => {
    const [there, back] = [
      ['A', 'B', 'C'],
      ['C', 'B', 'A'],
    ].map((order) => declarations(typedNames(order, rules, ENVIRONMENTS)));
    expect(there).to.equal(back);
  });
});
