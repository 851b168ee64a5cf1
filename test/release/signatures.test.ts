import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ROOT } from '../e2e/world.ts';

const run = promisify(execFile);

describe('npm run audit:signatures', function () {
  this.timeout(120_000);

  it('says where nothing can be reached that nothing was checked', async () => {
    // Port 9 of this machine: nobody listens.
    const env = {
      ...process.env,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
      npm_config_loglevel: 'silent', // as `npm run --silent` sets it
      HTTPS_PROXY: 'http://127.0.0.1:9',
      npm_config_https_proxy: 'http://127.0.0.1:9',
    };
    const { code, stderr } = await run(process.execPath, [join(ROOT, 'scripts/signatures.mjs')], { cwd: ROOT, env }).then(
      () => expect.fail('it was checked'),
      (error: { code: number; stderr: string }) => error,
    );
    expect({ code, says: /^Not checked: .+ cannot be reached\.$/m.test(stderr), stderr }).to.deep.equal({ code: 75, says: true, stderr });
  });
});
